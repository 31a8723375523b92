"""What the public page shows at this moment, kept for a moment, so that a thousand who watch cost what one costs.

Numbers, and up to when they are complete, are at most KEPT_SECONDS old. Plots lag behind them by at most REDRAW_SECONDS and catch up.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from services.chassis.kafka.progress import Complete
from services.reporting.book.rows import snapshot
from services.reporting.dashboard.page import Figures, drawings, load_figures
from services.reporting.dashboard.texts import Lang
from services.reporting.report.counts import Window
from services.reporting.report.periods import Known
from services.reporting.report.queries import load_known

KEPT_SECONDS = 1.0
REDRAW_SECONDS = 5.0
WINDOWS_MAX = 64


class Plot(NamedTuple):
    """A drawing to be asked for: `version` is the hash of what it shows."""

    version: str
    asked: str


class _Kept(NamedTuple):
    at: float
    complete: Complete | None
    figures: Figures


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
        self._loading = asyncio.Lock()
        self._figures: OrderedDict[Window, _Kept] = OrderedDict()
        self._known: tuple[date, float, Known] | None = None
        self._plots: OrderedDict[tuple[Window, Lang], _Planned] = OrderedDict()

    async def figures(self, window: Window, today: date) -> tuple[Complete | None, Figures]:
        """The figures of one snapshot, and up to when they are complete, which was asked before; `today` tells in due from overdue while
        the window is not over.

        Guarantee: however many watch, the database is asked once in a while. Test: test_many_who_watch_ask_the_database_once.
        """
        kept = self._fresh(window)
        if kept is None:
            async with self._loading:
                kept = self._fresh(window) or await self._load(window, today)
        return kept.complete, kept.figures

    def _fresh(self, window: Window) -> _Kept | None:
        kept = self._figures.get(window)
        return kept if kept is not None and self._clock() - kept.at <= KEPT_SECONDS else None

    async def _load(self, window: Window, today: date) -> _Kept:
        at, complete = self._clock(), await self._complete()
        async with snapshot(self._pool) as connection:
            kept = _Kept(at, complete, await load_figures(connection, window, today))
        _keep(self._figures, window, kept)
        return kept

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
            _keep(self._plots, (window, lang), planned)
        return planned.plots


def _plot(drawing: dict[str, Any]) -> Plot:
    asked = json.dumps(drawing, sort_keys=True, ensure_ascii=False)
    return Plot(hashlib.sha256(asked.encode()).hexdigest()[:16], asked)


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > WINDOWS_MAX:
        kept.popitem(last=False)
