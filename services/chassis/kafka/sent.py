"""Reads back which events a producer has on its topics. It compares nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from contracts import envelope
from services.chassis.kafka.cluster import Cluster, bounded
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import turned

EMPTY_POLLS = 10
Offsets = Mapping[str, Mapping[str, int]]
"""Topic → partition → the offset after the last message that was acknowledged."""


class Sent(NamedTuple):
    """A message of this producer as it stands on a topic."""

    stream_id: UUID
    version: int
    event_id: UUID


async def sent_since(
    kafka: KafkaSettings, since: Offsets, source: bytes, placed: bool
) -> AsyncIterator[list[Sent]]:
    """What `source` sent behind the offsets `since`, and on their topics' other partitions from the beginning; KafkaError when the
    broker is away, or comes back as another one.

    `placed`: of it, what bears a position.

    Guarantee: a broker that comes back empty meanwhile ends this, however much is said on it. Test: test_a_wiped_broker_ends_a_comparison.
    """
    if not since:
        return
    # Assigned by hand, and nowhere to begin but where it is told: a subscription would go on at the end of whatever topic is there.
    consumer = AIOKafkaConsumer(
        **kafka.client_options(), group_id=None, enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        await bounded(consumer.start())
        ends = await bounded(consumer.end_offsets(await _partitions(kafka, since)))
        if not ends:
            return
        consumer.assign(list(ends))
        for place, end in ends.items():
            offset = since[place.topic].get(str(place.partition), 0)
            consumer.seek(place, offset if offset <= end else 0)
        empty = 0
        while waiting := [place for place, end in ends.items() if await consumer.position(place) < end]:
            batches = await bounded(consumer.getmany(*waiting, timeout_ms=1000, max_records=2000))
            turned()
            empty = 0 if batches else empty + 1
            if empty == EMPTY_POLLS:
                raise KafkaError("no records before the end")
            records = [record for batch in batches.values() for record in batch]
            sent = [found for record in records if (found := sent_of(record.headers, source, placed))]
            if sent:
                yield sent
    finally:
        with suppress(KafkaError):
            await bounded(consumer.stop())


async def _partitions(kafka: KafkaSettings, topics: Collection[str]) -> list[TopicPartition]:
    cluster = Cluster(kafka)
    try:
        found: list[TopicPartition] = await bounded(cluster.partitions(topics))
        return found
    finally:
        await cluster.close()


def sent_of(headers: Sequence[tuple[str, bytes]], source: bytes, placed: bool = False) -> Sent | None:
    """Which event of `source` a message is; None for others', for what nobody can read, and with `placed` for what bears no position."""
    try:
        attributes = envelope.read_of((source,), headers)
    except envelope.BadEnvelope:  # readers hold it
        return None
    if attributes is None or (placed and attributes.position is None):
        return None
    return Sent(attributes.subject, attributes.sequence, attributes.id)
