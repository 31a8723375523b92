"""The file of a log as bytes: opened once, unpacked on the way where it is gzip, and watched as it is read.

Promises memory that does not grow with the file, packed or not. Never guesses an encoding.
"""

import gzip
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

GZIP = b"\x1f\x8b"
# What reading a packed file raises when it is damaged or cut.
DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


class BadLog(Exception):
    """A log of which nothing can be taken; says the line where there is one."""


class LogFile:
    """One open log: `stream` gives its bytes unpacked, `position` and `size` are those of the file itself."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        try:
            self._raw: BinaryIO = self.path.open("rb")
        except OSError as fault:
            raise BadLog(f"{self.path}: {fault.strerror}") from None
        # /dev/stdin and the like cannot go back: they are read as they come.
        packed = self._raw.seekable() and self._raw.read(len(GZIP)) == GZIP
        if self._raw.seekable():
            self._raw.seek(0)
        self.size = self.path.stat().st_size
        self.stream: BinaryIO = gzip.GzipFile(fileobj=self._raw) if packed else self._raw  # type: ignore[assignment]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        return self._raw.tell() if self._raw.seekable() else 0

    @property
    def is_xes(self) -> bool:
        return self.path.name.lower().removesuffix(".gz").endswith(".xes")
