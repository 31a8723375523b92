"""Applies a batch of records exactly once: effect, versions and positions commit in one PostgreSQL transaction.

It knows nothing of Kafka's clients. A slice whose position is not the one that this member knows is dropped: somebody else did it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import asyncpg

from services.chassis.kafka import marks
from services.chassis.kafka.ordering import Arrival, Delivered, Seen, sort_out
from services.chassis.kafka.positions import Place, load_positions
from services.chassis.kafka.records import POISON, Dialect, Keyed, Record, Unread, packed, unpacked
from services.chassis.log.databases import BY_KEY, is_transient
from services.chassis.process import logs, metrics

log = logging.getLogger(__name__)

Where = tuple[str, int, int]  # topic, partition and offset
T = TypeVar("T")
Apply = Callable[[Any, list[Delivered]], Awaitable[None]]


class Slice(NamedTuple):
    """The records of one partition, in order, and the position that this member believes to stand before them."""

    topic: str
    partition: int
    position: int
    records: list[Record]

    @property
    def place(self) -> Place:
        return self.topic, self.partition

    @property
    def end(self) -> int:
        return self.records[-1].offset + 1


class Inbox:
    """One reader's door to its database."""

    def __init__(
        self,
        reader: str,
        pool: asyncpg.Pool[Any],
        dialect: Dialect | Keyed,
        apply: Apply,
        *,
        opener: str | None,
        tell: Callable[..., None] = logs.applied,
    ) -> None:
        self._reader, self._pool = reader, pool
        self._dialect = dialect
        self._apply, self._tell = apply, tell
        self._opener = opener
        self._topic_ids: Mapping[str, str] = {}

    async def load_positions(
        self, cluster_id: str, places: Sequence[Place], topic_ids: Mapping[str, str] | None = None
    ) -> dict[Place, int]:
        """Where this reader stands on that cluster; a cluster never seen, and a topic with another id than before, begin at 0."""
        self._topic_ids = topic_ids or {}
        return await load_positions(self._pool, self._reader, cluster_id, places, self._topic_ids)

    async def take(self, cluster_id: str, slices: Sequence[Slice]) -> set[Place]:
        """Applies the slices; the places that were taken. The others are another member's by now.

        Guarantee: a member that lost its partitions and comes back writes nothing. Test: test_a_zombie_writes_nothing.
        """

        async def work(connection: Any, attempt: _Attempt) -> set[Place]:
            taken = await self._advance(connection, cluster_id, slices)
            records = [r for s in slices if s.place in taken for r in s.records]
            if records:
                await self._apply_records(connection, cluster_id, records, attempt)
            return taken

        return await self._attempt(work)

    async def redrive(self, stream_id: Any, cluster_id: str) -> int:
        """Tries a held stream's queue again, holding the queue until it is empty or stuck; how many wait on."""

        async def work(connection: Any, attempt: _Attempt) -> int:
            queue = "FROM held WHERE stream_id = $1 AND reader = $2"
            await connection.fetch(f"SELECT {queue} FOR UPDATE", stream_id, self._reader)
            await self._apply_streams(connection, cluster_id, {stream_id: []}, attempt._replace(again=True))
            return int(await connection.fetchval(f"SELECT count(*) {queue}", stream_id, self._reader))

        return await self._attempt(work)

    async def _attempt(self, work: Callable[[Any, _Attempt], Awaitable[T]]) -> T:
        """One transaction; when its effect fails for good, once more to find the poison, and again without it."""
        attempt = _Attempt()
        while True:
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    await connection.execute(BY_KEY)
                    told: list[Delivered] = []
                    answer = await work(connection, attempt._replace(told=told))
                self._tell(self._reader, [each.found_by for each in told])
                return answer
            except _Found as found:
                if not found.args[0]:
                    raise RuntimeError("the batch fails together and none of it alone") from None
                attempt = _Attempt(attempt.faulty | found.args[0])
            except Exception as error:
                if is_transient(error) or attempt.probing:
                    raise
                log.warning("a batch failed with %s: looking for the poison in it", type(error).__name__)
                attempt = attempt._replace(probing=True)

    async def _advance(self, connection: Any, cluster_id: str, slices: Sequence[Slice]) -> set[Place]:
        """The compare-and-set of every slice's position, locked in partition order so that two members cannot deadlock."""
        rows = await connection.fetch(
            "WITH asked AS (SELECT * FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[]) "
            "AS a(topic, partition, position, next)), "
            "locked AS (SELECT p.topic, p.partition, a.next FROM reader_positions p "
            "JOIN asked a ON a.topic = p.topic AND a.partition = p.partition AND a.position = p.position "
            "WHERE p.reader = $1 AND p.cluster_id = $2 ORDER BY p.topic, p.partition FOR UPDATE OF p) "
            "UPDATE reader_positions p SET position = l.next FROM locked l "
            "WHERE p.reader = $1 AND p.cluster_id = $2 AND p.topic = l.topic AND p.partition = l.partition "
            "RETURNING p.topic, p.partition",
            self._reader,
            cluster_id,
            [s.topic for s in slices],
            [s.partition for s in slices],
            [s.position for s in slices],
            [s.end for s in slices],
        )
        return {(row["topic"], row["partition"]) for row in rows}

    async def _apply_records(
        self, connection: Any, cluster_id: str, records: Sequence[Record], attempt: _Attempt
    ) -> None:
        streams: dict[Any, list[Arrival]] = {}
        keyed: list[Delivered] = []
        unread: list[tuple[Record, Delivered | None, str, str]] = []
        for record in records:
            arrival = self._dialect.arrival(record)
            if isinstance(arrival, Unread):
                unread.append((record, None, POISON, arrival.detail))
            elif arrival is None:
                continue
            elif not self._dialect.ordered:
                if _where(arrival.message) in attempt.faulty:
                    unread.append((record, None, POISON, "refused"))
                else:
                    keyed.append(arrival.message)
            else:
                streams.setdefault(arrival.message.stream_id, []).append(arrival)
        if keyed:
            await (self._probe if attempt.probing else self._apply)(connection, keyed)
            metrics.CONSUMER_APPLIED.labels("applied").inc(len(keyed))
        if streams:
            await self._apply_streams(connection, cluster_id, streams, attempt)
        if unread:  # last: counts of what is held are moved only when all held rows that it takes are locked
            await self._hold(connection, cluster_id, unread)

    async def _apply_streams(
        self, connection: Any, cluster_id: str, streams: dict[Any, list[Arrival]], attempt: _Attempt
    ) -> None:
        seen = await self._load(connection, streams, attempt)
        ready: list[Delivered] = []
        versions: list[tuple[Any, str, int, Any]] = []
        hold: list[tuple[Record, Delivered | None, str, str]] = []
        poisoned, done, taken = list[int](), list[int](), list[Delivered]()
        for stream_id, arrivals in streams.items():
            if attempt.faulty:
                arrivals = [
                    a._replace(fault=POISON) if _where(a.message) in attempt.faulty else a for a in arrivals
                ]
            result = sort_out(arrivals, seen[stream_id], self._opener)
            ready.extend(a.message for a in result.apply if self._dialect.applies(a.message))
            for producer in {a.message.source for a in result.apply}:
                versions.append((stream_id, producer, *seen[stream_id][producer]))
            hold.extend((a.record, a.message, reason, "") for a, reason in result.hold if a.held_id is None)
            poisoned.extend(
                a.held_id for a, reason in result.hold if a.held_id is not None and reason == POISON
            )
            done.extend(result.done)
            taken.extend(marks.taken_of(arrivals, result))
            metrics.CONSUMER_APPLIED.labels("repeated").inc(result.repeats)
            if result.forks:
                metrics.CONSUMER_FORKS.inc(result.forks)
                log.error("fork: another message under a version that was applied; stream %s", stream_id)
        if ready:
            await (self._probe if attempt.probing else self._apply)(connection, ready)
            attempt.told.extend(ready)
        if versions:
            await connection.execute(
                "INSERT INTO applied_versions (stream_id, producer, version, event_id) "
                "SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[]) "
                "ON CONFLICT (stream_id, producer) DO UPDATE SET version = excluded.version, event_id = excluded.event_id",
                *(list(column) for column in zip(*versions, strict=True)),
            )
        await marks.keep(connection, self._reader, taken)
        if done:
            await connection.execute("DELETE FROM held WHERE held_id = ANY($1::bigint[])", done)
        if poisoned:
            await connection.execute(
                "UPDATE held SET reason = 'poison' WHERE held_id = ANY($1::bigint[])", poisoned
            )
        if hold:
            await self._hold(connection, cluster_id, hold)
        metrics.CONSUMER_APPLIED.labels("applied").inc(len(ready))

    async def _load(
        self, connection: Any, streams: dict[Any, list[Arrival]], attempt: _Attempt
    ) -> dict[Any, Seen]:
        """Puts what is held before what arrived, and reads what was seen: in this order, as a re-drive changes both."""
        for row in await connection.fetch(
            "SELECT * FROM held WHERE reader = $2 AND stream_id = ANY($1::uuid[]) ORDER BY held_id DESC FOR SHARE",
            list(streams),
            self._reader,
        ):
            headers = unpacked(row["headers"])
            record = Record(row["topic"], row["partition"], row["offset"], row["key"], row["value"], headers)
            arrival = self._dialect.arrival(record, row["held_id"])
            if isinstance(arrival, Arrival):
                if row["reason"] == POISON and not attempt.again:
                    arrival = arrival._replace(fault=POISON)
                streams[row["stream_id"]].insert(0, arrival)
        seen: dict[Any, Seen] = {stream_id: {} for stream_id in streams}
        for row in await connection.fetch(
            "SELECT stream_id, producer, version, event_id FROM applied_versions WHERE stream_id = ANY($1::uuid[])",
            list(streams),
        ):
            seen[row["stream_id"]][row["producer"]] = (row["version"], row["event_id"])
        return seen

    async def _probe(self, connection: Any, ready: list[Delivered]) -> None:
        """Applies one by one behind savepoints, only to learn which fail: the transaction is given up in any case."""
        faulty: set[Where] = set()
        for message in ready:
            try:
                async with connection.transaction():
                    await self._apply(connection, [message])
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("poison at %s: %s", _where(message), type(error).__name__)
                faulty.add(_where(message))
        raise _Found(faulty)

    async def _hold(
        self, connection: Any, cluster_id: str, held: Sequence[tuple[Record, Delivered | None, str, str]]
    ) -> None:
        keeps = self._dialect.keeps_bytes
        rows = [
            (
                message and message.stream_id,
                message and message.source,
                message and message.position,
                reason,
                detail,
                # An offset of a topic that is no more is another record's.
                f"{cluster_id}/{self._topic_ids.get(record.topic, '')}",
                record.topic,
                record.partition,
                record.offset,
                *((record.key, record.value) if keeps else (None, None)),
                packed(record.headers if keeps else ()),
            )
            for record, message, reason, detail in held
        ]
        await connection.execute(
            "INSERT INTO held (reader, stream_id, producer, log_position, reason, detail, cluster_id, topic, partition, "
            '"offset", key, value, headers) SELECT $1, stream_id, producer, log_position, reason, detail, cluster_id, topic, '
            "partition, place, key, value, headers::json "
            "FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], "
            "$10::bigint[], $11::bytea[], $12::bytea[], $13::text[]) WITH ORDINALITY AS h(stream_id, producer, log_position, "
            "reason, detail, cluster_id, topic, partition, place, key, value, headers, nth) ORDER BY nth "
            "ON CONFLICT DO NOTHING",
            self._reader,
            *(list(column) for column in zip(*rows, strict=True)),
        )
        metrics.CONSUMER_APPLIED.labels("held").inc(len(held))


class _Attempt(NamedTuple):
    """What is known when a transaction begins: the poison found so far, whether to look for more, whether held poison gets a new try."""

    faulty: frozenset[Where] = frozenset()
    probing: bool = False
    again: bool = False
    told: list[Delivered] = []  # noqa: RUF012  each attempt brings its own


class _Found(Exception):
    """The end of a probe: the transaction is to be begun again with the messages of its argument known to be poison."""


def _where(message: Delivered) -> Where:
    return message.topic, message.partition, message.offset
