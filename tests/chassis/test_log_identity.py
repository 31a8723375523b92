"""A log restored from a copy, with its real relay running on it: what was published of the newer log stays the only meaning."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import pytest

from deploy.local.kafka import Kafka
from services.chassis import metrics
from services.chassis.databases import open_pool
from services.chassis.event_store import EventStore
from services.chassis.kafka import last_value
from services.chassis.lifecycle import background, supervise
from services.chassis.log_identity import LogRewound
from services.chassis.recover import NoWayOut, recover
from services.chassis.relay import Relay
from services.chassis.sending import start, stop
from services.chassis.settings import KafkaSettings
from tests.chassis.conftest import NewDatabase, item, lay_tables, new_id
from tests.chassis.wire import (
    KafkaAs,
    counted,
    firsts,
    on_topic,
    reader_of,
    relay_of,
    running,
    until,
    write,
)
from tests.databases import Database


@dataclass
class Copied:
    """A producer and a reader, each with a database of its own; the producer's can be copied and put back."""

    database: Database
    reading: Database
    log: asyncpg.Pool[Any]
    read: asyncpg.Pool[Any]
    kafka: KafkaSettings
    topic: str

    def begin(self) -> tuple[EventStore, Relay]:
        """A new process of the producer."""
        relay = relay_of(self.log, self.kafka, self.topic)
        return EventStore(self.log, poke=relay.poke, opened=relay.guard.opened), relay

    async def run_until(self, position: int) -> None:
        """The producer writes up to `position`; all of it is published, said and read. Then all processes end."""
        store, relay = self.begin()
        reader = reader_of(self.read, self.kafka, self.topic)
        async with running(relay.run, relay.guard.run, reader.run):
            await write(store, (position - await self.length()) // 4)
            await until(lambda: self.is_read(position))
            await until(lambda: self.is_said(position))

    async def length(self) -> int:
        return int(await self.log.fetchval("SELECT coalesce(max(position), 0) FROM events"))

    async def said(self) -> dict[str, Any]:
        return await last_value(self.kafka, "progress", self.topic.encode()) or {}

    async def is_said(self, position: int) -> bool:
        return (await self.said()).get("position") == position

    async def is_read(self, position: int) -> bool:
        return await counted(self.read) == position

    async def refused(self) -> bool:
        return bool(await self.log.fetchval("SELECT count(*) FROM log_refusals WHERE lifted_at IS NULL"))

    async def not_refused(self) -> bool:
        return not await self.refused()

    async def copy(self, database: Database | None = None) -> str:
        name, copied = f"copy_{secrets.token_hex(4)}", (database or self.database).name
        await self._administer(
            f"ALTER DATABASE {copied} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{copied}'",
            f"CREATE DATABASE {name} TEMPLATE {copied} OWNER intake_owner",
            f"ALTER DATABASE {copied} ALLOW_CONNECTIONS true",
        )
        return name

    async def restore(self, name: str, database: Database | None = None) -> None:
        restored = (database or self.database).name
        await self._administer(
            f"DROP DATABASE {restored} WITH (FORCE)",
            f"ALTER DATABASE {name} RENAME TO {restored}",
            f"GRANT CONNECT ON DATABASE {restored} TO intake",
        )

    async def recover(self) -> int:
        async with open_pool(self.database.owner_dsn, size=2) as owner:
            return await recover(self.topic, owner, self.kafka, {"reader": self.read}, "operator/o1", "tried")

    async def _administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.database.admin_dsn.replace(self.database.name, "postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def nothing_had_a_second_meaning(self, position: int) -> None:
        """The topic and the reader have what they had, each version once."""
        assert await self.is_read(position)
        versions = await on_topic(self.kafka, self.topic)
        assert sum(len(v) for v in versions.values()) == position
        assert {tuple(firsts(v)) for v in versions.values()} == {(1, 2, 3, 4)}


@pytest.fixture
async def copied(database: NewDatabase, kafka: Kafka, kafka_as: KafkaAs) -> AsyncIterator[Copied]:
    topic = f"test-{new_id()}"
    kafka.create_topic(topic, partitions=3)
    first = await lay_tables(database("intake", migrated=False))
    second = await lay_tables(database("intake", migrated=False))
    async with open_pool(first.dsn) as log, open_pool(second.dsn) as read:
        yield Copied(first, second, log, read, kafka_as("intake"), topic)


async def submit(store: EventStore, number: int) -> list[Any]:
    return await asyncio.gather(*(store.append(item()) for _ in range(number)), return_exceptions=True)


def supervised(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    return lambda: supervise(background("test", run))


async def test_a_restored_backup_is_refused_for_ever(copied: Copied) -> None:
    """Position 60 of 80, then 25 more submissions, then another process: every one is refused, nothing is published."""
    await copied.run_until(60)
    older = await copied.copy()
    await copied.run_until(80)
    await copied.restore(older)
    assert await copied.length() == 60
    for _ in range(2):
        store, relay = copied.begin()
        reader = reader_of(copied.read, copied.kafka, copied.topic)
        async with running(relay.run, relay.guard.run, reader.run):
            answers = await submit(store, 25)
            assert {type(answer) for answer in answers} == {LogRewound}
            await until(copied.refused)
            assert metrics.REGISTRY.get_sample_value("log_rewound") == 1
            await asyncio.sleep(1.2)
            assert {type(answer) for answer in await submit(store, 25)} == {LogRewound}
    assert await copied.length() == 60
    assert await copied.log.fetchval("SELECT count(*) FROM log_refusals") == 1
    await copied.nothing_had_a_second_meaning(80)


async def test_a_restored_log_that_grew_while_kafka_was_away_is_refused(copied: Copied, kafka: Kafka) -> None:
    """Intake takes dossiers while Kafka is away; that the log is longer than what was published does not make it the same."""
    await copied.run_until(20)
    older = await copied.copy()
    await copied.run_until(40)
    await copied.restore(older)
    kafka.kill()
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        try:
            answers = await submit(store, 30)
            assert not [answer for answer in answers if isinstance(answer, BaseException)]
        finally:
            kafka.start()
        await until(copied.refused, 60)
        assert await copied.length() == 50
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_what_was_published_after_the_last_word_is_compared_too(copied: Copied) -> None:
    """The relay died between a round and the next word on `progress`: what stands on the topic behind it counts."""
    await copied.run_until(20)
    word = await copied.said()
    older = await copied.copy()
    await copied.run_until(40)
    await copied.restore(older)
    producer = await start(copied.kafka)
    await producer.send_and_wait("progress", orjson.dumps(word), key=copied.topic.encode(), partition=0)
    await stop(producer)
    assert await copied.is_said(20)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        assert {type(answer) for answer in await submit(store, 25)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_a_log_restored_under_a_running_service_is_refused(copied: Copied) -> None:
    """The relay knows the last event that it published; what was appended before it looked is not published."""
    await copied.run_until(20)
    older = await copied.copy()
    store, relay = copied.begin()
    reader = reader_of(copied.read, copied.kafka, copied.topic)
    async with running(*(supervised(run) for run in (relay.run, relay.guard.run, reader.run))):
        await write(store, 5)
        relay.poke()
        await until(lambda: copied.is_read(40))
        await copied.restore(older)
        await submit(store, 30)
        relay.poke()
        await until(copied.refused)
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_a_restored_log_is_published_to_a_new_broker(copied: Copied, kafka: Kafka) -> None:
    """The way out opens the log only when neither the broker nor a reader holds what it lacks; then all goes on, once each."""
    await copied.run_until(20)
    older, older_reader = await copied.copy(), await copied.copy(copied.reading)
    await copied.run_until(40)
    await copied.restore(older)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        await until(copied.refused)
        with pytest.raises(NoWayOut, match="the broker holds"):
            await copied.recover()
        kafka.wipe()
        kafka.create_topic(copied.topic, partitions=3)
        with pytest.raises(NoWayOut, match="reader has read"):
            await copied.recover()
        await copied.restore(older_reader, copied.reading)
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
        assert await copied.recover() == 20
        await until(copied.not_refused)
        await write(store, 5)
        reader = reader_of(copied.read, copied.kafka, copied.topic)
        async with running(reader.run):
            await until(lambda: copied.is_read(40))
        await until(lambda: copied.is_said(40))
    assert not await copied.refused()
    await copied.nothing_had_a_second_meaning(40)
    lifted = await copied.log.fetchrow("SELECT lifted_by, reason FROM log_refusals")
    assert tuple(lifted) == ("operator/o1", "tried")
    with pytest.raises(NoWayOut, match="not refused"):
        await copied.recover()


async def test_a_log_that_was_not_restored_goes_on(copied: Copied) -> None:
    """Started again on the same log, another process compares and publishes."""
    await copied.run_until(20)
    await copied.run_until(40)
    await copied.nothing_had_a_second_meaning(40)
    assert not await copied.refused()
    assert (await copied.said())["event_id"] == str(
        await copied.log.fetchval("SELECT event_id FROM events WHERE position = 40")
    )
