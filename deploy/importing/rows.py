"""Reads the rows of a log's file as text, one after the other, in memory that does not grow with it.

Promises that nothing is guessed: a file past whose fault nobody can tell one row from the next is refused with the line of it.
"""

import csv
import re
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from deploy.importing.files import DAMAGED, BadLog, LogFile
from deploy.importing.mapping import Source

# A quotation mark that nobody closed makes one row of all that follows: told, before it fills the memory.
ROW_CHARACTERS_MOST = 16 * 1_048_576
SHOWN_CHARACTERS_MOST = 60
# Spreadsheets write it before the header, to say what stands between the cells.
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)


class Row(NamedTuple):
    """A row's cells by column and the line that it begins on; `fault` where its cells are not those of the header.

    Not an `event`: it tells of the case alone, without an activity and its time.
    """

    line: int
    cells: dict[str, str]
    fault: str = ""
    event: bool = True


class _TooLong(Exception):
    """A row of more than ROW_CHARACTERS_MOST."""


def csv_rows(log: LogFile, source: Source, needed: set[str]) -> Iterator[Row]:
    """The rows under the header. Rows of empty cells, as spreadsheets leave them, are passed over."""
    path, header, line = log.path, list[str](), 0
    # One cell is bounded by its row: a long one in a column that nobody reads is no fault.
    csv.field_size_limit(2**31 - 1)
    try:
        lines = _Lines(TextIOWrapper(log.stream, encoding=source.encoding, newline=""))
        delimiter = lines.separator() or source.delimiter
        line = lines.read
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            began, line = line + 1, lines.read
            lines.begin_row()
            if not header:
                header = _checked_header(path, began, cells, needed)
            elif any(map(str.strip, cells)):
                yield Row(began, dict(zip(header, cells, strict=False)), _miscounted(header, cells))
    except DAMAGED as fault:
        raise BadLog(f"{path}: the packed file is damaged: {fault}") from None
    except OSError as fault:
        raise BadLog(f"{path}: {fault.strerror}") from None
    except UnicodeError:
        raise BadLog(f"{path}: {_not_decodable(path, source.encoding)}") from None
    except _TooLong:
        told = (
            f"a row of more than {ROW_CHARACTERS_MOST:,} characters; perhaps a quotation mark is not closed"
        )
        raise BadLog(f"{path}: line {line + 1}: {told}") from None
    except csv.Error as fault:
        # Past broken quoting nobody can tell which row, and so which case, a cell belongs to.
        raise BadLog(f"{path}: line {line + 1}: broken quoting: {fault}") from None
    if not header:
        raise BadLog(f"{path} is empty")


class _Lines:
    """The lines of a file for the reader of rows: no row is read beyond its bound."""

    def __init__(self, file: TextIO) -> None:
        self.read = 0
        self._file = file
        self._characters = 0
        self._ahead: str | None = None

    def separator(self) -> str | None:
        """What the file itself says that stands between its cells, in a line before the header."""
        self._ahead = self._file.readline(ROW_CHARACTERS_MOST + 1)
        found = _SEPARATOR.fullmatch(self._ahead)
        if found is None:
            return None
        self._ahead, self.read = None, 1
        return found[1]

    def begin_row(self) -> None:
        self._characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(ROW_CHARACTERS_MOST + 1) if self._ahead is None else self._ahead
        self._ahead = None
        if not line:
            raise StopIteration
        self._characters += len(line)
        if self._characters > ROW_CHARACTERS_MOST:
            raise _TooLong
        self.read += 1
        return line


def _checked_header(path: Path, line: int, row: list[str], needed: set[str]) -> list[str]:
    twice = {name for name in row if row.count(name) > 1} & needed
    if twice:
        raise BadLog(f"{path}: line {line}: a column stands there twice: {', '.join(sorted(twice))}")
    missing = sorted(needed - set(row))
    if missing:
        raise BadLog(
            f"{path}: line {line}: missing columns: {', '.join(missing)}; there are: {short(', '.join(row), 400)}"
        )
    return row


def _miscounted(header: list[str], cells: list[str]) -> str:
    return "" if len(cells) == len(header) else f"{len(cells)} cells where the header has {len(header)}"


def short(text: str, most: int = SHOWN_CHARACTERS_MOST) -> str:
    """Fit for one line of a terminal: no control characters, no page-long cell."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: most + 1])
    return shown if len(text) <= most else shown[:most] + "…"


def quoted(text: str) -> str:
    return f"“{short(text)}”"


def _not_decodable(path: Path, encoding: str) -> str:
    """Says where; the text layer reads in blocks and only knows a place inside one."""
    with LogFile(path) as file:
        for number, raw in enumerate(file.stream, start=1):
            try:
                raw.decode(encoding)
            except UnicodeError:
                return f"line {number}: not written in {encoding}: say the encoding in the mapping (source.encoding)"
    return f"not written in {encoding}: say the encoding in the mapping (source.encoding)"
