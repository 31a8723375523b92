"""Which dossiers stand behind a number of the official report: what the lines of each dossier came to, in the order of days.

A list is pinned to an instant of record time, so that its pages, its count and its export are of one book. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg

from services.reporting.report.columns import ReportBy, official
from services.reporting.report.counts import Window
from services.reporting.report.flows import EARLIEST, load_sums

Cell = Literal[
    "submitted",
    "waiting_before",
    "waiting",
    "not_accepted",
    "rejected",
    "withdrawn_before_acceptance",
    "received",
    "received_online",
    "received_otherwise",
    "carried_over",
    "resolved",
    "early",
    "on_time",
    "late",
    "pending",
    "in_due",
    "overdue",
    "accepted_late",
    "online_full",
    "online_partial",
    "stopped",
    "withdrawn",
    "late_with_apology",
    "late_without_apology",
    "overdue_with_apology",
    "overdue_without_apology",
]


class Place(NamedTuple):
    """Behind which dossier a page begins."""

    on: date
    dossier_id: UUID


BEGINNING = Place(EARLIEST, UUID(int=0))


class Scope(NamedTuple):
    """Whose dossiers are listed: those of one `office`, or of one lead `unit`, both as fixed at acceptance."""

    kind: Literal["office", "unit"]
    code: str


class Cut(NamedTuple):
    """One cell of a report of a window up to `tells_on`: of all rows, or of row `key` by `by`; as of an instant, in one scope."""

    cell: Cell
    window: Window
    tells_on: date
    as_of: datetime
    scope: Scope
    by: ReportBy | None = None
    key: str = ""


class Listed(NamedTuple):
    """A dossier that a number counts. `on` is the day of what makes it count, or from which it stood so."""

    dossier_id: UUID
    on: date
    procedure: str
    office: str
    unit: str


_DOORS, _LEVELS = ("online", "otherwise"), ("full", "partial")
_ENDS, _TIMES = ("resolved", "stopped", "withdrawn"), ("early", "on_time", "late")


class Happened(NamedTuple):
    """Rows of `stays` for what happened inside the window; `whats` as services/reporting/quality/stays.py writes them."""

    kind: str
    whats: tuple[str, ...] = ("",)


class Stood(NamedTuple):
    """Rows of what was so at the end of the window, or at the end of the day before it; `unless`: but for those that were this, too."""

    kind: str
    whats: tuple[str, ...] = ("",)
    before: bool = False
    unless: str = ""


def _accepted(
    doors: Sequence[str] = _DOORS, levels: Sequence[str] = _LEVELS, late: Sequence[str] = ("", "late")
) -> Happened:
    return Happened("accepted", tuple(map("/".join, product(doors, levels, late))))


def _resolved(
    times: Sequence[str] = _TIMES, ends: Sequence[str] = _ENDS, sorry: Sequence[str] = ("", "sorry")
) -> Happened:
    return Happened("resolved", tuple(map("/".join, product(times, ends, sorry))))


_CARRIED_OVER = Stood("pending", before=True)
COUNTED: dict[Cell, tuple[Happened | Stood, ...]] = {
    "submitted": (Happened("submitted"),),
    "waiting_before": (Stood("waiting", before=True),),
    "waiting": (Stood("waiting"),),
    "not_accepted": (Happened("not_accepted", ("rejected", "withdrawn")),),
    "rejected": (Happened("not_accepted", ("rejected",)),),
    "withdrawn_before_acceptance": (Happened("not_accepted", ("withdrawn",)),),
    "received": (_CARRIED_OVER, _accepted()),
    "received_online": (_accepted(("online",)),),
    "received_otherwise": (_accepted(("otherwise",)),),
    "carried_over": (_CARRIED_OVER,),
    "resolved": (_resolved(),),
    "early": (_resolved(("early",)),),
    "on_time": (_resolved(("on_time",)),),
    "late": (_resolved(("late",)),),
    "pending": (Stood("pending"),),
    "in_due": (Stood("pending", unless="overdue"),),
    "overdue": (Stood("overdue", ("", "sorry")),),
    "accepted_late": (_accepted(late=("late",)),),
    "online_full": (_accepted(("online",), ("full",)),),
    "online_partial": (_accepted(("online",), ("partial",)),),
    "stopped": (_resolved(ends=("stopped",)),),
    "withdrawn": (_resolved(ends=("withdrawn",)),),
    "late_with_apology": (_resolved(("late",), sorry=("sorry",)),),
    "late_without_apology": (_resolved(("late",), sorry=("",)),),
    "overdue_with_apology": (Stood("overdue", ("sorry",)),),
    "overdue_without_apology": (Stood("overdue"),),
}
"""Which rows each number counts: no dossier twice."""

_ROW = "SELECT s.first_on, s.dossier_id, s.procedure, s.office, s.unit FROM stays s"
_KNOWN = "s.recorded_at <= {as_of} AND (s.gone_at IS NULL OR s.gone_at > {as_of})"
# Each word has a stretch of an index of its own, in the order of pages: a page reads what it shows.
_HAPPENED = (
    "SELECT h.* FROM unnest({whats}::text[]) w(what) CROSS JOIN LATERAL ("
    + _ROW
    + " WHERE s.kind = '{kind}' AND s.what = w.what AND {scope} = {code} AND {row} = {key}"
    + " AND s.first_on >= {first} AND s.first_on <= {last} AND "
    + _KNOWN
    + " {after} {most}) h"
)
# What ceased by that day, and was not known to have as of that instant, stood then too.
_STOOD = (
    _ROW
    + " WHERE s.kind = '{kind}' AND s.what = ANY({whats}::text[]) AND {scope} = {code} AND {row} = {key} AND "
    + _KNOWN
    + " {unless} AND {days} {after}"
)
_NOTHING = _ROW + " WHERE s.kind = '' AND {scope} = {code} AND {row} = {key} AND " + _KNOWN
_AT = "daterange(s.first_on, s.until_on) @> {day}::date"
_STILL = "s.until_at > {as_of} AND s.until_on <= {day}::date AND s.first_on <= {day}::date"
_UNLESS = (
    "AND NOT EXISTS (SELECT FROM stays o WHERE o.dossier_id = s.dossier_id AND o.kind = '{kind}' AND o.first_on <= {day}::date"
    " AND (o.until_on > {day}::date OR o.until_at > {as_of}) AND o.recorded_at <= {as_of} AND (o.gone_at IS NULL OR o.gone_at > {as_of}))"
)
_AFTER = "AND (s.first_on, s.dossier_id) > ({day}, {dossier})"
_ORDERED = "ORDER BY s.first_on, s.dossier_id LIMIT {most}"
_PAGE = "SELECT found.* FROM ({rows}) found ORDER BY first_on, dossier_id LIMIT {most}"
_COUNT = "SELECT count(*) FROM ({rows}) found"
_NEWEST = "SELECT max(recorded_at) FROM entries"


async def newest(connection: asyncpg.Connection[Any]) -> datetime | None:
    """The record time of the newest line of the book; None when there is none."""
    at: datetime | None = await connection.fetchval(_NEWEST)
    return at


async def count(connection: asyncpg.Connection[Any], cut: Cut) -> int:
    """How many dossiers the number counts. Of an office it is what the report adds up; sums know no units, so theirs are counted.

    Guarantee: a number is as many dossiers as its list and its export have. Test: test_a_number_is_as_long_as_its_list_and_its_export.
    """
    if cut.scope.kind == "unit":
        query = _Query(cut)
        found: int = await connection.fetchval(_COUNT.format(rows=query.rows()), *query.values)
        return found
    only = {"office": cut.scope.code} | ({cut.by: cut.key} if cut.by else {})
    if cut.by == "office" and cut.key != cut.scope.code:
        return 0
    window = Window(cut.window.first, cut.tells_on)
    sums = await load_sums(connection, window, None, cut.as_of, only=only)
    amount: int = getattr(official(sums, None).total, cut.cell)
    return amount


async def page(connection: asyncpg.Connection[Any], cut: Cut, after: Place, most: int) -> list[Listed]:
    """Up to `most` of its dossiers behind a place, in the order of their days.

    Guarantee: the first page behind a number reads as much after ten years as after one. Test: test_a_first_page_reads_what_it_shows.
    """
    query = _Query(cut, after, most)
    rows = await connection.fetch(_PAGE.format(rows=query.rows(), most=query.most), *query.values)
    # The driver's UUIDs are a class of its own.
    return [Listed(UUID(int=row[1].int), row[0], *tuple(row)[2:]) for row in rows]


class _Query:
    """The rows of a cut as SQL, with its values."""

    def __init__(self, cut: Cut, after: Place | None = None, most: int | None = None) -> None:
        self.values: list[Any] = []
        self._cut, self._after = cut, after
        self.most = self._value(most) if most else ""
        self._asked = {
            "scope": f"s.{cut.scope.kind}",
            "code": self._value(cut.scope.code),
            "row": f"s.{cut.by}" if cut.by else "''",
            "key": self._value(cut.key if cut.by else ""),
            "as_of": self._value(cut.as_of),
        }

    def rows(self) -> str:
        return " UNION ALL ".join(part for each in COUNTED[self._cut.cell] for part in self._parts(each))

    def _parts(self, rows: Happened | Stood) -> list[str]:
        cut, asked = self._cut, dict(self._asked)
        if isinstance(rows, Stood) and rows.before and cut.window.first is None:
            return [_NOTHING.format(**asked)]
        asked["whats"] = self._value(list(rows.whats))
        after = ""
        if self._after:
            after = _AFTER.format(
                day=self._value(self._after.on), dossier=self._value(self._after.dossier_id)
            )
        if isinstance(rows, Happened):
            days = {"first": cut.window.first or EARLIEST, "last": cut.tells_on}
            asked |= {name: self._value(day) for name, day in days.items()}
            most = _ORDERED.format(most=self.most) if self.most else ""
            return [_HAPPENED.format(**asked, kind=rows.kind, after=after, most=most)]
        day = cut.window.first - timedelta(days=1) if rows.before and cut.window.first else cut.tells_on
        asked["day"] = self._value(day)
        unless = _UNLESS.format(**asked, kind=rows.unless) if rows.unless else ""
        return [
            _STOOD.format(**asked, kind=rows.kind, unless=unless, after=after, days=each.format(**asked))
            for each in (_AT, _STILL)
        ]

    def _value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"
