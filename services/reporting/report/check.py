"""Checks that every number equals the list behind it, and that both laws of the report hold, on the tables as they stand.

Reads one snapshot and writes nothing. It says how much it compared: a check of two empty sides is no proof.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.reporting import metrics
from services.reporting.book.rows import load_flows, snapshot
from services.reporting.report.counts import Counts, Window, report

log = logging.getLogger(__name__)

# A check reads every dossier; however many there are, checking takes at most this share of the time.
SHARE_MAX = 0.05

# Where the pending dossiers stand, by due date and apology: the dossiers themselves, the book, the counters.
_DUE = """
WITH listed AS (
    SELECT procedure, due_on, apologised, count(*) AS amount
    FROM dossiers WHERE accepted_on IS NOT NULL AND ended_on IS NULL GROUP BY 1, 2, 3
), entered AS (
    SELECT procedure, due_on, apologised, sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) AS amount
    FROM entries WHERE flow IN ('received_new', 'resolved', 'due') GROUP BY 1, 2, 3
    HAVING sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) <> 0
), counted AS (
    SELECT procedure, due_on, apologised, sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) AS amount
    FROM counters WHERE flow IN ('received_new', 'resolved', 'due') GROUP BY 1, 2, 3
    HAVING sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) <> 0
)
SELECT count(*) AS compared,
       count(*) FILTER (
           WHERE listed.amount IS DISTINCT FROM entered.amount OR listed.amount IS DISTINCT FROM counted.amount
       ) AS violations
FROM listed
FULL JOIN entered USING (procedure, due_on, apologised)
FULL JOIN counted USING (procedure, due_on, apologised)
"""

# Three tellings of the same flows, day by day and procedure by procedure: the dossiers themselves, the book, the counters.
_FLOWS = """
WITH listed AS (
    SELECT procedure, submitted_on AS on_date, 'submitted' AS flow, '' AS timeliness, count(*) AS amount
    FROM dossiers GROUP BY 1, 2
    UNION ALL
    SELECT procedure, accepted_on, 'received_new', '', count(*)
    FROM dossiers WHERE accepted_on IS NOT NULL GROUP BY 1, 2
    UNION ALL
    SELECT procedure, ended_on, 'not_accepted', '', count(*)
    FROM dossiers WHERE ended_on IS NOT NULL AND accepted_on IS NULL GROUP BY 1, 2
    UNION ALL
    SELECT procedure, ended_on, 'resolved', timeliness, count(*)
    FROM dossiers WHERE ended_on IS NOT NULL AND accepted_on IS NOT NULL GROUP BY 1, 2, 4
), entered AS (
    SELECT procedure, on_date, flow, timeliness, sum(amount) AS amount
    FROM entries WHERE flow <> 'due' GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
), counted AS (
    SELECT procedure, on_date, flow, timeliness, sum(amount) AS amount
    FROM counters WHERE flow <> 'due' GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
)
SELECT count(*) AS compared,
       count(*) FILTER (
           WHERE listed.amount IS DISTINCT FROM entered.amount OR listed.amount IS DISTINCT FROM counted.amount
       ) AS violations
FROM listed
FULL JOIN entered USING (procedure, on_date, flow, timeliness)
FULL JOIN counted USING (procedure, on_date, flow, timeliness)
"""

_STOCKS = """
SELECT procedure, count(*) AS dossiers,
       count(*) FILTER (WHERE status = 'submitted') AS waiting,
       count(*) FILTER (WHERE status = 'accepted') AS pending
FROM dossiers GROUP BY 1
"""

_EVERYTHING = Window(None, None)


class Stocks(NamedTuple):
    """What the list of dossiers says of one procedure."""

    procedure: str
    dossiers: int
    waiting: int
    pending: int


class Checked(NamedTuple):
    """How many numbers were compared with the list behind them, over how many dossiers, and how many differed."""

    compared: int
    dossiers: int
    violations: int
    at: datetime


async def check(connection: asyncpg.Connection[Any], at: datetime) -> Checked:
    """Compares, inside the caller's snapshot.

    Guarantee: a number that differs from its list is a violation. Test: test_a_lost_entry_is_a_violation.
    """
    flows = await connection.fetchrow(_FLOWS)
    due = await connection.fetchrow(_DUE)
    assert flows is not None and due is not None
    stocks = [Stocks(*row) for row in await connection.fetch(_STOCKS)]
    told = report(await load_flows(connection, _EVERYTHING, "procedure"), "procedure")
    rows = {row.key: row.counts for row in told.rows}
    listed = {row.procedure: row for row in stocks}
    violations = sum(
        stock_violations(rows.get(procedure), listed.get(procedure))
        for procedure in rows.keys() | listed.keys()
    )
    return Checked(
        compared=flows["compared"] + due["compared"] + 2 * len(rows.keys() | listed.keys()),
        dossiers=sum(row.dossiers for row in stocks),
        violations=flows["violations"] + due["violations"] + violations,
        at=at,
    )


def stock_violations(counts: Counts | None, stocks: Stocks | None) -> int:
    """How many of a row's stocks and laws fail: what the flows leave must be what the list holds."""
    waiting, pending = (stocks.waiting, stocks.pending) if stocks else (0, 0)
    if counts is None:
        return int(waiting != 0) + int(pending != 0)
    laws = int(not counts.laws_hold())
    return laws + int(counts.waiting != waiting) + int(counts.pending != pending)


class Watch:
    """Checks again and again, keeps what the last check found, and puts it where an alarm sees it."""

    def __init__(self, pool: asyncpg.Pool[Any], now: Callable[[], datetime], every_seconds: float) -> None:
        self._pool = pool
        self._now = now
        self._every_seconds = every_seconds
        self.last: Checked | None = None

    async def run(self) -> None:
        while True:
            took = await self.once()
            await asyncio.sleep(max(self._every_seconds, took / SHARE_MAX))

    async def once(self) -> float:
        """One check; the seconds it took."""
        began = time.monotonic()
        async with snapshot(self._pool) as connection:
            found = self.last = await check(connection, self._now())
        took = time.monotonic() - began
        metrics.IDENTITY_SECONDS.observe(took)
        metrics.IDENTITY_VIOLATIONS.set(found.violations)
        metrics.IDENTITY_COMPARED.set(found.compared)
        metrics.IDENTITY_DOSSIERS.set(found.dossiers)
        metrics.IDENTITY_CHECKED_AT.set(found.at.timestamp())
        if found.violations:
            log.error("%d numbers differ from their list, of %d compared", found.violations, found.compared)
        return took
