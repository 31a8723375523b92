"""Runs a pure decision against the log: load, fold, decide, append; told to be slower, it does so again, three times.

A decider is two pure functions and an initial state: `decide(command, state) -> events | Rejected`, `evolve(state, event) -> state`.
No events means that it is already so, which is success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from services.chassis.log.event_store import (
    PATIENCE_SECONDS,
    Appended,
    Conflict,
    EventStore,
    Item,
    NewEvent,
    StoredEvent,
)
from services.chassis.process import logs

E = TypeVar("E")
S = TypeVar("S")
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refusal: `code` is stable and kebab-case, `detail` says it in a sentence."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """The caller decided on an older version than the current one."""

    version: int


@dataclass(frozen=True, slots=True)
class Executed:
    """The command stands in the log: its events (none when it was already so) and the stream's version after them.

    `history` is the stream as it was read last, which may have gone on since.
    """

    version: int
    events: list[StoredEvent]
    history: list[StoredEvent] = field(compare=False)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Who commands, under which id, and when; `actor` is role/subject and never a person's name."""

    command_id: UUID
    actor: str
    occurred_at: datetime
    correlation_id: UUID | None = field(default_factory=logs.correlation.get)
    causation_id: UUID | None = None
    traceparent: str | None = None


class EventTypes(Generic[E]):
    """The stored names of one aggregate's events and the frozen dataclasses that they are today.

    Guarantee: stored names are strings of our choosing, so a renamed class still reads its history.
    Test: test_a_renamed_class_reads_its_history.
    """

    def __init__(
        self,
        types: Mapping[str, type[E]],
        *,
        versions: Mapping[str, int] | None = None,
        upcasts: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    ) -> None:
        self._names = {cls: name for name, cls in types.items()}
        self._adapters: dict[str, TypeAdapter[E]] = {name: TypeAdapter(cls) for name, cls in types.items()}
        self._versions = versions or {}
        self._upcasts = upcasts or {}

    @property
    def names(self) -> frozenset[str]:
        """Every name that may stand in the log."""
        return frozenset(self._adapters)

    def encode(self, event: E) -> tuple[str, int, str]:
        """Name, schema version and JSON object text of an event."""
        return *self.stored_as(type(event)), orjson.dumps(event).decode()

    def stored_as(self, cls: type[E]) -> tuple[str, int]:
        """Name and schema version under which such events are stored today."""
        name = self._names[cls]
        return name, self._versions.get(name, 1)

    def decode(self, name: str, schema_version: int, data: str | bytes) -> E:
        """The event as today's class; older schema versions are upcast one by one. KeyError on an unknown name."""
        adapter = self._adapters[name]
        if schema_version == self._versions.get(name, 1):
            return adapter.validate_json(data)
        return adapter.validate_python(self.members(name, schema_version, data))

    def members(self, name: str, schema_version: int, data: str | bytes) -> dict[str, Any]:
        """What a stored event says, as today's class would, unchecked; what the log added, too."""
        members: dict[str, Any] = orjson.loads(data)
        for version in range(schema_version, self._versions.get(name, 1)):
            members = self._upcasts[name, version](members)
        return members


class Store(Protocol):
    """What a decision needs of the event store."""

    async def append(self, item: Item) -> Any: ...
    async def load(self, stream_id: UUID) -> list[StoredEvent]: ...


async def admitted(store: EventStore) -> None:
    """Waits until the log is opened, and raises what refuses it, before anything is decided by it.

    Guarantee: nobody decides by a log that is refused. Test: test_a_refused_log_decides_nothing.
    """
    if store.opened is not None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await store.opened.wait()


async def execute(
    store: EventStore,
    types: EventTypes[E],
    stream_id: UUID,
    fold: Callable[[list[E]], S],
    decide: Callable[[S], Sequence[E] | Rejected],
    context: Context,
    new_id: Callable[[], UUID],
    *,
    expected_version: int | None = None,
    counter: Callable[[E], str | None] = lambda _: None,
    attachment: Callable[[S, Sequence[E], int], Sequence[tuple[Any, ...]]] | None = None,
) -> Executed | Rejected | Stale:
    """Carries one command to the durable fact or to its refusal.

    Guarantee: a repeat of a command gets the first answer before any version is compared.
    Test: test_a_repeat_is_answered_before_the_version_is_compared.
    `attachment(state, events, version_after)` gives the rows that the service's own append function writes beside the events.
    """
    await admitted(store)
    for attempt in range(ATTEMPTS):
        history = await store.load(stream_id)
        version = len(history)
        repeats = [stored for stored in history if stored.command_id == context.command_id]
        if repeats:
            return Executed(repeats[-1].version, repeats, history, repeated=True)
        if expected_version is not None and expected_version != version:
            return Stale(version)
        state = fold([types.decode(e.type, e.schema_version, e.data) for e in history])
        decision = decide(state)
        if isinstance(decision, Rejected):
            return decision
        if not decision:
            return Executed(version, [], history)
        rows = attachment(state, decision, version + len(decision)) if attachment else ()
        item = Item(
            stream_id=stream_id,
            expected_version=version,
            command_id=context.command_id,
            events=new_events(types, decision, context, new_id, counter),
            actor=context.actor,
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            traceparent=context.traceparent,
            attachment=rows,
        )
        answer = await store.append(item)
        if isinstance(answer, Conflict):
            if attempt + 1 == ATTEMPTS:
                return Stale(answer.version)
            continue
        if isinstance(answer, Appended):
            mine = stored_events(item, answer)
            return Executed(answer.version, mine, [*history, *mine])
        history = await store.load(stream_id)
        mine = [stored for stored in history if stored.command_id == context.command_id]
        return Executed(mine[-1].version, mine, history, repeated=True)
    raise AssertionError("unreachable")


def new_events(
    types: EventTypes[E],
    events: Sequence[E],
    context: Context,
    new_id: Callable[[], UUID],
    counter: Callable[[E], str | None] = lambda _: None,
) -> list[NewEvent]:
    """Decided events as the store takes them, each under a fresh id."""
    stored = []
    for event in events:
        name, schema_version, data = types.encode(event)
        stored.append(NewEvent(new_id(), name, schema_version, context.occurred_at, counter(event), data))
    return stored


def stored_events(item: Item, answer: Appended) -> list[StoredEvent]:
    """The rows of what was just appended: nobody writes them again, so they need not be read.

    Guarantee: they are what reading gives. Test: test_what_was_appended_is_told_as_it_is_read.
    """
    numbers = iter(answer.numbers)
    before = len(item.events) - 1
    return [
        StoredEvent(
            answer.position - before + index,
            item.stream_id,
            answer.version - before + index,
            event.event_id,
            item.command_id,
            index,
            event.type,
            event.schema_version,
            event.occurred_at,
            answer.recorded_at,
            item.actor,
            item.correlation_id,
            item.causation_id,
            item.traceparent,
            event.data if event.counter is None else _numbered(event.data, next(numbers)),
        )
        for index, event in enumerate(item.events)
    ]


def _numbered(data: str, number: int) -> str:
    """As append() writes it."""
    return f'{{"number":{number}' + ("}" if data == "{}" else f",{data[1:]}")
