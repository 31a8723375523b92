"""Publishes a service's log to Kafka, in order, without a hole: the only way from a stored event to the wire.

One process per database owns the lease and publishes; late repeats are possible, but the first occurrence of each event is in
order per key and none is missing. A wiped broker is noticed within a second: what is sent to it before that stands ahead of the
refill, and readers hold it until the refill has reached it. It never decides anything and never changes an event.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.cursors import keep_topic_ids, load_cursor
from services.chassis.kafka.feeds import READ_EVENTS, Feed, LogFeed
from services.chassis.kafka.incarnations import NOTE, POSITION_AND_LIVES
from services.chassis.kafka.lease import Lease, LostLease
from services.chassis.kafka.log_identity import PROGRESS_TOPIC, LogGuard, LogRewound, OtherEvent
from services.chassis.kafka.pace import pause_seconds
from services.chassis.kafka.placing import Placed, load_placed, with_others
from services.chassis.kafka.refill import others_first
from services.chassis.kafka.sending import STOP_SECONDS, Message, send_all, start, stop
from services.chassis.kafka.slices import Slices
from services.chassis.log.databases import TRANSIENT
from services.chassis.process import clock, metrics
from services.chassis.process.ending import end, first_failure
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import Loop, turned

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0


class _NewCluster(Exception):
    """The broker is another one than a moment ago."""


class Relay:
    """Publishes the feeds of one database. The first feed is the log, and `progress` speaks of it. On a new broker it goes `behind`
    the producer whose log opens the streams."""

    def __init__(
        self,
        producer_name: str,
        pool: asyncpg.Pool[Any],
        kafka: KafkaSettings,
        feeds: Sequence[Feed | LogFeed],
        owner: UUID,
        behind: str | None = None,
    ) -> None:
        self._name = producer_name
        self._pool = pool
        self._kafka = kafka
        self._feeds, self._behind = feeds, behind
        self._log = feeds[0] if isinstance(feeds[0], LogFeed) else None
        self.guard = LogGuard(producer_name, pool, kafka)
        self._lease, self._poked = Lease(pool, owner), {feed.name: asyncio.Event() for feed in feeds}
        self._positions: dict[str, int] = {}
        self._offsets: dict[str, dict[str, dict[str, int]]] = {}
        self._topic_ids: dict[str, str] = {}
        self._placed = Placed(0, {})
        self._slices = Slices(pool)

    def poke(self) -> None:
        """Says that something was stored: publish now instead of at the next look."""
        for event in self._poked.values():
            event.set()

    async def run(self) -> None:
        """Publishes until cancelled; waits out an absent broker or database, starts again after anything refused."""
        with Loop("relay", needs_broker=True):
            await self._publish_for_ever()

    async def _publish_for_ever(self) -> None:
        while True:
            turned()
            try:
                epoch = await self._lease.acquire()
                try:
                    await self._publish(epoch)
                finally:
                    metrics.RELAY_OWNS_LEASE.set(0)
                    await asyncio.shield(self._lease.release(epoch))
            except (OtherEvent, LogRewound) as error:
                with suppress(*TRANSIENT):  # with the database away, the next round finds the same
                    if isinstance(error, OtherEvent):
                        await self.guard.refuse("", str(error))
                    await self._measure()
                await asyncio.sleep(TICK_SECONDS)
            except (LostLease, _NewCluster, KafkaError, *TRANSIENT) as error:
                cause = type(error).__name__.strip("_")
                metrics.RELAY_RESTARTS.labels("lost" if isinstance(error, LostLease) else "refused").inc()
                log.warning("relay starts again: %s", cause)
                await asyncio.sleep(0.5)

    async def _publish(self, epoch: int) -> None:
        """As the owner, on one cluster, with one producer."""
        cluster = Cluster(self._kafka)
        keeper = asyncio.create_task(self._keep_lease(epoch))
        producer: AIOKafkaProducer | None = None
        try:
            cluster_id = await cluster.first_answer()
            self._topic_ids = {}
            for feed in self._feeds:
                found = await load_cursor(self._pool, cluster, cluster_id, feed.name, epoch)
                self._positions[feed.name], self._offsets[feed.name], ids = found
                self._topic_ids.update(ids)
            if self._log is not None:
                self._log.begin()
                self._placed = await load_placed(self._pool, cluster_id, self._log.name, epoch)
            await self.guard.refuse_if_refused()
            await self.guard.compare(cluster_id)
            await self._pool.execute(NOTE)
            producer = await start(self._kafka)
            metrics.RELAY_OWNS_LEASE.set(1)
            log.info("publishing from position %s", dict(self._positions))
            tasks = [
                asyncio.create_task(self._feed_for_ever(producer, feed, cluster, cluster_id, epoch))
                for feed in self._feeds
            ]
            tasks.append(asyncio.create_task(self._tick(producer, cluster, cluster_id, epoch)))
            await first_failure([keeper, *tasks])
        finally:
            await end([keeper])
            await cluster.close()
            if producer is not None:
                await stop(producer)

    async def _compare_topics(self, cluster: Cluster, cluster_id: str, epoch: int) -> None:
        """Raises _NewCluster when a topic was made again; keeps the ids of those that were published to for the first time."""
        for feed in self._feeds:
            topics = self._offsets[feed.name].keys()
            ids = await cluster.topic_ids(topics)
            if any(self._topic_ids.get(topic, topic_id) != topic_id for topic, topic_id in ids.items()):
                raise _NewCluster
            if ids.keys() - self._topic_ids.keys():
                await keep_topic_ids(self._pool, cluster_id, feed.name, epoch, ids)
            self._topic_ids.update(ids)

    async def _keep_lease(self, epoch: int) -> None:
        with Loop("relay-lease") as loop:
            while True:
                loop.turned()
                await asyncio.sleep(TICK_SECONDS)
                await self._lease.keep(epoch)
                await self._measure()

    async def _feed_for_ever(
        self, producer: AIOKafkaProducer, feed: Feed | LogFeed, cluster: Cluster, cluster_id: str, epoch: int
    ) -> None:
        with Loop(f"relay-{feed.name}", needs_broker=True) as loop:
            if self._behind and feed is self._log and not self._positions[feed.name]:
                await others_first(self._pool, self._kafka, cluster, cluster_id, self._behind)
            while True:
                loop.turned()
                await self._feed(producer, feed, cluster, cluster_id, epoch)

    async def _feed(
        self, producer: AIOKafkaProducer, feed: Feed | LogFeed, cluster: Cluster, cluster_id: str, epoch: int
    ) -> None:
        poked = self._poked[feed.name]
        poked.clear()
        began = time.monotonic()
        position = self._positions[feed.name]
        messages = await feed.read(self._pool, position, READ_EVENTS)
        if not messages:
            await _wait(poked, TICK_SECONDS / 2)
            return
        offsets = await send_all(producer, [message for _, message in messages])
        await self._advance(cluster_id, feed, epoch, messages, offsets)
        if offsets.keys() - self._topic_ids.keys():
            await self._compare_topics(cluster, cluster_id, epoch)
        if feed is self._log and (event_id := self._log.id_at(messages[-1][0])):
            self.guard.remember(messages[-1][0], event_id)
        metrics.RELAY_PUBLISHED.labels(feed.name).inc(len(messages))
        await asyncio.sleep(pause_seconds(len(messages), READ_EVENTS, time.monotonic() - began))

    async def _advance(
        self,
        cluster_id: str,
        feed: Feed | LogFeed,
        epoch: int,
        messages: Sequence[tuple[int, Message]],
        offsets: dict[str, dict[str, int]],
    ) -> None:
        """Only after the acknowledgements, and only as the owner of the epoch."""
        position, placed = messages[-1][0], self._placed if feed is self._log else Placed(0, {})
        placed = placed._replace(apart=with_others(placed.apart, feed.main, messages))
        known = self._offsets[feed.name]
        merged = {topic: {**known.get(topic, {}), **offsets.get(topic, {})} for topic in {*known, *offsets}}
        advanced = await self._pool.fetchval(
            "UPDATE relay_cursors SET position = $4, placed_to = $4, offsets = $5, apart = $7 "
            "WHERE cluster_id = $1 AND feed = $2 AND epoch = $3 AND position = $6 RETURNING true",
            cluster_id,
            feed.name,
            epoch,
            position,
            orjson.dumps(merged).decode(),
            self._positions[feed.name],
            orjson.dumps(placed.apart).decode(),
        )
        if not advanced:
            raise LostLease
        if feed is self._log:
            self._placed = placed
        self._positions[feed.name], self._offsets[feed.name] = position, merged

    async def _tick(self, producer: AIOKafkaProducer, cluster: Cluster, cluster_id: str, epoch: int) -> None:
        """Every second: how far is the log published, is it still the same cluster, and `progress` is told."""
        complete: datetime | None = None
        while True:
            turned()
            published, offsets = self._positions[self._feeds[0].name], self._offsets[self._feeds[0].name]
            placed = self._placed
            await self.guard.refuse_if_refused()
            event_id = self._log.id_at(published) if self._log else None
            newest, now, lives = await self._pool.fetchrow(POSITION_AND_LIVES)
            # At first the event before the next ones is known only once the feed has read, which it may have done meanwhile.
            event_id = event_id or (self._log.id_at(published) if self._log else None)
            complete_at: datetime | None = now
            if published < newest:
                # Others of the same flush share the last one's time and may be unpublished: up to just before it.
                recorded_at = await self._pool.fetchval(
                    "SELECT recorded_at FROM events WHERE position = $1", published
                )
                complete_at = recorded_at - timedelta(microseconds=1) if recorded_at else complete
            # Guarantee: no time to come is named, also after the clock was set back. Test: test_completeness_names_no_time_to_come.
            known = [time for time in (complete, complete_at) if time is not None]
            complete = min(max(known), now) if known else None
            with suppress(KafkaError, OSError, TimeoutError):  # away: nothing is stopped, what was sent waits
                if await cluster.ask() != cluster_id:
                    raise _NewCluster
                await self._compare_topics(cluster, cluster_id, epoch)
                if complete is not None and (event_id is not None or published == 0):
                    statement = {
                        "producer": self._name,
                        "position": published,
                        "event_id": event_id and str(event_id),
                        "complete_up_to": complete,
                        "offsets": offsets,
                        "topic_ids": self._topic_ids,
                        "incarnations": orjson.loads(lives),
                        **placed._asdict(),
                        **await self.guard.digests.said(published),
                        **(await self._slices.said(published, placed.apart) if self._log else {}),
                        "cluster_id": cluster_id,
                    }
                    key = self._name.encode()
                    sent = producer.send_and_wait(
                        PROGRESS_TOPIC, orjson.dumps(statement), key=key, partition=0
                    )
                    async with asyncio.timeout(STOP_SECONDS):
                        await sent
            await asyncio.sleep(TICK_SECONDS)

    async def _measure(self) -> None:
        """Also while the broker is away: that is when an operator looks."""
        feed = self._feeds[0].name
        published = self._positions.get(feed)
        if published is not None:
            newest, waiting_since = await self._pool.fetchrow(
                "SELECT (SELECT max(position) FROM events), (SELECT recorded_at FROM events WHERE position = $1)",
                published + 1,
            )
            age = (clock.now() - waiting_since).total_seconds() if waiting_since else 0.0
            metrics.RELAY_LAG_EVENTS.labels(feed).set((newest or 0) - published)
            metrics.RELAY_LAG_SECONDS.labels(feed).set(age)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
