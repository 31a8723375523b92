"""Seals the official code for its way over the events: intake and notify can read it, analysts cannot (codes are sequential and identify).

AES-SIV (RFC 5297): the same code of the same dossier seals to the same text, so an event that is published again is the same event.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Unsealable(ValueError):
    """The text was not sealed with this key for this dossier."""


def seal(key: bytes, code: str, dossier_id: UUID) -> str:
    """`code` sealed with a key of 64 bytes, bound to its dossier; URL-safe text."""
    return urlsafe_b64encode(AESSIV(key).encrypt(code.encode(), [dossier_id.bytes])).decode()


def unseal(key: bytes, sealed: str, dossier_id: UUID) -> str:
    """The code; Unsealable when key, dossier or text are not those of the sealing."""
    try:
        return AESSIV(key).decrypt(urlsafe_b64decode(sealed), [dossier_id.bytes]).decode()
    except (InvalidTag, ValueError) as error:
        raise Unsealable from error
