"""FastStream's part of a reader: batches of raw records, nothing committed, nothing skipped, nobody answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.security import BaseSecurity, SASLOAuthBearer, SASLScram256, SASLScram512

from services.chassis.process.settings import KafkaSettings

POLL_MILLISECONDS = 1
"""FastStream sleeps as long after an empty poll as it waited in it, deaf to what comes. So it is told next to nothing."""
PATIENCE_MILLISECONDS = 1_000
"""How long a poll waits in truth; it ends at once when something comes."""
STOP_SECONDS = 8.0
CUT_OFF_SECONDS = 2.0

log = logging.getLogger(__name__)


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
        security=_security(kafka),
        sasl_oauth_token_provider=kafka.own_token,
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


def _security(kafka: KafkaSettings) -> BaseSecurity | None:
    """As KafkaSettings.client_options() says it, in FastStream's words."""
    context = kafka.tls.context() if kafka.protocol != "SASL_PLAINTEXT" else None
    if kafka.protocol == "SSL" or not kafka.username:
        return BaseSecurity(context) if context else None
    if kafka.mechanism == "OAUTHBEARER":
        return SASLOAuthBearer(context)
    scram = SASLScram512 if kafka.mechanism == "SCRAM-SHA-512" else SASLScram256
    return scram(kafka.username, kafka.password, context)


def wait_in_polls(subscriber: Any) -> None:
    """Makes a started subscriber wait where it hears: an idle reader asks once a second, and a record is taken when it comes."""
    consumer = subscriber.consumer
    poll = consumer.getmany

    async def patient(*, timeout_ms: int, max_records: int) -> Any:
        return await poll(timeout_ms=max(timeout_ms, PATIENCE_MILLISECONDS), max_records=max_records)

    consumer.getmany = patient


async def leave(broker: KafkaBroker, subscriber: Any, name: str) -> None:
    """Stops the broker's client within STOP_SECONDS; one that hangs is cut off.

    Guarantee: a reader that could not say good-bye leaves nothing behind that holds its partitions.
    Test: test_a_reader_whose_good_bye_hangs_keeps_no_partition.
    """
    consumer = subscriber.consumer
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await broker.stop()
    except (TimeoutError, KafkaError, OSError):
        log.warning("%s was left without a good-bye to the broker", name)
        if consumer is not None:
            with suppress(TimeoutError, KafkaError, OSError):
                async with asyncio.timeout(CUT_OFF_SECONDS):
                    await _cut_off(consumer)
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(CUT_OFF_SECONDS):
                await broker.config.disconnect()  # its producer, of the dead letters


async def _cut_off(consumer: AIOKafkaConsumer) -> None:
    """What the library's own stop() does behind the point at which it hung: a heart that beats on keeps the partitions."""
    coordinator = consumer._coordinator
    await coordinator._stop_heartbeat_task()
    await coordinator._stop_commit_offsets_refresh_task()
    await consumer._fetcher.close()
    try:
        await coordinator._maybe_leave_group()
    finally:
        await consumer._client.close()


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
