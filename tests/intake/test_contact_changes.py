"""The numbers of changes of contacts: with what is erased in between, and in a log of before them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.kafka.feeds import read_after
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.chassis.log.migrations import migrate
from services.intake.outgoing import outgoing
from services.intake.people.store import CONTACTS
from services.intake.samples import samples
from tests.chassis.conftest import new_id
from tests.databases import Database
from tests.house.release_before import REVISIONS, calls
from tests.intake.conftest import CODE_KEY, Front

ERASE = """
WITH gone AS (DELETE FROM applicants WHERE applicant_id = $1)
INSERT INTO contact_changes (position, applicant_id) VALUES (0, $1)
"""


async def changes(pool: Any, after: int = 0) -> list[tuple[int, UUID, bool]]:
    """What would be published: number, applicant, and whether somebody is there."""
    return [
        (number, UUID(message.key.decode()), message.value is not None)
        for number, message in await CONTACTS.read(pool, after, 100)
    ]


async def test_a_tombstone_in_between_keeps_nobody_from_submitting(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    assert (await front.file(key="a")).status_code == 201
    ((_, first, _),) = await changes(front.pool)
    for _ in range(3):
        await admin.execute(ERASE, first)
    assert (await front.file(key="b")).status_code == 201
    await admin.execute(ERASE, first)
    assert (await front.file(key="c")).status_code == 201
    told = await changes(front.pool)
    assert [number for number, _, _ in told] == [1, 2, 3, 4, 5, 6, 7]
    assert [there for _, _, there in told] == [False, False, False, False, True, False, True]
    said = [
        json.loads(outgoing(CODE_KEY)(event).value or b"")["contact_change"]
        for event in await read_after(front.pool, 0, 9)
    ]
    assert said == [1, 5, 7]


async def test_a_log_of_before_goes_on_after_the_migration(
    database: Callable[..., Database],
) -> None:
    """Old events say the change that they said; the release before goes on; what it and this one write has numbers behind them all."""
    made = database("intake", migrated=False)
    await asyncio.to_thread(migrate, "intake", made.owner_dsn, REVISIONS["intake"])
    async with open_pool(made.dsn) as pool:
        submit, act = calls("intake")
        await pool.fetch(act.statement, *act.arguments)
        await pool.fetch(submit.statement, *submit.arguments)
        await asyncio.to_thread(migrate, "intake", made.owner_dsn)
        submit, _ = calls("intake")
        await pool.fetch(submit.statement, *submit.arguments)
        store = EventStore(pool, function="submit_v2", attachment_type="new_filing_v2")
        answer = await store.append(samples(new_id)[0])
        numbers = [number for number, _, _ in await changes(pool)]
        assert numbers[0] == 2
        assert numbers[1:] == [2 + 2**32 + 1, 2 + 2**32 + 2]
        assert answer.numbers == numbers[2:]  # type: ignore[union-attr]
        *_, own = await read_after(pool, 0, 9)
        assert json.loads(own.data)["number"] == numbers[2]
        # The release before names its events' positions, and so does this one of them: no number is smaller.
        assert numbers[1] >= own.position - 1
