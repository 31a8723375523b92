"""Compares a log with what was published of it, so that a restored backup gives no old version a second meaning.

Positions and ids are compared, never lengths. A difference is a row that closes append() and the relay; an operator lifts it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka.errors import KafkaError

from services.chassis.kafka.cluster import Cluster, bounded, last_value
from services.chassis.kafka.log_digests import Digests
from services.chassis.kafka.sent import Offsets, Sent, sent_since
from services.chassis.log.event_store import StoreUnavailable
from services.chassis.log.log_clock import Gate, compare_clocks
from services.chassis.process import metrics
from services.chassis.process.clock import now
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import Loop, turned

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LOOKS_A_COMPARISON = 10
FEED = "events"
PROGRESS_TOPIC = "progress"


class LogRewound(asyncpg.PostgresError, StoreUnavailable):  # type: ignore[misc]
    """The log is not the one that was published: append() and the relay refuse until an operator says which way out."""

    code = "log-rewound"
    sqlstate = "MC001"  # raised by the trigger a_refused_log_takes_nothing


class OtherEvent(Exception):
    """Another event stands where one was published."""


class LogGuard:
    """Compares one database's log with its topics: at start before anything is appended, before the relay publishes, every second.

    `opened` is set once the first comparison is made, or when Kafka is away: then it is made as soon as Kafka is back.
    Guarantee: what was appended to a restored log while Kafka was away is found then, however long the log has grown.
    Test: test_a_restored_log_that_grew_while_kafka_was_away_is_refused.
    """

    def __init__(
        self,
        producer: str,
        pool: asyncpg.Pool[Any],
        kafka: KafkaSettings,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._pool = pool
        self.digests = Digests(pool)
        self._kafka = kafka
        self._compared = False
        self._looks = 0
        self.looks_a_comparison = LOOKS_A_COMPARISON
        self._last: tuple[int, UUID] | None = None
        self.opened = Gate()

    async def run(self) -> None:
        """Looks every second until cancelled; an absent database ends it, and its owner begins it again."""
        cluster = Cluster(self._kafka)
        try:
            with Loop("log-guard", needs_broker=True):
                await self._look_for_ever(cluster)
        finally:
            await cluster.close()

    async def _look_for_ever(self, cluster: Cluster) -> None:
        while True:
            turned()
            try:
                await self._look(cluster)
            except LogRewound:
                self.opened.refusal = partial(LogRewound, "refused")
                self.opened.set()
            except KafkaError as error:
                if not self.opened.is_set():
                    log.warning("the log is compared later: %s", type(error).__name__)
                self.opened.set()
            await asyncio.sleep(LOOK_SECONDS)

    def first(self, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """`run`, begun once the log is opened: for a task that appends without the event store."""

        async def opened() -> None:
            await self.opened.wait()
            await run()

        return opened

    async def _look(self, cluster: Cluster) -> None:
        await self.refuse_if_refused()
        await self._compare_last()
        await compare_clocks(self._pool, self.opened, self._clock)
        if not self._compared:
            await self.compare(await _answer(cluster))
        self.opened.refusal = None
        self.opened.set()
        # Comparing a stretch costs as much as making it: each second it was more than all else that an idle service does.
        self._looks += 1
        if (found := await self.digests.look(self._looks % self.looks_a_comparison == 0)) is not None:
            raise await self.refuse("", found)

    async def refuse_if_refused(self) -> None:
        """Raises LogRewound while a refusal stands."""
        refused = await self._pool.fetchval(
            "SELECT EXISTS (SELECT FROM log_refusals WHERE lifted_at IS NULL)"
        )
        metrics.LOG_REWOUND.set(refused)
        if refused:
            # When it is lifted, everything is compared again.
            self._compared, self._last = False, None
            raise LogRewound("refused before")

    def remember(self, position: int, event_id: UUID) -> None:
        """This event is published at this position: it must stand there for ever."""
        self._last = (position, event_id)

    async def compare(self, cluster_id: str) -> None:
        """Raises LogRewound, and refuses the log, when anything published on this cluster is not in it.

        Guarantee: a log that lacks or contradicts what was published is neither published nor appended to, whatever its length.
        Test: test_a_restored_backup_is_refused_for_ever.
        """
        difference = await self.difference(cluster_id)
        if difference is not None:
            raise await self.refuse(cluster_id, difference)
        self._compared = True

    async def difference(self, cluster_id: str) -> str | None:
        """Compares with the last word on `progress`, then with each message published since; the first difference, or None.

        Guarantee: what only bears this log's name closes no log: a relay that says where its messages stand gives each its position.
        Test: test_a_message_without_a_position_of_ours_closes_no_log.
        """
        said = await bounded(last_value(self._kafka, PROGRESS_TOPIC, self._producer.encode()))
        offsets = await self._pool.fetchval(
            "SELECT offsets FROM relay_cursors WHERE cluster_id = $1 AND feed = $2", cluster_id, FEED
        )
        since: Offsets = orjson.loads(offsets or "{}")
        placed = False
        if said is not None and said["cluster_id"] == cluster_id:
            if (found := await self._word_differs(said)) is not None:
                return found
            since = said["offsets"] or since
            placed = said.get("unplaced_to") is not None
        async for sent in sent_since(self._kafka, since, self._producer.encode(), placed):
            if (found := await self._sent_differs(sent)) is not None:
                return found
        return None

    async def _word_differs(self, said: Mapping[str, Any]) -> str | None:
        position, event_id = said["position"], said.get("event_id")
        if position == 0:
            return None
        own = await self._event_at(position)
        if own is None or (event_id is not None and str(own) != event_id):
            return f"position {position} was {event_id} when it was published, and is {own}"
        if (found := await self.digests.differs(said)) is not None:
            return found
        self.remember(position, own)
        return None

    async def _compare_last(self) -> None:
        """Guarantee: a log restored under a running process is refused within a second.

        Test: test_a_log_restored_under_a_running_service_is_refused.
        """
        if self._last is not None:
            position, event_id = self._last
            own = await self._event_at(position)
            if own != event_id and self._last == (position, event_id):
                raise await self.refuse("", f"position {position} was {event_id} a moment ago, and is {own}")

    async def _sent_differs(self, sent: list[Sent]) -> str | None:
        lacking = await lacking_of(self._pool, sent)
        if not lacking:
            return None
        first = lacking[0]
        return f"{first.event_id} was published as version {first.version} of {first.stream_id}, and is not there"

    async def refuse(self, cluster_id: str, detail: str) -> LogRewound:
        """Closes the log and returns the error to raise."""
        await self._pool.execute("SELECT refuse_log($1, $2)", cluster_id, detail)
        metrics.LOG_REWOUND.set(1)
        log.critical("log-rewound: %s; restored from a backup? `motcua recover` is the way out", detail)
        return LogRewound(detail)

    async def _event_at(self, position: int) -> UUID | None:
        found: UUID | None = await self._pool.fetchval(
            "SELECT event_id FROM events WHERE position = $1", position
        )
        return found


async def lacking_of(connection: Any, sent: Sequence[Sent]) -> list[Sent]:
    """Which of these events the log does not have at their place."""
    rows = await connection.fetch(
        "SELECT s.stream_id, s.version, s.event_id FROM unnest($1::uuid[], $2::int[], $3::uuid[]) "
        "AS s(stream_id, version, event_id) LEFT JOIN events e USING (stream_id, version) "
        "WHERE e.event_id IS DISTINCT FROM s.event_id",
        [each.stream_id for each in sent],
        [each.version for each in sent],
        [each.event_id for each in sent],
    )
    return [Sent(*row) for row in rows]


async def log_state(pool: asyncpg.Pool[Any]) -> str:
    """What readiness says of a log that takes nothing: `log-rewound`, `clock-behind-log` or `away`."""
    try:
        refused, ahead = await pool.fetchrow(
            "SELECT EXISTS (SELECT FROM log_refusals WHERE lifted_at IS NULL), log_is_ahead()",
            timeout=LOOK_SECONDS,
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "away"
    return "log-rewound" if refused else "clock-behind-log" if ahead else "away"


async def _answer(cluster: Cluster) -> str:
    return str(await bounded(cluster.ask()))
