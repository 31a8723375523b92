"""What a dossier was counted as on which day, and from when to when it was waiting, pending, overdue: from the lines of its book. Pure.

Each row bears when it became known, so that a list as of an instant is a list of rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from services.reporting.book.rows import NO_DUE_DATE, Entry

OPEN = date.max
_NEVER = datetime.min.replace(tzinfo=UTC)


class Place(NamedTuple):
    """The row of the report that a dossier is in."""

    unit: str
    office: str
    procedure: str
    field: str
    channel: str


class So(NamedTuple):
    """It was so from a day on, until another day; of what happened on a day that is OPEN."""

    kind: str
    what: str
    first_on: date
    place: Place
    until_on: date


class Stay(NamedTuple):
    """The same with when it was known; the columns of `stays`, in their order."""

    dossier_id: UUID
    number: int
    recorded_at: datetime
    gone_at: datetime | None
    kind: str
    what: str
    first_on: date
    until_on: date
    until_at: datetime | None
    unit: str
    office: str
    procedure: str
    field: str
    channel: str


def stays(lines: Sequence[Entry]) -> list[Stay]:
    """Of a dossier's lines in their order, act by act. Later acts only close a row or end it, so each row keeps its number.

    Guarantee: a list behind a number is as long as the number. Test: test_a_number_is_as_long_as_its_list_and_its_export.
    """
    found: list[Stay] = []
    net: Counter[Entry] = Counter()
    for _, told in groupby(lines, key=lambda line: line.sequence):
        for line in told:
            known_at = line.recorded_at
            same = line._replace(number=0, sequence=0, struck=0, recorded_at=_NEVER, amount=0)
            net[same] += line.amount
        now = Counter(_standing(net))
        open_rows: dict[So, list[int]] = defaultdict(list)
        for place, row in enumerate(found):
            if row.gone_at is not None:
                continue
            so = So(row.kind, row.what, row.first_on, Place(*row[9:]), row.until_on)
            if now[so] > 0:
                now[so] -= 1
            else:
                open_rows[so._replace(until_on=OPEN)].append(place)
        for so in now.elements():
            before = open_rows.get(so._replace(until_on=OPEN), [])
            closes = next((place for place in before if found[place].until_on == OPEN), None)
            if closes is not None and so.until_on != OPEN:
                before.remove(closes)
                found[closes] = found[closes]._replace(until_on=so.until_on, until_at=known_at)
            else:
                until_at = known_at if so.until_on != OPEN else None
                days = (so.kind, so.what, so.first_on, so.until_on, until_at)
                found.append(Stay(lines[0].dossier_id, len(found) + 1, known_at, None, *days, *so.place))
        for rows in open_rows.values():
            for place in rows:
                found[place] = found[place]._replace(gone_at=known_at)
    return found


def _standing(net: Counter[Entry]) -> Iterator[So]:
    by_flow = {line.flow: line for line, amount in net.items() if amount > 0 and line.flow != "due"}
    filed, accepted = by_flow.get("submitted"), by_flow.get("received_new")
    ended = by_flow.get("resolved") or by_flow.get("not_accepted")
    if filed is None:
        return
    left = min((line.on_date for line in (accepted, ended) if line), default=OPEN)
    yield So("submitted", "", filed.on_date, _place(filed), OPEN)
    yield So("waiting", "", filed.on_date, _place(filed), max(left, filed.on_date))
    if ended and ended.flow == "not_accepted":
        yield So("not_accepted", ended.manner, ended.on_date, _place(ended), OPEN)
    if accepted is None:
        return
    door = "online" if accepted.channel == "online" else "otherwise"
    what = f"{door}/{accepted.level}/{accepted.manner}"
    yield So("accepted", what, accepted.on_date, _place(accepted), OPEN)
    until = max(ended.on_date, accepted.on_date) if ended else OPEN
    yield So("pending", "", accepted.on_date, _place(accepted), until)
    if ended:
        sorry = "sorry" if ended.apologised and ended.timeliness == "late" else ""
        what = f"{ended.timeliness}/{ended.manner}/{sorry}"
        yield So("resolved", what, ended.on_date, _place(ended), OPEN)
    for first, last, is_sorry in _overdue(net.items()):
        yield So("overdue", "sorry" if is_sorry else "", first, _place(accepted), last)


def _overdue(net: Iterable[tuple[Entry, int]]) -> Iterator[tuple[date, date, bool]]:
    """Each due date's days of being overdue: from the day behind it, or on which it was told, to the day on which another one was."""
    begun: dict[tuple[date, bool], list[date]] = defaultdict(list)
    ceased: dict[tuple[date, bool], list[date]] = defaultdict(list)
    for line, amount in net:
        if amount and line.flow in ("received_new", "due", "resolved") and line.due_on != NO_DUE_DATE:
            day = max(line.on_date, line.due_on + timedelta(days=1))
            sign = -amount if line.flow == "resolved" else amount
            days = (begun if sign > 0 else ceased)[line.due_on, line.apologised]
            days += [day] * abs(sign)
    for due, days in begun.items():
        ends = sorted(ceased[due])
        for place, first in enumerate(sorted(days)):
            yield first, ends[place] if place < len(ends) else OPEN, due[1]


def _place(line: Entry) -> Place:
    return Place(line.unit, line.office, line.procedure, line.field, line.channel)
