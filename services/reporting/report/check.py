"""Checks that every number equals the list behind it, a slice at a time, and that the laws of the report hold.

A slice is a day of record time: its lines of the book against their sums, and the dossiers that they speak of against all lines of theirs.
Sums of months and years are slices too, against the days and months in them. What changed is checked each time, of the rest whatever was
checked longest ago. It says how much it compared: a check of two empty sides is no proof.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import asyncpg

from services.reporting import metrics
from services.reporting.book.rows import snapshot
from services.reporting.report.counts import Window, report
from services.reporting.report.flows import COLUMNS, LATEST, SPANS, load_flows, next_of

log = logging.getLogger(__name__)

# However many slices there are, checking takes at most this share of the time.
SHARE_MAX = 0.05
CHANGED_AT_ONCE = 32
OLDEST_AT_ONCE = 8

_LINES = ", ".join(
    f"(s.{name}, '{flow}', '{timeliness}', '{manner}', {'true' if sorry else 'false'})"
    for name, (flow, timeliness, manner, sorry) in COLUMNS.items()
)
_NAMES, _ZEROS = ", ".join(COLUMNS), ", ".join("0" for _ in COLUMNS)
_SUMS, _TOTALS = (
    ", ".join(text.format(name=name) for name in COLUMNS) for text in ("sum({name}) AS {name}", "sum({name})")
)
_COARSE, _FINE = (", ".join(f"{side}.{name}" for name in COLUMNS) for side in ("coarse", "fine"))

# The lines of one day of record time, each on the day of its flow, against the sums of days, of all of which nothing but 0 is left out.
_BOOK = f"""
WITH known AS MATERIALIZED (
    SELECT * FROM entries WHERE recorded_at >= $1::date::timestamp AT TIME ZONE INTERVAL '07:00'
        AND recorded_at < ($1::date + 1)::timestamp AT TIME ZONE INTERVAL '07:00'
), entered AS (
    SELECT on_date, procedure, field, office, channel, level, flow, CASE flow WHEN 'resolved' THEN timeliness ELSE '' END AS timeliness,
           manner, timeliness = 'late' AND apologised AS sorry, sum(amount)::bigint AS amount
    FROM known WHERE flow <> 'due' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 HAVING sum(amount) <> 0
    UNION ALL
    SELECT greatest(on_date, due_on + 1), procedure, field, office, channel, level, 'overdue', '', '', apologised,
           sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END)
    FROM known WHERE flow IN ('received_new', 'resolved', 'due') AND due_on < 'infinity' GROUP BY 1, 2, 3, 4, 5, 6, 10
    HAVING sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) <> 0
), added AS (
    SELECT s.on_date, s.procedure, s.field, s.office, s.channel, s.level, c.flow, c.timeliness, c.manner, c.sorry, c.amount
    FROM sums s CROSS JOIN LATERAL (VALUES {_LINES}) c(amount, flow, timeliness, manner, sorry)
    WHERE s.spans = 'day/day' AND s.known_on = $1 AND c.amount <> 0
)
SELECT count(*) AS compared, count(*) FILTER (WHERE entered.amount IS DISTINCT FROM added.amount) AS violations
FROM entered FULL JOIN added USING (on_date, procedure, field, office, channel, level, flow, timeliness, manner, sorry)
"""

# The dossiers that a day of record time speaks of: what each is by now, and what all its lines say; of a pending one also its due date.
_DOSSIERS = """
WITH ids AS MATERIALIZED (
    SELECT DISTINCT dossier_id FROM entries WHERE recorded_at >= $1::date::timestamp AT TIME ZONE INTERVAL '07:00'
        AND recorded_at < ($1::date + 1)::timestamp AT TIME ZONE INTERVAL '07:00'
), d AS MATERIALIZED (SELECT d.* FROM ids JOIN dossiers d USING (dossier_id)
), e AS MATERIALIZED (SELECT e.* FROM ids JOIN entries e USING (dossier_id)
), listed AS (
    SELECT dossier_id, 'submitted' AS flow, submitted_on AS on_date, '' AS timeliness, '' AS manner, procedure, office, channel, level,
           false AS sorry FROM d
    UNION ALL
    SELECT dossier_id, 'received_new', accepted_on, '', '', procedure, office, channel, level, false FROM d WHERE accepted_on IS NOT NULL
    UNION ALL
    SELECT dossier_id, 'not_accepted', ended_on, '', status, procedure, office, channel, level, false
    FROM d WHERE status IN ('rejected', 'withdrawn') AND accepted_on IS NULL
    UNION ALL
    SELECT dossier_id, 'resolved', ended_on, timeliness, status, procedure, office, channel, level, false
    FROM d WHERE status IN ('resolved', 'stopped', 'withdrawn') AND accepted_on IS NOT NULL
    UNION ALL
    SELECT dossier_id, 'due', due_on, '', '', procedure, office, channel, level, apologised FROM d WHERE status = 'accepted'
), entered AS (
    SELECT dossier_id, flow, on_date, timeliness, CASE flow WHEN 'received_new' THEN '' ELSE manner END AS manner, procedure, office,
           channel, level, false AS sorry, sum(amount) AS amount
    FROM e WHERE flow <> 'due' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(amount) <> 0
    UNION ALL
    SELECT dossier_id, 'due', due_on, '', '', procedure, office, channel, level, apologised,
           sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END)
    FROM e WHERE flow IN ('received_new', 'resolved', 'due') GROUP BY 1, 3, 6, 7, 8, 9, 10
    HAVING sum(CASE flow WHEN 'resolved' THEN -amount ELSE amount END) <> 0
)
SELECT count(*) AS compared, (SELECT count(*) FROM d) AS dossiers,
       count(*) FILTER (WHERE entered.amount IS DISTINCT FROM 1 OR listed.dossier_id IS NULL) AS violations
