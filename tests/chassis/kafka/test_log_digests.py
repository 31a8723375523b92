"""A log whose events say something else than when they were recorded takes and publishes nothing more."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from services.chassis.kafka.log_digests import Digests
from services.chassis.kafka.log_identity import LogRewound
from services.chassis.log.event_store import EventStore
from tests.chassis.conftest import item
from tests.chassis.copies import Copied
from tests.chassis.wire import running, until, write
from tests.databases import Database


async def owner_says(database: Database, statement: str) -> None:
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute(statement)
    await connection.close()


async def digests(pool: asyncpg.Pool[Any]) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM log_digests"))


async def test_an_event_that_says_something_else_closes_the_log(copied: Copied) -> None:
    store, relay = copied.begin()
    relay.guard.looks_a_comparison = 1
    async with running(relay.run, relay.guard.run):
        await write(store, 275)
        await until(lambda: copied.is_said(1100))
        await until(lambda: copied.log.fetchval("SELECT count(*) = 1 FROM log_digests"))
        await write(store, 1)
        await until(lambda: copied.is_said(1104))
        said = await copied.said()
        assert (said["digested_to"], len(said["digest"])) == (1000, 64)
        assert await copied.not_refused()
        await owner_says(copied.database, """UPDATE events SET data = '{"a":2}' WHERE position = 500""")
        await until(copied.refused)
        with pytest.raises(LogRewound):
            await store.append(item())
    assert "up to 1000" in await copied.log.fetchval("SELECT detail FROM log_refusals")


async def test_a_log_that_was_edited_before_the_start_is_refused(copied: Copied) -> None:
    """Its own digest was made to fit: what was published of it is not."""
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        await write(store, 250)
        await until(lambda: copied.log.fetchval("SELECT count(*) = 1 FROM log_digests"))
        await write(store, 1)
        await until(lambda: copied.is_said(1004))
    await owner_says(
        copied.database,
        "UPDATE events SET actor = 'portal/other' WHERE position = 7; "
        "UPDATE log_digests SET digest = digest_of_events(1000, '')",
    )
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        await until(copied.refused)
    assert "when they were published" in await copied.log.fetchval("SELECT detail FROM log_refusals")


async def test_every_stretch_is_looked_at_in_turn(pool: asyncpg.Pool[Any], plain: Database) -> None:
    store = EventStore(pool)
    for _ in range(6):
        await store.append(item(events=512))
    found = Digests(pool)
    assert [await found.look() for _ in range(9)] == [None] * 9
    assert await digests(pool) == 3
    await owner_says(plain, "UPDATE events SET type = 'Other' WHERE position = 1")
    told = [await found.look() for _ in range(4)]
    assert len([each for each in told if each is not None and "up to 1000" in each]) == 1
    assert await found.said(2999) == {
        "digested_to": 2000,
        "digest": (await pool.fetchval("SELECT digest FROM log_digests WHERE up_to = 2000")).hex(),
    }
    assert await found.said(999) == {}
