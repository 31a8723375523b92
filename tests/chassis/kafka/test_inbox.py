"""Batches against the real PostgreSQL: applied once, held where they must be, and nothing from a member that lost its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import BaseModel

from contracts import envelope
from contracts.topics import BATCH_BYTES_MAX
from services.chassis.kafka.held import discard, excerpt, list_held, publish_dead_letters
from services.chassis.kafka.inbox import Inbox, Slice
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.records import Dialect, Keyed, Record
from services.chassis.kafka.sending import BATCH_BYTES
from tests.chassis.conftest import NOW, new_id

CLUSTER = "cluster-1"


class Narrow(BaseModel):
    a: int


def record(
    offset: int, stream_id: UUID, sequence: int, *, source: str = "intake", kind: str = "Happened.v1", value: bytes = b'{"a":1}',
    event_id: UUID | None = None, partition: int = 0,
) -> Record:  # fmt: skip
    headers = [
        ("ce_id", str(event_id or new_id()).encode()),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
        ("ce_time", NOW.isoformat().encode()),
        ("ce_subject", str(stream_id).encode()),
        ("ce_sequence", str(sequence).encode()),
        ("ce_recordedtime", NOW.isoformat().encode()),
    ]
    return Record("t", partition, offset, str(stream_id).encode(), value, headers)


async def apply(connection: Any, messages: list[Delivered]) -> None:
    if any(m.data.a == 666 for m in messages):
        raise ArithmeticError("cannot be applied")
    await connection.executemany(
        "INSERT INTO effects VALUES ($1, $2, $3, $4, $5)",
        [(m.stream_id, m.source, m.sequence, m.partition, m.type) for m in messages],
    )


def inbox_of(pool: asyncpg.Pool[Any], **known: Any) -> Inbox:
    dialect = Dialect(
        envelope.read, known.get("applied", {"Happened.v1": Narrow}), {"Ignored.v1"}, {"intake", "processing"}
    )
    return Inbox("reader", pool, dialect, apply, opener="intake")


@pytest.fixture
async def inbox(pool: asyncpg.Pool[Any]) -> Inbox:
    made = inbox_of(pool)
    await made.load_positions(CLUSTER, [("t", 0), ("t", 1)])
    return made


async def take(
    inbox: Inbox, position: int, records: Sequence[Record], partition: int = 0, cluster: str = CLUSTER
) -> bool:
    return ("t", partition) in await inbox.take(cluster, [Slice("t", partition, position, list(records))])


async def effects(pool: asyncpg.Pool[Any]) -> list[tuple[UUID, str, int]]:
    return [tuple(row)[:3] for row in await pool.fetch("SELECT * FROM effects ORDER BY ctid")]


async def test_effect_and_position_commit_together(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    stream = new_id()
    assert await take(inbox, 0, [record(0, stream, 1), record(1, stream, 2)])
    assert await effects(pool) == [(stream, "intake", 1), (stream, "intake", 2)]
    assert await inbox.load_positions(CLUSTER, [("t", 0)]) == {("t", 0): 2}


async def test_a_batch_finds_its_rows_by_key(pool: asyncpg.Pool[Any]) -> None:
    """A plan kept since the tables were short would read all of them: what is planned in a batch goes by an index alone."""
    ways: list[str] = []

    async def look(connection: Any, messages: list[Delivered]) -> None:
        ways.append(await connection.fetchval("SELECT current_setting('enable_seqscan')"))

    dialect = Dialect(envelope.read, {"Happened.v1": Narrow}, {"Ignored.v1"}, {"intake"})
    inbox = Inbox("reader", pool, dialect, look, opener="intake")
    await inbox.load_positions(CLUSTER, [("t", 0)])
    assert await take(inbox, 0, [record(0, new_id(), 1)])
    assert ways == ["off"]
    assert await pool.fetchval("SELECT current_setting('enable_seqscan')") == "on"


async def test_a_zombie_writes_nothing(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    """It was stopped after loading its position; meanwhile another member took the records; it comes back with the same ones."""
    records = [record(0, new_id(), 1)]
    assert await take(inbox_of(pool), 0, records)
    assert not await take(inbox, 0, records)
    assert not await take(inbox, 0, [record(0, new_id(), 1), record(1, new_id(), 1)])
    assert len(await effects(pool)) == 1


async def test_a_lost_slice_does_not_stop_its_neighbours(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    mine, others = new_id(), new_id()
    await take(inbox_of(pool), 0, [record(0, others, 1)])
    taken = await inbox.take(
        CLUSTER,
        [Slice("t", 0, 0, [record(0, others, 1)]), Slice("t", 1, 0, [record(0, mine, 1, partition=1)])],
    )
    assert taken == {("t", 1)}
    assert [e[0] for e in await effects(pool)] == [others, mine]


async def test_a_refilled_cluster_is_read_again_and_changes_nothing(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    stream = new_id()
    records = [record(n, stream, n + 1) for n in range(3)]
    await take(inbox, 0, records)
    assert await inbox.load_positions("cluster-2", [("t", 0)]) == {("t", 0): 0}
    assert await take(inbox, 0, [*records, record(3, stream, 4)], cluster="cluster-2")
    assert [e[2] for e in await effects(pool)] == [1, 2, 3, 4]


async def test_a_held_message_goes_on_when_the_missing_one_comes(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    stream = new_id()
    await take(inbox, 0, [record(0, stream, 1, source="processing"), record(1, stream, 2)])
    assert await effects(pool) == []
    assert [row["reason"] for row in [each async for each in list_held(pool)]] == ["before-opener", "gap"]
    await take(inbox, 2, [record(2, stream, 1)])
    assert sorted(e[1:] for e in await effects(pool)) == [("intake", 1), ("intake", 2), ("processing", 1)]
    assert [each async for each in list_held(pool)] == []


async def test_a_poison_holds_its_stream_alone(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    sick, well = new_id(), new_id()
    await take(
        inbox,
        0,
        [
            record(0, sick, 1),
            record(1, well, 1),
            record(2, sick, 2, value=b'{"a":666}'),
            record(3, sick, 3),
            record(4, well, 2),
        ],
    )
    assert sorted((e[0] == sick, e[2]) for e in await effects(pool)) == [(False, 1), (False, 2), (True, 1)]
    assert [(row["offset"], row["reason"]) for row in [each async for each in list_held(pool)]] == [
        (2, "poison"),
        (3, "behind"),
    ]
    await take(inbox, 5, [record(5, sick, 4), record(6, well, 3)])
    assert [(row["offset"], row["reason"]) for row in [each async for each in list_held(pool)]] == [
        (2, "poison"),
        (3, "behind"),
        (5, "behind"),
    ]


@pytest.mark.parametrize("value", [b"", b"{", b'{"a":"x"}', b"[]"])
async def test_what_does_not_validate_is_poison(inbox: Inbox, pool: asyncpg.Pool[Any], value: bytes) -> None:
    await take(inbox, 0, [record(0, new_id(), 1, value=value)])
    assert [row["reason"] for row in [each async for each in list_held(pool)]] == ["poison"]


async def test_a_record_without_envelope_is_held_by_itself(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    bare = Record("t", 0, 0, b"k", b"v", [("ce_id", b"\xff\xfe"), ("reply_to", b"elsewhere")])
    await take(inbox, 0, [bare, record(1, new_id(), 1)])
    assert [
        (row["stream_id"], row["reason"], row["detail"]) for row in [each async for each in list_held(pool)]
    ] == [(None, "poison", "envelope: ce_id")]
    assert len(await effects(pool)) == 1


async def test_an_unknown_type_is_held(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    stream = new_id()
    await take(inbox, 0, [record(0, stream, 1), record(1, stream, 2, kind="New.v1"), record(2, stream, 3)])
    assert [row["reason"] for row in [each async for each in list_held(pool)]] == ["unknown-type", "behind"]
    learned = inbox_of(pool, applied={"Happened.v1": Narrow, "New.v1": Narrow})
    assert await learned.redrive(stream, CLUSTER) == 0
    assert [e[2] for e in await effects(pool)] == [1, 2, 3]


async def test_a_type_passed_over_counts_as_seen(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    stream = new_id()
    await take(inbox, 0, [record(0, stream, 1, kind="Ignored.v1"), record(1, stream, 2)])
    assert [e[2] for e in await effects(pool)] == [2]


async def test_another_services_events_are_not_ours(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    await take(inbox, 0, [record(0, new_id(), 1, source="notify", kind="Whatever.v1")])
    assert (await effects(pool), [each async for each in list_held(pool)]) == ([], [])


async def test_a_discarded_poison_lets_its_stream_go_on(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    stream = new_id()
    await take(inbox, 0, [record(0, stream, 1), record(1, stream, 2, value=b"{"), record(2, stream, 3)])
    held_id = min([each["held_id"] async for each in list_held(pool)])
    assert await discard(pool, held_id, "operator/1", "sent by mistake") == stream
    assert await inbox.redrive(stream, CLUSTER) == 0
    assert [e[2] for e in await effects(pool)] == [1, 3]
    assert await pool.fetchval("SELECT actor || ' ' || reason FROM discarded") == "operator/1 sent by mistake"
    with pytest.raises(LookupError):
        await discard(pool, held_id, "operator/1", "again")


async def test_a_second_try_of_a_poison_that_is_still_poison_stays(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    stream = new_id()
    await take(inbox, 0, [record(0, stream, 1, value=b'{"a":666}'), record(1, stream, 2)])
    assert await inbox.redrive(stream, CLUSTER) == 2
    assert await effects(pool) == []


async def test_poison_reaches_the_dead_letters_once_and_again_after_a_crash(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    event_id = new_id()
    await take(inbox, 0, [record(0, new_id(), 1, value=b"{", event_id=event_id), record(1, new_id(), 2)])
    sent: list[bytes | None] = []

    class Topic:
        async def publish(self, message: Any, topic: str, *, key: bytes | None = None) -> None:
            sent.append(key)
            if len(sent) == 1:
                raise ConnectionError("died after sending")

    with pytest.raises(ConnectionError):
        await publish_dead_letters(pool, Topic(), "reader", "reader.dead-letters")
    await publish_dead_letters(pool, Topic(), "reader", "reader.dead-letters")
    await publish_dead_letters(pool, Topic(), "reader", "reader.dead-letters")
    assert sent == [str(event_id).encode()] * 2


async def test_a_dead_letter_is_bounded(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    """A message as large as the topic takes, in each of its parts, gives a letter that the topic takes."""
    sent: list[bytes] = []

    class Topic:
        async def publish(self, message: Any, topic: str, *, key: bytes | None = None) -> None:
            sent.append(message + (key or b""))

    value = b"{" + b"x" * 800_000
    await take(inbox, 0, [record(0, new_id(), 1, value=value)])
    await publish_dead_letters(pool, Topic(), "reader", "reader.dead-letters")
    letter = json.loads(sent[0][: sent[0].rindex(b"}") + 1])
    assert letter["value_bytes"] == len(value)
    assert letter["value_sha256"] == hashlib.sha256(value).hexdigest()
    assert len(sent[0]) < BATCH_BYTES_MAX / 10
    assert BATCH_BYTES < BATCH_BYTES_MAX  # what a producer gathers, the broker takes
    large = excerpt(b"k" * 10**6, None, [("h" * 10**5, b"v" * 10**5)] * 10**3)
    assert len(json.dumps(large)) < BATCH_BYTES_MAX / 10


async def test_a_keyed_poison_keeps_its_place_alone(pool: asyncpg.Pool[Any]) -> None:
    applied: list[Any] = []

    def parse(key: bytes, value: bytes | None, headers: Any) -> Any:
        if value == b"secret":
            raise ValueError(value)
        return value

    async def keep(connection: Any, messages: list[Delivered]) -> None:
        applied.extend(m.data for m in messages)

    inbox = Inbox("contacts", pool, Keyed(parse), keep, opener=None)
    await inbox.load_positions(CLUSTER, [("t", 0)])
    records = [Record("t", 0, n * 7, b"key", value, []) for n, value in enumerate([b"one", b"secret", None])]
    assert await take(inbox, 0, records)
    assert applied == [b"one", None]
    row = await pool.fetchrow("SELECT * FROM held")
    assert (row["key"], row["value"], row["offset"], row["reason"]) == (None, None, 7, "poison")
    assert "secret" not in str(dict(row))
