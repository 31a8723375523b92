"""Owns the due date: a pure function of the day of acceptance, the procedure's limit and the calendar.

It never reads a clock or a zone; the same arguments give the same date on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.processing.calendar import ONE_DAY, Calendar

LimitUnit = Literal["working_days", "calendar_days"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How long the authority may take: so many days of one kind, at least one."""

    amount: int
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a limit is at least one day")


def due_date(accepted_on: date, limit: Limit, calendar: Calendar) -> date:
    """The last day of the limit, which ends at 24:00 of it.

    The day of acceptance is not counted (Civil Code 147); working-day limits count working days; a calendar limit whose
    last day is off moves to the next working day (Civil Code 148). Acceptance on a day off is valid: it is day 0 all the same.
    """
    if limit.unit == "calendar_days":
        return calendar.next_working(accepted_on + timedelta(days=limit.amount))
    day, left = accepted_on, limit.amount
    while left:
        day += ONE_DAY
        left -= calendar.is_working(day)
    return day
