"""What an uploaded file is, by its content and never by its name, and under which name it is given back. Pure.

Promises one answer for each file: a kind that the desk can open, or the code of what is wrong with it. Nothing is ever unpacked.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final, NamedTuple

from services.chassis.http.plain_text import UNSEEN

TAIL_BYTES = 66_000
"""What is kept of a file's end: the directory of a ZIP archive begins within its last 65,557 bytes."""
HEAD_BYTES = 16
NAME_CHARACTERS_MAX = 120


class Kind(NamedTuple):
    """A kind of file: what it is given back as, and the endings that its name may have, the first by default."""

    media_type: str
    endings: tuple[str, ...]


PDF: Final = Kind("application/pdf", ("pdf",))
JPEG: Final = Kind("image/jpeg", ("jpg", "jpeg"))
PNG: Final = Kind("image/png", ("png",))
TIFF: Final = Kind("image/tiff", ("tif", "tiff"))
ZIP: Final = Kind("application/zip", ("zip", "docx", "xlsx", "odt", "ods"))
KINDS: Final = {kind.media_type: kind for kind in (PDF, JPEG, PNG, TIFF, ZIP)}
BEGINNINGS: Final = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"PK\x03\x04", ZIP),
)
ARCHIVE_END = b"PK\x05\x06"
ENCRYPTED = re.compile(rb"/Encrypt\s{0,4}(?:[0-9]{1,10}\s+[0-9]{1,5}\s+R|<<)")
OVERLAP_BYTES = 40
"""No match of it is longer."""


class Seen:
    """What is looked at while a file goes by, piece after piece; holds no more of it than its end."""

    def __init__(self) -> None:
        self.size, self._head, self._end, self._encrypted = 0, b"", bytearray(), False
        self._sha256 = hashlib.sha256()

    def feed(self, piece: bytes) -> None:
        self.size += len(piece)
        self._sha256.update(piece)
        if len(self._head) < HEAD_BYTES:
            self._head = (self._head + piece)[:HEAD_BYTES]
        if b"/Encrypt" in piece or b"/Encrypt" in self._end[-OVERLAP_BYTES:] + piece[:OVERLAP_BYTES]:
            self._encrypted |= ENCRYPTED.search(self._end[-OVERLAP_BYTES:] + piece) is not None
        self._end += piece
        if len(self._end) > 4 * TAIL_BYTES:
            del self._end[:-TAIL_BYTES]

    @property
    def sha256(self) -> bytes:
        return self._sha256.digest()

    def kind(self) -> Kind | str:
        """What it is, or the code of why it is not taken.

        Guarantee: a file is what its content says. Test: test_a_file_is_what_its_content_says.
        """
        if not self.size:
            return "file-empty"
        kind = next((kind for begin, kind in BEGINNINGS if self._head.startswith(begin)), None)
        if kind is None:
            return "file-kind-not-taken"
        tail = self._end[-TAIL_BYTES:]
        archive = ARCHIVE_END in tail
        if kind is ZIP:
            return ZIP if archive else "file-truncated"
        if archive:
            return "file-ambiguous"  # two readers would take it for two things
        if kind is PDF and b"%%EOF" not in tail[-2_048:]:
            return "file-truncated"
        if kind is PDF and self._encrypted:
            return "file-encrypted"
        if kind is PNG and b"IEND" not in tail[-64:]:
            return "file-truncated"
        if kind is JPEG and b"\xff\xd9" not in tail:
            return "file-truncated"
        return kind


def cleaned(name: str) -> str:
    """A name that is a name and nothing else: no folder, no character that nobody sees, not too long, its ending kept.

    Guarantee: no name of a file from outside leads anywhere. Test: test_a_name_is_a_name_and_nothing_else.
    """
    plain = unicodedata.normalize("NFC", UNSEEN.sub("", name))
    plain = re.sub(r'[\x00-\x1f\x7f<>:"|?*;]', "", re.split(r"[/\\]", plain)[-1]).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,8}", ending):
        stem, ending = plain, ""
    stem = stem[: NAME_CHARACTERS_MAX - 9].strip(" .") or "giay-to"
    return f"{stem}.{ending.lower()}" if ending else stem


def named_as(name: str, kind: Kind) -> str:
    """A cleaned name with an ending that its content may have."""
    if name.rpartition(".")[2] in kind.endings and "." in name:
        return name
    return f"{name}.{kind.endings[0]}"
