"""Reads the topics from their beginning into a book beside the live one: the same inbox and the same fold, no group, its own positions.

Whoever ends it anywhere loses nothing: what a batch gave and how far it is commit together, in the schema of that book.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts import envelope
from services.chassis.kafka import marks
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.held import NotNext, discard
from services.chassis.kafka.inbox import Inbox, Slice
from services.chassis.kafka.positions import Place
from services.chassis.kafka.records import Dialect, record_of
from services.chassis.log.databases import open_pool
from services.chassis.process.settings import KafkaSettings
from services.reporting.incoming import APPLIED, PASSED_OVER, PRODUCERS, apply
from services.reporting.quality.measuring import measure

NAME = "reporting"
RECORDS_MAX = 2_000
POLL_MILLISECONDS = 100
TOLD_SECONDS = 2.0
MERGE_SECONDS = 1.0

_BEGINS = """
UPDATE reader_positions SET position = $5 WHERE reader = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 AND position < $5
"""
_LIVE = """
SELECT topic, partition, position FROM public.reader_positions WHERE reader = $1 AND cluster_id = $2
"""
_DISCARDED = """
SELECT DISTINCT h.held_id, h.stream_id, d.actor, d.reason FROM public.discarded d
JOIN held h ON (h.topic, h.partition, h."offset") = (d.topic, d.partition, d."offset") AND h.stream_id IS NOT DISTINCT FROM d.stream_id
WHERE h.reader = $1 AND d.reader = $1 AND h.reason IN ('poison', 'unknown-type') ORDER BY h.held_id
"""


class Beside:
    """A book in a schema of its own, and how far it has read."""

    def __init__(
        self, pool: asyncpg.Pool[Any], kafka: KafkaSettings, topic: str, say: Callable[[str], None]
    ) -> None:
        self.pool = pool
        self.cluster_id = ""
        self._topic, self._say = topic, say
        sources = frozenset(source.encode() for source in PRODUCERS)
        dialect = Dialect(partial(envelope.read_of, sources), APPLIED, PASSED_OVER, PRODUCERS)
        self._inbox = Inbox(NAME, pool, dialect, apply, opener="intake", tell=_nothing)
        self._cluster = Cluster(kafka)
        self._consumer = AIOKafkaConsumer(
            **kafka.client_options(), enable_auto_commit=False, fetch_max_wait_ms=POLL_MILLISECONDS
        )
        self._begins: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._merge_at = 0.0

    async def begin(self) -> None:
        """Takes its partitions and goes on where it was."""
        await self._consumer.start()
        self.cluster_id = await self._cluster.ask()
        places = await self._cluster.partitions([self._topic])
        ids = await self._cluster.topic_ids([self._topic])
        keys = [(place.topic, place.partition) for place in places]
        self._begins = await self._consumer.beginning_offsets(places)
        for place, begins in self._begins.items():
            if begins:  # the records before are on no topic any more
                self._say(
                    f"{place.topic}/{place.partition} begins at {begins:,}; what stood before it is not read"
                )
        await self._inbox.load_positions(self.cluster_id, keys, ids)
        for place, begins in self._begins.items():
            await self.pool.execute(_BEGINS, NAME, self.cluster_id, place.topic, place.partition, begins)
        found = await self._inbox.load_positions(self.cluster_id, keys, ids)
        self._consumer.assign(places)
        for place in places:
            self._positions[place] = found[place.topic, place.partition]
            self._consumer.seek(place, self._positions[place])

    async def end(self) -> None:
        await self._consumer.stop()
        await self._cluster.close()

    async def catch_up(self) -> None:
        """Reads up to where the live book stands, and says how far it is, how fast, and how long it still takes."""
        began, first, told_at = time.monotonic(), sum(self._positions.values()), time.monotonic()
        while left := self._left(goal := await self.live()):
            while left and time.monotonic() - told_at < TOLD_SECONDS:
                await self._read_some(left)
                left = self._left(goal)
            if left:
                told_at = time.monotonic()
                self._tell(goal, (sum(self._positions.values()) - first) / (told_at - began))
        took = time.monotonic() - began
        read = sum(self._positions.values()) - first
        self._say(f"{read:,} messages read in {took:.1f} s, {self._done():,} in all")

    async def measure(self) -> None:
        """Measures what was read, as the live book's is; what comes after it is measured when it is in place."""
        while await measure(self.pool, RECORDS_MAX):
            pass

    async def live(self) -> dict[Place, int]:
        """How far the live book has read."""
        rows = await self.pool.fetch(_LIVE, NAME, self.cluster_id)
        return {(topic, partition): position for topic, partition, position in rows}

    async def come_to(self, positions: Mapping[Place, int]) -> None:
        """Reads until it is as far as these positions, and no message more: then two books can be compared."""
        while left := self._left(positions):
            await self._read_some(left)

    async def discard_again(self) -> None:
        """What an operator has discarded is discarded here too: its poison is on the topic for ever."""
        for held_id, stream_id, actor, reason in await self.pool.fetch(_DISCARDED, NAME):
            try:
                await discard(self.pool, held_id, actor, reason)
            except NotNext:
                continue  # a version before it lacks here: it stays held, and is told
            if stream_id is not None:
                await self._inbox.redrive(stream_id, self.cluster_id)

    def _left(self, goal: Mapping[Place, int]) -> dict[TopicPartition, int]:
        """Where something is to be read, and up to where."""
        found = {place: goal.get((place.topic, place.partition), 0) for place in self._positions}
        return {place: until for place, until in found.items() if self._positions[place] < until}

    async def _read_some(self, until: Mapping[TopicPartition, int]) -> None:
        found = await self._consumer.getmany(*until, timeout_ms=POLL_MILLISECONDS, max_records=RECORDS_MAX)
        slices = []
        for place, records in sorted(found.items()):
            position = self._positions[place]
            wanted = [record_of(raw) for raw in records if raw.offset < until[place]]
            follows = bool(wanted) and wanted[0].offset == position  # else a batch before these was given up
            if follows:
                slices.append(Slice(place.topic, place.partition, position, wanted))
            if not follows or len(wanted) < len(records):
                self._consumer.seek(place, wanted[-1].offset + 1 if follows else position)
        if not slices:
            return
        taken = await self._inbox.take(self.cluster_id, slices)
        for piece in slices:
            if piece.place not in taken:
                raise RuntimeError("somebody else writes to this book")
            self._positions[TopicPartition(*piece.place)] = piece.end
        if time.monotonic() >= self._merge_at:
            await marks.merge(self.pool, NAME)
            self._merge_at = time.monotonic() + MERGE_SECONDS

    def _done(self) -> int:
        return sum(self._positions.values()) - sum(self._begins.values())

    def _tell(self, goal: Mapping[Place, int], rate: float) -> None:
        of = sum(goal.values()) - sum(self._begins.values())
        left = (of - self._done()) / rate if rate else 0.0
        self._say(
            f"{self._done():,} of {of:,} messages, {rate:,.0f} a second, {int(left) // 60}:{int(left) % 60:02} left"
        )


def _nothing(*_: Any) -> None:
    """What it applies was told when the service heard of it."""


@asynccontextmanager
async def beside(
    dsn: str, schema: str, kafka: KafkaSettings, topic: str, say: Callable[[str], None]
) -> AsyncIterator[Beside]:
    """The book of a schema, ready to read on; `dsn` is the service's.

    Guarantee: what is read for another book never comes into the live one. Test: test_no_other_book_is_written_than_the_one_asked_for.
    """
    path = "search_path=" + quote(f"{schema},public", safe="")
    async with open_pool(f"{dsn}{'&' if '?' in dsn else '?'}{path}", size=2, name=f"motcua-{schema}") as pool:
        if await pool.fetchval("SELECT current_schema()") != schema:
            raise LookupError("what stands before the database passes no schema on: name the database itself")
        found = Beside(pool, kafka, topic, say)
        try:
            await found.begin()
            yield found
        finally:
            await asyncio.shield(found.end())
