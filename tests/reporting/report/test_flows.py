"""Sums by spans against the naive computation over the lines: any window, as of any instant; and that few spans are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.book.rows import NO_DUE_DATE, Entry, snapshot
from services.reporting.report.counts import Window
from services.reporting.report.flows import EARLIEST, LATEST, SPANS, cover, load_sums, next_of
from tests.databases import Database
from tests.reporting.book.test_book import Reporting, emptied

DAYS = st.dates(date(2021, 11, 1), date(2024, 3, 1))
INSTANTS = st.integers(0, 1_140_000).map(lambda n: datetime(2021, 12, 30, tzinfo=UTC) + timedelta(minutes=n))
CALM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@given(st.one_of(st.just(EARLIEST), DAYS), st.one_of(st.just(LATEST), DAYS), st.sampled_from((0, 1, 2, 3)))
def test_every_day_of_a_window_is_covered_once(first: date, until: date, coarsest: int) -> None:
    spans = cover(first, until, SPANS[coarsest:])
    assert len(spans) <= 7
    days: Counter[date] = Counter()
    for span, begin, end in spans:
        assert begin < end
        for n in range((min(end, date(2024, 4, 1)) - max(begin, date(2021, 10, 1))).days):
            days[max(begin, date(2021, 10, 1)) + timedelta(days=n)] += 1
        if begin != EARLIEST and end != LATEST:
            while begin < end:
                begin = next_of(span, begin)
            assert begin == end, "whole spans only"
    inside = (date(2021, 10, 1) + timedelta(days=n) for n in range(913))
    assert days == Counter(day for day in inside if first <= day < until)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 20_000))
def test_a_long_window_is_covered_by_few_months_and_days(first: date, length: int) -> None:
    until = first + timedelta(days=length)
    of = dict.fromkeys(SPANS, 0)
    for span, begin, end in cover(first, until):
        of[span] += (end - begin).days
    assert of["day"] <= 60 and of["month"] <= 22 * 31 and of["year"] <= 18 * 366


@st.composite
def lines(draw: st.DrawFn) -> list[Entry]:
    made: list[Entry] = []
    for number in range(draw(st.integers(0, 12))):
        flow, manner, timeliness = draw(
            st.sampled_from(
                (
                    *(("submitted", "", ""), ("received_new", "", ""), ("received_new", "late", "")),
                    *(("not_accepted", "rejected", ""), ("not_accepted", "withdrawn", "")),
                    *(("resolved", "resolved", how) for how in ("early", "on_time", "late")),
                    *(("resolved", "stopped", how) for how in ("on_time", "late")),
                    *(("resolved", "withdrawn", "late"), ("due", "", "")),
                )
            )
        )
        on_date, at = draw(DAYS), draw(INSTANTS)
        made.append(
            Entry(
                *(UUID(int=number), 1, number, 0, at, draw(st.sampled_from((1, 1, -1))), "U", on_date, flow),
                *(timeliness, draw(st.sampled_from(("P", "Q"))), "F", "O"),
                *(draw(st.sampled_from(("online", "postal"))), "full", manner),
                *(draw(st.one_of(st.just(NO_DUE_DATE), DAYS)), draw(st.booleans())),
            )
        )
    return made


def naive(entries: list[Entry], window: Window, as_of: datetime | None, stretch: str | None) -> Counter[Any]:
    """One line after the other."""
    found: Counter[Any] = Counter()

    def add(e: Entry, day: date, flow: str, timeliness: str, manner: str, sorry: bool, amount: int) -> None:
        if window.last and day > window.last:
            return
        within: date | None = date(1, 1, 1)
        if window.first and day < window.first:
            within = None
        elif stretch:
            within = day.replace(day=1) if stretch == "month" else day
        found[e.procedure, within, flow, timeliness, e.channel, manner, sorry] += amount

    for e in entries:
        if as_of and e.recorded_at > as_of:
            continue
        if e.flow != "due":
            add(
                e,
                e.on_date,
                e.flow,
                e.timeliness,
                e.manner,
                e.timeliness == "late" and e.apologised,
                e.amount,
            )
        if e.flow in ("received_new", "resolved", "due") and e.due_on != NO_DUE_DATE:
            becomes_true = max(e.on_date, e.due_on + timedelta(days=1))
            amount = -e.amount if e.flow == "resolved" else e.amount
            add(e, becomes_true, "overdue", "", "", e.apologised, amount)
    return Counter({key: amount for key, amount in found.items() if amount})


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with asyncpg.create_pool(database.dsn, min_size=1, max_size=2) as pool:
        yield Reporting(pool, owner)
    await owner.close()


@CALM
@given(
    lines(),
    *(st.one_of(st.none(), DAYS), st.one_of(st.none(), DAYS), st.one_of(st.none(), INSTANTS)),
    st.sampled_from((None, "month", "day")),
)
async def test_any_window_as_of_any_instant_is_the_sum_of_its_lines(
    reporting: Reporting,
    entries: list[Entry],
    first: date | None,
    last: date | None,
    as_of: datetime | None,
    stretch: str | None,
) -> None:
    window = Window(first, last)
    async with emptied(reporting) as pool:
        for half in (entries[::2], entries[1::2]):
            await pool.execute("INSERT INTO entries SELECT * FROM unnest($1::entries[])", half)
        async with snapshot(pool) as connection:
            sums = await load_sums(connection, window, "procedure", as_of, stretch=stretch)
    found: Counter[Any] = Counter()
    for s in sums:
        sorry = s.apologised and (s.timeliness == "late" or s.flow == "overdue")
        found[s.key, s.stretch, s.flow, s.timeliness, s.channel, s.manner, sorry] += s.amount
    assert Counter({key: amount for key, amount in found.items() if amount}) == naive(
        entries, window, as_of, stretch
    )
