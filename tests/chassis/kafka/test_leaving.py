"""A reader that could not say good-bye: what it was given is read by others all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from deploy.local.kafka.run import Kafka
from services.chassis.kafka import subscription
from services.chassis.log.event_store import EventStore
from services.chassis.process.ending import end
from tests.chassis.conftest import new_id
from tests.chassis.wire import KafkaAs, counted, everything_once, reader_of, relay_of, running, until, write


def of_the_client() -> set[asyncio.Task[Any]]:
    """The tasks of Kafka's client library that run."""
    return {task for task in asyncio.all_tasks() if "aiokafka" in task.get_coro().cr_code.co_filename}


async def test_a_reader_whose_good_bye_hangs_keeps_no_partition(
    pool: asyncpg.Pool[Any], kafka: Kafka, kafka_as: KafkaAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database keeps it waiting for its positions while it is stopped, so the client never finishes; its heart must not beat on."""
    monkeypatch.setattr(subscription, "STOP_SECONDS", 0.5)
    topic = f"test-{new_id()}"
    kafka.create_topic(topic, partitions=3)
    await write(EventStore(pool), 20, 2)

    async def asked() -> bool:
        return bool(
            await pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND query LIKE 'INSERT INTO reader_positions%' AND datname = current_database()"
            )
        )

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE reader_positions IN EXCLUSIVE MODE")
        first = asyncio.create_task(reader_of(pool, kafka_as("intake"), topic).run())
        await until(asked)
        await end([first])
    await asyncio.sleep(0)
    assert of_the_client() == set()
    async with running(
        relay_of(pool, kafka_as("intake"), topic).run, reader_of(pool, kafka_as("intake"), topic).run
    ):

        async def arrived() -> bool:
            return await counted(pool) == 40

        await until(arrived, 40)
    await everything_once(pool)
