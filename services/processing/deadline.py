"""Owns the due date: a pure function of the day of acceptance, the procedure's limit and the calendar, and why it is that day.

It never reads a clock or a zone; the same arguments give the same date on every machine.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

from services.processing.calendar import ONE_DAY, Calendar

LimitUnit = Literal["working_days", "calendar_days", "months"]
LIMIT_UNITS: tuple[LimitUnit, ...] = get_args(LimitUnit)
# Beyond any limit of the law; a slip of the hand must not count through centuries.
AMOUNT_MAX = 3_660

Effect = Literal["counted", "skipped", "moved"]
"""What a day does: it counts toward the limit, is skipped as a day off, or comes after a limit that ended on a day off and moves."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long the authority may take: so many days or months, at least one."""

    amount: int
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a limit is at least one day")
        if self.amount > AMOUNT_MAX:
            raise ValueError(f"a limit is at most {AMOUNT_MAX}")


class Day(NamedTuple):
    """One day of an explanation; `document` is what declared it off or worked, None for an ordinary day or weekend."""

    on: date
    effect: Effect
    document: str | None


class Explanation(NamedTuple):
    """Every day after the day of acceptance up to the due date. `provisional`: it reaches a year without declarations."""

    due_on: date
    days: tuple[Day, ...]
    provisional: bool


def due_date(accepted_on: date, limit: Limit, calendar: Calendar) -> date:
    """The last day of the limit, which ends at 24:00 of it.

    The day of acceptance is not counted (Civil Code 147); working-day limits count working days; a limit in calendar days or
    months whose last day is off moves to the next working day (Civil Code 148). Acceptance on a day off is valid: it is day 0
    all the same. OverflowError beyond the last year that a date can have.
    """
    if limit.unit != "working_days":
        return calendar.next_working(_last_day(accepted_on, limit))
    day, left = accepted_on, limit.amount
    while left:
        day += ONE_DAY
        left -= calendar.is_working(day)
    return day


def explain(accepted_on: date, limit: Limit, calendar: Calendar) -> Explanation:
    """The due date with its reasons, day by day.

    Guarantee: the explanation ends on the due date, and in limits of days the counted days equal the limit.
    Test: test_an_explanation_counts_the_limit_and_ends_on_the_due_date.
    """
    due_on = due_date(accepted_on, limit, calendar)
    last = due_on if limit.unit == "working_days" else _last_day(accepted_on, limit)
    days = tuple(
        Day(day, _effect(day, last, limit.unit, calendar), calendar.documents.get(day))
        for day in (accepted_on + timedelta(days=n) for n in range(1, (due_on - accepted_on).days + 1))
    )
    years = range(accepted_on.year, due_on.year + 1)
    return Explanation(due_on, days, any(calendar.is_provisional(year) for year in years))


def _effect(day: date, last: date, unit: LimitUnit, calendar: Calendar) -> Effect:
    if day > last:
        return "moved"
    return "skipped" if unit == "working_days" and not calendar.is_working(day) else "counted"


def _last_day(accepted_on: date, limit: Limit) -> date:
    """Where a limit in calendar days or months ends, before a day off moves it. A month ends on the corresponding day, else on
    the last day of the month (Civil Code 147)."""
    if limit.unit == "calendar_days":
        return accepted_on + timedelta(days=limit.amount)
    months = accepted_on.month - 1 + limit.amount
    year, month = accepted_on.year + months // 12, months % 12 + 1
    return date(year, month, min(accepted_on.day, monthrange(year, month)[1]))
