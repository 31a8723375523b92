"""Signs letters with the key of the sender's domain (DKIM, RFC 6376, relaxed/relaxed), so that other servers know whose they are. Pure."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BITS_LEAST = 1024
NAMES = (
    *("from", "to", "subject", "date", "message-id", "auto-submitted", "precedence", "content-language"),
    *("mime-version", "content-type", "list-unsubscribe", "list-unsubscribe-post"),
)
"""What is signed: all that a letter says, both that RFC 8058 §4 wants, and that there are no more of these (RFC 6376 §8.15)."""
_SPACE = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_ENDS = re.compile(rb"[ \t]+(?=\r\n)")


class Signer:
    """One key of one domain; its public half stands in the DNS under `selector`._domainkey.`domain`."""

    def __init__(self, domain: str, selector: str, key_file: str) -> None:
        """ValueError when the file holds no key that signs; it says nothing of what it holds."""
        self._where = b"d=%s; s=%s" % (domain.encode(), selector.encode())
        try:
            key = load_pem_private_key(Path(key_file).read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ValueError(f"holds no RSA key ({type(error).__name__})") from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < BITS_LEAST:
            raise ValueError(f"holds no RSA key of {BITS_LEAST} bits or more")
        self._key = key

    def signed(self, content: bytes) -> bytes:
        """The letter behind its signature. The same letter has the same one, for it says no time.

        Guarantee: who has the public key sees any change of what a letter says. Test: test_a_letter_is_signed_as_others_verify_it.
        """
        head, _, body = content.partition(b"\r\n\r\n")
        fields = dict(map(_field, _FOLD.sub(b"", head).split(b"\r\n")))
        there = [name for name in NAMES if name.encode() in fields]
        signature = (
            b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; %s;\r\n h=%s;\r\n bh=%s;\r\n b="
            % (
                self._where,
                _in_lines([*NAMES, *there], ":"),
                b64encode(hashlib.sha256(_relaxed(body)).digest()),
            )
        )
        name, value = _field(_FOLD.sub(b"", signature))
        told = b"".join(b"%s:%s\r\n" % (each.encode(), fields[each.encode()]) for each in there)
        proof = b64encode(self._key.sign(told + name + b":" + value, PKCS1v15(), SHA256())).decode()
        return signature + _in_lines(re.findall(".{1,70}", proof), "") + b"\r\n" + content


def _field(line: bytes) -> tuple[bytes, bytes]:
    """A header field as it is signed (RFC 6376 §3.4.2)."""
    name, _, value = line.partition(b":")
    return name.strip().lower(), _SPACE.sub(b" ", value).strip()


def _relaxed(body: bytes) -> bytes:
    """The body as it is signed (RFC 6376 §3.4.4)."""
    text = _SPACE.sub(b" ", _ENDS.sub(b"", body)).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def _in_lines(words: Sequence[str], between: str) -> bytes:
    """Words in lines that no server breaks."""
    lines = [words[at : at + 6] for at in range(0, len(words), 6)] if between else [[each] for each in words]
    return f"{between}\r\n  ".join(between.join(line) for line in lines).encode()
