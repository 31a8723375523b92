"""Dossiers that notify knew before it knew days of submission: the migration takes the day of their first notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from uuid import UUID

import asyncpg

from services.chassis.log.migrations import migrate
from tests.databases import Database

AT_NIGHT, BY_DAY, SUPPLIED, SILENT = (UUID(int=n) for n in range(1, 5))
DOSSIER = """
INSERT INTO dossiers (dossier_id, applicant_id, contact_change, procedure, office)
SELECT id, gen_random_uuid(), 1, '1.009982', 'H29.015.00' FROM unnest($1::uuid[]) AS d(id)
"""
NOTICE = """
INSERT INTO notices (dossier_id, notice_id, about, about_event_id, channel, happened_at, recorded_at, decided_at, facts)
VALUES ($1, gen_random_uuid(), $2, gen_random_uuid(), $3, $4::text::timestamptz, now(), now(), '{}')
"""
NOTICES = [
    # 00:30 of the 8th in Vietnam, on whatever day the database's own zone has it.
    (AT_NIGHT, "DossierSubmitted", "email", "2023-03-07T17:30Z"),
    (AT_NIGHT, "DossierSubmitted", "inbox", "2023-03-07T17:30Z"),
    (AT_NIGHT, "DossierAccepted", "email", "2023-03-09T02:00Z"),
    (BY_DAY, "DossierSubmitted", "inbox", "2023-03-07T16:59Z"),
    (BY_DAY, "DossierSubmitted", "email", "2023-03-08T16:59Z"),
    # Its submission was told to nobody: an earlier day is no submission's.
    (SUPPLIED, "SupplementRequested", "inbox", "2023-03-10T02:00Z"),
]


async def test_dossiers_of_before_have_the_day_of_their_first_notice(
    database: Callable[..., Database],
) -> None:
    made = database("notify", migrated=False)
    await asyncio.to_thread(migrate, "notify", made.owner_dsn, "0001")
    connection = await asyncpg.connect(made.admin_dsn)
    try:
        await connection.execute(DOSSIER, [AT_NIGHT, BY_DAY, SUPPLIED, SILENT])
        await connection.executemany(NOTICE, NOTICES)
        await asyncio.to_thread(migrate, "notify", made.owner_dsn)
        assert dict(await connection.fetch("SELECT dossier_id, submitted_on FROM dossiers")) == {
            AT_NIGHT: date(2023, 3, 8),
            BY_DAY: date(2023, 3, 7),
            SUPPLIED: None,
            SILENT: None,
        }
    finally:
        await connection.close()
