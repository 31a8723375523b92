"""A decision from the log and back to it: repeats, stale callers, lost races, and names that outlive their classes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from services.chassis.log.decider import Context, EventTypes, Executed, Rejected, Stale, execute
from services.chassis.log.event_store import EventStore
from tests.chassis.conftest import NOW, new_id


@dataclass(frozen=True, slots=True)
class Added:
    amount: int


TYPES: EventTypes[Added] = EventTypes({"Added": Added})


def total(events: Sequence[Added]) -> int:
    return sum(event.amount for event in events)


def add(amount: int, *, limit: int = 100) -> Any:
    def decide(state: int) -> Sequence[Added] | Rejected:
        if amount == 0:
            return []
        return (
            [Added(amount)]
            if state + amount <= limit
            else Rejected("over-the-limit", f"{state} + {amount} > {limit}")
        )

    return decide


def context() -> Context:
    return Context(new_id(), "officer/1", NOW)


async def test_yes_no_and_already_so(store: EventStore) -> None:
    stream = new_id()
    yes = await execute(store, TYPES, stream, total, add(60), context(), new_id)
    no = await execute(store, TYPES, stream, total, add(60), context(), new_id)
    quiet = await execute(store, TYPES, stream, total, add(0), context(), new_id)
    assert isinstance(yes, Executed) and (yes.version, yes.repeated) == (1, False)
    assert no == Rejected("over-the-limit", "60 + 60 > 100")
    assert isinstance(quiet, Executed)
    assert (quiet.version, quiet.events, [stored.version for stored in quiet.history]) == (1, [], [1])
    assert len(await store.load(stream)) == 1


async def test_a_repeat_is_answered_before_the_version_is_compared(store: EventStore) -> None:
    stream, once = new_id(), context()
    first = await execute(store, TYPES, stream, total, add(1), once, new_id, expected_version=0)
    await execute(store, TYPES, stream, total, add(1), context(), new_id)
    again = await execute(store, TYPES, stream, total, add(1), once, new_id, expected_version=0)
    assert isinstance(first, Executed) and isinstance(again, Executed)
    assert again == replace(first, repeated=True)
    assert await execute(store, TYPES, stream, total, add(1), context(), new_id, expected_version=1) == Stale(
        2
    )


async def test_who_lost_a_race_decides_again(pool: asyncpg.Pool[Any]) -> None:
    """Ten processes add at once to one stream of limit 30: exactly as many succeed as fit, whoever was quicker."""
    stream = new_id()
    answers = await asyncio.gather(
        *(
            execute(EventStore(pool), TYPES, stream, total, add(10, limit=30), context(), new_id)
            for _ in range(6)
        )
    )
    stored = await EventStore(pool).load(stream)
    assert len(stored) <= 3
    assert sum(isinstance(a, Executed) for a in answers) == len(stored)
    assert all(isinstance(a, Executed | Rejected | Stale) for a in answers)


async def test_the_same_command_at_once_stands_once(pool: asyncpg.Pool[Any]) -> None:
    stream, once = new_id(), context()
    answers = await asyncio.gather(
        *(execute(EventStore(pool), TYPES, stream, total, add(1), once, new_id) for _ in range(4))
    )
    assert len(await EventStore(pool).load(stream)) == 1
    assert all(isinstance(a, Executed) and a.version == 1 for a in answers)


def test_a_renamed_class_reads_its_history() -> None:
    name, schema_version, data = TYPES.encode(Added(5))
    assert (name, schema_version, data) == ("Added", 1, '{"amount":5}')

    @dataclass(frozen=True, slots=True)
    class SumGrown:
        by: int

    renamed: EventTypes[SumGrown] = EventTypes(
        {"Added": SumGrown}, versions={"Added": 2}, upcasts={("Added", 1): lambda old: {"by": old["amount"]}}
    )
    assert renamed.decode(name, schema_version, data) == SumGrown(5)
    assert renamed.encode(SumGrown(6)) == ("Added", 2, '{"by":6}')
    with pytest.raises(KeyError):
        renamed.decode("Subtracted", 1, "{}")


@pytest.mark.parametrize("counter", [None, "serials"])
async def test_what_was_appended_is_told_as_it_is_read(store: EventStore, counter: str | None) -> None:
    def twice(_: int) -> Sequence[Added]:
        return [Added(1), Added(2)]

    stream = new_id()
    for _ in range(2):
        done = await execute(store, TYPES, stream, total, twice, context(), new_id, counter=lambda _: counter)
        assert isinstance(done, Executed)
        assert done.history == await store.load(stream)
        assert done.events == done.history[-2:]
    assert [stored.version for stored in done.events] == [3, 4]
