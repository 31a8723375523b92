"""Which positions of each producer's log a reader has: written with the effect in one transaction, merged later.

A transaction adds a row and touches nobody else's, however many members the group has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import asyncpg

from services.chassis.kafka.ordering import Arrival, Delivered, Sorted

ROWS_MAX = 8

KEEP = """
INSERT INTO reader_marks (reader, producer, positions, last_position, last_id)
SELECT $1, m.producer, m.positions::int8multirange, m.last_position, m.last_id
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::uuid[]) AS m(producer, positions, last_position, last_id)
"""
MERGE = """
WITH gone AS (
    DELETE FROM reader_marks
    WHERE reader = $1 AND adopts_until IS NULL AND (SELECT count(*) FROM reader_marks WHERE reader = $1) > $2
    RETURNING producer, positions, last_position, last_id
)
INSERT INTO reader_marks (reader, producer, positions, last_position, last_id)
SELECT $1, producer, range_agg(positions), max(last_position),
       (array_agg(last_id ORDER BY last_position DESC NULLS LAST))[1]
FROM gone GROUP BY producer
"""
# The release before marked nothing: what it had read until a moment ago is taken as there.
ADOPT = """
UPDATE reader_marks r SET
    positions = r.positions + int8multirange(int8range(1, a.up_to + 1)),
    adopts_until = CASE WHEN r.adopts_until = 'infinity' THEN now() + interval '10 minutes'
                        WHEN r.adopts_until > now() THEN r.adopts_until END
FROM unnest($2::text[], $3::bigint[]) AS a(producer, up_to)
WHERE r.reader = $1 AND r.producer = a.producer AND r.adopts_until IS NOT NULL
RETURNING 1
"""
MISSING = """
WITH has AS (
    SELECT producer, range_agg(positions) AS positions FROM reader_marks WHERE reader = $1 GROUP BY producer
), lacks AS (
    SELECT w.producer, w.positions::int8multirange - w.held::int8multirange - coalesce(h.positions, '{}') AS positions
    FROM unnest($2::text[], $3::text[], $4::text[]) AS w(producer, positions, held) LEFT JOIN has h ON h.producer = w.producer
)
SELECT l.producer, (SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(l.positions) r) AS missing FROM lacks l
"""
HELD = """
SELECT producer, range_agg(int8range(log_position, log_position + 1))::text AS positions FROM held
WHERE reader = $1 AND log_position IS NOT NULL GROUP BY producer
"""
# One statement, one snapshot: versions and marks are written together.
COUNTED = """
WITH has AS (
    SELECT producer, range_agg(positions) AS positions FROM reader_marks WHERE reader = $1 GROUP BY producer
), applied AS (
    SELECT producer, sum(version) AS events FROM applied_versions WHERE producer = ANY($2::text[]) GROUP BY producer
)
SELECT w.producer, abs(coalesce(a.events, 0) - coalesce(m.events, 0))::bigint AS difference
FROM unnest($2::text[], $3::text[]) AS w(producer, positions)
LEFT JOIN has h ON h.producer = w.producer LEFT JOIN applied a ON a.producer = w.producer
CROSS JOIN LATERAL (
    SELECT sum(upper(r) - lower(r)) AS events FROM unnest(h.positions * w.positions::int8multirange) r
) m
"""
LAST = """
SELECT DISTINCT ON (producer) producer, last_position, last_id FROM reader_marks
WHERE reader = $1 AND last_position IS NOT NULL ORDER BY producer, last_position DESC
"""


def ranges(positions: Iterable[int]) -> str:
    """Positions as PostgreSQL writes a multirange."""
    written: list[str] = []
    first = last = -1
    for position in sorted(positions):
        if position > last + 1:
            if last >= 0:
                written.append(f"[{first},{last + 1})")
            first = position
        last = position
    if last >= 0:
        written.append(f"[{first},{last + 1})")
    return "{" + ",".join(written) + "}"


def taken_of(arrivals: Iterable[Arrival], result: Sorted) -> list[Delivered]:
    """What is applied, passed over or recognised: all that arrived but what is held."""
    waiting = {id(arrival) for arrival, _ in result.hold}
    return [arrival.message for arrival in arrivals if id(arrival) not in waiting]


async def keep(connection: Any, reader: str, taken: Collection[Delivered]) -> None:
    """Marks what was applied, passed over or recognised, inside the transaction that did so."""
    by_producer: dict[str, dict[int, Any]] = {}
    for message in taken:
        if message.position is not None:
            by_producer.setdefault(message.source, {})[message.position] = message.id
    if by_producer:
        lasts = [max(places) for places in by_producer.values()]
        await connection.execute(
            KEEP,
            reader,
            list(by_producer),
            [ranges(places) for places in by_producer.values()],
            lasts,
            [places[last] for places, last in zip(by_producer.values(), lasts, strict=True)],
        )


async def merge(pool: asyncpg.Pool[Any], reader: str) -> None:
    """Many rows become one for each producer; whoever adds or merges meanwhile is not waited for."""
    await pool.execute(MERGE, reader, ROWS_MAX)


async def adopt(pool: asyncpg.Pool[Any], reader: str, up_to: Mapping[str, int]) -> bool:
    """Takes as there what a reader of the release before had passed; False once there is nothing to adopt."""
    return bool(await pool.fetch(ADOPT, reader, list(up_to), list(up_to.values())))


async def missing(pool: asyncpg.Pool[Any], reader: str, wanted: Mapping[str, str]) -> dict[str, int]:
    """Of each producer, how many of the wanted positions are neither marked nor held."""
    producers = list(wanted)
    held: dict[str, str] = {}
    for looks in (1, 2):
        told = [wanted[name] for name in producers], [held.get(name, "{}") for name in producers]
        found = {row[0]: row[1] for row in await pool.fetch(MISSING, reader, producers, *told)}
        if looks == 2 or not any(found.values()):
            break
        # Held first, then marked: what goes from one to the other meanwhile is seen in one of them.
        held = {row[0]: row[1] for row in await pool.fetch(HELD, reader)}
    return found


async def counted(pool: asyncpg.Pool[Any], reader: str, among: Mapping[str, str]) -> dict[str, int]:
    """Of each producer, by how many the events that were applied are more or fewer than the marks among these positions."""
    rows = await pool.fetch(COUNTED, reader, list(among), list(among.values()))
    return {row[0]: row[1] for row in rows}


async def last_ids(pool: asyncpg.Pool[Any], reader: str) -> dict[str, tuple[int, str]]:
    """Of each producer, the last position that was marked, and which event it was."""
    return {row[0]: (row[1], str(row[2])) for row in await pool.fetch(LAST, reader)}
