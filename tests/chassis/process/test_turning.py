"""Loops that stand still: told by a thread that does not turn with them, and begun again with their process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from deploy.local.kafka.run import Kafka
from services.chassis.kafka import consumer, relay
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.chassis.process import metrics, turning
from services.chassis.process.turning import Loop, Watchdog, rest, turned
from tests.chassis.conftest import item, new_id
from tests.chassis.process.test_lifecycle import START_SECONDS, Life, begin
from tests.chassis.wire import KafkaAs, counted, reader_of, relay_of, running, until, write
from tests.databases import Database

__all__ = ["begin"]


def still(name: str) -> float:
    return metrics.REGISTRY.get_sample_value("motcua_loops_still_seconds", {"loop": name}) or 0.0


def test_a_loop_that_stands_still_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "END_SECONDS", 3.0)
    ended: list[str] = []
    watchdog = Watchdog(ended.append)
    metrics.KAFKA_REACHABLE.set(0)
    with Loop("goes-on") as goes_on, Loop("waits", needs_broker=True), Loop("stands"):
        told = []
        for _ in range(4):
            watchdog.look()
            goes_on.turned()
            told.append((still("goes-on"), still("waits"), still("stands")))
        assert told == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3)]
        assert ended == ["stands"]
        metrics.KAFKA_REACHABLE.set(1)
        watchdog.look()
        assert still("waits") == 1
    watchdog.look()
    assert (still("waits"), still("stands")) == (0, 0)


async def test_what_runs_inside_a_loop_turns_it_and_a_meant_pause_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turning, "LOOK_SECONDS", 0.01)

    async def child() -> None:
        turned()

    turned()  # in no loop
    with Loop("outer") as outer:
        await asyncio.gather(child(), child())
        assert outer.turns == 2
        with Loop("inner") as inner:
            turned()
        await rest(0.05)
    assert inner.turns == 1
    assert outer.turns == 7


@pytest.mark.parametrize("task", ["still", "blocked"])
async def test_a_process_whose_loop_stands_still_ends(
    begin: Callable[..., Any],
    task: str,
) -> None:
    """`blocked` turns nothing at all any more: not even a request would be answered."""
    life: Life = await begin(task)
    async with asyncio.timeout(START_SECONDS):
        assert await life.process.wait() == turning.EX_SOFTWARE
    line = next(line for line in life.lines() if line["what"] == "loop-stands-still")
    assert line["loop"] == "task"


async def test_what_hangs_in_a_relay_or_a_reader_is_told(
    plain: Database,
    pool: asyncpg.Pool[Any],
    kafka: Kafka,
    kafka_as: KafkaAs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A feed, a lease and a batch that the database keeps waiting: each is told by itself, and turns again afterwards."""
    for module in (consumer, relay):
        monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    topic = f"test-{new_id()}"
    kafka.create_topic(topic, partitions=3)
    store, watchdog = EventStore(pool), Watchdog(lambda _: None)
    loops = {
        "relay_cursors": "relay-events",
        "relay_lease": "relay-lease",
        "effects": "reader-intake-moves",
    }

    async def told(name: str, seconds: float) -> bool:
        watchdog.look()
        return still(name) >= seconds

    async def turns(name: str) -> bool:
        watchdog.look()
        return still(name) == 0

    async with running(
        relay_of(pool, kafka_as("intake"), topic).run, reader_of(pool, kafka_as("intake"), topic).run
    ):
        await write(store, 1, 1)

        async def read() -> bool:
            return await counted(pool) == 1

        await until(read)
        for table, name in loops.items():
            async with (
                open_pool(plain.owner_dsn, size=1) as owner,
                owner.acquire() as connection,
                connection.transaction(),
            ):
                await connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
                await store.append(item())
                await until(lambda name=name: told(name, 20))
            await until(lambda name=name: turns(name))
