"""Which dossiers stand behind a number of the official report: the same lines of the book that its sums add up, by dossier.

A list is pinned to an instant of record time, so that its pages, its count and its export are of one book. Nothing here writes.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from itertools import product
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg

from services.reporting.report.columns import ReportBy, Sum, official
from services.reporting.report.counts import Window
from services.reporting.report.flows import COLUMNS, EARLIEST, load_sums

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
BEGINNING = UUID(int=0)


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
    """A dossier that a number counts. `on` is the latest day of what makes it count."""

    dossier_id: UUID
    on: date
    procedure: str
    office: str
    unit: str


# A line of the book, and what it is to "overdue", which is a flow of its own day; lines of flows that the cell does not count cost
# little. The groups come in the order of the primary key, so that a page ends where it is full.
_COUNTED = """
SELECT e.dossier_id, max(d.day) AS day
FROM entries e
CROSS JOIN LATERAL (
    SELECT e.on_date AS day, e.flow, e.timeliness, e.manner, e.timeliness = 'late' AND e.apologised AS sorry, e.amount
    WHERE e.flow <> 'due' AND e.flow = ANY($8::text[])
    UNION ALL
    SELECT greatest(e.on_date, e.due_on + 1), 'overdue', '', '', e.apologised, CASE e.flow WHEN 'resolved' THEN -e.amount ELSE e.amount END
    WHERE e.flow IN ('received_new', 'resolved', 'due') AND e.due_on < 'infinity' AND 'overdue' = ANY($8::text[])
) d
CROSS JOIN LATERAL (
    SELECT ($1::jsonb ->> concat_ws(
        '/', d.flow, d.timeliness, d.manner, d.sorry, d.day >= $2::date, e.channel = 'online', e.level
    ))::int AS weight
) w
WHERE e.dossier_id > $3 AND e.recorded_at <= $4 AND d.day <= $5 AND {scope} = $6 AND {key} = $7 AND w.weight IS NOT NULL
GROUP BY e.dossier_id HAVING sum(d.amount * w.weight) <> 0 ORDER BY e.dossier_id
"""
_PAGE = f"""
WITH listed AS MATERIALIZED ({_COUNTED} LIMIT $9)
SELECT dossier_id, day, latest.procedure, latest.office, latest.unit
FROM listed CROSS JOIN LATERAL (
    SELECT procedure, office, unit FROM entries e WHERE e.dossier_id = listed.dossier_id AND recorded_at <= $4
    ORDER BY number DESC LIMIT 1
) latest
ORDER BY dossier_id
"""
_COUNT = f"SELECT count(*) FROM ({_COUNTED}) counted"
# Each line is another one: a cache of what was made of lines before is never hit, and costs ten times the work.
_PLAN = "SET LOCAL enable_memoize = off"
_NEWEST = "SELECT max(recorded_at) FROM entries"


@cache
def weights(cell: Cell) -> str:
    """How often each kind of line counts in a cell, as JSON: what official() makes of one line of it, so nobody says it twice."""
    found = {}
    for (flow, timeliness, manner, sorry), within, channel, level in product(
        COLUMNS.values(), (False, True), ("online", "postal"), ("full", "partial")
    ):
        line = Sum("", EARLIEST if within else None, flow, timeliness, channel, level, manner, sorry, 1)
        if weight := getattr(official([line], None).total, cell):
            kind = (
                flow,
                timeliness,
                manner,
                *("ft"[is_so] for is_so in (sorry, within, channel == "online")),
                level,
            )
            found["/".join(kind)] = weight
    return json.dumps(found)


def flows(cell: Cell) -> list[str]:
    """The flows of which any line counts in a cell."""
    return sorted({kind.partition("/")[0] for kind in json.loads(weights(cell))})


async def newest(connection: asyncpg.Connection[Any]) -> datetime | None:
    """The record time of the newest line of the book; None when there is none."""
    at: datetime | None = await connection.fetchval(_NEWEST)
    return at


async def count(connection: asyncpg.Connection[Any], cut: Cut) -> int:
    """How many dossiers the number counts. Of an office it is what the report adds up; sums know no units, so theirs are counted.

    Guarantee: a number is as many dossiers as its list and its export have. Test: test_a_number_is_as_long_as_its_list_and_its_export.
    """
    if cut.scope.kind == "unit":
        await connection.execute(_PLAN)
        found: int = await connection.fetchval(_filled(_COUNT, cut), *_arguments(cut, BEGINNING))
        return found
    only = {"office": cut.scope.code} | ({cut.by: cut.key} if cut.by else {})
    if cut.by == "office" and cut.key != cut.scope.code:
        return 0
    window = Window(cut.window.first, cut.tells_on)
    sums = await load_sums(connection, window, None, cut.as_of, only=only)
    amount: int = getattr(official(sums, None).total, cut.cell)
    return amount


async def page(connection: asyncpg.Connection[Any], cut: Cut, after: UUID, most: int) -> list[Listed]:
    """Up to `most` of its dossiers behind `after`, in the order of their ids."""
    await connection.execute(_PLAN)
    rows = await connection.fetch(_filled(_PAGE, cut), *_arguments(cut, after), most)
    # The driver's UUIDs are a class of its own.
    return [Listed(UUID(int=row[0].int), *tuple(row)[1:]) for row in rows]


def _filled(query: str, cut: Cut) -> str:
    return query.format(scope=f"e.{cut.scope.kind}", key=f"e.{cut.by}" if cut.by else "''")


def _arguments(cut: Cut, after: UUID) -> tuple[Any, ...]:
    return (
        weights(cut.cell),
        cut.window.first or EARLIEST,
        after,
        cut.as_of,
        cut.tells_on,
        cut.scope.code,
        cut.key if cut.by else "",
        flows(cut.cell),
    )
