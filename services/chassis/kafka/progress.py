"""Up to when a reader is complete: what the relays say of themselves on `progress`, compared with what the reader has passed.

A relay says: all that I recorded up to this time is published before these offsets. A reader that has passed them has it all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.kafka.slices import KEPT_SLICES, Slice, slice_of
from services.chassis.process import metrics
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import Loop, turned

log = logging.getLogger(__name__)

TOPIC = "progress"
KEPT = 2_000
POLL_MILLISECONDS = 1_000


Life = tuple[str, int]
"""An incarnation of a log: its id, and the position behind which it began."""


class Said(NamedTuple):
    """One statement of a relay. Without `unplaced_to` it does not say which of its positions a topic has; without `incarnations` it
    says nothing of what became of its log."""

    cluster_id: str
    position: int
    complete_up_to: datetime
    offsets: Mapping[str, Mapping[str, int]]
    topic_ids: Mapping[str, str] = {}
    event_id: str | None = None
    unplaced_to: int | None = None
    apart: Mapping[str, Sequence[Sequence[int]]] = {}
    incarnations: tuple[Life, ...] = ()


class Complete(NamedTuple):
    """Up to when, the log positions of the producers that this rests on, and up to when each of them is."""

    up_to: datetime
    positions: dict[str, int]
    producers: Mapping[str, datetime] = MappingProxyType({})


def complete_up_to(
    said: Mapping[str, Collection[Said]],
    producers: Collection[str],
    cluster_id: str,
    passed: Mapping[tuple[str, int], int],
    topic_ids: Mapping[str, str] | None = None,
) -> Complete | None:
    """The least, over the producers, of the latest time whose offsets were all passed; None while one of them has none.

    `passed` is topic and partition → offset of the next message to apply; topics that the reader does not read do not count. What
    was said of topics with other ids than `topic_ids` speaks of topics that are no more.
    Guarantee: never later than what the reader has. Test: test_completeness_waits_for_every_partition.
    """
    found = passed_said(said, producers, cluster_id, passed, topic_ids or {})
    return complete_of(found) if found else None


def complete_of(found: Mapping[str, Said]) -> Complete:
    """What the latest statements of all producers, whose offsets were passed, make together."""
    positions = {producer: statement.position for producer, statement in found.items()}
    producers = {producer: statement.complete_up_to for producer, statement in found.items()}
    return Complete(min(producers.values()), positions, producers)


def passed_said(
    said: Mapping[str, Collection[Said]],
    producers: Collection[str],
    cluster_id: str,
    passed: Mapping[tuple[str, int], int],
    topic_ids: Mapping[str, str],
) -> dict[str, Said] | None:
    """Of each producer the latest statement whose offsets were all passed; None while one of them has none."""
    topics = {topic for topic, _ in passed}
    found: dict[str, Said] = {}
    for producer in producers:
        for statement in said.get(producer, ()):
            if statement.cluster_id != cluster_id or _of_other_topics(statement, topic_ids):
                continue
            if all(
                passed.get((topic, int(partition)), 0) >= offset
                for topic, partitions in statement.offsets.items()
                if topic in topics
                for partition, offset in partitions.items()
            ):
                found[producer] = statement
        if producer not in found:
            return None
    return found


def _of_other_topics(statement: Said, topic_ids: Mapping[str, str]) -> bool:
    return any(topic_ids.get(topic, topic_id) != topic_id for topic, topic_id in statement.topic_ids.items())


class Progress:
    """Keeps what the relays said lately; while the reader is far behind, ever sparser."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self.said: dict[str, deque[Said]] = {}
        self.slices: dict[str, deque[Slice]] = {}

    async def run(self) -> None:
        """Reads the topic from its beginning, again after every error."""
        with Loop("progress", needs_broker=True):
            await self._hear_for_ever()

    async def _hear_for_ever(self) -> None:
        while True:
            turned()
            consumer = AIOKafkaConsumer(
                **self._kafka.client_options(), enable_auto_commit=False, auto_offset_reset="earliest"
            )
            try:
                await consumer.start()
                partition = TopicPartition(TOPIC, 0)
                consumer.assign([partition])
                consumer.seek(partition, (await consumer.beginning_offsets([partition]))[partition])
                while True:
                    turned()
                    for records in (await consumer.getmany(timeout_ms=POLL_MILLISECONDS)).values():
                        for record in records:
                            self._take(record.key, record.value)
            except (KafkaError, OSError, ValueError) as error:
                log.warning("progress is not heard: %s", type(error).__name__)
            finally:
                await consumer.stop()
            await asyncio.sleep(1)

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        """One record of the topic; one that says nothing is passed over, for what stands behind it must be heard.

        Guarantee: no record on `progress` keeps completeness still. Test: test_a_record_that_says_nothing_is_passed_over.
        Guarantee: a slice of another shape hides nothing of the word that it came with.
        Test: test_a_slice_that_cannot_be_read_hides_no_statement.
        """
        if not key or value is None:
            return
        for hear in (self._hear, self._hear_slice):
            try:
                hear(key.decode(), orjson.loads(value))
            except (ValueError, KeyError, TypeError, AttributeError):
                metrics.PROGRESS_UNREADABLE.inc()
                log.warning("progress-unreadable", extra={"fields": {"bytes": len(value)}})
                return

    def _hear_slice(self, producer: str, value: dict[str, Any]) -> None:
        if told := value.get("slice"):
            self.slices.setdefault(producer, deque(maxlen=KEPT_SLICES)).append(slice_of(told))

    def _hear(self, producer: str, value: dict[str, object]) -> None:
        heard = self.said.setdefault(producer, deque())
        statement = Said(
            str(value["cluster_id"]),
            int(str(value["position"])),
            datetime.fromisoformat(str(value["complete_up_to"])).astimezone(UTC),
            _offsets(value["offsets"]),
            {str(topic): str(topic_id) for topic, topic_id in dict(value.get("topic_ids") or {}).items()},  # type: ignore[call-overload]
            value.get("event_id") and str(value["event_id"]),  # type: ignore[arg-type]
            None if value.get("unplaced_to") is None else int(str(value["unplaced_to"])),
            _stretches(value.get("apart") or {}),
            lives_of(value.get("incarnations") or ()),
        )
        if heard and heard[-1]._replace(
            position=0, complete_up_to=statement.complete_up_to
        ) == statement._replace(position=0):
            heard[-1] = statement  # nothing new was published: the later time holds for the same offsets
            return
        heard.append(statement)
        if len(heard) > KEPT:
            self.said[producer] = deque(list(heard)[: KEPT // 2 : 2] + list(heard)[KEPT // 2 :])


def _stretches(told: Any) -> dict[str, list[tuple[int, int]]]:
    return {topic: [(int(first), int(last)) for first, last in found] for topic, found in told.items()}


def lives_of(told: Any) -> tuple[Life, ...]:
    """As a relay says them; ValueError or TypeError for anything else."""
    return tuple((str(life), int(after)) for life, after in told)


def _offsets(told: Any) -> dict[str, dict[str, int]]:
    """Topic → partition → offset; whatever is of another shape is an error here and not where it is compared."""
    return {
        topic: {str(int(partition)): int(offset) for partition, offset in partitions.items()}
        for topic, partitions in told.items()
    }
