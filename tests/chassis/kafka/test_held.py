"""What is held, looked after: discarded when it is its turn, tried again by the next release, counted as it moves."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel

from services.chassis.kafka.held import (
    COUNT_HELD,
    OLDEST_HELD,
    WITHOUT_LETTER,
    NotNext,
    discard,
    list_held,
    measure_held,
)
from services.chassis.kafka.inbox import Inbox
from services.chassis.kafka.records import Record
from services.chassis.kafka.redrive import NEXT_FAULT, SecondTries, ask_redrive_of_all
from services.chassis.process import metrics
from tests.chassis.conftest import new_id
from tests.chassis.kafka.test_inbox import CLUSTER, Narrow, effects, inbox, inbox_of, record, take
from tests.databases import Database

__all__ = ["inbox"]


async def test_a_discard_passes_over_no_version_that_is_missing(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    """Not on a first row either: what has not come yet, or is held before it, would be lost for ever."""
    first, later = new_id(), new_id()
    await take(
        inbox, 0, [record(0, first, 3, value=b"{"), record(1, later, 1), record(2, later, 3, value=b"{")]
    )
    await take(inbox, 3, [record(3, later, 4, value=b"{")])
    async for row in list_held(pool):
        with pytest.raises(NotNext):
            await discard(pool, row["held_id"], "operator/1", "of no use")
    assert await pool.fetchval("SELECT count(*) FROM discarded") == 0
    await take(inbox, 4, [record(4, first, 1), record(5, first, 2), record(6, later, 2)])
    by_offset = {row["offset"]: row["held_id"] async for row in list_held(pool)}
    with pytest.raises(NotNext):
        await discard(pool, by_offset[3], "operator/1", "the one before it is held")
    for offset in (0, 2, 3):
        await discard(pool, by_offset[offset], "operator/1", "of no use")
    await take(inbox, 7, [record(7, first, 4), record(8, later, 5)])
    assert sorted(e[2] for e in await effects(pool) if e[0] == first) == [1, 2, 4]
    assert sorted(e[2] for e in await effects(pool) if e[0] == later) == [1, 2, 5]
    assert [row async for row in list_held(pool)] == []


async def test_an_upgraded_reader_tries_again_what_it_knows_by_now(
    inbox: Inbox, pool: asyncpg.Pool[Any]
) -> None:
    """Of a type that is known, of a model that takes it, and what can be applied by now; what is not known stays as it is."""
    new, other, mended, sick = (new_id() for _ in range(4))
    await take(
        inbox,
        0,
        [
            record(0, new, 1, kind="New.v1"),
            record(1, new, 2),
            record(2, other, 1, kind="Other.v1"),
            record(3, mended, 1, value=b'{"a":"x"}'),
            record(4, sick, 1, value=b'{"a":666}'),
        ],
    )

    class Wide(BaseModel):
        a: Any

    learned = {"Happened.v1": Wide, "New.v1": Narrow}
    upgraded = inbox_of(pool, applied=learned)
    tries = SecondTries(pool, upgraded, "reader", upgraded._dialect)
    while not tries._done:  # each call goes on for a moment
        await tries.go_on(CLUSTER)
    assert sorted(e[::2] for e in await effects(pool)) == sorted([(new, 1), (new, 2), (mended, 1)])
    assert [(row["stream_id"], row["reason"]) async for row in list_held(pool)] == [
        (other, "unknown-type"),
        (sick, "poison"),
    ]
    # Once at its start: a poison that stays one is not tried every second.
    await pool.execute("UPDATE held SET value = '{\"a\":1}' WHERE stream_id = $1", sick)
    await tries.go_on(CLUSTER)
    assert len([row async for row in list_held(pool)]) == 2
    assert await ask_redrive_of_all(pool) == 2
    await tries.go_on(CLUSTER)
    assert [row["stream_id"] async for row in list_held(pool)] == [other]
    assert await pool.fetchval("SELECT count(*) FROM redrives_asked") == 0


COUNTED = """
SELECT reader, reason, sum(streams)::int AS streams, sum(messages)::int AS messages FROM held_counts GROUP BY 1, 2
HAVING sum(messages) <> 0 OR sum(streams) <> 0 ORDER BY 1, 2
"""
STANDING = """
SELECT h.reader, kind.reason, count(DISTINCT coalesce(stream_id::text, held_id::text))::int AS streams, count(*)::int AS messages
FROM held h, LATERAL (VALUES (h.reason), ('')) kind(reason) GROUP BY 1, 2 ORDER BY 1, 2
"""


async def test_held_rows_are_counted_as_they_move(inbox: Inbox, pool: asyncpg.Pool[Any]) -> None:
    """Held, found to be poison, let go, discarded, tried again, of no stream: the counts are those of the rows, each time."""

    async def right(expected: dict[str, tuple[int, int]]) -> None:
        counted, standing = await pool.fetch(COUNTED), await pool.fetch(STANDING)
        assert counted == standing
        assert {row["reason"]: (row["streams"], row["messages"]) for row in counted} == expected

    one, two, three, four = (new_id() for _ in range(4))
    await take(
        inbox, 0,
        [record(0, one, 2), record(1, one, 3), record(2, two, 1, source="processing"), record(3, three, 1, value=b"{")],
    )  # fmt: skip
    await right({"": (3, 4), "gap": (1, 2), "before-opener": (1, 1), "poison": (1, 1)})
    await take(inbox, 4, [Record("t", 0, 4, b"k", b"v", [("ce_id", b"\xff")]), record(5, three, 2)])
    await right({"": (4, 6), "gap": (1, 2), "before-opener": (1, 1), "poison": (2, 2), "behind": (1, 1)})
    await take(inbox, 6, [record(6, one, 1), record(7, two, 1)])
    await right({"": (2, 3), "poison": (2, 2), "behind": (1, 1)})
    await take(inbox, 8, [record(8, four, 2, value=b'{"a":666}'), record(9, four, 3)])
    await right({"": (3, 5), "poison": (2, 2), "behind": (1, 1), "gap": (1, 2)})
    await take(inbox, 10, [record(10, four, 1)])  # and the second turns out to be poison
    await right({"": (3, 5), "poison": (3, 3), "behind": (1, 1), "gap": (1, 1)})
    async for row in list_held(pool):
        if row["reason"] == "poison":
            await discard(pool, row["held_id"], "operator/1", "of no use")
    await right({"": (2, 2), "behind": (1, 1), "gap": (1, 1)})
    for stream in (three, four):
        assert await inbox.redrive(stream, CLUSTER) == 0
    await right({})


async def test_looking_at_what_is_held_reads_no_held_row_but_the_oldest(
    pool: asyncpg.Pool[Any], plain: Database
) -> None:
    """Of a thousand held rows: the counts, the age, the poison without a letter and what a new release may know."""
    await pool.execute(
        'INSERT INTO held (reader, stream_id, reason, cluster_id, topic, partition, "offset", headers) '
        "SELECT 'reader', gen_random_uuid(), 'before-opener', 'c/', 't', 0, n, '[]' FROM generate_series(1, 1000) n"
    )
    administrator = await asyncpg.connect(plain.admin_dsn)
    await administrator.execute("ANALYZE held")
    for query in (
        COUNT_HELD,
        OLDEST_HELD,
        WITHOUT_LETTER.replace("$2", "100"),
        NEXT_FAULT.replace("$2", "0"),
    ):
        plan = await administrator.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {query.replace('$1', quoted('reader'))}"
        )
        assert read_rows(json.loads(plan)[0]["Plan"]) <= 2, query
    await administrator.close()
    await measure_held(pool, "reader")
    labels = {"reader": "reader", "reason": "before-opener"}
    assert metrics.REGISTRY.get_sample_value("motcua_held_streams", labels) == 1000


def quoted(text: str) -> str:
    return f"'{text}'"


def read_rows(plan: dict[str, Any]) -> float:
    """The most rows that any step of it read, filtered ones included."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([own, *(read_rows(step) for step in plan.get("Plans", ()))])
