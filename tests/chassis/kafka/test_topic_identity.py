"""A topic deleted and made again, or one that lost records: nobody calls itself complete, and all is read again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from deploy.local.kafka.run import Kafka
from services.chassis.kafka.lost_records import find_lost, pass_over
from services.chassis.kafka.progress import Progress
from services.chassis.kafka.republish import republish
from services.chassis.process import metrics
from tests.chassis.copies import Copied, supervised
from tests.chassis.wire import (
    firsts,
    on_topic,
    reader_of,
    running,
    until,
    write,
)


async def test_a_topic_made_again_is_filled_and_read_again(copied: Copied, kafka: Kafka) -> None:
    """Deleted and made again under running processes: relay and reader begin again, and the reader ends with every event once."""
    progress = Progress(copied.kafka)
    store, relay = copied.begin()
    reader = reader_of(copied.read, copied.kafka, copied.topic, progress=progress)
    async with running(*(supervised(run) for run in (relay.run, relay.guard.run, reader.run, progress.run))):
        await write(store, 15)
        await until(lambda: copied.is_read(60))
        admin = kafka.admin()
        await asyncio.to_thread(
            admin.delete_topics([copied.topic], operation_timeout=10)[copied.topic].result
        )
        await write(store, 5)
        kafka.create_topic(copied.topic, partitions=3)
        await write(store, 5)
        await until(lambda: copied.is_read(100), 60)

        async def complete() -> bool:
            known = await reader.complete_up_to()
            return known is not None and known.positions == {copied.topic: 100}

        await until(complete)
        assert reader.ready
    versions = await on_topic(copied.kafka, copied.topic)
    assert len(versions) == 25
    assert {tuple(firsts(v)) for v in versions.values()} == {(1, 2, 3, 4)}


async def test_a_position_beyond_the_end_is_a_fault_and_begun_again(copied: Copied) -> None:
    """The topic lost records that were read: not a lag of 0, but an alarm, and everything is read again."""
    await copied.run_until(20)
    await copied.read.execute("UPDATE reader_positions SET position = position + 100")
    store, relay = copied.begin()
    reader = reader_of(copied.read, copied.kafka, copied.topic)

    def lost() -> float:
        return (
            metrics.REGISTRY.get_sample_value("motcua_consumer_positions_lost_total", {"topic": copied.topic})
            or 0
        )

    async with running(relay.run, relay.guard.run, reader.run):
        await write(store, 5)
        await until(lambda: copied.is_read(40))
        assert lost() == 3

        async def ready() -> bool:
            return reader.ready

        await until(ready)
    await copied.nothing_had_a_second_meaning(40)


async def test_what_the_broker_dropped_is_passed_over_by_hand(
    copied: Copied, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention took records before they were read: no reader passes over them by itself, nor calls itself ready or complete; by an
    operator's word it goes on, and what was published again is read once."""
    store, relay = copied.begin()
    progress = Progress(copied.kafka)
    async with running(relay.run, relay.guard.run):
        await write(store, 25)  # so many that no partition has none
        await until(lambda: copied.is_said(100))
    admin = kafka.admin()
    places = [TopicPartition(copied.topic, partition, 3) for partition in range(3)]
    for taken in admin.delete_records(places).values():
        await asyncio.to_thread(taken.result)
    reader = reader_of(copied.read, copied.kafka, copied.topic, progress=progress)
    batches: list[int] = []
    taking = reader._on_batch

    async def counting(records: tuple[Any, ...]) -> None:
        batches.append(len(records))
        await taking(records)

    monkeypatch.setattr(reader, "_on_batch", counting)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run, reader.run, progress.run):
        await write(store, 5)
        await until(lambda: copied.is_said(120))
        batches.clear()
        await asyncio.sleep(2)
        assert await copied.is_read(0)
        assert not reader.ready
        assert len(batches) < 15  # in two seconds or more, of three partitions
        assert await reader.complete_up_to() is None
        found = await find_lost(copied.read, copied.kafka)
        assert [(lost.position, lost.start) for lost in found] == [(0, 3)] * 3
        await republish(copied.log)
        for lost in found:
            await pass_over(copied.read, lost, "operator/1", "a retention that nobody wanted")
            await pass_over(copied.read, lost._replace(start=99), "operator/1", "a second one finds nothing")
        await until(lambda: copied.is_read(120))

        async def ready() -> bool:
            known = await reader.complete_up_to()
            return reader.ready and known is not None and known.positions == {copied.topic: 120}

        await until(ready)
    assert await find_lost(copied.read, copied.kafka) == []
    kept = await copied.read.fetch('SELECT held_reason, "offset" FROM discarded')
    assert [tuple(row) for row in kept] == [("lost", 0)] * 3
    assert await copied.read.fetchval("SELECT count(*) FROM held") == 0