FROM listed FULL JOIN entered USING (dossier_id, flow, on_date, timeliness, manner, procedure, office, channel, level, sorry)
"""

# Sums of one stretch of record time against the finer ones in it: $1 and $2 their spans, $3 that of business time.
_ROLLED = f"""
WITH coarse AS (
    SELECT on_date, procedure, field, office, channel, level, {_NAMES} FROM sums
    WHERE spans = $1 AND known_on = $4 AND ({_NAMES}) IS DISTINCT FROM ({_ZEROS})
), fine AS (
    SELECT date_trunc($3, on_date::timestamp)::date AS on_date, procedure, field, office, channel, level, {_SUMS} FROM sums
    WHERE spans = $2 AND known_on >= $4 AND known_on < $5
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING ({_TOTALS}) IS DISTINCT FROM ({_ZEROS})
)
SELECT count(*) AS compared, count(*) FILTER (WHERE ({_COARSE}) IS DISTINCT FROM ({_FINE})) AS violations
FROM coarse FULL JOIN fine USING (on_date, procedure, field, office, channel, level)
"""

_EVER = """
SELECT count(*) AS dossiers, (SELECT coalesce(sum(submitted), 0) FROM sums WHERE spans = 'decade/ever') AS submitted
FROM dossiers
"""

# The mark is taken off before the slice is read: what is added meanwhile marks it again.
_TAKE = """
UPDATE slices SET changed = false WHERE (span, known_on) IN (
    SELECT span, known_on FROM slices WHERE span IN ('day', 'ever') AND changed ORDER BY checked_at LIMIT $1
) RETURNING span, known_on
"""
_OLDEST = "SELECT span, known_on FROM slices ORDER BY checked_at LIMIT $1"
_FOUND = """
UPDATE slices s SET checked_at = f.checked_at, compared = f.compared, dossiers = f.dossiers, violations = f.violations
FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])
    AS f(span, known_on, compared, dossiers, violations, checked_at)
WHERE s.span = f.span AND s.known_on = f.known_on
"""
_STANDING = """
SELECT coalesce(sum(compared), 0)::bigint AS compared, coalesce(max(dossiers) FILTER (WHERE span = 'ever'), 0) AS dossiers,
       coalesce(sum(violations), 0)::bigint AS violations, min(checked_at) AS oldest_at
