"""From a log to its readers: whatever is missing in between is told within seconds, and a sound system never differs."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.kafka.run import Kafka
from services.chassis.kafka import reconciliation, slices
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.marks import ranges
from services.chassis.kafka.placing import with_others
from services.chassis.kafka.progress import Progress, Said
from services.chassis.kafka.reconciliation import counted_of, reconciliation_state, wanted_of
from services.chassis.kafka.relay import Relay
from services.chassis.kafka.republish import republish
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import EventStore, StoredEvent
from services.chassis.process import metrics
from services.chassis.process.settings import KafkaSettings
from tests.chassis.conftest import NOW, item, new_id, outgoing_to
from tests.chassis.wire import KafkaAs, counted, reader_of, relay_of, running, until, write


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{new_id()}"
    kafka.create_topic(name, partitions=3)
    return name


def difference(producer: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("motcua_reconciliation_difference", {"producer": producer})


@asynccontextmanager
async def read(pool: asyncpg.Pool[Any], kafka: KafkaSettings, topic: str) -> AsyncIterator[Any]:
    """A process of the reader."""
    progress = Progress(kafka)
    reader = reader_of(pool, kafka, topic, progress=progress)
    async with running(reader.run, progress.run):
        yield reader


async def complete_at(reader: Any, position: int, producer: str) -> bool:
    known = await reader.complete_up_to()
    return known is not None and known.positions == {producer: position}


async def skip_one(pool: asyncpg.Pool[Any]) -> None:
    """The reader passes over one message, and notes nothing."""
    await pool.execute(
        "UPDATE reader_positions SET position = position + 1 WHERE partition = "
        "(SELECT min(partition) FROM reader_positions WHERE position > 0)"
    )


async def test_a_message_lost_before_the_reader_is_told(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    store, kafka = EventStore(pool), kafka_as("intake")
    relay = relay_of(pool, kafka, topic)
    async with running(relay.run):
        async with read(pool, kafka, topic) as reader:
            await write(store, 30, versions=1)
            await until(lambda: complete_at(reader, 30, topic))
            await until(lambda: _is(difference(topic) == 0))
        # The only version of its stream: nothing comes behind it that would show a gap.
        await write(store, 30, versions=1)
        await until(lambda: pool.fetchval("SELECT position = 60 FROM relay_cursors"))
        await skip_one(pool)
        async with read(pool, kafka, topic) as reader:
            await until(lambda: _is(difference(topic) == 1))
            assert reconciliation_state() == "differs"
            assert await counted(pool) == 59
            assert await reader.complete_up_to() is None
            # Published again, it is there again, and nothing is there twice.
            await republish(pool)
            await until(lambda: complete_at(reader, 60, topic))
            await until(lambda: _is(difference(topic) == 0))
            assert await counted(pool) == 60


async def _is(found: bool) -> bool:
    return found


async def test_what_is_held_is_there_and_missed_when_it_is_gone(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    store, kafka = EventStore(pool), kafka_as("intake")
    relay = relay_of(pool, kafka, topic)
    async with running(relay.run), read(pool, kafka, topic) as reader:
        await write(store, 5, versions=1)
        await until(lambda: complete_at(reader, 5, topic))
        poisoned = await _append_poison(store)
        await until(lambda: complete_at(reader, 6, topic))
        assert await pool.fetchval("SELECT stream_id FROM held") == poisoned
        await asyncio.sleep(1.5)
        assert difference(topic) == 0
        await pool.execute("DELETE FROM held")
        await until(lambda: _is(difference(topic) == 1))
        assert await reader.complete_up_to() is None


async def _append_poison(store: EventStore) -> Any:
    bad = item(data='{"a":"no number"}')
    await store.append(bad)
    return bad.stream_id


async def test_events_that_are_not_as_many_as_their_marks_are_told(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every position is marked, and one event of one stream is not among those that were applied."""
    monkeypatch.setattr(reconciliation, "COUNT_SECONDS", 0.0)
    store, kafka = EventStore(pool), kafka_as("intake")
    async with running(relay_of(pool, kafka, topic).run), read(pool, kafka, topic) as reader:
        (first, *_) = await write(store, 5)
        await until(lambda: complete_at(reader, 20, topic))
        await until(lambda: _is(difference(topic) == 0))
        await pool.execute("UPDATE applied_versions SET version = version - 1 WHERE stream_id = $1", first)
        await until(lambda: _is(difference(topic) == 1))
        assert await reader.complete_up_to() is None
        await pool.execute("UPDATE applied_versions SET version = version + 1 WHERE stream_id = $1", first)
        await until(lambda: complete_at(reader, 20, topic))


