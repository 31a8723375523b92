"""A topic deleted and made again, or one that lost records: nobody calls itself complete, and all is read again."""

from __future__ import annotations

import asyncio

from deploy.local.kafka import Kafka
from services.chassis import metrics
from services.chassis.progress import Progress
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
            metrics.REGISTRY.get_sample_value("consumer_positions_lost_total", {"topic": copied.topic}) or 0
        )

    async with running(relay.run, relay.guard.run, reader.run):
        await write(store, 5)
        await until(lambda: copied.is_read(40))
        assert lost() == 3

        async def ready() -> bool:
            return reader.ready

        await until(ready)
    await copied.nothing_had_a_second_meaning(40)
