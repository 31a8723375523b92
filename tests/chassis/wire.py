"""Between two databases over the real Kafka: a relay, a reader, and what they did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer
from pydantic import BaseModel

from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.relay import Relay
from services.chassis.log.event_store import EventStore
from services.chassis.process.ending import end
from services.chassis.process.settings import KafkaSettings
from tests.chassis.conftest import item, new_id, outgoing_to

KafkaAs = Callable[[str], KafkaSettings]


class Narrow(BaseModel):
    a: int


async def apply(connection: Any, messages: list[Delivered]) -> None:
    await connection.executemany(
        "INSERT INTO effects VALUES ($1, $2, $3, $4, $5)",
        [(m.stream_id, m.source, m.sequence, m.partition, m.type) for m in messages],
    )


# The topic's name is the producer's too: on a shared broker a producer of another test's database would look like a lost log.
def relay_of(pool: asyncpg.Pool[Any], kafka: KafkaSettings, topic: str) -> Relay:
    return Relay(topic, pool, kafka, [events_feed(outgoing_to(topic, source=topic))], new_id())


def reader_of(pool: asyncpg.Pool[Any], kafka: KafkaSettings, topic: str, **more: Any) -> Reader:
    return Reader.of_events(
        "intake",
        pool,
        kafka,
        [topic],
        apply,
        applied={"Happened": Narrow},
        passed_over=(),
        sources={topic},
        dead_letters="intake.dead-letters",
        opener=topic,
        **more,
    )


@asynccontextmanager
async def running(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(work()) for work in works]  # type: ignore[arg-type]
    try:
        yield tasks
    finally:
        await end(tasks)  # as a service ends them: a cancellation can be lost in the libraries below


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def write(store: EventStore, streams: int = 50, versions: int = 4) -> list[UUID]:
    ids = [new_id() for _ in range(streams)]
    for version in range(versions):
        await asyncio.gather(*(store.append(item(stream_id, version)) for stream_id in ids))
    return ids


async def counted(pool: asyncpg.Pool[Any]) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM effects"))


async def everything_once(pool: asyncpg.Pool[Any]) -> None:
    """Each stored event had its effect, once, in the order of its stream."""
    applied = await pool.fetch(
        "SELECT stream_id, array_agg(sequence ORDER BY ctid) AS sequences FROM effects GROUP BY 1"
    )
    stored = await pool.fetch(
        "SELECT stream_id, array_agg(version ORDER BY version) AS versions FROM events GROUP BY 1"
    )
    assert {r["stream_id"]: r["sequences"] for r in applied} == {
        r["stream_id"]: r["versions"] for r in stored
    }


async def on_topic(kafka: KafkaSettings, topic: str) -> dict[bytes, list[int]]:
    """The versions of each key as they stand on the topic."""
    found: dict[bytes, list[int]] = {}
    consumer = AIOKafkaConsumer(topic, **kafka.client_options(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        while batches := await consumer.getmany(timeout_ms=1500):
            for records in batches.values():
                for record in records:
                    found.setdefault(record.key, []).append(int(dict(record.headers)["ce_sequence"]))
    finally:
        await consumer.stop()
    return found


def firsts(versions: list[int]) -> list[int]:
    return list(dict.fromkeys(versions))
