"""What is held, looked after: discarded when it is its turn, tried again by the next release, counted as it moves."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel

from services.chassis.held import NotNext, discard, list_held
from services.chassis.inbox import Inbox
from services.chassis.redrive import SecondTries, ask_redrive_of_all
from tests.chassis.conftest import new_id
from tests.chassis.test_inbox import CLUSTER, Narrow, effects, inbox, inbox_of, record, take

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
    for row in await list_held(pool):
        with pytest.raises(NotNext):
            await discard(pool, row["held_id"], "operator/1", "of no use")
    assert await pool.fetchval("SELECT count(*) FROM discarded") == 0
    await take(inbox, 4, [record(4, first, 1), record(5, first, 2), record(6, later, 2)])
    by_offset = {row["offset"]: row["held_id"] for row in await list_held(pool)}
    with pytest.raises(NotNext):
        await discard(pool, by_offset[3], "operator/1", "the one before it is held")
    for offset in (0, 2, 3):
        await discard(pool, by_offset[offset], "operator/1", "of no use")
    await take(inbox, 7, [record(7, first, 4), record(8, later, 5)])
    assert sorted(e[2] for e in await effects(pool) if e[0] == first) == [1, 2, 4]
    assert sorted(e[2] for e in await effects(pool) if e[0] == later) == [1, 2, 5]
    assert await list_held(pool) == []


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
    await tries.go_on(CLUSTER)
    assert sorted(e[::2] for e in await effects(pool)) == sorted([(new, 1), (new, 2), (mended, 1)])
    assert [(row["stream_id"], row["reason"]) for row in await list_held(pool)] == [
        (other, "unknown-type"),
        (sick, "poison"),
    ]
    # Once at its start: a poison that stays one is not tried every second.
    await pool.execute("UPDATE held SET value = '{\"a\":1}' WHERE stream_id = $1", sick)
    await tries.go_on(CLUSTER)
    assert len(await list_held(pool)) == 2
    assert await ask_redrive_of_all(pool) == 2
    await tries.go_on(CLUSTER)
    assert [row["stream_id"] for row in await list_held(pool)] == [other]
    assert await pool.fetchval("SELECT count(*) FROM redrives_asked") == 0
