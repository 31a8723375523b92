"""Until when others have to act, and how that moves with the calendar: to bring a supplement, pay a fee, answer as an agency.

Pure. A deadline is counted again from its request's own day and amount, so that it
is a function of the calendar alone: in whatever order days are declared and withdrawn, it ends where the last calendar has it. It
moves both ways, as the due date does: the law lets a date that was told move by a declaration, with its reason and a notice, and
says of no direction that it may not. What the applicant did meanwhile is not asked: the log alone decides, whatever is heard first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from services.processing.clock.due_date import Limit, due_date
from services.processing.clock.working_days import Calendar
from services.processing.dossier.date_events import DeadlineChanged, OpinionDeadlineChanged
from services.processing.dossier.events import Event, SupplementLapsed
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Ended,
    State,
    held_of,
)


def working_days_after(day: date, amount: int, calendar: Calendar) -> date:
    """The last of so many working days after a day."""
    return due_date(day, Limit(amount, "working_days"), calendar)


def has_lapse(now: AwaitingSupplement, acts: Sequence[Event]) -> bool:
    """Whether it was recorded that this request's deadline passed."""
    return any(isinstance(act, SupplementLapsed) for act in acts[now.sequence :])


def last_day(now: AwaitingSupplement | AwaitingPayment, acts: Sequence[Event], calendar: Calendar) -> date:
    """Until when the applicant has: as told, or longer where a declared day has moved it and the recount has yet to tell.

    Guarantee: nobody is cut off by a date that a declared day has moved. Test: test_nobody_is_cut_off_before_the_recount.
    """
    request = now.request
    lapsed = isinstance(now, AwaitingSupplement) and has_lapse(now, acts)
    if request.deadline_days is None or lapsed:
        return request.deadline_on
    return max(request.deadline_on, working_days_after(request.on, request.deadline_days, calendar))


def moved(
    now: State, acts: Sequence[Event], on: date, days: Sequence[date], calendar: Calendar
) -> Iterator[Event]:
    """An event for each open deadline of a dossier that stands so and has another last day by this calendar.

    Of `days` each names those that lie in its own stretch. A deadline that is older than its stored amount stays as it was told.
    """
    if isinstance(now, Ended):
        return
    if isinstance(now, AwaitingSupplement | AwaitingPayment):
        request, amount = now.request, now.request.deadline_days
        lapsed = isinstance(now, AwaitingSupplement) and has_lapse(now, acts)
        if amount is not None and not lapsed:
            old, new = request.deadline_on, working_days_after(request.on, amount, calendar)
            if new != old:
                asked = "supplement" if isinstance(now, AwaitingSupplement) else "fee"
                yield DeadlineChanged(
                    on, asked, now.sequence, old, new, _within(days, request.on, max(old, new))
                )
    held = held_of(now)
    for each in held.opinions if held else ():
        if each.answer is not None or each.answer_days is None:
            continue
        old, new = each.answer_by, working_days_after(each.asked_on, each.answer_days, calendar)
        if new != old:
            touching = _within(days, each.asked_on, max(old, new))
            yield OpinionDeadlineChanged(on, each.agency, old, new, touching)


def _within(days: Sequence[date], after: date, to: date) -> tuple[date, ...]:
    return tuple(day for day in days if after < day <= to)
