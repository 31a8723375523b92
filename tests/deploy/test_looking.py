"""What `motcua trace` and `motcua doctor` say of a log, over a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from deploy.command import looking
from services.chassis.process.ids import uuid7
from tests.databases import Database

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENT = "INSERT INTO events VALUES ($1, $2, $1::bigint, $3, $4, 1, 'Happened', 1, $5, $5, 'a', NULL, NULL, NULL, '{}')"
CURSOR = "INSERT INTO relay_cursors (cluster_id, feed, position, epoch) VALUES ($1, 'events', $2, $3)"


async def test_what_went_to_a_broker_that_is_gone_is_not_published(
    database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, dossier = database("intake"), uuid7()
    owner = await asyncpg.connect(made.admin_dsn)
    try:
        for position in (1, 2, 3):
            await owner.execute(EVENT, position, dossier, uuid7(), uuid7(), AT)
        await owner.executemany(CURSOR, [("gone", 3, 1), ("now", 1, 2)])
    finally:
        await owner.close()
    monkeypatch.setattr(looking, "LAG_EVENTS", 1)
    async with asyncpg.create_pool(made.dsn, min_size=1, max_size=1) as pool:
        assert await looking._of_database(pool, 0.0, publishes=True) == [
            "has 2 events that are not published"
        ]
        told = await pool.fetch(looking.EVENTS, dossier)
    assert [row["published"] for row in told] == [True, False, False]
