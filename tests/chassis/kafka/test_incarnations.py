"""A log put back to an older state together with a broker begun anew: nothing published contradicts it any more, and readers still tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.kafka.run import Kafka
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.incarnations import lost_of
from services.chassis.kafka.log_identity import LogGuard
from services.chassis.kafka.progress import Life, Progress
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.chassis.process import metrics
from tests.chassis.conftest import item
from tests.chassis.copies import Copied
from tests.chassis.wire import reader_of, running, until, write

LIVES = "SELECT incarnation, began_after FROM log_incarnations ORDER BY number"


def difference(producer: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("motcua_reconciliation_difference", {"producer": producer})


@asynccontextmanager
async def all_running(copied: Copied) -> AsyncIterator[tuple[EventStore, Reader]]:
    """A process of the producer and one of the reader."""
    store, relay = copied.begin()
    progress = Progress(copied.kafka)
    reader = reader_of(copied.read, copied.kafka, copied.topic, progress=progress)
    async with running(relay.run, relay.guard.run, reader.run, progress.run):
        yield store, reader


async def complete_at(reader: Reader, position: int) -> bool:
    known = await reader.complete_up_to()
    return known is not None and list(known.positions.values()) == [position]


async def kept_at(copied: Copied, position: int) -> bool:
    return bool(await copied.read.fetchval("SELECT position = $1 FROM reader_logs", position))


async def differs_by(copied: Copied, number: int) -> bool:
    return difference(copied.topic) == number


async def differs(copied: Copied) -> bool:
    return bool(difference(copied.topic))


async def append(store: EventStore, stream_id: UUID, *versions: int) -> None:
    for version in versions:
        await store.append(item(stream_id, version))


def new_broker(copied: Copied, kafka: Kafka) -> None:
    kafka.wipe()
    kafka.create_topic(copied.topic, partitions=3)


async def test_a_log_that_lost_its_end_with_the_broker_is_told(copied: Copied, kafka: Kafka) -> None:
    """Versions 5 and 6 are lost, and another 5 is recorded: a repeat for who has read 6, no fork, and as many events as before.
    It is told until the reader is put back too."""
    async with all_running(copied) as (store, reader):
        stream_id, *_ = await write(store, 5)
        await until(lambda: complete_at(reader, 20))
    older, older_reader = await copied.copy(), await copied.copy(copied.reading)
    async with all_running(copied) as (store, reader):
        await append(store, stream_id, 4, 5)
        await until(lambda: complete_at(reader, 22))
        await until(lambda: kept_at(copied, 22))
    await copied.restore(older)
    new_broker(copied, kafka)
    async with all_running(copied) as (store, reader):
        await append(store, stream_id, 4)
        await until(lambda: copied.is_said(21))
        await until(lambda: differs_by(copied, 2))
        assert await reader.complete_up_to() is None
        await append(store, stream_id, 5, 6, 7)  # it outgrows what was lost
        await until(lambda: copied.is_said(24))
        await asyncio.sleep(1.5)
        assert difference(copied.topic) == 2
        assert await reader.complete_up_to() is None
    await copied.restore(older_reader, copied.reading)
    async with all_running(copied) as (_, reader):
        await until(lambda: complete_at(reader, 24))
        await until(lambda: differs_by(copied, 0))


async def test_a_restored_log_that_nobody_refused_is_told(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the guard taken out it publishes by itself, on the same broker, as much as was lost and more."""

    async def compares_nothing(guard: LogGuard, *_: object) -> None:
        guard._compared = True

    monkeypatch.setattr(LogGuard, "compare", compares_nothing)
    monkeypatch.setattr(LogGuard, "_compare_last", compares_nothing)
    async with all_running(copied) as (store, reader):
        await write(store, 5)
        await until(lambda: complete_at(reader, 20))
    older = await copied.copy()
    async with all_running(copied) as (store, reader):
        await write(store, 5)
        await until(lambda: complete_at(reader, 40))
        await until(lambda: kept_at(copied, 40))
    await copied.restore(older)
    async with all_running(copied) as (store, reader):
        await write(store, 25, versions=1)
        await until(lambda: copied.is_read(65))
        await until(lambda: copied.is_said(45))
        await until(lambda: differs(copied))
        assert await reader.complete_up_to() is None