FROM slices
"""
_ALL = "SELECT span, known_on FROM slices ORDER BY span <> 'ever', span, known_on"
_EVERYTHING = Window(None, None)


# Of each kind of slice, which sums are compared with which finer ones: in a day of record time by business time, else by record time.
_ROLLS = {
    "day": [(f"{a}/day", f"{b}/day", a) for a, b in pairwise(SPANS)],
    **{
        a: [(f"{span}/{a}", f"{span}/{b}", span) for span in SPANS] for a, b in pairwise(("ever", *SPANS[1:]))
    },
}


class Slice(NamedTuple):
    """A stretch of record time whose numbers are compared at once: a day, a month, a year, or all of it."""

    span: str
    known_on: date


class Found(NamedTuple):
    """How many numbers of a slice were compared with the list behind them, over how many dossiers, and how many differed."""

    compared: int
    dossiers: int
    violations: int


class Checked(NamedTuple):
    """What the last look at each slice found, taken together; `oldest_at` is the time of the look that is longest ago."""

    compared: int
    dossiers: int
    violations: int
    at: datetime
    oldest_at: datetime


async def examine(connection: asyncpg.Connection[Any], part: Slice) -> Found:
    """Compares one slice, inside the caller's snapshot.

    Guarantee: a number that differs from its list is a violation. Test: test_a_lost_entry_is_a_violation.
    """
    found: list[Found] = []
    if part.span == "ever":
        row = await connection.fetchrow(_EVER)
        assert row is not None
        dossiers, submitted = row
        found.append(Found(int(dossiers or submitted > 0), dossiers, int(dossiers != submitted)))
    elif part.span == "day":
        for query in (_BOOK, _DOSSIERS):
            row = await connection.fetchrow(query, part.known_on)
            assert row is not None
            found.append(Found(row["compared"], row.get("dossiers", 0), row["violations"]))
    until = LATEST if part.span == "ever" else next_of(part.span, part.known_on)
    for coarse, fine, span in _ROLLS[part.span]:
        row = await connection.fetchrow(_ROLLED, coarse, fine, span, part.known_on, until)
        assert row is not None
        found.append(Found(row["compared"], 0, row["violations"]))
    return Found(*(sum(numbers) for numbers in zip(*found, strict=True)))


async def laws(connection: asyncpg.Connection[Any]) -> Found:
    """Whether the laws hold in every row of the report of everything."""
    told = report(await load_flows(connection, _EVERYTHING, "procedure"), "procedure")
    return Found(len(told.rows), 0, sum(not row.counts.laws_hold() for row in told.rows))


async def check(connection: asyncpg.Connection[Any]) -> Found:
    """Compares every slice there is, inside the caller's snapshot."""
    found = [await examine(connection, Slice(*row)) for row in await connection.fetch(_ALL)]
    dossiers = sum(each.dossiers for each in found[:1])
    lawful = await laws(connection)
    return Found(
        sum(each.compared for each in (*found, lawful)),
        dossiers,
        sum(each.violations for each in (*found, lawful)),
    )


class Watch:
    """Checks again and again, keeps what the slices' last checks found, and puts it where an alarm sees it."""

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
        """One check of what changed and of some of the rest; the seconds it took.

        Guarantee: what changed since the last check is checked. Test: test_what_changed_is_checked_first.
        """
        began = time.monotonic()
        parts = [Slice(*row) for row in await self._pool.fetch(_TAKE, CHANGED_AT_ONCE)]
        async with snapshot(self._pool) as connection:
            oldest = [Slice(*row) for row in await connection.fetch(_OLDEST, OLDEST_AT_ONCE)]
            parts += [part for part in oldest if part not in parts]
            found = [await examine(connection, part) for part in parts]
            lawful = await laws(connection)
        at = self._now()
        rows = [(*part, *each, at) for part, each in zip(parts, found, strict=True)]
        if rows:
            await self._pool.execute(_FOUND, *map(list, zip(*rows, strict=True)))
        standing = await self._pool.fetchrow(_STANDING)
        assert standing is not None
        self.last = Checked(
            standing["compared"] + lawful.compared if standing["compared"] else 0,
            standing["dossiers"],
            standing["violations"] + lawful.violations,
            at,
            standing["oldest_at"] or at,
        )
        took = time.monotonic() - began
        self._tell(took)
        return took

    def _tell(self, took: float) -> None:
        assert self.last is not None
        metrics.IDENTITY_SECONDS.observe(took)
        metrics.IDENTITY_VIOLATIONS.set(self.last.violations)
        metrics.IDENTITY_COMPARED.set(self.last.compared)
        metrics.IDENTITY_DOSSIERS.set(self.last.dossiers)
        metrics.IDENTITY_CHECKED_AT.set(self.last.at.timestamp())
        metrics.IDENTITY_OLDEST_AT.set(self.last.oldest_at.timestamp())
        if self.last.violations:
            log.error("%d numbers differ from their list, of %d", self.last.violations, self.last.compared)
