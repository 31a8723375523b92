"""What becomes true of a dossier by itself, and at which instant: stopped by law, overdue acceptance, due soon, due today, overdue,
apology due, a deadline that lapsed, consent by silence.

Pure: the sweep that records these facts gives the time; none but the law's own stop ends a dossier or changes a clock.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import ONE_DAY, ZONE, Calendar, local_day
from services.processing.clock.working_hours import OFFICE_HOURS, intake_due_at
from services.processing.dossier.decide import decide
from services.processing.dossier.history import evolve
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    Submitted,
)
from services.processing.dossier.told_dates import RecountDeadlines, RecountDueDate

Kind = Literal[
    "stopped_by_law",
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
    """When it became true, for the due date, deadline, last day of answer or day of the law's stop that `day` is.

    A stop by law at 00:00 of its day.
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
    return datetime.combine(day if kind == "stopped_by_law" else day + ONE_DAY, time(0), ZONE)


def latest(kind: Kind, now: datetime, calendar: Calendar) -> date:
    """The latest due date, deadline or last day of answer of which it is true by now."""
    day = local_day(now) + AHEAD
    while true_at(kind, day, calendar) > now:
        day -= ONE_DAY
    return day


def stands(kind: Kind, day: date, at: datetime, dossier: Dossier, declared: Calendar | None) -> bool:
    """Whether it is true of a dossier that was found by its `day`, since `at`. `declared` is the calendar by which a recount is
    outstanding, None where every date stands by it.

    Guarantee: what the calendar has on another day by now is not true yet, nor any more on that day.
    Test: test_what_a_recount_is_about_to_move_is_not_recorded.
    """
    now = dossier.now
    if kind == "stopped_by_law":
        return not isinstance(now, Submitted | Ended)
    if kind == "acceptance_overdue":
        return declared is None or (
            isinstance(now, Submitted) and intake_due_at(now.since_at, declared) == at
        )
    dates = _dates(kind, dossier)
    if dates[:1] != [day]:
        return False
    if declared is None:
        return True
    return dates == _dates(kind, _recounted(dossier, declared)) and true_at(kind, day, declared) == at


def _dates(kind: Kind, dossier: Dossier) -> list[date]:
    """Those by which it becomes true of a dossier, the first one first: of agencies that are asked there are several."""
    now = dossier.now
    if kind == "consent_deemed":
        asked = now.opinions if isinstance(now, Held) else ()
        return sorted(each.answer_by for each in asked if each.answer is None)
    if kind in ("supplement_lapsed", "fee_lapsed"):
        return [now.request.deadline_on] if isinstance(now, AwaitingSupplement | AwaitingPayment) else []
    return [] if dossier.due_on is None else [dossier.due_on]


def _recounted(dossier: Dossier, calendar: Calendar) -> Dossier:
    """As a recount by this calendar will leave it, which leaves alone what cannot be counted."""
    on, counted = dossier.since, dossier
    try:
        for command in (RecountDueDate(on, ()), RecountDeadlines(on, ())):
            decided = decide(command, dossier, calendar)
            for event in () if isinstance(decided, Rejected) else decided:
                counted = evolve(counted, event)
    except (ValueError, OverflowError):
        return dossier
    return counted
