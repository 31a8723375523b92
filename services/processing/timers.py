"""What becomes true of a dossier by itself, and at which instant: overdue acceptance, due soon, due today, overdue, apology due,
a deadline that lapsed, consent by silence.

Pure: the sweep that records these facts gives the time; none of them ends a dossier or changes a clock.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from services.processing.calendar import ONE_DAY, ZONE, Calendar, local_day
from services.processing.hours import OFFICE_HOURS

Kind = Literal[
    "acceptance_overdue",
    "due_soon",
    "due_today",
    "overdue",
    "apology_due",
    "supplement_lapsed",
    "fee_lapsed",
    "consent_deemed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

SOON_WORKING_DAYS = 2
# A sweep looks so far ahead for due dates of which something may be true today: over the longest stretch of days off.
AHEAD = timedelta(days=21)

_OPENS = OFFICE_HOURS[0].spans[0][0]


def true_at(kind: Kind, day: date, calendar: Calendar) -> datetime:
    """When it became true, for the due date, deadline or last day of answer that `day` is.

    Overdue at 00:00 of the day after; due today, due soon (two working days before) and apology due (the last working day before)
    at opening; a lapse and deemed consent at 24:00 (DOMAIN's rule of the timers' business times).
    Guarantee: the same fact has the same business time whenever it is swept.
    Test: test_a_late_sweep_tells_the_time_at_which_it_became_true.
    """
    if kind == "due_soon":
        before = day
        for _ in range(SOON_WORKING_DAYS):
            before = calendar.working_before(before)
        return datetime.combine(before, _OPENS, ZONE)
    if kind == "due_today":
        return datetime.combine(day, _OPENS, ZONE)
    if kind == "apology_due":
        return datetime.combine(calendar.working_before(day), _OPENS, ZONE)
    return datetime.combine(day + ONE_DAY, time(0), ZONE)


def latest(kind: Kind, now: datetime, calendar: Calendar) -> date:
    """The latest due date, deadline or last day of answer of which it is true by now."""
    day = local_day(now) + AHEAD
    while true_at(kind, day, calendar) > now:
        day -= ONE_DAY
    return day
