"""The log of one service: appends in groups, reads by stream and by position.

Concurrent appends of a process are flushed together, one call of the append function while the next batch gathers; each item
gets its own answer. It never updates, never deletes, and knows nothing of what the events mean.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.log.gathering import Gathering, let_gather
from services.chassis.process import logs, metrics

MAX_ITEMS = 512
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.1

COLUMNS = (
    "position, stream_id, version, event_id, command_id, index, type, schema_version, occurred_at, recorded_at, "
    "actor, correlation_id, causation_id, traceparent, data"
)

FIRST_OF_KEY = "SELECT stream_id, body_hmac FROM idempotency_keys WHERE caller = $1 AND key = $2 LIMIT 1"
STREAMS = f"SELECT {COLUMNS} FROM events WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id, version"
ITEMS_AND_EVENTS = "$1::new_item_v2[], $2::new_event_v2[]"


class NewEvent(NamedTuple):
    """An event to be stored. `data` is a JSON object as text.

    With a `counter`, that counter's next number is drawn under the lock and written into data as its first member, `number`.
    """

    event_id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    counter: str | None
    data: str


class RepeatKey(NamedTuple):
    """The caller's own key of a request, with an HMAC of its body, never the body; `older`: the same under keys and forms of before."""

    caller: str
    key: str
    body_hmac: bytes
    older: Callable[[], Sequence[bytes]] = tuple


@dataclass(frozen=True, slots=True)
class Item:
    """One command's events on one stream. Without `expected_version` they go to the end of the stream.

    `attachment` is rows for the service's own append function, each without the item number that the store puts first.
    """

    stream_id: UUID
    expected_version: int | None
    command_id: UUID
    events: Sequence[NewEvent]
    actor: str
    correlation_id: UUID | None = field(default_factory=logs.correlation.get)
    causation_id: UUID | None = None
    traceparent: str | None = None
    repeat: RepeatKey | None = None
    attachment: Sequence[tuple[Any, ...]] = ()


class Appended(NamedTuple):
    """The events stand: `version` and `position` are the last one's, `numbers` those drawn, in the events' order."""

    stream_id: UUID
    version: int
    position: int
    recorded_at: datetime
    numbers: list[int]


class Repeated(NamedTuple):
    """This command, or this caller's key, stood already: where, and the HMAC of the body that came with the key."""

    stream_id: UUID
    version: int
    recorded_at: datetime
    body_hmac: bytes | None


class Conflict(NamedTuple):
    """Somebody else was quicker: the stream stands at `version`."""

    version: int


Answer = Appended | Repeated | Conflict


class StoredEvent(NamedTuple):
    """A row of the log; `data` is JSON text."""

    position: int
    stream_id: UUID
    version: int
    event_id: UUID
    command_id: UUID
    index: int  # type: ignore[assignment]
    type: str
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: UUID | None
    causation_id: UUID | None
    traceparent: str | None
    data: str


class StoreUnavailable(Exception):
    """The database did not answer in time. Whether the item was recorded is not known: send it again under the same ids."""

    code = "unavailable"


