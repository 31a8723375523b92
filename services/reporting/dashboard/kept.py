"""What the public page shows at this moment, kept for a moment, so that a thousand who watch cost what one costs.

Numbers, and up to when they are complete, are at most KEPT_SECONDS old. Plots lag behind them by at most REDRAW_SECONDS and catch up.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from services.chassis.kafka.progress import Complete
from services.reporting.book.lines import local_date
from services.reporting.book.rows import snapshot
from services.reporting.dashboard.page import Figures, Site, drawings, load_figures
from services.reporting.dashboard.texts import Lang
from services.reporting.report.asked import Sources
from services.reporting.report.counts import Window
from services.reporting.report.once import Once, keep
from services.reporting.report.periods import Known
from services.reporting.report.queries import load_known

KEPT_SECONDS = 1.0
REDRAW_SECONDS = 5.0
WINDOWS_MAX = 64


class Plot(NamedTuple):
    """A drawing to be asked for: `version` is the hash of what it shows."""

    version: str
    asked: str


class _Planned(NamedTuple):
    at: float
    plots: dict[str, Plot]


class Showing:
    """Figures by window and plots by window and language; `clock` gives seconds that never go back, `complete` up to when all is heard."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        clock: Callable[[], float],
        complete: Callable[[], Awaitable[Complete | None]],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._complete = complete
        self._figures: Once[Window, tuple[Complete | None, Figures]] = Once(clock, KEPT_SECONDS, WINDOWS_MAX)
        self._known: tuple[date, float, Known] | None = None
        self._plots: OrderedDict[tuple[Window, Lang], _Planned] = OrderedDict()

    async def figures(self, window: Window, today: date) -> tuple[Complete | None, Figures]:
        """The figures of one snapshot, and up to when they are complete, which was asked before; `today` tells in due from overdue while
        the window is not over.
        """

        async def load() -> tuple[Complete | None, Figures]:
            complete = await self._complete()
            async with snapshot(self._pool) as connection:
                return complete, await load_figures(connection, window, today)

        return await self._figures.get(window, load)

    async def known(self, today: date) -> Known:
        """Between which days anything happened; asked anew every few seconds."""
        if (
            self._known is None
            or self._known[:1] != (today,)
            or self._clock() - self._known[1] > REDRAW_SECONDS
        ):
            async with snapshot(self._pool) as connection:
                self._known = today, self._clock(), await load_known(connection, today)
        return self._known[2]

    def plots(self, window: Window, today: date, lang: Lang, figures: Figures) -> dict[str, Plot]:
        """The plots to show beside these figures, by name.

        Guarantee: while figures change all the time, plots are drawn every few seconds. Test: test_plots_change_every_few_seconds_at_most.
        """
        planned = self._plots.get((window, lang))
        if planned is None or self._clock() - planned.at > REDRAW_SECONDS:
            plots = {name: _plot(drawing) for name, drawing in drawings(figures, window, today, lang).items()}
            planned = _Planned(self._clock(), plots)
            keep(self._plots, (window, lang), planned, WINDOWS_MAX)
        return planned.plots


def _plot(drawing: dict[str, Any]) -> Plot:
    asked = json.dumps(drawing, sort_keys=True, ensure_ascii=False)
    return Plot(hashlib.sha256(asked.encode()).hexdigest()[:16], asked)


async def site_of(sources: Sources, showing: Showing) -> Site:
    """Whose page it is today, and which periods it offers."""
    today = local_date(sources.now())
    agency = [part.strip() for part in sources.agency.split("|")]
    return Site(agency, sources.release, today, await showing.known(today))
