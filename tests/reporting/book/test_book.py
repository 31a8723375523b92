"""The tables against a slow oracle: any interleaving, any batches, repeats; both laws at every prefix; as of then as of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import envelope
from services.chassis.kafka.inbox import Inbox, Slice
from services.chassis.kafka.records import Dialect
from services.chassis.log.databases import open_pool
from services.chassis.process.metrics import REGISTRY
from services.reporting.book.rows import load_flows, snapshot
from services.reporting.incoming import APPLIED, PASSED_OVER, apply
from services.reporting.report.check import Watch, check
from services.reporting.report.counts import Window, report
from tests.databases import Database
from tests.reporting.histories import Life, Told, book, lives, record, stocks, tellings, told

NOW = datetime(2023, 10, 1, tzinfo=UTC)
EVERYTHING = Window(None, None)
CALM = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=2) as pool:
        yield Reporting(pool, owner)
    await owner.close()


class Reporting(NamedTuple):
    """The database as the service has it, and as the superuser who harms and empties it."""

    pool: asyncpg.Pool[Any]
    owner: asyncpg.Connection[Any]


@asynccontextmanager
async def emptied(reporting: Reporting) -> AsyncIterator[asyncpg.Pool[Any]]:
    """The database without anything in it: one example's leavings are no other's beginning."""
    for table in (
        "dossiers",
        "entries",
        "counters",
        "corrections",
        "applied_versions",
        "reader_positions",
        "held",
    ):
        await reporting.owner.execute(f"DELETE FROM {table}")
    yield reporting.pool


class Reading:
    """The real inbox without a broker: batches of records in, tables out."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        dialect = Dialect(envelope.read, APPLIED, PASSED_OVER, {"intake", "processing"})
        self.inbox = Inbox("reporting", pool, dialect, apply, opener="intake")
        self.positions: dict[int, int] = {}

    async def take(self, events: Sequence[Told], partition: int = 0) -> None:
        if partition not in self.positions:
            await self.inbox.load_positions("cluster", [("dossiers", partition)])
        start = self.positions.get(partition, 0)
        records = [record(event, start + n, partition) for n, event in enumerate(events)]
        taken = await self.inbox.take("cluster", [Slice("dossiers", partition, start, records)])
        assert taken == {("dossiers", partition)}
        self.positions[partition] = start + len(events)


async def tables(connection: Any) -> tuple[list[Any], list[Any], Counter[Any]]:
    dossiers = await connection.fetch("SELECT * FROM dossiers ORDER BY dossier_id")
    entries = await connection.fetch("SELECT * FROM entries ORDER BY dossier_id, number")
    counted = await connection.fetch(
        "SELECT flow, timeliness, on_date, procedure, office, channel, sum(amount)::int FROM counters "
        "GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0"
    )
    return (
        [tuple(row) for row in dossiers],
        [tuple(row) for row in entries],
        Counter({tuple(row)[:-1]: row[-1] for row in counted}),
    )


def batches(events: Sequence[Told], cuts: Sequence[int]) -> list[Sequence[Told]]:
    edges = [0, *sorted({cut % (len(events) + 1) for cut in cuts}), len(events)]
    return [events[a:b] for a, b in pairwise(edges) if a < b]


@CALM
@given(data=st.data(), histories=lives())
async def test_any_interleaving_and_any_batches_give_the_oracles_book(
    reporting: Reporting, data: st.DataObject, histories: list[Life]
) -> None:
    order = data.draw(tellings(histories))
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=5))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for batch in batches(order, cuts):
            await reading.take(batch)
        async with snapshot(pool) as connection:
            found = await tables(connection)
            assert (await check(connection, NOW)).violations == 0
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for life in histories:
            for event in told(life):
                await reading.take([event])
        async with snapshot(pool) as connection:
            assert found == await tables(connection), "one at a time, without repeats, it is another book"
    assert found[2] == book(histories)


@CALM
@given(data=st.data(), histories=lives(most=6))
async def test_both_laws_hold_at_every_prefix(
    reporting: Reporting, data: st.DataObject, histories: list[Life]
) -> None:
    order = data.draw(tellings(histories))
    first = data.draw(st.dates(date(2022, 12, 25), date(2023, 3, 31)))
    last = first + timedelta(days=data.draw(st.integers(0, 60)))
    window = Window(first, last)
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for event in order:
            await reading.take([event])
            async with snapshot(pool) as connection:
                told_now = report(await load_flows(connection, window, "procedure"), "procedure")
                assert told_now.total.laws_hold() and all(row.counts.laws_hold() for row in told_now.rows)
                assert min(told_now.total.waiting, told_now.total.pending) >= 0
                assert (await check(connection, NOW)).violations == 0
        expected = stocks(histories, first, last)
    assert {name: getattr(told_now.total, name) for name in expected} == expected