@dataclass(slots=True)
class _Waiting:
    item: Item
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class EventStore:
    """Appends to and reads from the log of the database behind `pool`.

    `function` names the service's SQL function that wraps append_v2() to write its own rows in the same call; it takes
    (new_item_v2[], new_event_v2[]) and, with `attachment_type`, an array of that composite type; its first member is the item number.
    `poke` is called after each flush that stored something, `observe` with the size of each batch. Nothing is appended before
    `opened` is set.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        *,
        function: str = "append_v2",
        attachment_type: str | None = None,
        poke: Callable[[], None] = lambda: None,
        observe: Callable[[int], None] = lambda _: None,
        patience_seconds: float = PATIENCE_SECONDS,
        opened: asyncio.Event | None = None,
    ) -> None:
        self._pool = pool
        self.opened = opened
        self._takes_rows = attachment_type is not None
        rows = f", $3::{attachment_type}[]" if attachment_type else ""
        self._call = f"SELECT * FROM {function}({ITEMS_AND_EVENTS}{rows})"
        self._try = f"SELECT try_append_v2('{function}', {ITEMS_AND_EVENTS}{rows or ', NULL::integer[]'})"
        self._poke = poke
        self._observe = observe
        self._patience_seconds = patience_seconds
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None
        self._loads = Gathering(self.load_many)

    async def append(self, item: Item) -> Answer:
        """Records the item and answers when it is durable; raises StoreUnavailable, or what PostgreSQL says of a bad item."""
        waiting = _Waiting(item)
        self._waiting.append(waiting)
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all())
        return await waiting.answer

    async def try_append(self, item: Item, timeout_seconds: float) -> None:
        """Records the item and takes it back, in one call: raises what append() would.

        Guarantee: a type that the database knows otherwise than this program is told before somebody's request fails of it.
        Test: test_ready_means_that_its_rows_are_taken.
        """
        await self._pool.execute(self._try, *_arguments([item], self._takes_rows), timeout=timeout_seconds)

    async def find_first(self, key: RepeatKey) -> tuple[UUID, bytes] | None:
        """The stream that this caller's key was first used for, and the HMAC of the body that came with it."""
        row = await self._pool.fetchrow(FIRST_OF_KEY, key.caller, key.key)
        return None if row is None else (row["stream_id"], row["body_hmac"])

    async def load(self, stream_id: UUID) -> list[StoredEvent]:
        """The events of one stream in version order."""
        return list(await self._loads.get(stream_id) or ())

    async def load_many(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The events of several streams in one query; a stream without events is an empty list."""
        streams: dict[UUID, list[StoredEvent]] = {stream_id: [] for stream_id in stream_ids}
        for row in await self._pool.fetch(STREAMS, stream_ids):
            streams[row["stream_id"]].append(StoredEvent(*row))
        return streams

    async def _flush_all(self) -> None:
        await asyncio.sleep(0)  # whoever is ready in this round of the loop goes along
        try:
            while self._waiting:
                batch = self._take()
                await self._answer(batch)
                await let_gather(len(batch))
        finally:
            self._flusher = None
            if self._waiting:  # only after an error nobody foresaw: its waiters were told, the others go on
                self._flusher = asyncio.create_task(self._flush_all())

    def _take(self) -> list[_Waiting]:
        """The next batch; a second item of the same stream or key waits for the one after."""
        batch, later, taken = list[_Waiting](), list[_Waiting](), set[Any]()
        for waiting in self._waiting:
            item = waiting.item
            marks = {item.stream_id} if item.repeat is None else {item.stream_id, item.repeat[:2]}
            if len(batch) == MAX_ITEMS or taken & marks:
                later.append(waiting)
            else:
                batch.append(waiting)
            taken |= marks
        self._waiting = later
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        started = time.perf_counter()
        try:
            answers = await self._send([waiting.item for waiting in batch])
        except (asyncpg.PostgresError, ValueError, ArithmeticError, TypeError) as error:
            # Guarantee: one bad item never fails its neighbours. Test: test_one_bad_item_fails_alone.
            for waiting in batch:
                if len(batch) > 1 and not isinstance(error, StoreUnavailable):
                    await self._answer([waiting])
                elif not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        except BaseException as error:
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        self._observe(len(batch))
        metrics.APPENDS_SECONDS.observe(time.perf_counter() - started)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():  # its caller may have gone away
                waiting.answer.set_result(answer)
        if any(isinstance(answer, Appended) for answer in answers):
            self._poke()

    async def _send(self, items: list[Item]) -> list[Answer]:
        """One call, sent again under the same ids while the database is away.

        Guarantee: a flush whose answer was lost is sent again and writes nothing twice. Test: test_a_lost_answer_is_asked_again.
        """
        arguments = _arguments(items, self._takes_rows)
        if self.opened is not None:
            async with asyncio.timeout(self._patience_seconds):
                await self.opened.wait()
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        while True:
            try:
                return [_answer(row) for row in await self._pool.fetch(self._call, *arguments)]
            except Exception as error:
                if not is_transient(error):
                    raise
                if asyncio.get_running_loop().time() + RETRY_SECONDS > deadline:
                    raise StoreUnavailable(type(error).__name__) from error
                await asyncio.sleep(RETRY_SECONDS)


def _arguments(items: list[Item], takes_rows: bool) -> list[list[tuple[Any, ...]]]:
    new_items, new_events, rows = (list[tuple[Any, ...]]() for _ in range(3))
    for number, item in enumerate(items, 1):
        caller, key, body_hmac, _ = item.repeat or (None,) * 4
        new_items.append(
            (item.stream_id, item.expected_version, item.command_id, len(item.events), caller, key, body_hmac)
        )
        trace = (item.actor, item.correlation_id, item.causation_id, item.traceparent)
        for index, event in enumerate(item.events):
            ids = (number, index, item.stream_id, event.event_id, item.command_id)
            what = (event.type, event.schema_version, event.occurred_at)
            new_events.append((*ids, *what, *trace, event.counter, event.data))
        rows.extend((number, *row) for row in item.attachment)
    return [new_items, new_events, rows] if takes_rows else [new_items, new_events]


def _answer(row: asyncpg.Record) -> Answer:
    _, outcome, stream_id, version, position, recorded_at, body_hmac, numbers = row
    if outcome == "appended":
        return Appended(stream_id, version, position, recorded_at, numbers or [])
    if outcome == "repeated":
        return Repeated(stream_id, version, recorded_at, body_hmac)
    return Conflict(version)
