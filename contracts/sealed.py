"""Seals what identifies for its way over the events: official codes, which are sequential, and filers. Analysts can read neither.

AES-SIV (RFC 5297): under one key the same text of the same dossier seals to the same text, so an event published again is the same event.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Unsealable(ValueError):
    """The text was sealed with none of these keys for this dossier."""


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESSIV:
    """One for each of the few keys: making one costs as much as sealing."""
    return AESSIV(key)


def seal(key: bytes, code: str, dossier_id: UUID) -> str:
    """`code`, or another text, sealed with a key of 64 bytes, bound to its dossier; URL-safe text."""
    return urlsafe_b64encode(_cipher(key).encrypt(code.encode(), [dossier_id.bytes])).decode()


def unseal(keys: Sequence[bytes], sealed: str, dossier_id: UUID) -> str:
    """The code; Unsealable when the keys, the dossier or the text are not those of the sealing.

    The text names no key: AES-SIV knows by itself which of the few keys is right.
    """
    for key in keys:
        with suppress(InvalidTag, ValueError):
            return _cipher(key).decrypt(urlsafe_b64decode(sealed), [dossier_id.bytes]).decode()
    raise Unsealable
