"""What deciding costs by itself, without any I/O: a history beside the reading of its bytes, a due date beside numpy's.

Everything is measured in this process, interleaved; the yardsticks are `json.loads` and `numpy.busday_offset` with a calendar
that was prepared before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from functools import partial

import numpy

from services.processing.clock.due_date import Limit, due_date, explain
from services.processing.clock.working_days import shipped
from services.processing.dossier.decide import decide
from services.processing.dossier.events import EVENTS
from services.processing.dossier.history import fold
from tests.benchmarks.house import House
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row
from tests.processing import examples as x

HISTORY = [
    x.ACCEPTED,
    x.FORWARDED,
    x.HANDED_OVER,
    x.SUPPLEMENT_REQUESTED,
    x.SUPPLEMENT_ACCEPTED,
    x.APOLOGISED,
    x.FORWARDED,
    x.FEE_REQUESTED,
    x.FEE_CONFIRMED,
    x.FORWARDED,
]


def microseconds(work: Callable[[], object], times: int) -> float:
    """CPU of one call."""
    before = time.process_time()
    for _ in range(times):
        work()
    return 1e6 * (time.process_time() - before) / times


def read(raw: list[bytes]) -> list[object]:
    return [json.loads(each) for each in raw]


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    times = 5_000 if quick else 30_000
    calendar, limit = shipped(), Limit(20, "working_days")
    raw = [EVENTS.encode(event)[2].encode() for event in HISTORY]
    prepared = numpy.busdaycalendar(holidays=sorted(calendar.off))
    day = numpy.datetime64(x.TUESDAY)
    sides: dict[str, Callable[[], object]] = {
        "json": partial(read, raw),
        "decide": lambda: decide(x.RESOLVE, fold(x.FILING, HISTORY), calendar),
        "busday": lambda: numpy.busday_offset(day, 20, roll="backward", busdaycal=prepared),
        "due": lambda: due_date(x.TUESDAY, limit, calendar),
        "explain": lambda: explain(x.TUESDAY, limit, calendar),
    }
    assert sides["due"]() == sides["busday"]().astype(date)  # type: ignore[attr-defined]
    cost: dict[str, list[float]] = {name: [] for name in sides}
    for work in sides.values():
        microseconds(work, times // 10)
    for _ in range(rounds):
        for name, work in sides.items():
            cost[name].append(microseconds(work, times))

    def row(what: str, ours: str, yardstick: str, limit: float, note: str) -> Row:
        return Row("law", what, "µs", Spread(cost[ours]), Spread(cost[yardstick]), limit, note=note)

    of_bytes = f"json.loads of their {sum(map(len, raw)):,} bytes"
    return [
        row("fold 10 decoded events and decide", "decide", "json", 1.0, of_bytes),
        row("a due date, 20 working days", "due", "busday", 1.0, "numpy.busday_offset, prepared"),
        row("a due date with its explanation as data", "explain", "busday", 10.0, "the same"),
    ]
