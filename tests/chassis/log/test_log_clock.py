"""A log whose last record time lies ahead of the clock: nothing is appended, nobody names the future, and there is a way out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.chassis.kafka.log_identity import log_state
from services.chassis.kafka.progress import Progress
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import Appended, EventStore
from services.chassis.log.log_clock import ClockBehindLog, Gate, accept_record_time, compare_clocks
from services.chassis.process import metrics
from tests.chassis.conftest import item
from tests.chassis.copies import Copied
from tests.chassis.wire import reader_of, running, until, write
from tests.databases import Database

TEN_DAYS, TEN_SECONDS = timedelta(days=10), timedelta(seconds=10)


@pytest.fixture
async def administrator(plain: Database) -> AsyncIterator[asyncpg.Connection[Any]]:
    """Who can do to a log what nobody may."""
    connection = await asyncpg.connect(plain.admin_dsn)
    yield connection
    await connection.close()


async def recorded(connection: Any, ahead: timedelta) -> None:
    """As if the last event had been recorded while the clock was ahead."""
    await connection.execute(
        "UPDATE events SET recorded_at = clock_timestamp() + $1 WHERE position = (SELECT max(position) FROM events)",
        ahead,
    )


async def test_a_log_ahead_of_the_clock_takes_nothing(
    pool: asyncpg.Pool[Any], store: EventStore, administrator: asyncpg.Connection[Any]
) -> None:
    await store.append(item())
    await recorded(administrator, timedelta(seconds=4))
    assert isinstance(await store.append(item()), Appended), "a second or two are no fault"
    await recorded(administrator, TEN_DAYS)
    for _ in range(2):
        with pytest.raises(ClockBehindLog):
            await store.append(item())
    with pytest.raises(ClockBehindLog):
        await store.try_append(item(), 2.0)
    assert await log_state(pool) == "clock-behind-log"
    assert await pool.fetchval("SELECT max(position) FROM events") == 2
    await recorded(administrator, timedelta(0))  # the clock has come there
    assert isinstance(await store.append(item()), Appended)
    assert await log_state(pool) == "away"


async def test_its_owner_lets_a_log_ahead_of_the_clock_go_on(
    plain: Database, pool: asyncpg.Pool[Any], store: EventStore, administrator: asyncpg.Connection[Any]
) -> None:
    await store.append(item())
    async with open_pool(plain.owner_dsn, size=1) as owner:
        with pytest.raises(LookupError):
            await accept_record_time(owner, "operator/1", "of no need")
        await recorded(administrator, TEN_DAYS)
        up_to = await accept_record_time(owner, "operator/1", "the clock was ten days ahead on Monday")
    answer = await store.append(item())
    assert isinstance(answer, Appended)
    assert answer.recorded_at == up_to
    gate = Gate()
    await compare_clocks(pool, gate, lambda: datetime.now(UTC))
    assert not gate.wrong_clock
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("INSERT INTO log_clock_accepted VALUES (now(), now(), 'service', 'nobody asked')")
    await recorded(administrator, TEN_DAYS + TEN_SECONDS)  # another fault than the one that was accepted
    with pytest.raises(ClockBehindLog):
        await store.append(item())


async def test_a_process_whose_clock_is_behind_takes_nothing(pool: asyncpg.Pool[Any]) -> None:
    """Nothing is recorded yet that would lie ahead: it is refused before, and goes on when the clock is right."""
    gate, behind = Gate(), TEN_SECONDS
    gate.set()
    store = EventStore(pool, opened=gate)
    await compare_clocks(pool, gate, lambda: datetime.now(UTC) - behind)
    assert 9 < (metrics.REGISTRY.get_sample_value("motcua_log_ahead_seconds") or 0) < 20
    with pytest.raises(ClockBehindLog):
        await store.append(item())
    behind = -TEN_DAYS  # a process ahead of the database is not this fault: record times are the database's
    await compare_clocks(pool, gate, lambda: datetime.now(UTC) - behind)
    assert isinstance(await store.append(item()), Appended)
    await compare_clocks(pool, gate, lambda: datetime.now(UTC))
    assert isinstance(await store.append(item()), Appended)


async def test_completeness_names_no_time_to_come(copied: Copied) -> None:
    """The last events bear a time ten days ahead: the relay says what is true now, and the reader passes on no more."""
    _, relay = copied.begin()
    await write(EventStore(copied.log), 2)
    connection = await asyncpg.connect(copied.database.admin_dsn)
    await recorded(connection, TEN_DAYS)
    await connection.close()
    progress = Progress(copied.kafka)
    reader = reader_of(copied.read, copied.kafka, copied.topic, progress=progress)
    async with running(relay.run, relay.guard.run, reader.run, progress.run):
        await until(lambda: copied.is_read(8))
        await until(lambda: copied.is_said(8))
        said = datetime.fromisoformat((await copied.said())["complete_up_to"])
        assert datetime.now(UTC) - TEN_SECONDS < said <= datetime.now(UTC)

        async def known() -> bool:
            return await reader.complete_up_to() is not None

        await until(known)
        complete = await reader.complete_up_to()
        assert complete is not None
        assert complete.up_to <= datetime.now(UTC)
