"""The periods that reports are asked for by name, by the calendar or by the ministry's windows, and those that the page offers. Pure.

By the ministry's scheme (Biểu II.06a/VPCP/KSTT) a month runs from the 15th of the month before to the 14th, and every longer period begins
on the 15th of the month before its first one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from services.reporting.report.counts import Counts, Row, Window

# The last month of each, and the name under which texts know it.
ENDS = ((3, "quarter"), (6, "half"), (9, "nine_months"), (12, "year"))
MONTHS_MAX = 120


Scheme = Literal["calendar", "official"]
PERIOD = re.compile(
    r"(?P<year>(?:19|2[0-9])[0-9]{2})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<nine>9m)))?"
)
PATTERN = re.sub(r"\?P<[a-z]+>|\?:", "", f"^{PERIOD.pattern}$")
"""The same as documents say it: JSON Schema knows no names in a pattern."""


class Known(NamedTuple):
    """The first and the last day on which anything happened, up to today; None in a house without dossiers.

    `made_up`: the demonstration is among the dossiers.
    """

    first: date | None
    last: date | None
    made_up: bool = False


def named(period: str, scheme: Scheme = "calendar") -> Window:
    """The window of 2023, 2023-H1, 2023-9m, 2023-Q3 or 2023-09; ValueError when it is none of these.

    Guarantee: the next period begins on the day after this one. Test: test_periods_follow_one_another.
    """
    found = PERIOD.fullmatch(period)
    if found is None:
        raise ValueError("a period is written 2023, 2023-H1, 2023-9m, 2023-Q3 or 2023-09")
    year, first, last = int(found["year"]), 1, 12
    if found["month"]:
        first = last = int(found["month"])
    elif found["quarter"]:
        first, last = 3 * int(found["quarter"]) - 2, 3 * int(found["quarter"])
    elif found["half"]:
        first, last = 6 * int(found["half"]) - 5, 6 * int(found["half"])
    elif found["nine"]:
        last = 9
    begin, end = date(year, first, 1), date(year, last, monthrange(year, last)[1])
    if scheme == "official":
        begin, end = (begin - timedelta(days=1)).replace(day=15), end.replace(day=14)
    return Window(begin, end)


def cumulative(day: date) -> Window:
    """The shortest of the periods in which a day lies."""
    end = next(month for month, _ in ENDS if day.month <= month)
    return _to(day.year, end)


def opening(today: date, known: Known) -> Window:
    """The period in which we are, or the last one in which anything happened.

    Guarantee: who asks for no period sees one in which something happened. Test: test_the_page_opens_on_a_period_with_dossiers.
    """
    now = cumulative(today)
    if known.last is None or (now.first is not None and known.last >= now.first):
        return now
    return cumulative(known.last)


def periods_of(year: int) -> list[tuple[str, Window]]:
    """The four periods of a year by name."""
    return [(name, _to(year, month)) for month, name in ENDS]


def years_of(today: date, known: Known, most: int = 6) -> list[int]:
    """The years that can be chosen, the newest first."""
    first = (known.first or today).year
    return list(range(today.year, first - 1, -1))[:most]


def filled(rows: Sequence[Row], window: Window, today: date, before: Counts) -> list[Row]:
    """The months of a window without a hole: where nothing happened, what was pending is pending still.

    From the window's first month, or the first one with dossiers, to its last one or today's. `before` is the window's total.
    """
    if not rows:
        return []
    first = _month(rows[0].key)
    if window.first is not None:
        first = min(first, window.first.replace(day=1))
    last = max(_month(rows[-1].key), min(window.last or today, today).replace(day=1))
    by_key = {row.key: row for row in rows}
    still = _standing(before.carried_over, before.waiting_before)
    found = []
    for month in _months(first, last):
        key = f"{month:%Y-%m}"
        row = by_key.get(key) or Row(key, still)
        found.append(row)
        still = _standing(row.counts.pending, row.counts.waiting)
    return found[-MONTHS_MAX:]


def cut(key: str, window: Window, today: date) -> tuple[int | None, int | None]:
    """The first day of a month that the window begins in, and its last one that the window, or today, ends in; None where whole."""
    month = _month(key)
    end = month.replace(day=monthrange(month.year, month.month)[1])
    last = min(window.last or today, today)
    from_day = window.first.day if window.first is not None and month < window.first <= end else None
    return from_day, (last.day if month <= last < end else None)


def _standing(pending: int, waiting: int) -> Counts:
    """A month in which nothing happened."""
    stocks = {"waiting_before": waiting, "waiting": waiting, "carried_over": pending, "received": pending}
    nothing = dict.fromkeys(Counts.__dataclass_fields__, 0)
    return Counts(**nothing | stocks | {"pending": pending})


def _to(year: int, month: int) -> Window:
    return Window(date(year, 1, 1), date(year, month, monthrange(year, month)[1]))


def _month(key: str) -> date:
    return date.fromisoformat(f"{key}-01")


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = (first + timedelta(days=31)).replace(day=1)
