"""Measures acts behind the reader: what was heard becomes lines of its dossier, their sums, and stays, a batch in one transaction.

Counting never waits for it. One process does it at a time, in each schema that a book stands in.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.chassis.log.databases import BY_KEY
from services.chassis.process.turning import Loop, rest
from services.reporting.book.lines import local_date
from services.reporting.book.rows import load_entries
from services.reporting.quality.index import SUMMED
from services.reporting.quality.lines import Act, Line, lines
from services.reporting.quality.stays import stays
from services.reporting.report.flows import SPANS, begin_of

ACTS_AT_ONCE = 500
IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.01
"""Between two batches the reader has its turn."""
TURN = 20
"""After so many acts the loop has its turn, for they are some milliseconds of work."""
MEASURING = 74_659
"""The advisory lock of whoever measures."""

_ALONE = "SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema()))"
_TAKE = """
DELETE FROM heard WHERE number IN (SELECT number FROM heard ORDER BY number LIMIT $1)
RETURNING number, dossier_id, source, version, type, at, recorded_at, said
"""
_ACTS = """
SELECT dossier_id, source, version, type, at, recorded_at, said FROM acts WHERE dossier_id = ANY($1::uuid[]) ORDER BY dossier_id, place
"""
_LINES = """
SELECT dossier_id, number, gone_at, kind, on_date, since, unit, office, procedure, channel, what, amount, value
FROM measured WHERE dossier_id = ANY($1::uuid[]) ORDER BY dossier_id, number
"""
_STAYS = """
INSERT INTO stays SELECT n.* FROM unnest($1::stay_v1[]) n LEFT JOIN stays k ON k.dossier_id = n.dossier_id AND k.number = n.number
WHERE k.number IS NULL OR (k.until_on, k.until_at, k.gone_at) IS DISTINCT FROM (n.until_on, n.until_at, n.gone_at)
ON CONFLICT ON CONSTRAINT one_stay_per_number DO UPDATE SET
    until_on = excluded.until_on, until_at = excluded.until_at, gone_at = excluded.gone_at
"""
_KEEP = "INSERT INTO acts SELECT * FROM unnest($1::kept_act_v1[])"
_BORN = "INSERT INTO measured SELECT * FROM unnest($1::measured_line_v1[])"
_GONE = """
UPDATE measured SET gone_at = g.at FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) g(dossier_id, number, at)
WHERE measured.dossier_id = g.dossier_id AND measured.number = g.number
"""
_ADD = """
INSERT INTO measured_sums AS s SELECT * FROM unnest($1::measured_sum_v1[])
ON CONFLICT ON CONSTRAINT one_measured_sum_per_row DO UPDATE SET amount = s.amount + excluded.amount, value = s.value + excluded.value
"""


class Kept(NamedTuple):
    """A line as it is kept; `is_new`: since this batch."""

    number: int
    line: Line
    recorded_at: datetime | None
    gone_at: datetime | None
    is_new: bool


class Measured:
    """A dossier while a batch is measured."""

    def __init__(self, dossier_id: UUID, acts: Sequence[Act], kept: Sequence[Kept]) -> None:
        self.dossier_id = dossier_id
        self.acts = list(acts)
        self.kept = {each.number: each for each in kept if each.gone_at is None}
        self.before = len(acts)
        self._last = len(kept)
        self._known_at = max((act.recorded_at for act in acts), default=None)

    def hear(self, act: Act) -> None:
        """Brings the lines up to one act more: each act for itself, or the index as of an instant between two of them would be another
        one.

        Guarantee: the index as of an instant never changes. Test: test_the_index_as_of_an_instant_never_changes.
        """
        self.acts.append(act)
        known_at = self._known_at = max(act.recorded_at, self._known_at or act.recorded_at)
        now = Counter(lines(self.acts))
        for number, each in self.kept.items():
            if each.gone_at is not None:
                continue
            if now[each.line]:
                now[each.line] -= 1
            else:
                self.kept[number] = each._replace(gone_at=known_at)
        for line in now.elements():
            self._last += 1
            self.kept[self._last] = Kept(self._last, line, known_at, None, True)


async def measure(pool: asyncpg.Pool[Any], most: int = ACTS_AT_ONCE) -> int:
    """Measures the acts that were heard first; how many.

    Guarantee: an act is measured once, whoever is killed when. Test: test_measuring_that_is_killed_goes_on.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(BY_KEY)
        if not await connection.fetchval(_ALONE, MEASURING):
            return 0
        taken = sorted((tuple(row) for row in await connection.fetch(_TAKE, most)), key=lambda row: row[0])
        if not taken:
            return 0
        found = await _load(connection, {row[1] for row in taken})
        for place, (_, dossier_id, *told) in enumerate(taken):
            found[dossier_id].hear(_act(*told))
            if place % TURN == 0:
                await asyncio.sleep(0)
        await _save(connection, found.values())
        book = await load_entries(connection, found)
        await connection.execute(_STAYS, [row for lines_ in book.values() if lines_ for row in stays(lines_)])
    return len(taken)


