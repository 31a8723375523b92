"""The service-quality index as it is told: to the public without small numbers by procedure, to supervisors in full.

Kept for a moment, so that a thousand who ask cost what one costs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.book.lines import local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.quality.index import Measure, Times, measures
from services.reporting.quality.loading import load_parts, load_times
from services.reporting.report.asked import DEAR, Sources
from services.reporting.report.columns import tells
from services.reporting.report.counts import Window
from services.reporting.report.measured import measured_up_to, waits_since
from services.reporting.report.once import Once
from services.reporting.report.queries import has_made_up, load_hidden
from services.reporting.report.withheld import SMALL, Hidden

KEPT_SECONDS = 5.0
WINDOWS_MAX = 64
TELL = frozenset({"resolved", "stopped", "withdrawn"})
"""The report's columns that tell how many results a procedure had."""


class Shown(NamedTuple):
    """The index of one window; `withheld` are procedures whose times the public is not shown."""

    measures: Sequence[Measure]
    procedures: Sequence[Times]
    withheld: Collection[str]
    tells_on: date
    complete_up_to: datetime | None
    held: int
    made_up: bool


class Indexes:
    """The index of now by window; it says itself up to when it is complete."""

    def __init__(self, sources: Sources, clock: Callable[[], float]) -> None:
        self._sources = sources
        self._kept: Once[Window, Shown] = Once(clock, KEPT_SECONDS, WINDOWS_MAX)

    async def get(self, window: Window) -> Shown:
        return await self._kept.get(window, lambda: load_index(self._sources, window))


async def load_index(sources: Sources, window: Window, as_of: datetime | None = None) -> Shown:
    """The index of a window, of now or as of an instant; 503 while it cannot be told.

    Guarantee: the index says up to when it is complete, and holds at least that. Test: test_the_index_is_complete_up_to_what_is_measured.
    """
    complete = await sources.complete()
    today = local_date(as_of or sources.now())
    tells_on = tells(window.last, today)
    days = Window(window.first, tells_on)
    async with sources.turn(DEAR), snapshot(sources.pool) as connection:
        waits = await waits_since(connection)
        parts = await load_parts(connection, days, as_of, places=("procedure", "channel"))
        times = await load_times(connection, days, "procedures", as_of)
        hidden = await load_hidden(connection, window, "procedure", today, as_of)
        return Shown(
            measures(parts, tells_on),
            times,
            withheld(times, hidden),
            tells_on,
            measured_up_to(complete.up_to if complete else None, waits),
            await count_held(connection),
            await has_made_up(connection),
        )


def withheld(times: Sequence[Times], hidden: Hidden) -> frozenset[str]:
    """Procedures of which the public is not shown how many results there were: few, or such that it would tell what the report withholds.
    Their sum is shown, so never one alone.

    Guarantee: no procedure with few results is shown, nor told by the others. Test: test_times_of_few_are_not_shown.
    """
    found = {each.key for each in times if each.number in SMALL or TELL & hidden.get(each.key, frozenset())}
    others = sorted((each.number, each.key) for each in times if each.key not in found)
    if len(found) == 1 and others:
        found.add(others[0][1])
    return frozenset(found)


def told(each: Times, withheld: Collection[str]) -> tuple[float | None, ...]:
    """Results, mean, median and p90 of a procedure; None is withheld. Of more than few the median and the p90 add up to nothing."""
    if each.key not in withheld:
        return each[2:]
    return (None,) * 4 if each.number in SMALL else (None, None, each.median, each.p90)
