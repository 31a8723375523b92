"""From one database to another over the real Kafka: in order, without a hole, exactly once, whatever is stopped on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka.errors import KafkaError

from deploy.local.kafka.run import Kafka
from services.chassis.kafka.feeds import read_after
from services.chassis.kafka.progress import Progress
from services.chassis.kafka.sending import Message, partition_of, send_all, start, stop
from services.chassis.log.event_store import EventStore
from services.chassis.process.ending import end
from tests.chassis.conftest import new_id, outgoing_to
from tests.chassis.wire import (
    KafkaAs,
    counted,
    everything_once,
    firsts,
    on_topic,
    reader_of,
    relay_of,
    running,
    until,
    write,
)


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{new_id()}"
    kafka.create_topic(name, partitions=3)
    return name


async def test_what_is_stored_arrives_once_and_the_reader_knows_it_is_complete(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    store, kafka = EventStore(pool), kafka_as("intake")
    relay, progress = relay_of(pool, kafka, topic), Progress(kafka)
    reader = reader_of(pool, kafka, topic, progress=progress)
    await write(store, 20)
    async with running(relay.run, reader.run, progress.run):
        await until(lambda: _equals(pool, 80))
        await write(store, 10)
        relay.poke()
        await until(lambda: _equals(pool, 120))
        assert reader.ready
        newest = await pool.fetchval("SELECT max(recorded_at) FROM events")

        async def complete() -> bool:
            known = await reader.complete_up_to()
            return known is not None and known.up_to >= newest and known.positions == {topic: 120}

        await until(complete)
    await everything_once(pool)


async def _equals(pool: asyncpg.Pool[Any], count: int) -> bool:
    return await counted(pool) == count


async def test_two_relays_take_turns(pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str) -> None:
    """Two processes want to publish one log; the owner is stopped without a word and the other goes on."""
    store, kafka = EventStore(pool), kafka_as("intake")
    first, second = relay_of(pool, kafka, topic), relay_of(pool, kafka, topic)
    async with running(first.run, second.run) as tasks:
        await write(store, 30)

        async def published() -> bool:
            at = await pool.fetchval("SELECT max(position) FROM relay_cursors")
            return bool(at == await pool.fetchval("SELECT max(position) FROM events"))

        await until(published)
        owner = await pool.fetchval("SELECT owner FROM relay_lease")
        index = [first._lease._owner, second._lease._owner].index(owner)
        await end([tasks[index]])
        await pool.execute(
            "UPDATE relay_lease SET owner = $1, expires_at = now() + interval '1 second'", owner
        )
        await write(store, 30)
        await until(published)
    versions = await on_topic(kafka, topic)
    assert len(versions) == 60
    assert {tuple(firsts(v)) for v in versions.values()} == {(1, 2, 3, 4)}
    epochs = await pool.fetchval("SELECT epoch FROM relay_lease")
    assert epochs == 2


async def test_a_relay_that_lost_its_lease_advances_nothing(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    """The zombie comes back after another took over: its cursor write compares the epoch and fails."""
    store, kafka = EventStore(pool), kafka_as("intake")
    zombie = relay_of(pool, kafka, topic)
    await write(store, 3)
    async with running(zombie.run):
        await until(lambda: _cursor_is(pool, 12))
        await pool.execute(
            "UPDATE relay_lease SET owner = $1, epoch = epoch + 1, expires_at = now() + interval '1 hour'",
            new_id(),
        )
        await pool.execute("UPDATE relay_cursors SET epoch = epoch + 1")
        await write(store, 3)
        zombie.poke()
        await asyncio.sleep(2.5)
        assert await _cursor_is(pool, 12)


async def _cursor_is(pool: asyncpg.Pool[Any], position: int) -> bool:
    return bool(await pool.fetchval("SELECT max(position) FROM relay_cursors") == position)


async def test_nothing_follows_a_refused_batch() -> None:
    """Version 1 is refused; a producer that had version 2 in hand would still send it while stopping."""

    class Refusing:
        handed: list[int]

        def __init__(self) -> None:
            self.handed = []

        async def partitions_for(self, topic: str) -> set[int]:
            return {0}

        def create_batch(self) -> Any:
            return _OneMessage()

        async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
            self.handed.append(batch.number)
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            answer.set_exception(KafkaError("refused"))
            return answer

    producer = Refusing()
    with pytest.raises(KafkaError):
        await send_all(producer, [Message("t", b"k", b"%d" % n, []) for n in (1, 2, 3)])  # type: ignore[arg-type]
    assert producer.handed == [1]


class _OneMessage:
    number = 0

    def append(self, *, key: bytes, value: bytes, timestamp: Any, headers: Any) -> Any:
        if self.number:
            return None
        self.number = int(value)
        return object()

    def record_count(self) -> int:
        return 1 if self.number else 0


async def test_a_killed_broker_loses_nothing(
    pool: asyncpg.Pool[Any], kafka: Kafka, kafka_as: KafkaAs, topic: str
) -> None:
    store = EventStore(pool)
    relay, reader = relay_of(pool, kafka_as("intake"), topic), reader_of(pool, kafka_as("intake"), topic)
    async with running(relay.run, reader.run):
        await write(store, 30)
        await until(lambda: _some(pool))
        kafka.kill()
        await write(store, 30)
        kafka.start()
        await until(lambda: _equals(pool, 240), 90)
    await everything_once(pool)


async def _some(pool: asyncpg.Pool[Any]) -> bool:
    return await counted(pool) > 0


async def test_a_wiped_broker_is_filled_again(
    pool: asyncpg.Pool[Any], kafka: Kafka, kafka_as: KafkaAs, topic: str
) -> None:
    """A new cluster id: the relay publishes everything again, the reader reads everything again and recognises what it has."""
    store = EventStore(pool)
    relay, reader = relay_of(pool, kafka_as("intake"), topic), reader_of(pool, kafka_as("intake"), topic)
    async with running(relay.run, reader.run):
        await write(store, 30)
        await until(lambda: _equals(pool, 120))
        before = kafka.cluster_id
        kafka.wipe()
        kafka.create_topic(topic, partitions=3)
        assert kafka.cluster_id != before
        await write(store, 30)
        await until(lambda: _equals(pool, 240), 90)
        await until(lambda: _read_all(pool, kafka.cluster_id), 30)
    await everything_once(pool)
    assert sum(len(v) for v in (await on_topic(kafka_as("intake"), topic)).values()) >= 240


async def _read_all(pool: asyncpg.Pool[Any], cluster_id: str) -> bool:
    return bool(
        await pool.fetchval("SELECT sum(position) FROM reader_positions WHERE cluster_id = $1", cluster_id)
        >= 240
    )


async def test_a_backlog_goes_out_in_few_requests(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    """Messages of one read share a batch per partition: the acknowledged offsets say how many batches there were at least."""
    store = EventStore(pool)
    await write(store, 250, 4)
    events = await read_after(pool, 0, 2000)
    outgoing = outgoing_to(topic)
    producer = await start(kafka_as("intake"))
    offsets = await send_all(producer, [outgoing(e) for e in events])
    await stop(producer)
    assert sum(offsets[topic].values()) == 1000
    assert {partition_of(str(e.stream_id).encode(), 3) for e in events} == {0, 1, 2}
    assert orjson.loads(orjson.dumps(offsets)) == offsets
