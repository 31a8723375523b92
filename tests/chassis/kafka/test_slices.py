"""Comparing slice by slice is done beside the work, and holds it up in no way."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from deploy.local.kafka.run import Kafka
from services.chassis.kafka import slices
from services.chassis.log.event_store import EventStore
from services.chassis.process import metrics
from tests.chassis.conftest import new_id
from tests.chassis.kafka.test_reconciliation import complete_at, read
from tests.chassis.wire import KafkaAs, counted, relay_of, running, until, write


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{new_id()}"
    kafka.create_topic(name, partitions=3)
    return name


async def goes_on(pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str) -> None:
    """What was written is published, said, read and known to be complete, and nobody began anew."""
    before = metrics.value("relay_restarts_total", {"reason": "refused"})
    store, kafka = EventStore(pool), kafka_as("intake")
    async with running(relay_of(pool, kafka, topic).run) as tasks, read(pool, kafka, topic) as reader:
        await write(store, 10, versions=1)
        await until(lambda: complete_at(reader, 10, topic))
        await write(store, 10, versions=1)
        await until(lambda: complete_at(reader, 20, topic))
        assert not any(task.done() for task in tasks)
    assert await counted(pool) == 20
    assert metrics.value("relay_restarts_total", {"reason": "refused"}) == before


async def test_a_slice_that_cannot_be_read_holds_up_nothing(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(slices, "_VERSIONS", "SELECT 1 / 0, $1::uuid, $2::bigint, $3::text, $4::int")
    await goes_on(pool, kafka_as, topic)


async def test_a_slice_that_cannot_be_compared_holds_up_nothing(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(slices, "_HAS", "SELECT 1 / 0, $1::uuid[], $2::text")
    await goes_on(pool, kafka_as, topic)
