"""How long it is kept who read the person behind a dossier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.chassis.log.databases import years_ago
from tests.chassis.conftest import new_id
from tests.intake.conftest import Front

READ = "INSERT INTO people_access (accessed_at, actor, dossier_id, purpose) VALUES ($1, 'officer/an', $2, 'audit')"


async def test_reads_are_kept_as_long_as_the_setting_says(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    now = datetime.now(UTC)
    for years in (7, 6, 4, 0):
        await admin.execute(READ, now - timedelta(days=365.25 * years), new_id())
    forget = "SELECT forget_people_access($1)"
    assert await front.pool.fetchval(forget, years_ago(5)) == 2
    assert await front.pool.fetchval(forget, years_ago(5)) == 0
    # Whatever it is asked for: what is younger than a year stays.
    assert await front.pool.fetchval(forget, now + timedelta(days=1)) == 0
    assert await admin.fetchval("SELECT count(*) FROM people_access") == 2
