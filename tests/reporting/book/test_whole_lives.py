"""The official report over random whole lives against marks: any interleaving, any batches, reversals; and as of before them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import processing
from services.chassis.log.databases import open_pool
from services.reporting.book.rows import snapshot
from services.reporting.report.check import check
from services.reporting.report.columns import OfficialReport, differences, tells
from services.reporting.report.counts import Window, report
from services.reporting.report.flows import load_flows, load_sums
from services.reporting.report.queries import load_changes, load_official
from tests.databases import Database
from tests.reporting.book.test_book import Reading, Reporting, batches, emptied, tables
from tests.reporting.book.test_reversals import DUE, accepted, new, resolved, undone
from tests.reporting.histories import Told
from tests.reporting.marks import columns
from tests.reporting.whole_lives import Whole, whole_lives

NOW = datetime(2023, 10, 1, tzinfo=UTC)
CALM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FIRST, LAST = date(2022, 12, 25), date(2023, 5, 31)


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=2) as pool:
        yield Reporting(pool, owner)
    await owner.close()


@st.composite
def interleaved(draw: st.DrawFn, lives: Sequence[Whole]) -> list[Told]:
    """All that was told in an order that keeps each producer's of each dossier, some of it twice."""
    queues = [[e for e in life.told if e.source == s] for life in lives for s in ("intake", "processing")]
    order: list[Told] = []
    while queues := [queue for queue in queues if queue]:
        order.append(draw(st.sampled_from(queues)).pop(0))
        if draw(st.integers(0, 9)) == 0:
            order.append(draw(st.sampled_from(order)))
    return order


async def official_of(
    pool: Any, window: Window, by: Any = None, as_of: datetime | None = None
) -> OfficialReport:
    async with snapshot(pool) as connection:
        return await load_official(connection, window, by, tells(window.last, date(2023, 5, 1)), as_of)


@CALM
@given(data=st.data(), lives=whole_lives())
async def test_any_interleaving_of_whole_lives_gives_the_columns_of_their_marks(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    order = data.draw(interleaved(lives))
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=5))
    first = data.draw(st.dates(FIRST, LAST))
    last = first + timedelta(days=data.draw(st.integers(0, 40)))
    window, tells_on = Window(first, last), tells(last, date(2023, 5, 1))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for batch in batches(order, cuts):
            await reading.take(batch)
        found = await tables(pool)
        async with snapshot(pool) as connection:
            assert (await check(connection)).violations == 0
        told = await official_of(pool, window, "procedure")
        as_of_now = await official_of(pool, window, "procedure", NOW)
        after = await official_of(pool, Window(last + timedelta(days=1), None))
        held = await pool.fetchval("SELECT count(*) FROM held")
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for event in [event for life in lives for event in life.told]:
            await reading.take([event])
        assert found == await tables(pool), "one at a time, without repeats, it is another book"
    assert held == 0
    assert told.total == columns(lives, first, last, tells_on)
    by_row = defaultdict(list)
    for life in lives:
        by_row[life.now.row[0]].append(life)
    for procedure, row in told.rows.items():
        assert row == columns(by_row[procedure], first, last, tells_on)
    assert told == as_of_now, "the counters are sums of the entries"
    assert told.broken() == []
    assert (after.total.carried_over, after.total.waiting_before) == (told.total.pending, told.total.waiting)


@CALM
@given(data=st.data(), lives=whole_lives(most=3))
async def test_laws_and_identities_hold_at_every_prefix_of_whole_lives(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    window = Window(data.draw(st.dates(FIRST, LAST)), None)
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for event in data.draw(interleaved(lives)):
            await reading.take([event])
            for by in ("field", "office", "channel"):
                told = await official_of(pool, window, by)
                assert told.broken() == []
                assert min(vars_of(told.total).values()) >= 0
            async with snapshot(pool) as connection:
                counts = report(await load_flows(connection, window, "month"), "month")
                assert (await check(connection)).violations == 0
            assert counts.total.laws_hold() and all(row.counts.laws_hold() for row in counts.rows)
            assert counts.total.pending == told.total.pending


@CALM
@given(data=st.data(), lives=whole_lives())
async def test_a_report_as_of_before_a_reversal_does_not_change(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    events = sorted((event for life in lives for event in life.told), key=lambda event: event.at)
    then = events[data.draw(st.integers(1, len(events))) - 1].at
    rest = [event for event in events if event.at > then]
    window = Window(date(2023, 1, 15), date(2023, 2, 14))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take([event for event in events if event.at <= then])
        told = await official_of(pool, window, "office")
        if rest:
            await reading.take(rest)
        assert await official_of(pool, window, "office", then) == told
        async with snapshot(pool) as connection:
            changes = await load_changes(connection, window, then, 500)
    reversals = [e for e in rest if e.message.type_name in ("DossierReversed.v1", "ResultCorrected.v1")]
    assert changes.found == len(changes.listed) <= len(reversals)


@CALM
@given(data=st.data(), lives=whole_lives())
async def test_overdue_by_flows_is_overdue_by_the_dossiers_on_every_day(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    async with emptied(reporting) as pool:
        await Reading(pool).take(data.draw(interleaved(lives)))
        async with snapshot(pool) as connection:
            sums = await load_sums(connection, Window(None, None), None, stretch="day")
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)]
    for day in days:
        counted = columns(lives, day, day, day)
        known = [s for s in sums if s.flow == "overdue" and s.stretch is not None and s.stretch <= day]
        assert sum(s.amount for s in known) == counted.overdue
        assert sum(s.amount for s in known if s.apologised) == counted.overdue_with_apology


async def test_a_correction_explains_the_difference(reporting: Reporting) -> None:
    life = new()
    for days, message in (
        (1, accepted()),
        (30, resolved(DUE)),
        (40, undone(2, "DossierResolved", "accepted", DUE)),
        (41, processing.ResultCorrected(reason="wrong_data", document="2/QĐ-SXD")),
    ):
        life.hours = 24 * days
        life.say(message)
    window = Window(date(2023, 1, 1), date(2023, 1, 31))
    then = life.told[2].at
    async with emptied(reporting) as pool:
        await Reading(pool).take(life.told)
        before = await official_of(pool, window, as_of=then)
        now = await official_of(pool, window)
        async with snapshot(pool) as connection:
            changes = await load_changes(connection, window, then, 10)
            newest = await load_changes(connection, window, then, 1)
            other_month = await load_changes(connection, Window(None, date(2023, 1, 30)), then, 10)
    assert differences(now.total, before.total) == {
        "resolved": -1,
        "late": -1,
        "late_without_apology": -1,
        "pending": 1,
        "overdue": 1,
        "overdue_without_apology": 1,
    }
    assert [(told["event"], told["document"], told["entries"]) for told in changes.listed] == [
        (
            "DossierResolved",
            "1/QĐ-SXD",
            [{"flow": "resolved", "timeliness": "late", "on": date(2023, 1, 31), "amount": -1}],
        )
    ]
    assert (changes.found, changes.recorded_later) == (1, 0)
    assert newest.listed == changes.listed
    assert (other_month.listed, other_month.found) == ([], 0)


def vars_of(told: Any) -> dict[str, int]:
    return {name: getattr(told, name) for name in type(told).__slots__}
