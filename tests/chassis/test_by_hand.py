"""What an operator does while everything runs: try again, discard, publish again."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from deploy.local.kafka.run import Kafka
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.held import discard, list_held
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.redrive import ask_redrive_of
from services.chassis.kafka.republish import republish
from services.chassis.log.event_store import EventStore
from services.chassis.process.settings import KafkaSettings
from tests.chassis.conftest import new_id
from tests.chassis.wire import (
    KafkaAs,
    Narrow,
    apply,
    counted,
    everything_once,
    on_topic,
    reader_of,
    relay_of,
    running,
    until,
    write,
)


class Faulty:
    """An effect that fails for one version until it is mended."""

    def __init__(self, version: int) -> None:
        self.version = version

    async def __call__(self, connection: Any, messages: list[Delivered]) -> None:
        if any(message.sequence == self.version for message in messages):
            raise ArithmeticError("cannot be applied")
        await apply(connection, messages)


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{new_id()}"
    kafka.create_topic(name, partitions=3)
    return name


def faulty_reader(pool: asyncpg.Pool[Any], kafka: KafkaSettings, topic: str, effect: Faulty) -> Reader:
    return Reader.of_events(
        "intake",
        pool,
        kafka,
        [topic],
        effect,
        applied={"Happened": Narrow},
        passed_over=(),
        sources={topic},
        dead_letters="intake.dead-letters",
        opener=topic,
    )


async def test_a_running_reader_tries_again_what_it_was_asked_to(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    kafka, effect = kafka_as("intake"), Faulty(2)
    reader = faulty_reader(pool, kafka, topic, effect)
    await write(EventStore(pool), 1, 3)
    async with running(relay_of(pool, kafka, topic).run, reader.run):

        async def held(count: int) -> bool:
            return len([each async for each in list_held(pool)]) == count

        await until(lambda: held(2))
        effect.version = 0
        await ask_redrive_of(pool, min([each["held_id"] async for each in list_held(pool)]))
        await until(lambda: held(0))

        async def carried_out() -> bool:
            return not await pool.fetchval("SELECT count(*) FROM redrives_asked")

        await until(carried_out)
    await everything_once(pool)


async def test_after_a_discard_the_running_reader_goes_on(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    kafka = kafka_as("intake")
    reader = faulty_reader(pool, kafka, topic, Faulty(2))
    await write(EventStore(pool), 1, 3)
    async with running(relay_of(pool, kafka, topic).run, reader.run):

        async def held(count: int) -> bool:
            return len([each async for each in list_held(pool)]) == count

        await until(lambda: held(2))
        await discard(
            pool,
            min([each["held_id"] async for each in list_held(pool)]),
            "operator/lan",
            "sent by mistake",
        )
        await until(lambda: held(0))
    assert [row["sequence"] for row in await pool.fetch("SELECT sequence FROM effects ORDER BY 1")] == [1, 3]


async def test_what_is_not_held_cannot_be_tried_again(pool: asyncpg.Pool[Any]) -> None:
    with pytest.raises(LookupError):
        await ask_redrive_of(pool, 1)


async def test_a_log_is_published_again_when_asked(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    kafka = kafka_as("intake")
    await write(EventStore(pool), 5, 2)
    async with running(relay_of(pool, kafka, topic).run, reader_of(pool, kafka, topic).run):

        async def published() -> bool:
            return bool(await pool.fetchval("SELECT max(position) FROM relay_cursors") == 10)

        async def arrived() -> bool:
            return await counted(pool) == 10

        await until(published)
        await until(arrived)
        assert await republish(pool) == 10
        await until(published)
    assert all(versions == [1, 2, 1, 2] for versions in (await on_topic(kafka, topic)).values())
    await everything_once(pool)
