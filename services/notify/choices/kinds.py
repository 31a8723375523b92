"""Which notices an applicant may do without, and the link in a letter by which one says so. Pure.

The law has each change of a dossier told to the applicant (Nghị định 61/2018/NĐ-CP, 118/2025/NĐ-CP): what asks for something, moves a
date, answers a request, or ends the dossier cannot be switched off. The web inbox has everything, always.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import Literal, get_args
from uuid import UUID

from services.notify.returns.return_path import derived

Kind = Literal["receipts", "confirmations"]
OF_CHOICE: Mapping[Kind, frozenset[str]] = {
    # Of what the applicant did just now.
    "receipts": frozenset({"SupplementProvided", "FeePaid"}),
    # After these nothing is asked of the applicant.
    "confirmations": frozenset({"FeeConfirmed", "FeeWaived", "ResultReturned"}),
}
KINDS: tuple[Kind, ...] = get_args(Kind)
KIND_OF: Mapping[str, Kind] = {about: kind for kind, events in OF_CHOICE.items() for about in events}
CHANNELS = ("email", "sms")
PURPOSE = b"links of choice in letters"
PROOF_BYTES = 16
TOKEN_CHARACTERS = 43


class Links:
    """Below one address, as https://notify.example.org; the first of `keys` makes, all are believed."""

    def __init__(self, url: str, keys: Sequence[bytes]) -> None:
        self._url = url.rstrip("/")
        self._keys = derived(keys, PURPOSE)

    def of(self, notice_id: UUID, address: str) -> str:
        """The link in the letter of a notice to this address."""
        token = urlsafe_b64encode(notice_id.bytes + _proof(self._keys[0], notice_id, address))
        return f"{self._url}/choices/{token.decode().rstrip('=')}"

    def notice_of(self, token: str) -> UUID | None:
        """Whose link it says that it is; None for what is no link."""
        raw = _raw(token)
        return UUID(bytes=raw[:16]) if raw else None

    def is_true(self, token: str, address: str) -> bool:
        """Whether it was made for the letter of its notice to this address, and for choosing.

        Guarantee: a link opens the choices of its letter's dossier and nothing else, and of an earlier address nothing.
        Test: test_a_link_is_of_its_letter_and_address.
        """
        raw = _raw(token)
        return raw is not None and any(
            hmac.compare_digest(raw[16:], _proof(key, UUID(bytes=raw[:16]), address)) for key in self._keys
        )


def _proof(key: bytes, notice_id: UUID, address: str) -> bytes:
    return hmac.digest(key, notice_id.bytes + address.encode(), "sha256")[:PROOF_BYTES]


def _raw(token: str) -> bytes | None:
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=")
    except (Error, ValueError):
        return None
    return raw if len(raw) == 16 + PROOF_BYTES else None