@CALM
@given(data=st.data(), histories=lives(most=6))
async def test_a_report_as_of_then_does_not_change(
    reporting: Reporting, data: st.DataObject, histories: list[Life]
) -> None:
    events = sorted((event for life in histories for event in told(life)), key=lambda event: event.at)
    cut = data.draw(st.integers(1, len(events)))
    then = events[cut - 1].at
    known = [event for event in events if event.at <= then]
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take(known)
        async with snapshot(pool) as connection:
            told_then = report(await load_flows(connection, EVERYTHING, "month"), "month")
        rest = [event for event in events if event.at > then]
        if rest:
            await reading.take(rest)
        async with snapshot(pool) as connection:
            as_of_then = report(await load_flows(connection, EVERYTHING, "month", then), "month")
            as_of_now = report(await load_flows(connection, EVERYTHING, "month", NOW), "month")
            told_now = report(await load_flows(connection, EVERYTHING, "month"), "month")
    assert as_of_then == told_then
    assert as_of_now == told_now, "the counters are sums of the entries"


WHOLE_LIFE = Life(7, "1.009982", "H29.015.00", "online", 0, 20, 500)


async def test_members_share_no_counter(reporting: Reporting) -> None:
    other = Life(8, "1.009982", "H29.015.00", "online", 0, 20, 500)
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take(told(WHOLE_LIFE), partition=0)
        await reading.take(told(other), partition=5)
        async with snapshot(pool) as connection:
            rows = await connection.fetch("SELECT partition, flow, amount FROM counters ORDER BY 1, 2")
            told_all = report(await load_flows(connection, EVERYTHING, None), None)
    assert [(row["partition"], row["amount"]) for row in rows] == [(0, 1)] * 3 + [(5, 1)] * 3
    assert (told_all.total.received, told_all.total.resolved) == (2, 2)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM entries WHERE flow = 'resolved'",
        "DELETE FROM counters WHERE flow = 'received_new'",
        "UPDATE counters SET amount = 2 WHERE flow = 'submitted'",
        "UPDATE counters SET on_date = on_date + 1 WHERE flow = 'resolved'",
        "DELETE FROM dossiers",
        "UPDATE dossiers SET status = 'accepted'",
        "UPDATE counters SET due_on = '2023-01-05' WHERE flow = 'received_new'",
        "UPDATE entries SET apologised = true WHERE flow = 'resolved'",
        "TRUNCATE entries, counters",
    ],
)
async def test_a_lost_entry_is_a_violation(reporting: Reporting, harm: str) -> None:
    async with emptied(reporting) as pool:
        await Reading(pool).take(told(WHOLE_LIFE))
        async with snapshot(pool) as connection:
            whole = await check(connection, NOW)
        await reporting.owner.execute(harm)
        async with snapshot(pool) as connection:
            harmed = await check(connection, NOW)
    assert (whole.violations, whole.compared, whole.dossiers) == (0, 5, 1)
    assert harmed.violations > 0


async def test_what_a_check_finds_stands_where_an_alarm_sees_it(reporting: Reporting) -> None:
    def measured(name: str) -> float | None:
        return REGISTRY.get_sample_value(f"motcua_{name}")

    async with emptied(reporting) as pool:
        watch = Watch(pool, lambda: NOW, 60)
        await Reading(pool).take(told(WHOLE_LIFE))
        await watch.once()
        assert (measured("identity_violations"), measured("identity_compared")) == (0, 5)
        await reporting.owner.execute("DELETE FROM counters")
        await watch.once()
        assert measured("identity_violations") == 3
        assert watch.last is not None and watch.last.violations == 3
        assert measured("identity_checked_timestamp_seconds") == NOW.timestamp()


async def test_a_check_of_nothing_says_that_it_compared_nothing(reporting: Reporting) -> None:
    async with emptied(reporting) as pool, snapshot(pool) as connection:
        nothing = await check(connection, NOW)
    assert (nothing.compared, nothing.dossiers, nothing.violations) == (0, 0, 0)


async def test_the_service_can_only_add_to_the_book(reporting: Reporting) -> None:
    for forbidden in (
        "DELETE FROM entries",
        "UPDATE entries SET amount = 1",
        "TRUNCATE entries",
        "DELETE FROM counters",
        "DELETE FROM dossiers",
        "CREATE TABLE mine ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reporting.pool.execute(forbidden)


async def test_an_impossible_step_holds_its_dossier_alone(reporting: Reporting) -> None:
    rejected = Life(9, "1.009982", "H29.015.00", "online", 0, None, 30)
    late = told(Life(9, "1.009982", "H29.015.00", "online", 0, 40))[1]
    wrong = Told(late.source, 2, late.message, late.stream_id, late.at)
    async with emptied(reporting) as pool:
        await Reading(pool).take([*told(rejected), wrong, *told(WHOLE_LIFE)])
        held = await pool.fetch("SELECT stream_id, reason FROM held")
        async with snapshot(pool) as connection:
            told_all = report(await load_flows(connection, EVERYTHING, None), None)
    assert [(row["stream_id"], row["reason"]) for row in held] == [(rejected.stream_id, "poison")]
    assert (told_all.total.submitted, told_all.total.not_accepted, told_all.total.resolved) == (2, 1, 1)