async def test_a_log_that_moved_whole_differs_in_nothing(copied: Copied) -> None:
    """A dump restored as another database, as for another release of PostgreSQL: another incarnation, and every event is there."""
    async with all_running(copied) as (store, reader):
        await write(store, 5)
        await until(lambda: complete_at(reader, 20))
        await until(lambda: kept_at(copied, 20))
    await copied.restore(await copied.copy())
    async with all_running(copied) as (store, reader):
        await write(store, 5)
        await until(lambda: complete_at(reader, 40))
        await until(lambda: kept_at(copied, 40))
        await until(lambda: differs_by(copied, 0))
    assert (await copied.log.fetch(LIVES))[-1]["began_after"] == 20


async def test_no_event_is_appended_before_its_incarnation(copied: Copied) -> None:
    """Also by who never looks, as the release before; many at once begin one."""
    await write(EventStore(copied.log), 5)
    before = await copied.log.fetch(LIVES)
    await copied.restore(await copied.copy())
    async with open_pool(copied.database.dsn) as one, open_pool(copied.database.dsn) as two:
        await asyncio.gather(*(write(EventStore(pool), 20, versions=1) for pool in (one, two)))
        lives = await one.fetch(LIVES)
        assert lives[: len(before)] == before
        assert [life["began_after"] for life in lives[len(before) :]] == [20]
        # Begun again, the same server is no other place.
        await _administer(copied, "UPDATE log_incarnations SET server_started_at = 'epoch'")
        await write(EventStore(one), 1)
        assert await one.fetch(LIVES) == lives
        # Another timeline is.
        await _administer(
            copied,
            "UPDATE log_incarnations SET server_started_at = 'epoch', place = replace(place, '/0', '/1')",
        )
        await write(EventStore(one), 1)
        assert [life["began_after"] for life in await one.fetch(LIVES)][len(lives) :] == [64]


async def _administer(copied: Copied, statement: str) -> None:
    admin = await asyncpg.connect(copied.database.admin_dsn)
    await admin.execute(statement)
    await admin.close()


A, B, C = ("a", 0), ("b", 60), ("c", 70)


@pytest.mark.parametrize(
    ("kept", "position", "said", "lost"),
    [
        ([A], 80, [A], 0),
        ([A], 80, [A, B], 20),
        ([A], 60, [A, B], 0),
        ([A, B], 80, [A, B], 0),
        ([A, B], 80, [A, B, C], 10),
        ([A, B], 80, [A], 20),  # the server that was given up came back
        ([A, B], 65, [A, C], 5),  # put back to before the first restore
        ([A], 80, [("d", 0)], 80),  # begun anew
        ([A], 80, [("d", 0), ("e", 60)], 80),
    ],
)
def test_what_is_lost_is_what_stands_behind_the_last_common_life(
    kept: list[Life], position: int, said: list[Life], lost: int
) -> None:
    assert lost_of(kept, position, said) == lost


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.data())
def test_a_reader_knows_what_a_restored_log_lacks(lengths: list[int], data: st.DataObject) -> None:
    """A log grows and is put back to any earlier moment, again and again; the reader had read it at any of them."""
    moments: list[tuple[list[str], list[Life]]] = [([], [("0", 0)])]
    for turn, length in enumerate(lengths, 1):
        events, lives = moments[-1]
        if data.draw(st.booleans()):
            events, lives = data.draw(st.sampled_from(moments))
            lives = [*lives, (str(turn), len(events))]
        moments.append((events + [f"{lives[-1][0]}-{turn}-{n}" for n in range(length)], lives))
    log, said = moments[-1]
    read, kept = data.draw(st.sampled_from(moments))
    same = next((n for n in range(len(read)) if log[n : n + 1] != read[n : n + 1]), len(read))
    assert lost_of(kept, len(read), said) == len(read) - same
