"""The check of numbers: whatever differs from its list is found, what changed at once and the rest in turn; a migrated book is added up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from services.chassis.log.databases import open_pool
from services.chassis.log.migrations import migrate
from services.chassis.process.metrics import REGISTRY
from services.reporting.book.fold import enter
from services.reporting.book.rows import snapshot
from services.reporting.incoming import COUNTED
from services.reporting.report.check import Watch, check
from tests.databases import Database
from tests.reporting.book.test_book import NOW, WHOLE_LIFE, Reading, Reporting, emptied
from tests.reporting.histories import Life, delivered, told


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=2) as pool:
        yield Reporting(pool, owner)
    await owner.close()


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM entries WHERE flow = 'resolved'",
        "DELETE FROM sums WHERE spans = 'day/day'",
        "UPDATE sums SET submitted = 2 WHERE submitted = 1 AND spans = 'day/day'",
        "UPDATE sums SET submitted = 2 WHERE submitted = 1 AND spans = 'month/year'",
        "UPDATE sums SET rejected = 1 WHERE spans = 'day/month'",
        "UPDATE sums SET overdue = 0 WHERE overdue = 1",
        "UPDATE sums SET on_date = on_date + 1 WHERE resolved_late = 1",
        "DELETE FROM dossiers",
        "UPDATE dossiers SET status = 'accepted'",
        "UPDATE dossiers SET timeliness = 'early'",
        "UPDATE entries SET due_on = '2023-01-05' WHERE flow = 'received_new'",
        "UPDATE entries SET apologised = true WHERE flow = 'resolved'",
        "TRUNCATE entries, sums",
        "TRUNCATE entries, sums; DELETE FROM slices WHERE span <> 'ever'",
    ],
)
async def test_a_lost_entry_is_a_violation(reporting: Reporting, harm: str) -> None:
    async with emptied(reporting) as pool:
        await Reading(pool).take(told(WHOLE_LIFE))
        async with snapshot(pool) as connection:
            whole = await check(connection)
        await reporting.owner.execute(harm)
        async with snapshot(pool) as connection:
            harmed = await check(connection)
    assert (whole.violations, whole.dossiers) == (0, 1) and whole.compared > 5
    assert harmed.violations > 0


async def test_what_a_check_finds_stands_where_an_alarm_sees_it(reporting: Reporting) -> None:
    def measured(name: str) -> float:
        return REGISTRY.get_sample_value(name) or 0.0

    async with emptied(reporting) as pool:
        watch = Watch(pool, lambda: NOW, 60)
        await Reading(pool).take(told(WHOLE_LIFE))
        await watch.once()
        assert measured("motcua_identity_violations") == 0 and measured("motcua_identity_compared") > 5
        await reporting.owner.execute(
            "UPDATE sums SET submitted = 2 WHERE submitted = 1 AND spans = 'day/day'"
        )
        await watch.once()
        assert watch.last is not None
        assert measured("motcua_identity_violations") == watch.last.violations > 0
        assert measured("motcua_identity_checked_timestamp_seconds") == NOW.timestamp()
        assert measured("motcua_identity_oldest_check_timestamp_seconds") == NOW.timestamp()


async def test_what_changed_is_checked_first(reporting: Reporting) -> None:
    """A hundred slices wait for their turn; what was just counted, and counted wrongly, does not."""
    async with emptied(reporting) as pool:
        await reporting.owner.execute(
            "INSERT INTO slices (span, known_on, changed, checked_at) "
            "SELECT 'day', DATE '2020-01-01' + n, false, TIMESTAMPTZ '2020-01-01' FROM generate_series(1, 100) n"
        )
        watch = Watch(pool, lambda: NOW, 60)
        await watch.once()
        await Reading(pool).take(told(WHOLE_LIFE))
        await reporting.owner.execute(
            "UPDATE sums SET submitted = 2 WHERE submitted = 1 AND spans = 'day/day'"
        )
        await watch.once()
        assert watch.last is not None and watch.last.violations > 0
        assert watch.last.oldest_at == datetime(2020, 1, 1, tzinfo=UTC), "others still wait"
        for _ in range(14):
            await watch.once()
        assert watch.last.oldest_at == NOW, "and their turn comes"
        assert watch.last.violations > 0, "what was found stands until it is right"


async def test_a_check_of_nothing_says_that_it_compared_nothing(reporting: Reporting) -> None:
    async with emptied(reporting) as pool, snapshot(pool) as connection:
        nothing = await check(connection)
    assert (nothing.compared, nothing.dossiers, nothing.violations) == (0, 0, 0)


BEFORE = "0007"
# As the release before writes a line and its counter.
WRITES = (
    "WITH state AS (INSERT INTO dossiers SELECT * FROM unnest($1::dossiers[]) ON CONFLICT (dossier_id) DO NOTHING), "
    "book AS (INSERT INTO entries SELECT * FROM unnest($2::entries[])) "
    "INSERT INTO counters SELECT * FROM unnest($3::counters[]) ON CONFLICT ON CONSTRAINT one_counter_per_partition_and_row "
    "DO UPDATE SET amount = counters.amount + excluded.amount"
)


async def test_what_the_release_before_writes_is_added_up(database: Callable[..., Database]) -> None:
    """A book of before, with more months than one, is migrated while the release before goes on writing into it."""
    made = database("reporting", migrated=False)
    await asyncio.to_thread(migrate, "reporting", made.owner_dsn, BEFORE)
    connection = await asyncpg.connect(made.dsn)
    other = await asyncpg.connect(made.dsn)

    async def write(number: int) -> None:
        state, book_ = None, []
        for event in told(Life(number, "1.009982", "H29.015.00", "online", 9 * number, 9 * number + 400)):
            model = COUNTED.get(event.message.type_name)
            if model is not None:
                data = model.model_validate(event.message.model_dump(mode="json"))
                state, lines = enter(state, delivered(event, data))
                book_ += lines
        rows = [(0, *line[7:], line.amount) for line in book_]
        await connection.execute(WRITES, [state], book_, rows)

    for number in range(100):
        await write(number)
    migrating = asyncio.create_task(asyncio.to_thread(migrate, "reporting", made.owner_dsn))
    number = 100
    while not migrating.done():
        await write(number)
        number += 1
        await asyncio.sleep(0)
    await migrating
    for more in range(number, number + 10):
        await write(more)
    found = await check(other)
    entered = await other.fetchval("SELECT count(*) FROM entries")
    added = await other.fetchval(
        "SELECT sum(submitted + accepted_in_time) FROM sums WHERE spans = 'decade/ever'"
    )
    assert entered == added == 2 * (number + 10)
    assert (found.violations, found.dossiers) == (0, number + 10)
    await connection.close()
    await other.close()