async def test_a_sound_system_never_differs(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load: a second member comes, the first one goes, both relays take turns, and one reader begins again."""
    monkeypatch.setattr(reconciliation, "COUNT_SECONDS", 0.0)
    store, kafka = EventStore(pool), kafka_as("intake")
    seen: set[float | None] = set()

    async def watch() -> None:
        while True:
            seen.add(difference(topic))
            await asyncio.sleep(0.01)

    async with running(watch, relay_of(pool, kafka, topic).run):
        async with read(pool, kafka, topic):
            await write(store, 60)
            async with read(pool, kafka, topic), running(relay_of(pool, kafka, topic).run):
                await write(store, 60)
        async with read(pool, kafka, topic) as reader:
            await write(store, 60)
            await until(lambda: complete_at(reader, 720, topic))
            await until(lambda: _is(difference(topic) == 0))
    assert seen <= {None, 0}
    assert 0 in seen
    assert await pool.fetchval("SELECT range_agg(positions)::text FROM reader_marks") == "{[1,721)}"


async def test_a_reader_with_a_past_takes_it_as_there(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    """The release before marked nothing, and its relay said nothing of places."""
    store, kafka = EventStore(pool), kafka_as("intake")
    async with running(relay_of(pool, kafka, topic).run), read(pool, kafka, topic) as reader:
        await write(store, 10)
        await until(lambda: complete_at(reader, 40, topic))
    await pool.execute("DELETE FROM reader_marks")
    await pool.execute("UPDATE relay_cursors SET placed_to = 0")
    await pool.execute("INSERT INTO reader_marks VALUES ('intake', $1, '{}', NULL, NULL, 'infinity')", topic)
    async with running(relay_of(pool, kafka, topic).run), read(pool, kafka, topic) as reader:
        await write(store, 10)
        await until(lambda: complete_at(reader, 80, topic))
        await until(lambda: _is(difference(topic) == 0))
        assert await pool.fetchval("SELECT unplaced_to FROM relay_cursors") == 40
        until_at = await pool.fetchval(
            "SELECT adopts_until - now() FROM reader_marks WHERE adopts_until IS NOT NULL"
        )
        assert 500 < until_at.total_seconds() <= 600


async def test_what_stands_on_another_topic_is_not_missed(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, kafka: Kafka, topic: str
) -> None:
    store, settings = EventStore(pool), kafka_as("intake")
    other = f"{topic}-other"
    kafka.create_topic(other, partitions=1)
    here, there = outgoing_to(topic, source=topic), outgoing_to(other, source=topic)

    def outgoing(stored: StoredEvent) -> Message:
        return (there if stored.position % 5 == 0 else here)(stored)

    relay = Relay(topic, pool, settings, [events_feed(outgoing, main=topic)], new_id())
    async with running(relay.run), read(pool, settings, topic) as reader:
        await write(store, 23, versions=1)
        await until(lambda: complete_at(reader, 23, topic))
        await until(lambda: _is(difference(topic) == 0))
        assert await counted(pool) == 19


async def test_another_event_at_the_last_position_is_told(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    store, kafka = EventStore(pool), kafka_as("intake")
    async with running(relay_of(pool, kafka, topic).run), read(pool, kafka, topic) as reader:
        await write(store, 3, versions=1)
        await until(lambda: complete_at(reader, 3, topic))
        await pool.execute("UPDATE reader_marks SET last_id = $1 WHERE last_position = 3", new_id())
        await until(lambda: _is(difference(topic) == 1))


async def test_a_log_with_a_hole_is_not_published(
    copied: Any,
) -> None:
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        await write(store, 5, versions=1)
        await until(lambda: copied.is_said(5))
        admin = await asyncpg.connect(copied.database.admin_dsn)
        async with admin.transaction():
            await admin.execute(
                "INSERT INTO events SELECT position + n, gen_random_uuid(), 1, gen_random_uuid(), gen_random_uuid(), 0, type, "
                "schema_version, occurred_at, recorded_at, actor, NULL, NULL, NULL, data "
                "FROM events, unnest(ARRAY[2, 3]) n WHERE position = 5"
            )
        await admin.close()
        await until(copied.refused)
        assert await copied.said() == {} or (await copied.said())["position"] == 5


@given(st.sets(st.integers(1, 60)))
def test_ranges_say_the_same_positions(positions: set[int]) -> None:
    said = ranges(positions).strip("{}")
    stretches = [part.strip("[)").split(",") for part in said.split("),") if part]
    found = [n for first, end in stretches for n in range(int(first), int(end))]
    assert found == sorted(positions)


def test_what_is_wanted_is_all_but_what_stands_elsewhere() -> None:
    said = Said("c", 20, NOW, {}, unplaced_to=3, apart={"other": [(1, 2), (5, 7), (19, 30)], "own": [(9, 9)]})
    assert wanted_of(said, {"own"}) == "{[4,5),[8,19)}"
    assert wanted_of(said._replace(position=2), {"own"}) == "{}"
    assert wanted_of(said._replace(apart={}), {"own"}) == "{[4,21)}"
    assert counted_of(said, {"own"}) == "{[4,5),[8,19),[21,)}"
    assert counted_of(said._replace(position=2), {"own"}) == "{[3,)}"


def test_stretches_on_other_topics_grow() -> None:
    def message(topic: str) -> Message:
        return Message(topic, b"", b"", ())

    after = with_others({}, "m", [(1, message("o")), (2, message("o")), (3, message("m")), (4, message("o"))])
    assert after == {"o": [[1, 2], [4, 4]]}
    assert with_others(after, "m", [(5, message("o"))]) == {"o": [[1, 2], [4, 5]]}
    assert with_others(after, "m", [(5, message("m"))]) is after
    assert with_others({}, None, [(5, message("o"))]) == {}


def lacking(producer: str) -> float | None:
    return metrics.value("reconciliation_streams_lacking", {"producer": producer})


def passed_at(producer: str) -> float:
    return metrics.value("reconciliation_pass_timestamp_seconds", {"producer": producer}) or 0.0


async def test_a_stream_that_lacks_a_version_is_found(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positions are marked, and as many events applied as ever: only what each stream is at says that one lacks something."""
    monkeypatch.setattr(slices, "STREAMS", 7)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    store, kafka = EventStore(pool), kafka_as("intake")
    relay = relay_of(pool, kafka, topic)
    async with running(relay.run), read(pool, kafka, topic) as reader:
        one, other, *_ = await write(store, 20, versions=2)
        await until(lambda: complete_at(reader, 40, topic))
        await until(lambda: _is(passed_at(topic) > 0 and lacking(topic) == 0))
        await pool.execute("UPDATE applied_versions SET version = 1 WHERE stream_id = $1", one)
        await pool.execute("UPDATE applied_versions SET version = 3 WHERE stream_id = $1", other)
        await until(lambda: _is(lacking(topic) == 1))
        # Whoever is ahead has heard what came since; and what is behind is asked for until it is there.
        await pool.execute("UPDATE applied_versions SET version = 2 WHERE stream_id = ANY($1)", [one, other])
        await until(lambda: _is(lacking(topic) == 0))
        before = passed_at(topic)
        await until(lambda: _is(passed_at(topic) > before))


@given(st.lists(st.integers(0, 2**31 - 1), max_size=30), st.integers(0, 2**40))
def test_a_slice_is_read_as_it_was_said(versions: list[int], position: int) -> None:
    told = {UUID(int=n << 70): version for n, version in enumerate(versions)}
    packed = b"".join(slices._ROW.pack(stream_id.bytes, version) for stream_id, version in told.items())
    said = {"after": str(slices.FIRST), "up_to": str(slices.LAST), "position": position}
    found = slices.slice_of(said | {"streams": b64encode(packed).decode()})
    assert found == slices.Slice(slices.FIRST, slices.LAST, position, told)
