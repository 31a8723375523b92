"""Plots: drawn once however many watch, every few seconds at most, refused when too many ask, and again after the program died."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.chassis.log.databases import open_pool
from services.reporting import metrics
from services.reporting.dashboard.kept import KEPT_SECONDS, REDRAW_SECONDS, Showing
from services.reporting.dashboard.page import Figures, drawings
from services.reporting.dashboard.plotter import WAITING_MAX, Drawings, NotDrawn
from services.reporting.report.columns import Columns
from services.reporting.report.counts import FlowSum, Window, report
from tests.reporting.conftest import Served

TODAY = date(2023, 10, 2)


def figures(received: int) -> Figures:
    def told(by: Any, key: str) -> Any:
        return report(
            [FlowSum(key, date(2023, 1, 1), flow, received) for flow in ("submitted", "received_new")], by
        )

    return Figures(
        told("month", ""),
        told("procedure", "1.009982"),
        told("channel", "online"),
        Columns(),
        0,
    )


def one_drawing(received: int = 3) -> str:
    return json.dumps(drawings(figures(received), Window(None, None), TODAY, "vi")["months_narrow"])


@pytest.fixture
async def drawn() -> AsyncIterator[Drawings]:
    made = Drawings()
    yield made
    await made.close()


def drawn_so_far() -> float:
    return metrics.PLOTS_DRAWN._value.get()  # type: ignore[no-any-return]


async def test_a_plot_is_drawn_once_however_many_watch(drawn: Drawings) -> None:
    before = drawn_so_far()
    svgs = await asyncio.gather(*(drawn.get(one_drawing()) for _ in range(10)))
    assert len(set(svgs)) == 1 and svgs[0].startswith("<svg")
    assert drawn_so_far() == before + 1


async def test_too_many_new_plots_are_refused(drawn: Drawings) -> None:
    asked = [drawn.get(one_drawing(n)) for n in range(WAITING_MAX + 5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, NotDrawn) for answer in answers) == 5
    assert sum(isinstance(answer, str) for answer in answers) == WAITING_MAX


async def test_a_drawing_that_fails_is_no_plot_and_the_next_one_is(drawn: Drawings) -> None:
    with pytest.raises(NotDrawn):
        await drawn.get('{"kind": "unknown"}')
    assert (await drawn.get(one_drawing())).startswith("<svg")


async def test_a_program_that_died_is_started_again(drawn: Drawings) -> None:
    await drawn.get(one_drawing(1))
    assert drawn._child is not None
    drawn._child.kill()
    await drawn._child.wait()
    assert (await drawn.get(one_drawing(2))).startswith("<svg")


async def test_a_program_that_cannot_start_is_no_plot() -> None:
    with pytest.raises(NotDrawn):
        await Drawings("services.reporting.no_such_program").get(one_drawing())


async def nobody() -> None:
    """Nobody says up to when anything is complete."""


class Counting:
    """A pool that counts how often it is asked for a connection."""

    def __init__(self, pool: Any) -> None:
        self._pool, self.asked = pool, 0

    def acquire(self) -> Any:
        self.asked += 1
        return self._pool.acquire()


async def test_many_who_watch_ask_the_database_once(served: Served) -> None:
    seconds, asked = 0.0, 0

    async def complete() -> None:
        nonlocal asked
        asked += 1

    async with open_pool(served.database.dsn, size=2) as opened:
        pool = Counting(opened)
        showing = Showing(pool, lambda: seconds, complete)
        window = Window(None, None)
        first, *others = await asyncio.gather(*(showing.figures(window, TODAY) for _ in range(200)))
        assert all(other == first for other in others) and (pool.asked, asked) == (1, 1)
        seconds = KEPT_SECONDS + 0.01
        await asyncio.gather(*(showing.figures(window, TODAY) for _ in range(200)))
        assert (pool.asked, asked) == (2, 2)


def test_plots_change_every_few_seconds_at_most() -> None:
    seconds = 0.0
    showing = Showing(None, lambda: seconds, nobody)
    window = Window(None, None)
    first = showing.plots(window, TODAY, "vi", figures(1))
    seconds = REDRAW_SECONDS - 0.1
    assert showing.plots(window, TODAY, "vi", figures(2)) == first
    seconds = REDRAW_SECONDS + 0.1
    second = showing.plots(window, TODAY, "vi", figures(2))
    assert second["months_wide"].version != first["months_wide"].version
    seconds = 3 * REDRAW_SECONDS
    assert showing.plots(window, TODAY, "vi", figures(2)) == second, "what did not change keeps its version"


async def test_a_plot_draws_nothing_that_is_withheld(drawn: Drawings) -> None:
    sums = [
        FlowSum(key, date(2023, 1, 1), flow, amount)
        for key, amount in (("1.009982", 977), ("1.009974", 983), ("1.006871", 991))
        for flow in ("submitted", "received_new")
    ]
    hidden = {"1.009974": frozenset({"pending"}), "1.006871": frozenset({"received", "pending"})}
    made = figures(3)._replace(procedures=report(sums, "procedure"), hidden_procedures=hidden)
    told = drawings(made, Window(None, None), TODAY, "vi")
    for size in ("wide", "narrow"):
        drawing = told[f"procedures_{size}"]
        rows = {row["key"]: row for row in drawing["rows"]}
        assert [rows["1.006871"][name] for name in ("received", "resolved", "pending")] == [0, 0, 0]
        assert [rows["1.009974"][name] for name in ("received", "resolved", "pending")] == [0, 0, 0]
        assert drawing["rows"][-1]["key"] == "1.006871", "its place would tell it"
        svg = await drawn.get(json.dumps(drawing))
        assert "977" in svg and "…" in svg and "991" not in svg
