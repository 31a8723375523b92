"""The log against the real PostgreSQL: dense, ordered, answered item by item, and closed to everything but append."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from services.chassis.kafka.feeds import read_after
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import (
    Appended,
    Conflict,
    EventStore,
    Item,
    Repeated,
    RepeatKey,
    StoreUnavailable,
)
from tests.chassis.conftest import item, new_id
from tests.databases import Database


async def test_an_event_is_stored_and_read_back(store: EventStore) -> None:
    given = item(events=2)
    answer = await store.append(given)
    assert isinstance(answer, Appended)
    assert (answer.version, answer.position) == (2, 2)
    stored = await store.load(given.stream_id)
    assert [(e.version, e.position, e.index, e.data) for e in stored] == [
        (1, 1, 0, '{"a":1}'),
        (2, 2, 1, '{"a":1}'),
    ]
    assert stored[0].recorded_at == answer.recorded_at
    assert await store.load(new_id()) == []


async def test_positions_are_dense_and_in_commit_order(plain: Database) -> None:
    """Several processes append at once while a reader follows by cursor: it sees every position once, in order, and no hole."""
    async with open_pool(plain.dsn) as pool:
        stores = [EventStore(pool) for _ in range(4)]
        seen: list[int] = []
        finished = asyncio.Event()

        async def follow() -> None:
            while not finished.is_set() or (seen[-1] if seen else 0) < await pool.fetchval(
                "SELECT max(position) FROM events"
            ):
                for stored in await read_after(pool, seen[-1] if seen else 0, 50):
                    seen.append(stored.position)
                await asyncio.sleep(0)

        follower = asyncio.create_task(follow())
        answers = await asyncio.gather(
            *(store.append(item(events=1 + n % 3)) for n in range(150) for store in stores)
        )
        finished.set()
        await follower
    total = sum(1 + n % 3 for n in range(150)) * 4
    assert seen == list(range(1, total + 1))
    assert sorted(a.position for a in answers if isinstance(a, Appended))[-1] == total
    connection = await asyncpg.connect(plain.dsn)
    assert (
        await connection.fetchval(
            "SELECT count(*) FROM (SELECT recorded_at < lag(recorded_at) OVER (ORDER BY position) AS back FROM events) e WHERE back"
        )
        == 0
    )
    await connection.close()


async def test_concurrent_appends_share_a_flush(pool: asyncpg.Pool[Any]) -> None:
    sizes: list[int] = []
    store = EventStore(pool, observe=sizes.append)
    await asyncio.gather(*(store.append(item()) for _ in range(100)))
    assert sum(sizes) == 100
    assert len(sizes) < 5


async def test_the_slower_writer_is_told(store: EventStore) -> None:
    stream_id = new_id()
    answers = await asyncio.gather(store.append(item(stream_id)), store.append(item(stream_id)))
    assert [type(a) for a in answers] == [Appended, Conflict]
    assert answers[1] == Conflict(1)
    assert len(await store.load(stream_id)) == 1


async def test_without_expected_version_it_goes_to_the_end(store: EventStore) -> None:
    stream_id = new_id()
    answers = await asyncio.gather(*(store.append(item(stream_id, None)) for _ in range(3)))
    assert [a.version for a in answers] == [1, 2, 3]


async def test_a_repeated_command_writes_nothing(store: EventStore) -> None:
    given = item(events=2)
    first = await store.append(given)
    again = await store.append(given)
    assert isinstance(first, Appended)
    assert again == Repeated(given.stream_id, 2, first.recorded_at, None)
    assert len(await store.load(given.stream_id)) == 2


async def test_a_repeat_is_seen_before_a_conflict(store: EventStore) -> None:
    given = item()
    await store.append(given)
    await store.append(item(given.stream_id, 1))
    assert isinstance(await store.append(given), Repeated)


async def test_a_callers_key_makes_one_stream(store: EventStore) -> None:
    first, second = item(repeat=RepeatKey("a", "k", b"1")), item(repeat=RepeatKey("a", "k", b"2"))
    other = item(repeat=RepeatKey("b", "k", b"1"))
    answers = await asyncio.gather(store.append(first), store.append(second), store.append(other))
    assert [type(a) for a in answers] == [Appended, Repeated, Appended]
    assert isinstance(answers[1], Repeated)
    assert (answers[1].stream_id, answers[1].body_hmac) == (first.stream_id, b"1")
    assert await store.load(second.stream_id) == []


async def test_a_key_is_recognised_in_last_weeks_partition(plain: Database, store: EventStore) -> None:
    """A unique index does not reach across partitions: the function looks in every live one."""
    given = item(repeat=RepeatKey("a", "k", b"1"))
    await store.append(given)
    owner = await asyncpg.connect(plain.admin_dsn)
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    before = monday - timedelta(days=7)
    await owner.execute(
        f"CREATE TABLE idempotency_keys_{before:%Y%m%d} PARTITION OF idempotency_keys FOR VALUES IN ('{before}')"
    )
    await owner.execute("UPDATE idempotency_keys SET week = $1", before)
    again = await store.append(item(repeat=RepeatKey("a", "k", b"1")))
    assert isinstance(again, Repeated)
    assert again.stream_id == given.stream_id
    await owner.execute("SELECT keep_idempotency_weeks($1)", before + timedelta(days=20))
    assert isinstance(await store.append(item(repeat=RepeatKey("a", "k", b"1"))), Repeated)
    await owner.execute("SELECT keep_idempotency_weeks($1)", before + timedelta(days=21))
    assert isinstance(await store.append(item(repeat=RepeatKey("a", "k", b"1"))), Appended)
    await owner.close()


async def test_one_bad_item_fails_alone(store: EventStore) -> None:
    answers = await asyncio.gather(
        *(store.append(item(data='{"broken":' if n == 3 else "{}")) for n in range(8)), return_exceptions=True
    )
    assert [isinstance(a, asyncpg.PostgresError) for a in answers] == [n == 3 for n in range(8)]
    assert sorted(a.position for a in answers if isinstance(a, Appended)) == list(range(1, 8))


async def test_an_item_that_the_driver_cannot_even_encode_fails_alone(store: EventStore) -> None:
    """The first hours of the calendar east of Greenwich have no instant in UTC: the driver overflows before it sends anything."""
    too_early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    bad = item()
    bad = replace(bad, events=[bad.events[0]._replace(occurred_at=too_early)])
    answers = await asyncio.gather(
        store.append(item()), store.append(bad), store.append(item()), return_exceptions=True
    )
    assert [isinstance(a, Appended) for a in answers] == [True, False, True]


async def test_numbers_are_drawn_without_gaps(plain: Database) -> None:
    """Three processes draw from two counters, some of their items repeat or conflict: no gap, no number twice."""
    async with open_pool(plain.dsn) as pool:
        stores = [EventStore(pool) for _ in range(3)]
        taken = item()
        await stores[0].append(taken)
        work: list[Item] = []
        for n in range(60):
            work.append(item(counter=f"c{n % 2}"))
            if n % 10 == 0:
                work.append(item(taken.stream_id, 0, counter="c0"))
        answers = await asyncio.gather(*(stores[n % 3].append(given) for n, given in enumerate(work)))
        drawn: dict[str | None, list[int]] = {"c0": [], "c1": []}
        for given, answer in zip(work, answers, strict=True):
            if isinstance(answer, Appended):
                drawn[given.events[0].counter] += answer.numbers
        assert {name: sorted(numbers) for name, numbers in drawn.items()} == {
            "c0": list(range(1, 31)),
            "c1": list(range(1, 31)),
        }
        stored = await stores[0].load(work[0].stream_id)
        assert stored[0].data == f'{{"number":{answers[0].numbers[0]},"a":1}}'


async def test_a_lost_answer_is_asked_again(plain: Database, pool: asyncpg.Pool[Any]) -> None:
    """The connection dies after the commit, before the answer: sent again under the same ids, nothing stands twice."""

    class LosesFirstAnswer:
        lost = False

        async def fetch(self, *arguments: Any) -> Any:
            rows = await pool.fetch(*arguments)
            if not self.lost:
                self.lost = True
                raise asyncpg.ConnectionDoesNotExistError("the answer was lost")
            return rows

    store = EventStore(LosesFirstAnswer())  # type: ignore[arg-type]
    given = [item(repeat=RepeatKey("a", str(n), b"1")) for n in range(5)]
    answers = await asyncio.gather(*(store.append(i) for i in given))
    assert [(type(a), a.stream_id) for a in answers if not isinstance(a, Conflict)] == [
        (Repeated, i.stream_id) for i in given
    ]
    assert await pool.fetchval("SELECT count(*) FROM events") == 5


async def test_an_absent_database_is_told_after_patience() -> None:
    async with open_pool("postgresql://nobody@127.0.0.1:1/none") as pool:
        store = EventStore(pool, patience_seconds=0.3)
        answers = await asyncio.gather(store.append(item()), store.append(item()), return_exceptions=True)
    assert [type(a) for a in answers] == [StoreUnavailable, StoreUnavailable]


async def test_a_cancelled_caller_does_not_stop_the_flush(store: EventStore) -> None:
    gone = asyncio.create_task(store.append(item()))
    stays = asyncio.create_task(store.append(item()))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await stays, Appended)
    assert isinstance(await store.append(item()), Appended)


async def test_recorded_at_never_goes_back(plain: Database, store: EventStore) -> None:
    await store.append(item())
    owner = await asyncpg.connect(plain.admin_dsn)
    ahead = datetime.now(UTC) + timedelta(seconds=4)
    await owner.execute("UPDATE events SET recorded_at = $1", ahead)
    answer = await store.append(item())
    assert isinstance(answer, Appended)
    assert answer.recorded_at == ahead
    await owner.close()


async def test_complete_at_waits_for_appends_under_way(plain: Database, store: EventStore) -> None:
    """What is recorded after log_position() answered is recorded later: a completeness once stated stays true."""
    await store.append(item())
    slow = await asyncpg.connect(plain.owner_dsn)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("SELECT FROM log_head FOR UPDATE")
    asked = asyncio.create_task(_log_position(plain))
    await asyncio.sleep(0.2)
    assert not asked.done()
    await transaction.rollback()
    position, complete_at = await asked
    answer = await store.append(item())
    assert isinstance(answer, Appended)
    assert position == 1
    assert answer.recorded_at > complete_at
    await slow.close()


async def _log_position(plain: Database) -> Any:
    connection = await asyncpg.connect(plain.dsn)
    row = await connection.fetchrow("SELECT * FROM log_position()")
    await connection.close()
    return row


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events SELECT * FROM events",
        "UPDATE events SET data = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE counters SET value = 0",
        "INSERT INTO idempotency_keys VALUES (current_date, 'a', 'b', gen_random_uuid(), '')",
    ],
)
async def test_the_running_role_cannot_touch_the_log(pool: asyncpg.Pool[Any], statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)
