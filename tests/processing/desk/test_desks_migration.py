"""Dossiers that were there before desks had counts: the migration puts each in its lane, and counts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg

from services.chassis.log.migrations import migrate
from tests.databases import Database
from tests.processing.examples import OFFICE, UNIT

WAITING, ASKED, BROUGHT, HELD, DONE = (UUID(int=n) for n in range(1, 6))
BEFORE = """
INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at, own_status, unit, accepted_at, number, due_on, deadline_on,
    intake_due_at, version)
SELECT id, '1.009982', $2, 'online', '2023-03-06', status, CASE WHEN held THEN $3 END, CASE WHEN held THEN timestamptz '2023-03-07' END,
    CASE WHEN held THEN 1 END, CASE WHEN status = 'accepted' THEN date '2023-03-27' END,
    CASE WHEN status = 'supplement_requested' THEN date '2023-04-04' END,
    CASE WHEN status = 'submitted' THEN timestamptz '2023-03-07' END, CASE WHEN held THEN 2 ELSE 0 END
FROM unnest($1::uuid[], '{submitted,supplement_requested,supplement_requested,accepted,returned}'::text[]) AS d(id, status),
    LATERAL (SELECT status <> 'submitted' AS held) h
"""
EVENT = """
INSERT INTO events (position, stream_id, version, event_id, command_id, index, type, schema_version, occurred_at, recorded_at, actor, data)
VALUES ($1, $2, 2, gen_random_uuid(), gen_random_uuid(), 0, 'SupplementRequested', 1, now(), now(), 'officer/an', '{}')
"""
HEARD = """
INSERT INTO heard (dossier_id, sequence, what, happened_at, event_id, request)
VALUES ($1, 2, 'SupplementProvided', now(), gen_random_uuid(), 2)
"""


async def test_dossiers_of_before_stand_in_their_lanes(database: Callable[..., Database]) -> None:
    made = database("processing", migrated=False)
    await asyncio.to_thread(migrate, "processing", made.owner_dsn, "0004")
    connection = await asyncpg.connect(made.admin_dsn)
    try:
        await connection.execute(BEFORE, [WAITING, ASKED, BROUGHT, HELD, DONE], OFFICE, UNIT)
        for position, dossier in enumerate((ASKED, BROUGHT), 1):
            await connection.execute(EVENT, position, dossier)
        await connection.execute(HEARD, BROUGHT)
        await asyncio.to_thread(migrate, "processing", made.owner_dsn)
        lanes = {
            row[0]: row[1:] for row in await connection.fetch("SELECT dossier_id, lane, desk FROM dossiers")
        }
        assert {dossier: tuple(found) for dossier, found in lanes.items()} == {
            WAITING: ("waiting", OFFICE),
            ASKED: ("applicant", UNIT),
            BROUGHT: ("brought", UNIT),
            HELD: (None, UNIT),
            DONE: (None, UNIT),
        }
        counts = await connection.fetch(
            "SELECT place, lane, sum(dossiers) AS n FROM desk_counts WHERE span = 'month' GROUP BY place, lane"
        )
        assert {(row["place"], row["lane"]): row["n"] for row in counts} == {
            (f"desk {OFFICE}", "waiting"): 1,
            (f"desk {UNIT}", "applicant"): 1,
            (f"desk {UNIT}", "brought"): 1,
            (f"desk {UNIT}", "held"): 3,
        }
    finally:
        await connection.close()
