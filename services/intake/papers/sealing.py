"""How the bytes of a file are kept: in segments, each sealed with AES-256-GCM under the file's key. Pure but for its random prefixes.

A part is a random prefix and its segments in order; how long it is stands in the database, so that none can be cut off or moved unseen.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, AsyncIterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
SEGMENT_BYTES = 65_536
TAG_BYTES = 16
PREFIX_BYTES = 8
NONCE_BYTES = 12


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


class Sealer:
    """One part. Its prefix is drawn anew each time: a part that is sent again is sealed under no nonce twice."""

    def __init__(self, key: bytes) -> None:
        self.prefix = os.urandom(PREFIX_BYTES)
        self._aes, self._number = AESGCM(key), 0

    def seal(self, segment: bytes) -> bytes:
        self._number += 1
        return self._aes.encrypt(_nonce(self.prefix, self._number), segment, None)


async def opened(key: bytes, size: int, kept: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The segments of a part of so many bytes, as they were; InvalidTag when anything of it is not as it was.

    Guarantee: what was changed where it is kept is never given out. Test: test_what_was_changed_in_the_store_is_not_given_out.
    """
    aes, number, buffer, prefix = AESGCM(key), 0, bytearray(), b""
    async for piece in kept:
        buffer += piece
        if not prefix:
            if len(buffer) < PREFIX_BYTES:
                continue
            prefix = bytes(buffer[:PREFIX_BYTES])
            del buffer[:PREFIX_BYTES]
        while size and len(buffer) >= (sealed := min(size, SEGMENT_BYTES) + TAG_BYTES):
            number += 1
            segment = aes.decrypt(_nonce(prefix, number), bytes(buffer[:sealed]), None)
            del buffer[:sealed]
            size -= len(segment)
            yield segment
    if size:
        raise ValueError("a part is shorter than it was")


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(NONCE_BYTES - PREFIX_BYTES, "big")


def wrap(key: bytes, wrapped: bytes) -> bytes:
    """A file's key, or words, under the key of their dossier."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, wrapped, None)


def unwrap(key: bytes, wrapped: bytes) -> bytes:
    return AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], None)
