"""A service's reader of Kafka topics: FastStream batches in, the inbox's transactions out, positions from PostgreSQL alone.

Kafka's own offsets are written for lag tools and never read. It starts in the background, follows the broker to another
cluster, and never passes over a record: a batch that fails is tried again in place.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker

from contracts import envelope
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.held import measure_held, publish_dead_letters
from services.chassis.kafka.inbox import Apply, Inbox, Slice
from services.chassis.kafka.pace import pause_seconds
from services.chassis.kafka.positions import Place, begin_again, compare, measure_lag
from services.chassis.kafka.progress import Complete, Progress
from services.chassis.kafka.reconciliation import Reconciler
from services.chassis.kafka.records import Dialect, Keyed, Record, record_of
from services.chassis.kafka.redrive import SecondTries
from services.chassis.kafka.subscription import leave, subscribe, wait_in_polls
from services.chassis.log.databases import is_transient
from services.chassis.process import metrics
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import Loop, turned

log = logging.getLogger(__name__)

MAX_RECORDS = 2_000
APART_SECONDS = 0.02
BACKLOG_RECORDS = 500
"""So many at once were waiting: what the broker gives in one answer is less than a batch may be."""
TICK_SECONDS = 1.0
BACK_OFF_SECONDS = (0.1, 0.3, 1.0, 3.0)
STUCK_SECONDS = 10.0


class _NewCluster(Exception):
    """The broker is another one than a moment ago."""


class Reader:
    """Reads `topics` as the group motcua.<name> and lets `apply` see each message once.

    `dialect` says what is understood; `opener` names the producer whose first message opens a stream; `progress` and `producers`
    make complete_up_to() speak. `dead_letters` is the topic for poison.
    """

    def __init__(
        self,
        name: str,
        pool: asyncpg.Pool[Any],
        kafka: KafkaSettings,
        topics: Sequence[str],
        dialect: Dialect | Keyed,
        apply: Apply,
        *,
        dead_letters: str,
        opener: str | None = None,
        producers: Collection[str] = (),
        progress: Progress | None = None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._name = name
        self._pool = pool
        self._kafka = kafka
        self._topics = topics
        self._dialect = dialect
        self._inbox = Inbox(name, pool, dialect, apply, opener=opener)
        self._second_tries = SecondTries(pool, self._inbox, name, dialect)
        self._moves = Loop(f"reader-{name}-moves", needs_broker=True)
        self._dead_letters = dead_letters
        self._reconciler = Reconciler(name, pool, topics, producers, progress)
        self._max_records = max_records
        self._cluster_id: str | None = None
        self._topic_ids: dict[str, str] = {}
        self._beyond: dict[Place, int] = {}
        self._positions: dict[Place, int] = {}
        self._before: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        self._subscriber: Any = None
        self._assigned = False
        self._heard_at = 0.0
        self._failing_since: float | None = None
        self._stopping = False

    @classmethod
    def of_events(
        cls,
        name: str,
        pool: asyncpg.Pool[Any],
        kafka: KafkaSettings,
        topics: Sequence[str],
        apply: Apply,
        *,
        applied: Mapping[str, Any],
        passed_over: Collection[str],
        sources: Collection[str],
        **rest: Any,
    ) -> Reader:
        """A reader of contract events of `sources`: `applied` types with the reader's narrow models, the rest passed over by name."""
        read = partial(envelope.read_of, frozenset(source.encode() for source in sources))
        dialect = Dialect(read, applied, passed_over, sources)
        return cls(name, pool, kafka, topics, dialect, apply, producers=sources, **rest)

    @property
    def ready(self) -> bool:
        """Whether this reader moves: it has its partitions and positions, hears the broker, and is not stuck on a batch."""
        now = time.monotonic()
        stuck = self._failing_since is not None and now - self._failing_since > STUCK_SECONDS
        moves = self._assigned and now - self._heard_at < STUCK_SECONDS and not stuck
        return moves and not self._beyond

    async def run(self) -> None:
        """Reads until cancelled; waits out an absent broker or database."""
        with self._moves, Loop(f"reader-{self._name}", needs_broker=True):
            await self._read_for_ever()

    async def _read_for_ever(self) -> None:
        attempt = 0
        while True:
            turned()
            self._moves.turned()
            try:
                await self._read_one_cluster()
            except _NewCluster:
                log.warning(
                    "%s: another cluster, or topics made again: it is read from the beginning", self._name
                )
                attempt = 0
                continue
            except Exception as error:
                if not (isinstance(error, KafkaError) or is_transient(error)):
                    raise
                log.warning("%s starts again: %s", self._name, type(error).__name__)
            await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
            attempt += 1

    async def complete_up_to(self) -> Complete | None:
        """Up to when all members of this reader's group together have everything; None when that is not known."""
        if self._cluster_id is None or self._beyond:
            return None
        return await self._reconciler.complete_up_to(self._cluster_id, self._topic_ids)

    async def _read_one_cluster(self) -> None:
        cluster = Cluster(self._kafka)
        broker, self._subscriber = subscribe(
            self._kafka, self._topics, f"motcua.{self._name}", self._max_records, self._on_batch, self
        )
        self._positions.clear()
        self._committed.clear()
        self._assigned = self._stopping = False
        try:
            self._cluster_id = await cluster.ask()
            self._topic_ids = await cluster.topic_ids(self._topics)
            await broker.start()
            wait_in_polls(self._subscriber)
            while True:
                turned()
                await self._tick(broker, cluster)
                await asyncio.sleep(TICK_SECONDS)
        finally:
            self._stopping, self._assigned = True, False
            await cluster.close()
            await leave(broker, self._subscriber, self._name)

    async def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Begins each partition where PostgreSQL says; before that has succeeded nothing of it is handled."""
        attempt = 0
        while not self._stopping:
            try:
                if self._cluster_id is None:
                    return
                positions = await self._inbox.load_positions(
                    self._cluster_id, [(p.topic, p.partition) for p in partitions], self._topic_ids
                )
                for partition in partitions:
                    position = positions[partition.topic, partition.partition]
                    self._seek(partition.topic, partition.partition, position)
                self._assigned = True
                return
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
                attempt += 1

    def revoke(self, partitions: Collection[TopicPartition]) -> None:
        """Forgets where the partitions stand: they may come back to another place."""
        for partition in partitions:
            self._positions.pop((partition.topic, partition.partition), None)
            if not self._stopping:  # another member's by now
                self._beyond.pop((partition.topic, partition.partition), None)

    def _seek(self, topic: str, partition: int, position: int, *, rests: bool = False) -> None:
        """Guarantee: what is no longer there is looked for once a second. Test: test_what_the_broker_dropped_is_passed_over_by_hand."""
        place, consumer = TopicPartition(topic, partition), self._subscriber.consumer
        try:
            consumer.seek(place, position)
            (consumer.pause if rests else consumer.resume)(place)
        except (IllegalStateError, AttributeError):
            return  # revoked meanwhile
        self._positions[topic, partition] = position

    async def _on_batch(self, records: tuple[Any, ...]) -> None:
        slices = self._slices(records)
        attempt = 0
        started = time.monotonic()
        while slices and not self._stopping and self._cluster_id is not None:
            try:
                taken = await self._inbox.take(self._cluster_id, slices)
                for piece in slices:
                    if piece.place in taken and piece.place in self._positions:
                        self._positions[piece.place] = piece.end
                lost = [p for p in slices if p.place not in taken]
                if lost:
                    metrics.CONSUMER_APPLIED.labels("dropped").inc(sum(len(p.records) for p in lost))
                    await self.assign([TopicPartition(*p.place) for p in lost])
                self._failing_since = None
                metrics.CONSUMER_LAG_SECONDS.labels(records[-1].topic).set(
                    time.time() - records[-1].timestamp / 1000
                )
                metrics.CONSUMER_BATCH_SIZE.observe(len(records))
                took = time.monotonic() - started
                metrics.CONSUMER_BATCH_SECONDS.observe(took)
                await asyncio.sleep(pause_seconds(len(records), BACKLOG_RECORDS, took, APART_SECONDS))
                return
            except Exception as error:
                # Nothing may follow a batch that failed, whatever it failed of: it is tried again until it succeeds.
                self._failing_since = self._failing_since or time.monotonic()
                metrics.CONSUMER_RETRIES.inc()
                log.warning(
                    "%s tries a batch again: %s",
                    self._name,
                    type(error).__name__,
                    exc_info=not is_transient(error),
                )
                await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
                attempt += 1

    def _slices(self, records: Sequence[Any]) -> list[Slice]:
        """The batch by partition, in order, without what is done and without what does not follow on what is done."""
        pieces: dict[Place, list[Record]] = {}
        for record in records:
            position = self._positions.get((record.topic, record.partition))
            if position is not None and record.offset >= position:
                pieces.setdefault((record.topic, record.partition), []).append(record_of(record))
        slices: list[Slice] = []
        for (topic, partition), piece in sorted(pieces.items()):
            position = self._positions[topic, partition]
            if self._dialect.ordered and piece[0].offset != position:
                self._seek(topic, partition, position, rests=(topic, partition) in self._beyond)
            else:
                slices.append(Slice(topic, partition, position, piece))
        return slices

    async def _tick(self, broker: KafkaBroker, cluster: Cluster) -> None:
        """Every second: the same cluster still? Lag, dead letters, and the offsets for those who look at lag from outside."""
        if await cluster.ask() != self._cluster_id:
            raise _NewCluster
        ids = await cluster.topic_ids(self._topics)
        if any(self._topic_ids.get(topic) != topic_id for topic, topic_id in ids.items()):
            raise _NewCluster
        self._heard_at = time.monotonic()
        consumer = self._subscriber.consumer
        lag, lost = await compare(consumer, self._positions, self._beyond)
        for place in lost:
            await begin_again(self._pool, self._name, str(self._cluster_id), place, self._positions[place])
        if lost:
            raise _NewCluster
        # What its partition no longer has is passed over by an operator alone: look whether one has said so.
        if stuck := [TopicPartition(*place) for place, behind in lag.items() if behind < 0]:
            await self.assign(stuck)
        measure_lag(lag, self._topics)
        # A batch that fails is tried again, and told by other means: it does not stand still.
        waits = max(lag.values(), default=0) <= 0 or self._failing_since is not None
        if waits or self._positions != self._before:
            self._moves.turned()
        self._before = dict(self._positions)
        await self._second_tries.go_on(self._cluster_id)
        await measure_held(self._pool, self._name)
        await self._reconciler.look(str(self._cluster_id), self._topic_ids, bool(self._beyond))
        await publish_dead_letters(self._pool, broker, self._name, self._dead_letters)
        if self._dialect.ordered and self._positions and self._positions != self._committed:
            positions = dict(self._positions)
            try:
                await consumer.commit({TopicPartition(*place): at for place, at in positions.items()})
                self._committed = positions
            except (KafkaError, IllegalStateError):
                log.info("%s: offsets for lag tools are written later", self._name)
