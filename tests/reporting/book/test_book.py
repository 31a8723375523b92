"""The tables against a slow oracle: any interleaving, any batches, repeats; both laws at every prefix; as of then as of now."""

from __future__ import annotations

import asyncio
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
from services.reporting.book.rows import snapshot
from services.reporting.incoming import APPLIED, PASSED_OVER, apply
from services.reporting.report.check import check
from services.reporting.report.counts import Window, report
from services.reporting.report.flows import COLUMNS, load_flows
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
        "sums",
        "corrections",
        *("heard", "acts", "measured", "measured_sums", "stays"),
        "applied_versions",
        "reader_positions",
        "held",
    ):
        await reporting.owner.execute(f"DELETE FROM {table}")
    await reporting.owner.execute("DELETE FROM slices WHERE span <> 'ever'")
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
    sums = await connection.fetch("SELECT * FROM sums WHERE spans = 'day/ever'")
    counted: Counter[Any] = Counter()
    for row in sums:
        for name, (flow, timeliness, _, _) in COLUMNS.items():
            if flow != "overdue":
                key = (flow, timeliness, row["on_date"], row["procedure"], row["office"], row["channel"])
                counted[key] += row[name]
    return (
        [tuple(row) for row in dossiers],
        [tuple(row) for row in entries],
        Counter({key: amount for key, amount in counted.items() if amount}),
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
            assert (await check(connection)).violations == 0
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
                assert (await check(connection)).violations == 0
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


WHOLE_LIFE = Life(7, "1.009982", "H29.015.00", "online", 0, 20, 500, due_on=date(2023, 1, 10))


async def test_members_of_a_group_add_to_the_same_sums(reporting: Reporting) -> None:
    """Two members write at once, over and over, rows that they share: nobody deadlocks and nothing is lost."""
    halves = [
        [
            Life(number, "1.009982", "H29.015.00", "online", 24 * number, 24 * number + 20)
            for number in numbers
        ]
        for numbers in (range(0, 60, 2), range(1, 60, 2))
    ]

    async def member(pool: Any, partition: int, lives: list[Life]) -> None:
        reading = Reading(pool)
        for at in range(0, len(lives), 5):
            await reading.take([event for life in lives[at : at + 5] for event in told(life)], partition)

    async with emptied(reporting) as pool:
        await asyncio.gather(*(member(pool, number, lives) for number, lives in enumerate(halves)))
        async with snapshot(pool) as connection:
            told_all = report(await load_flows(connection, EVERYTHING, None), None)
            assert (await check(connection)).violations == 0
    assert (told_all.total.received, told_all.total.submitted) == (60, 60)


async def test_the_service_can_only_add_to_the_book(reporting: Reporting) -> None:
    for forbidden in (
        "DELETE FROM entries",
        "UPDATE entries SET amount = 1",
        "TRUNCATE entries",
        "UPDATE sums SET submitted = 1",
        "DELETE FROM sums",
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
