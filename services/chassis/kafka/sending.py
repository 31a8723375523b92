"""Hands messages to Kafka in order per partition, never one behind an unacknowledged one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import lru_cache
from struct import unpack_from
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.chassis.process.ending import together
from services.chassis.process.settings import KafkaSettings

log = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
STOP_SECONDS = 5.0


class Message(NamedTuple):
    """One record for Kafka; a value of None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@lru_cache(maxsize=100_000)
def partition_of(key: bytes, partitions: int) -> int:
    """As Kafka's own partitioner has it, so that anybody's producer would agree."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2 with Kafka's seed, by words of four bytes: the client's own takes several times as long for each byte.

    Guarantee: it gives what the client's own gives. Test: test_a_key_goes_where_anybodys_producer_would_put_it.
    """
    length = len(data)
    words = length >> 2
    hashed = 0x9747B28C ^ length
    for word in unpack_from(f"<{words}I", data):
        word = word * 0x5BD1E995 & 0xFFFFFFFF
        hashed = hashed * 0x5BD1E995 & 0xFFFFFFFF ^ (word ^ word >> 24) * 0x5BD1E995 & 0xFFFFFFFF
    if rest := data[words << 2 :]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * 0x5BD1E995 & 0xFFFFFFFF
    hashed = (hashed ^ hashed >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return hashed ^ hashed >> 15


async def start(kafka: KafkaSettings) -> AIOKafkaProducer:
    """An idempotent producer whose acknowledgement means every in-sync replica; KafkaError while the broker is away."""
    producer = AIOKafkaProducer(
        **kafka.client_options(),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
        max_request_size=4 * BATCH_BYTES,
        request_timeout_ms=30_000,
    )
    try:
        await producer.start()
    except BaseException:
        await stop(producer)
        raise
    return producer


async def send_all(producer: AIOKafkaProducer, messages: Sequence[Message]) -> dict[str, dict[str, int]]:
    """Sends in order per partition and returns the offset after the last message of each: topic → partition → offset.

    Guarantee: at most one unacknowledged batch of a partition is with the producer, so nothing can follow a refused one.
    Test: test_nothing_follows_a_refused_batch.
    """
    queues: dict[tuple[str, int], list[Message]] = {}
    partitions: dict[str, int] = {}
    for message in messages:
        if message.topic not in partitions:
            partitions[message.topic] = len(await producer.partitions_for(message.topic))
        partition = partition_of(message.key, partitions[message.topic])
        queues.setdefault((message.topic, partition), []).append(message)
    sent = await together(_send_queue(producer, *where, queue) for where, queue in queues.items())
    offsets: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in zip(queues, sent, strict=True):
        offsets.setdefault(topic, {})[str(partition)] = offset
    return offsets


async def _send_queue(producer: AIOKafkaProducer, topic: str, partition: int, queue: list[Message]) -> int:
    at = 0
    end = 0
    while at < len(queue):
        batch = producer.create_batch()
        while at < len(queue):
            message = queue[at]
            added = batch.append(
                key=message.key, value=message.value, timestamp=None, headers=message.headers
            )
            if added is None:
                break
            at += 1
        count = batch.record_count()
        if not count:
            raise ValueError("one message is larger than a batch may be")
        acknowledged = await (await producer.send_batch(batch, topic, partition=partition))
        end = acknowledged.offset + count
    return end


async def stop(producer: AIOKafkaProducer) -> None:
    """stop() flushes, and hangs while the broker is away: nothing unacknowledged is worth waiting for, it is read again."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
    except (TimeoutError, KafkaError, OSError):
        log.warning("the producer was left without its last answers")
