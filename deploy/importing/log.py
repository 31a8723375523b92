"""Reads a log with its mapping: checks every row, then tells the cases of the rows that held.

Promises that a case with one bad row is not told at all, that each bad row is told with its line and its reason, and that
nothing is told twice. Never talks to a service.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.catalogue.offices import Offices
from contracts.intake import CASE_CHARACTERS_MAX, CASE_PATTERN
from deploy.importing.case import Case
from deploy.importing.cases import OFFICE_ZONE, Faulty, case_of, of_ours
from deploy.importing.drafts import Draft, Drafts
from deploy.importing.files import BadLog, LogFile
from deploy.importing.foreseen import refusal
from deploy.importing.mapping import Mapping, When
from deploy.importing.rows import Row, csv_rows, quoted, short
from deploy.importing.xes import xes_rows

CASE_NAME = re.compile(CASE_PATTERN)
CELL_CHARACTERS_MOST = 1_000
WATCHED_EVERY_ROWS = 10_000
NOT_OURS = "is no time of ours: from 1900 to 2999"

Watch = Callable[[int, int], None]
"""Bytes read, and bytes that there are."""


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    case: str
    fault: Faulty

    def __str__(self) -> str:
        return f"line {self.line}: case {self.case or '?'}: {self.fault}"


class LogReader:
    """One log, read once into drafts by `check`, then told as often as wanted by `cases`."""

    def __init__(self, path: Path, mapping: Mapping, drafts: Drafts, now: datetime, offices: Offices) -> None:
        self.path, self._offices = path, offices
        self.rows = 0
        self._mapping = mapping
        self._drafts = drafts
        self._now = now
        self._needed = mapping.needed_columns()
        self._zone = ZoneInfo(mapping.time.zone)
        self._steps = {step.activity: number for number, step in enumerate(mapping.steps)}
        dates = mapping.dates.given()
        self._by_column = {name: when.column for name, when in dates.items() if when.column is not None}
        self._by_activity = {name: when for name, when in dates.items() if when.activities}

    def check(self, watch: Watch = lambda _read, _size: None) -> Iterator[BadRow]:
        """Reads the whole file and yields its bad rows; BadLog when nothing of it can be taken.

        `watch` is told from time to time how many bytes of the file are read, and how many there are.
        Guarantee: a case with a bad row is not taken at all. Test: test_a_case_with_a_bad_row_is_left_out_whole.
        """
        with LogFile(self.path) as file:
            for row in self._read(file):
                self.rows += 1
                yield from self._check_row(row)
                if self.rows % WATCHED_EVERY_ROWS == 0:
                    watch(file.position, file.size)
        if not self.rows:
            raise BadLog(f"{self.path} has no row")
        for name, draft in self._drafts.sound():
            try:
                case = case_of(name, draft, self._mapping)
                if refused := refusal(case, self._mapping.source.name, self._now, self._offices):
                    raise refused
            except Faulty as fault:
                self._drafts.mark_bad(name, fault.reason)
                yield BadRow(draft.lines.get(fault.date, draft.line), short(name), fault)

    def _read(self, file: LogFile) -> Iterator[Row]:
        if file.is_xes:
            return xes_rows(file, self._needed)
        return csv_rows(file, self._mapping.source, self._needed)

    def cases(self) -> Iterator[Case]:
        """The cases that held, by the instant they begin at."""
        for name, draft in self._drafts.sound():
            yield case_of(name, draft, self._mapping)

    def _check_row(self, row: Row) -> Iterator[BadRow]:
        line, cells = row.line, row.cells
        # The same name is written in two ways, composed or not: one case.
        name = unicodedata.normalize("NFC", cells.get(self._mapping.columns.case, "").strip())
        draft = self._drafts.get(name, line) if name else None
        faults = [Faulty("wrong cells", row.fault)] if row.fault else []
        if not name:
            faults.append(Faulty("no case"))
        elif len(name) > CASE_CHARACTERS_MAX or not CASE_NAME.fullmatch(name):
            told = f"a case is named by 1 to {CASE_CHARACTERS_MAX} characters that can be seen"
            faults.append(Faulty("no name of a case", told))
        faults += [
            Faulty("too long", f"{column} has {len(cell):,} characters; {CELL_CHARACTERS_MOST:,} is the most")
            for column, cell in cells.items()
            if len(cell) > CELL_CHARACTERS_MOST and column in self._needed
        ]
        if not faults and draft is not None:
            faults = list(self._read_into(row, draft))
        if faults and draft is not None:
            draft.bad = draft.bad or faults[0].reason
        yield from (BadRow(line, short(name), fault) for fault in faults)

    def _read_into(self, row: Row, draft: Draft) -> Iterator[Faulty]:
        """Takes a row's cells into the draft, and yields what is wrong with them."""
        columns, line, cells = self._mapping.columns, row.line, row.cells
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
                    told = f"differs from {quoted(draft.cells[name])} on an earlier row"
                    yield Faulty("rows that disagree", f"{column} {quoted(value)} {told}")
                continue
            draft.cells[name] = value
            try:
                self._take(line, draft, name, column, value)
            except Faulty as fault:
                yield fault
        if row.event and columns.activity is not None and columns.time is not None:
            try:
                self._take_activity(
                    line, draft, cells[columns.activity].strip(), columns.time, cells[columns.time].strip()
                )
            except Faulty as fault:
                yield fault

    def _take(self, line: int, draft: Draft, name: str, column: str, value: str) -> None:
        if name in ("channel", "procedure"):
            known = self._mapping.channels if name == "channel" else self._mapping.procedures
            if value not in known:
                raise Faulty(
                    f"{name} not in the mapping", f"{column} {quoted(value)} is not in the mapping's {name}s"
                )
        elif name in self._by_column:
            draft.lines[name] = line
            draft.times[name] = self._instant(column, value, ahead=name == "due").isoformat()

    def _take_activity(self, line: int, draft: Draft, activity: str, column: str, value: str) -> None:
        """Every row's time is read, also of activities that mean nothing here: a log with a broken clock is told."""
        instant = self._instant(column, value).isoformat()
        for name, when in self._by_activity.items():
            if activity in when.activities:
                draft.times[name] = _chosen(when, draft.times.get(name), instant)
                if draft.times[name] == instant:
                    draft.lines[name], draft.by[name] = line, activity
        if activity in self._steps:
            draft.steps.append((instant, self._steps[activity]))

    def _instant(self, column: str, value: str, *, ahead: bool = False) -> datetime:
        """The instant in UTC, so that instants compare as text; only what is due may lie ahead of now."""
        time = self._mapping.time
        try:
            read = _read_time(value, time.format)
        except ValueError:
            told = f"{column} {quoted(value)} is no time of the format {time.format}"
            raise Faulty("no time of the format", told) from None
        if read.tzinfo is None:
            read = read.replace(tzinfo=self._zone)
        try:
            if time.keep == "clock":
                # What the clock of the log's zone said, however the instant is written.
                # Guarantee: one instant is one day. Test: test_one_instant_is_one_day_however_it_is_written.
                read = read.astimezone(self._zone).replace(tzinfo=OFFICE_ZONE)
            instant = read.astimezone(UTC)
        except OverflowError:
            raise Faulty("no time of ours", f"{column} {quoted(value)} {NOT_OURS}") from None
        if not of_ours(instant):
            raise Faulty("no time of ours", f"{column} {quoted(value)} {NOT_OURS}")
        if instant > self._now and not ahead:
            raise Faulty("in the future", f"{column} {quoted(value)} lies in the future")
        return instant


def _read_time(value: str, pattern: str) -> datetime:
    if pattern == "iso":
        return datetime.fromisoformat(value)
    return datetime.strptime(value, pattern)  # noqa: DTZ007 - the zone is the mapping's


def _chosen(when: When, before: str | None, instant: str) -> str:
    if before is None:
        return instant
    return min(before, instant) if when.which == "first" else max(before, instant)
