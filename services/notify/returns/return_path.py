"""Gives each letter a return path of its own, so that what comes back says of which letter it speaks. Pure.

It tells a notice, which of its sendings it is, and three bytes that follow from the address: no person, and nothing that others can make
up.
"""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.chassis.http.mail_address import mail_address

PURPOSE = b"return paths of letters"
TIE_BYTES, PROOF_BYTES = 3, 8
TOLD_BYTES = 16 + 1 + TIE_BYTES
TOKEN_CHARACTERS = 45
BASE_CHARACTERS_MAX = 64 - 1 - TOKEN_CHARACTERS
"""RFC 5321 §4.5.3.1.1 allows 64 before the @."""
SENDINGS_MOST = 255


class Returned(NamedTuple):
    """Which sending of which notice came back; `tie` says whether it went to a given address."""

    notice_id: UUID
    sending: int
    tie: bytes


def derived(keys: Sequence[bytes], purpose: bytes) -> tuple[bytes, ...]:
    """A key for one purpose from each of the service's own: what is made with one proves nothing anywhere else."""
    return tuple(hmac.digest(key, purpose, "sha256") for key in keys)


class ReturnPaths:
    """Below one address, as tra-lai@return.example.org; the first of `keys` makes, all are believed."""

    def __init__(self, address: str, keys: Sequence[bytes]) -> None:
        self._local, _, self.domain = address.lower().rpartition("@")
        self._keys = derived(keys, PURPOSE)

    def of(self, notice_id: UUID, sending: int, recipient: str) -> str:
        """The return path of a letter to this mailbox."""
        key = self._keys[0]
        told = b"%s%c%s" % (notice_id.bytes, min(sending, SENDINGS_MOST), _tie(key, notice_id, recipient))
        token = b32encode(told + _proof(key, told)).decode().rstrip("=").lower()
        return f"{self._local}+{token}@{self.domain}"

    def is_base(self, address: str) -> bool:
        """Whether it is the address itself, to which reports of complaints come."""
        return address.lower() == f"{self._local}@{self.domain}"

    def read(self, address: str) -> Returned | None:
        """What a return path says; None for one that is none of ours.

        Guarantee: nobody makes up a return path, and none of another letter follows from one. Test: test_nobody_makes_up_a_return_path.
        """
        local, _, domain = address.lower().rpartition("@")
        base, _, token = local.partition("+")
        if (base, domain) != (self._local, self.domain) or len(token) != TOKEN_CHARACTERS:
            return None
        try:
            raw = b32decode(token.upper() + "=" * (-len(token) % 8))
        except (Error, ValueError):
            return None
        told, proof = raw[:TOLD_BYTES], raw[TOLD_BYTES:]
        if not any(hmac.compare_digest(proof, _proof(key, told)) for key in self._keys):
            return None
        return Returned(UUID(bytes=told[:16]), told[16], told[17:])

    def fits(self, returned: Returned, address: str) -> bool:
        """Whether the letter that came back had gone to this address.

        Guarantee: what comes back from an earlier address says nothing of the one that is held now.
        Test: test_a_late_bounce_rests_no_other_address.
        """
        parts = mail_address(address)
        return parts is not None and any(
            hmac.compare_digest(returned.tie, _tie(key, returned.notice_id, "@".join(parts)))
            for key in self._keys
        )


def _tie(key: bytes, notice_id: UUID, recipient: str) -> bytes:
    return hmac.digest(key, b"to" + notice_id.bytes + recipient.encode(), "sha256")[:TIE_BYTES]


def _proof(key: bytes, told: bytes) -> bytes:
    return hmac.digest(key, told, "sha256")[:PROOF_BYTES]
