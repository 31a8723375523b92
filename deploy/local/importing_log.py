"""Reads a log with its mapping: checks every row, then tells the cases of the rows that held.

Promises that a case with one bad row is not told at all, that each bad row is told with its line and its reason, and that
nothing is told twice. Never talks to a service.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.doors import Case
from deploy.local.importing_cases import OFFICE_ZONE, Faulty, case_of
from deploy.local.importing_drafts import Draft, Drafts
from deploy.local.importing_mapping import Mapping, When

# What the bulk doors take as the name of a case.
CASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}")
SHOWN_CHARACTERS_MOST = 60


class BadLog(Exception):
    """A log of which nothing can be taken; says the line where there is one."""


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    case: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: case {self.case or '?'}: {self.reason}"


class LogReader:
    """One log, read once into drafts by `check`, then told as often as wanted by `cases`."""

    def __init__(self, path: Path, mapping: Mapping, drafts: Drafts, now: datetime) -> None:
        self.path = path
        self.rows = 0
        self._mapping = mapping
        self._drafts = drafts
        self._now = now
        self._zone = ZoneInfo(mapping.time.zone)
        self._steps = {step.activity: number for number, step in enumerate(mapping.steps)}
        dates = mapping.dates.given()
        self._by_column = {name: when.column for name, when in dates.items() if when.column is not None}
        self._by_activity = {name: when for name, when in dates.items() if when.activity is not None}

    def check(self) -> Iterator[BadRow]:
        """Reads the whole file and yields its bad rows; BadLog when nothing of it can be taken.

        Guarantee: a case with a bad row is not taken at all. Test: test_a_case_with_a_bad_row_is_left_out_whole.
        """
        header: list[str] = []
        for line, row in self._lines():
            if not header:
                header = self._checked_header(row)
            elif row:
                self.rows += 1
                yield from self._check_row(line, header, row)
        if not header:
            raise BadLog(f"{self.path} is empty")
        if not self.rows:
            raise BadLog(f"{self.path} has a header and no row")
        for name, draft in self._drafts.sound():
            try:
                case_of(name, draft, self._mapping)
            except Faulty as fault:
                self._drafts.mark_bad(name)
                yield BadRow(draft.lines.get(fault.date, draft.line), _short(name), str(fault))

    def cases(self) -> Iterator[Case]:
        """The cases that held, by the instant they begin at."""
        for name, draft in self._drafts.sound():
            yield case_of(name, draft, self._mapping)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows with the line that each begins on."""
        source = self._mapping.source
        line = 0
        try:
            with self.path.open(encoding=source.encoding, newline="") as file:
                reader = csv.reader(file, delimiter=source.delimiter, strict=True)
                for row in reader:
                    yield line + 1, row
                    line = reader.line_num
        except OSError as fault:
            raise BadLog(f"{self.path}: {fault.strerror}") from None
        except UnicodeError:
            raise BadLog(f"{self.path}: {_not_decodable(self.path, source.encoding)}") from None
        except csv.Error as fault:
            # Past broken quoting nobody can tell which row, and so which case, a cell belongs to.
            raise BadLog(f"{self.path}: line {line + 1}: broken quoting: {fault}") from None

    def _checked_header(self, row: list[str]) -> list[str]:
        twice = {name for name in row if row.count(name) > 1} & self._mapping.needed_columns()
        if twice:
            raise BadLog(f"{self.path}: line 1: a column stands there twice: {', '.join(sorted(twice))}")
        missing = sorted(self._mapping.needed_columns() - set(row))
        if missing:
            raise BadLog(
                f"{self.path}: line 1: missing columns: {', '.join(missing)}; there are: {_short(', '.join(row), 400)}"
            )
        return row

    def _check_row(self, line: int, header: list[str], row: list[str]) -> Iterator[BadRow]:
        cells = dict(zip(header, row, strict=False))
        name = cells.get(self._mapping.columns.case, "").strip()
        draft = self._drafts.get(name, line) if name else None
        faults = [] if len(row) == len(header) else [f"{len(row)} cells where the header has {len(header)}"]
        if not name:
            faults.append("no case")
        elif not CASE_NAME.fullmatch(name):
            faults.append("a case is named by at most 100 letters A–Z, digits, blanks and . _ : / -")
        if not faults and draft is not None:
            faults = list(self._read_into(line, draft, cells))
        if faults and draft is not None:
            draft.bad = True
        yield from (BadRow(line, _short(name), fault) for fault in faults)

    def _read_into(self, line: int, draft: Draft, cells: dict[str, str]) -> Iterator[str]:
        """Takes a row's cells into the draft, and yields what is wrong with them."""
        columns = self._mapping.columns
        for name, column in (
            ("channel", columns.channel),
            ("procedure", columns.procedure),
            ("project_class", columns.project_class),
            *self._by_column.items(),
        ):
            if column is None:
                continue
            value = cells[column].strip()
            # An empty date or class says nothing; it may stand on another of the case's rows.
            if not value and (name in self._by_column or name == "project_class"):
                continue
            if name in draft.cells:
                if draft.cells[name] != value:
                    yield f"{column} {_quoted(value)} differs from {_quoted(draft.cells[name])} on an earlier row"
                continue
            draft.cells[name] = value
            try:
                self._take(line, draft, name, column, value)
            except Faulty as fault:
                yield str(fault)
        if columns.activity is not None and columns.time is not None:
            try:
                self._take_activity(
                    line, draft, cells[columns.activity].strip(), columns.time, cells[columns.time].strip()
                )
            except Faulty as fault:
                yield str(fault)

    def _take(self, line: int, draft: Draft, name: str, column: str, value: str) -> None:
        if name in ("channel", "procedure"):
            known = self._mapping.channels if name == "channel" else self._mapping.procedures
            if value not in known:
                raise Faulty(f"{column} {_quoted(value)} is not in the mapping's {name}s")
        elif name in self._by_column:
            draft.lines[name] = line
            draft.times[name] = self._instant(column, value, ahead=name == "due").isoformat()

    def _take_activity(self, line: int, draft: Draft, activity: str, column: str, value: str) -> None:
        """Every row's time is read, also of activities that mean nothing here: a log with a broken clock is told."""
        instant = self._instant(column, value).isoformat()
        for name, when in self._by_activity.items():
            if when.activity == activity:
                draft.times[name] = _chosen(when, draft.times.get(name), instant)
                if draft.times[name] == instant:
                    draft.lines[name] = line
        if activity in self._steps:
            draft.steps.append((instant, self._steps[activity]))

    def _instant(self, column: str, value: str, *, ahead: bool = False) -> datetime:
        """The instant in UTC, so that instants compare as text; only what is due may lie ahead of now."""
        time = self._mapping.time
        try:
            read = _read_time(value, time.format)
        except ValueError:
            raise Faulty(f"{column} {_quoted(value)} is no time of the format {time.format}") from None
        if time.keep == "clock":
            read = read.replace(tzinfo=OFFICE_ZONE)
        elif read.tzinfo is None:
            read = read.replace(tzinfo=self._zone)
        try:
            instant = read.astimezone(UTC)
        except OverflowError:
            raise Faulty(f"{column} {_quoted(value)} is no time of ours") from None
        if instant > self._now and not ahead:
            raise Faulty(f"{column} {_quoted(value)} lies in the future")
        return instant


def _read_time(value: str, pattern: str) -> datetime:
    if pattern == "iso":
        return datetime.fromisoformat(value)
    return datetime.strptime(value, pattern)  # noqa: DTZ007 - the zone is the mapping's


def _chosen(when: When, before: str | None, instant: str) -> str:
    if before is None:
        return instant
    return min(before, instant) if when.which == "first" else max(before, instant)


def _short(text: str, most: int = SHOWN_CHARACTERS_MOST) -> str:
    """Fit for one line of a terminal: no control characters, no page-long cell."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: most + 1])
    return shown if len(text) <= most else shown[:most] + "…"


def _quoted(text: str) -> str:
    return f"“{_short(text)}”"


def _not_decodable(path: Path, encoding: str) -> str:
    """Says where; the text layer reads in blocks and only knows a place inside one."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode(encoding)
            except UnicodeError:
                return f"line {number}: not written in {encoding}: say the encoding in the mapping (source.encoding)"
    return f"not written in {encoding}: say the encoding in the mapping (source.encoding)"
