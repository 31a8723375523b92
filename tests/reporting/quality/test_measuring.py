"""Acts measured behind the reader: the report's own numbers, whatever the lives, as of any instant, whoever is killed when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import processing
from services.reporting.book.heard import SAID
from services.reporting.book.rows import snapshot
from services.reporting.quality.index import SUMMED, Part, Times, measures, workloads
from services.reporting.quality.loading import Whose, load_parts, load_times
from services.reporting.quality.measuring import measure
from services.reporting.quality.own import report_of_unit
from services.reporting.quality.shown import withheld
from services.reporting.report.counts import Window
from services.reporting.report.measured import measured_up_to, waits_since
from services.reporting.report.queries import load_official
from tests.reporting.book.test_book import Reading, Reporting, batches, emptied
from tests.reporting.book.test_whole_lives import interleaved
from tests.reporting.histories import HOUR, OFFICES, START, Life, Told, told
from tests.reporting.quality.conftest import measured
from tests.reporting.whole_lives import Whole, whole_lives

CALM = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
NOT_A_UNITS = frozenset(
    {
        *("submitted", "waiting_before", "waiting", "not_accepted"),
        *("rejected", "withdrawn_before_acceptance"),
    }
)
"""Nothing is a unit's before it is accepted."""
ALIVE = "SELECT kind, on_date, unit, office, procedure, channel, what, amount, value FROM measured WHERE gone_at IS NULL"
BUSY = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%measured_sums%'
"""


def columns(told: Any) -> dict[str, int]:
    return {name: value for name, value in asdict(told).items() if name not in NOT_A_UNITS}


async def parts(pool: Any, window: Window, as_of: datetime | None = None) -> list[Part]:
    async with snapshot(pool) as connection:
        return await load_parts(connection, window, as_of)


async def same_as_the_report(pool: Any, window: Window, as_of: datetime | None = None) -> None:
    assert window.last is not None
    async with snapshot(pool) as connection:
        report = await load_official(connection, window, "procedure", window.last, as_of)
        own = report_of_unit(await load_parts(connection, window, as_of), "procedure")
        assert columns(own.total) == columns(report.total)
        assert own.broken() == []
        empty = dict.fromkeys(columns(own.total), 0)
        for key, row in report.rows.items():
            assert (columns(own.rows[key]) if key in own.rows else empty) == columns(row), key
    found = {each.code: each for each in measures(await parts(pool, window, as_of), window.last)}
    total = report.total
    assert found["on_time_rate"].denominator == total.resolved + total.pending
    assert found["score_timeliness"].numerator == 2 * total.early + total.on_time
    assert found["online_share"].numerator == total.received_online
    assert sum(each.in_hand for each in workloads(await parts(pool, window, as_of))) == total.pending


async def sums_are_their_lines(pool: Any) -> None:
    lines: Counter[Any] = Counter()
    for kind, on, *what, amount, value in await pool.fetch(ALIVE):
        if kind in SUMMED:
            lines["day", on, kind, *what] += amount
            lines["days", on, kind, *what] += amount * int(value)
    sums: Counter[Any] = Counter()
    for row in await pool.fetch("SELECT * FROM measured_sums WHERE span = 'day'"):
        _, on, kind, *what, amount, value = row
        sums["day", on, kind, *what] += amount
        sums["days", on, kind, *what] += value
    assert {k: n for k, n in sums.items() if n} == {k: n for k, n in lines.items() if n}


@CALM
@given(data=st.data(), lives=whole_lives())
async def test_the_index_is_the_reports_own_numbers(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    order = data.draw(interleaved(lives))
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=4))
    first = data.draw(st.one_of(st.none(), st.dates(date(2022, 12, 25), date(2023, 4, 30))))
    last = (first or date(2023, 1, 20)) + timedelta(days=data.draw(st.integers(0, 60)))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for batch in batches(order, cuts):
            await reading.take(batch)
            if data.draw(st.booleans()):
                await measured(pool, data.draw(st.sampled_from((1, 3, 500))))
        await measured(pool)
        await sums_are_their_lines(pool)
        await same_as_the_report(pool, Window(first, last))


@CALM
@given(data=st.data(), lives=whole_lives(most=3))
async def test_the_index_as_of_an_instant_never_changes(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    order = sorted((event for life in lives for event in life.told), key=lambda event: event.at)
    cut = data.draw(st.integers(1, len(order)))
    while cut < len(order) and order[cut].at == order[cut - 1].at:
        cut += 1
    as_of, window = order[cut - 1].at, Window(date(2023, 1, 10), date(2023, 3, 31))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take(order[:cut])
        await measured(pool)
        then = await parts(pool, window)
        steps = await times(pool, window, None)
        assert set(await parts(pool, window, as_of)) == set(then)
        if order[cut:]:
            await reading.take(order[cut:])
            await measured(pool)
        assert set(await parts(pool, window, as_of)) == set(then)
        assert await times(pool, window, as_of) == steps
        await same_as_the_report(pool, window, as_of)


async def times(pool: Any, window: Window, as_of: datetime | None) -> list[Times]:
    async with snapshot(pool) as connection:
        return await load_times(connection, window, "steps", as_of)


def some(numbers: Sequence[int]) -> list[Told]:
    lives = [Life(n, "1.009982", OFFICES[0], "online", n, n + 10, n + 300, date(2023, 1, 5)) for n in numbers]
    return [event for life in lives for event in told(life)]


async def test_what_is_counted_is_measured(reporting: Reporting) -> None:
    """Acts that count and acts that do not, alone in a batch or together with others."""
    events = some(range(4))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        for event in events[:6]:
            await reading.take([event])
        await reading.take([*events[6:], *events])
        assert await pool.fetchval("SELECT count(*) FROM heard") == len(events)
        await measured(pool, 3)
        kept = await pool.fetch("SELECT dossier_id, source, version, type FROM acts")
        assert {tuple(row) for row in kept} == {
            (event.stream_id, event.source, event.sequence, event.message.type_name) for event in events
        }
        assert len(kept) == len(events) and {row["type"] for row in kept} <= set(SAID)
        assert await pool.fetchval("SELECT count(*) FROM heard") == 0


async def test_measuring_that_is_killed_goes_on(reporting: Reporting) -> None:
    """It is killed before its last statement; then two measure at once."""
    async with emptied(reporting) as pool:
        await Reading(pool).take(some(range(30)))
        async with reporting.owner.transaction():
            await reporting.owner.execute("LOCK TABLE measured_sums IN EXCLUSIVE MODE")
            killed = asyncio.create_task(measure(pool, 20))
            while (pid := await pool.fetchval(BUSY)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await reporting.owner.execute("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
                await killed
        assert await pool.fetchval("SELECT count(*) FROM measured") == 0
        for _ in range(20):
            await asyncio.gather(*(measure(pool, 11) for _ in range(3)))
        await measured(pool)
        await sums_are_their_lines(pool)
        await same_as_the_report(pool, Window(None, date(2023, 1, 10)))


async def test_the_index_is_complete_up_to_what_is_measured(reporting: Reporting) -> None:
    events = sorted(some((1, 2)), key=lambda event: event.at)
    complete = events[-1].at + HOUR
    async with emptied(reporting) as pool:
        await Reading(pool).take(events)
        await measure(pool, 3)
        async with snapshot(pool) as connection:
            up_to = measured_up_to(complete, await waits_since(connection))
        assert up_to is not None and up_to < complete
        await measured(pool)
        async with snapshot(pool) as connection:
            assert measured_up_to(complete, await waits_since(connection)) == complete
        assert measured_up_to(None, None) is None


async def test_whose_a_number_is(reporting: Reporting) -> None:
    """A step belongs to the unit that took it, a dossier in hand to the unit that has it, all else to the unit that leads it."""
    life = Life(1, "1.009982", OFFICES[0], "online", 0, accepted=10, due_on=date(2023, 1, 5))
    events = told(life)
    forwarded = processing.DossierForwarded(unit="QLHT", step="tham_tra")
    events.append(Told("processing", 3, forwarded, life.stream_id, START + 58 * HOUR))
    window = Window(date(2023, 1, 1), date(2023, 1, 31))
    async with emptied(reporting) as pool:
        await Reading(pool).take(events)
        await measured(pool)
        async with snapshot(pool) as connection:
            found = workloads(await load_parts(connection, window, places=("unit",)))
            own = {
                unit: await load_times(connection, window, "steps", None, Whose("unit", unit))
                for unit in ("QLXD", "QLHT", "")
            }
            of_unit = await load_parts(connection, window, None, Whose("unit", "QLHT"))
    assert [(each.unit, each.received, each.in_hand, each.overdue) for each in found] == [
        ("QLHT", 0, 1, 0),
        ("QLXD", 1, 0, 1),
    ]
    assert [(each.key, each.number, each.median) for each in own["QLXD"]] == [
        ("thu_ly", 1, 2.0),
        ("tiep_nhan", 1, 0.0),
    ]
    assert [each.key for each in own[""]] == ["cho_tiep_nhan"] and own["QLHT"] == []
    assert {part.kind for part in of_unit} == {"in_hand"}


def test_times_of_few_are_not_shown() -> None:
    def of(**numbers: int) -> list[Times]:
        return [Times(key, "", number, 1.0, 1.0, 1.0) for key, number in numbers.items()]

    assert withheld(of(a=9, b=5), {}) == frozenset()
    assert withheld(of(a=9, b=3, c=7), {}) == {"b", "c"}  # never one alone
    assert withheld(of(a=9, b=3, c=2), {}) == {"b", "c"}
    shown_nowhere = {"a": frozenset({"stopped"}), "c": frozenset({"resolved", "late"})}
    assert withheld(of(a=90, b=50, c=70), shown_nowhere) == {"a", "c"}
    assert withheld(of(a=90, b=50), {"a": frozenset({"overdue"})}) == frozenset()
    assert withheld(of(a=2), {}) == {"a"}
