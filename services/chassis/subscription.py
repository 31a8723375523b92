"""FastStream's part of a reader: batches of raw records, nothing committed, nothing skipped, nobody answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Protocol

from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.security import SASLScram256

from services.chassis.settings import KafkaSettings

POLL_MILLISECONDS = 20
"""FastStream sleeps as long after an empty poll as it waited in it, so this bounds what an idle reader adds to latency."""
STOP_SECONDS = 8.0


class Assignee(Protocol):
    """Who is told which partitions it has and which it lost."""

    async def assign(self, partitions: Collection[TopicPartition]) -> None: ...
    def revoke(self, partitions: Collection[TopicPartition]) -> None: ...


def subscribe(
    kafka: KafkaSettings,
    topics: Sequence[str],
    group: str,
    max_records: int,
    on_batch: Callable[[tuple[Any, ...]], Awaitable[None]],
    assignee: Assignee,
) -> tuple[KafkaBroker, Any]:
    """A broker that is not started yet and its one subscriber, whose `consumer` is aiokafka's once it is started."""
    broker = KafkaBroker(
        kafka.bootstrap.split(","),
        security=SASLScram256(kafka.username, kafka.password) if kafka.username else None,
        acks="all",
        enable_idempotence=True,
        apply_types=False,
        logger=None,
        graceful_timeout=STOP_SECONDS / 2,
        allow_auto_create_topics=False,
    )
    subscriber = broker.subscriber(
        *topics,
        batch=True,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        max_records=max_records,
        batch_timeout_ms=POLL_MILLISECONDS,
        parser=_parse,
        decoder=_decode,
        listener=_Assignment(assignee),
    )
    subscriber(on_batch)
    return broker, subscriber


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, assignee: Assignee) -> None:
        self._assignee = assignee

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._assignee.revoke(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._assignee.assign(assigned)


async def _parse(records: tuple[Any, ...]) -> KafkaMessage:
    """The records as they are: FastStream's own parser drops a batch whose headers are no UTF-8 and obeys a reply_to."""
    return KafkaMessage(body=b"", raw_message=records, headers={}, reply_to="", consumer=FAKE_CONSUMER)


async def _decode(message: KafkaMessage) -> Any:
    return message.raw_message