async def keep_measuring(pool: asyncpg.Pool[Any], counting_waits: Callable[[], bool]) -> None:
    """Behind the reader, and slowly while that has a backlog: counts come first."""
    with Loop("measuring"):
        while True:
            full = await measure(pool) == ACTS_AT_ONCE
            await rest(BUSY_SECONDS if full and not counting_waits() else IDLE_SECONDS)


async def _load(connection: asyncpg.Connection[Any], ids: Iterable[UUID]) -> dict[UUID, Measured]:
    wanted = list(ids)
    acts: dict[UUID, list[Act]] = {each: [] for each in wanted}
    kept: dict[UUID, list[Kept]] = {each: [] for each in wanted}
    for dossier_id, *told in await connection.fetch(_ACTS, wanted):
        acts[dossier_id].append(_act(*told))
    for dossier_id, number, gone_at, *line in await connection.fetch(_LINES, wanted):
        kept[dossier_id].append(Kept(number, Line(*line), None, gone_at, False))
    return {each: Measured(each, acts[each], kept[each]) for each in wanted}


def _act(source: str, version: int, kind: str, at: datetime, recorded_at: datetime, said: str) -> Act:
    return Act(source, version, kind, at, local_date(at), recorded_at, orjson.loads(said))


async def _save(connection: asyncpg.Connection[Any], found: Iterable[Measured]) -> None:
    acts, born, gone = [], [], []
    sums: Counter[tuple[Any, ...]] = Counter()
    days: Counter[tuple[Any, ...]] = Counter()
    for dossier in found:
        for place, act in enumerate(dossier.acts[dossier.before :], dossier.before + 1):
            said = orjson.dumps(act.said).decode()
            told = (act.source, act.version, act.type, act.at, act.recorded_at, said)
            acts.append((dossier.dossier_id, place, *told))
        for each in dossier.kept.values():
            line = each.line
            if each.is_new:
                born.append((dossier.dossier_id, each.number, each.recorded_at, each.gone_at, *line))
            elif each.gone_at is not None:
                gone.append((dossier.dossier_id, each.number, each.gone_at))
            sign = (each.gone_at is None) - (not each.is_new)
            if sign and line.kind in SUMMED:
                for span in SPANS:
                    row = (span, begin_of(span, line.on), line.kind, *line[3:8])
                    sums[row] += sign * line.amount
                    days[row] += sign * line.amount * int(line.value)
    await connection.execute(_KEEP, acts)
    await connection.execute(_BORN, born)
    if gone:
        await connection.execute(_GONE, *map(list, zip(*gone, strict=True)))
    added = [(*row, sums[row], days[row]) for row in sorted(sums) if sums[row] or days[row]]
    if added:
        await connection.execute(_ADD, added)
