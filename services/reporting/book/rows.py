"""The book and the dossiers as rows, and the statements that write them.

Entries are only ever added. Whoever adds one moves the sums in the same statement: a trigger does (functions/add_to_sums.sql).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.reporting.book.heard import Heard

# What PostgreSQL calls infinity: no due date that runs, because there is none or because the clock stands still.
NO_DUE_DATE = date.max


class Dossier(NamedTuple):
    """A dossier as far as reports need it; the fields are the columns of `dossiers`, in their order."""

    dossier_id: UUID
    status: str
    procedure: str
    field: str
    level: str
    channel: str
    office: str
    unit: str
    submitted_on: date
    accepted_on: date | None
    ended_on: date | None
    changed_on: date
    recorded_at: datetime
    timeliness: str
    entries: int
    due_on: date
    apologised: bool


class Entry(NamedTuple):
    """One line of the book: what happened on which day, and when we knew. The columns of `entries`, in their order."""

    dossier_id: UUID
    number: int
    sequence: int
    struck: int
    recorded_at: datetime
    amount: int
    unit: str
    on_date: date
    flow: str
    timeliness: str
    procedure: str
    field: str
    office: str
    channel: str
    level: str
    manner: str
    due_on: date
    apologised: bool


class Correction(NamedTuple):
    """A reversal, a corrected result, or a corrected submission, whose sequence is below 0. The columns of `corrections`, in their
    order."""

    dossier_id: UUID
    sequence: int
    recorded_at: datetime
    on_date: date
    event: str
    struck: int
    reason: str
    document: str
    procedure: str
    office: str


# Whole rows travel as one array, whose type is not the table's: another table may take its place meanwhile.
_LOAD = "SELECT * FROM dossiers WHERE dossier_id = ANY($1::uuid[])"

_SAVE = """
WITH state AS (
    INSERT INTO dossiers SELECT * FROM unnest($1::kept_dossier_v1[])
    ON CONFLICT (dossier_id) DO UPDATE SET
        status = excluded.status, procedure = excluded.procedure, level = excluded.level,
        office = excluded.office, unit = excluded.unit, channel = excluded.channel,
        submitted_on = excluded.submitted_on, accepted_on = excluded.accepted_on,
        ended_on = excluded.ended_on, changed_on = excluded.changed_on, recorded_at = excluded.recorded_at,
        timeliness = excluded.timeliness, entries = excluded.entries, field = excluded.field,
        due_on = excluded.due_on, apologised = excluded.apologised
), kept AS (
    INSERT INTO heard (dossier_id, source, version, type, at, recorded_at, said) SELECT * FROM unnest($3::heard_act_v1[])
)
INSERT INTO entries SELECT * FROM unnest($2::book_line_v1[])
"""
_HEAR = """
INSERT INTO heard (dossier_id, source, version, type, at, recorded_at, said) SELECT * FROM unnest($1::heard_act_v1[])
"""
_CORRECT = "INSERT INTO corrections SELECT * FROM unnest($1::told_correction_v1[])"


async def load_dossiers(connection: asyncpg.Connection[Any], ids: Collection[UUID]) -> dict[UUID, Dossier]:
    rows = await connection.fetch(_LOAD, list(ids))
    return {row[0]: Dossier(*row) for row in rows}


async def load_entries(connection: asyncpg.Connection[Any], ids: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """What stands in the book of these dossiers, each in its order."""
    found: dict[UUID, list[Entry]] = {dossier_id: [] for dossier_id in ids}
    query = "SELECT * FROM entries WHERE dossier_id = ANY($1::uuid[]) ORDER BY dossier_id, number"
    for row in await connection.fetch(query, list(ids)):
        found[row[0]].append(Entry(*row))
    return found


async def save(
    connection: asyncpg.Connection[Any],
    dossiers: Sequence[Dossier],
    entries: Sequence[Entry],
    acts: Sequence[Heard] = (),
) -> None:
    """Writes a batch in one round trip, its sums too.

    Guarantee: no line is added without its sums, whatever release adds it. Test: test_what_the_release_before_writes_is_added_up.
    """
    await connection.execute(_SAVE, dossiers, entries, acts)


async def hear(connection: asyncpg.Connection[Any], acts: Sequence[Heard]) -> None:
    """Keeps acts of a batch that changes no count."""
    await connection.execute(_HEAR, acts)


async def save_corrections(connection: asyncpg.Connection[Any], corrections: Sequence[Correction]) -> None:
    await connection.execute(_CORRECT, corrections)


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool[Any]) -> AsyncIterator[asyncpg.Connection[Any]]:
    """One instant of the database for all that is read inside: numbers of one page never come from two states."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        # A plan that a connection keeps from the days when the tables were short must not read all of them when they are long.
        await connection.execute("SET LOCAL enable_seqscan = off")
        yield connection


async def count_held(connection: asyncpg.Connection[Any]) -> int:
    """Dossiers whose events wait in the reader and are in no number yet."""
    held = await connection.fetchval("SELECT sum(streams) FROM held_counts WHERE reason = ''")
    return int(held or 0)
