"""Decides what becomes of the date that an applicant was told: extended, counted again, or apologised for.

Pure, as review.py, whose table of commands leads here.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier.commands import ExtendLimit, IssueApology, RecountDueDate
from services.processing.dossier.date_events import DueDateChanged, DueDateExtended
from services.processing.dossier.events import (
    ApologyIssued,
    Event,
)
from services.processing.dossier.saying import says
from services.processing.dossier.state import Dossier, Ended, Held

Decision = Sequence[Event] | Rejected | None


def apologise(command: IssueApology, dossier: Dossier, calendar: Calendar) -> Decision:
    """One apology with one appointment; late ones are taken and flagged.

    Guarantee: a second re-appointment is refused. Test: test_a_second_apology_is_refused.
    """
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if now.apology is not None:
        if (command.reason, command.appointment_on) == (now.apology.reason, now.apology.appointment_on):
            return []
        return Rejected("apology-already-issued", f"the one new appointment is {now.apology.appointment_on}")
    if now.due_on is None:
        return Rejected("no-due-date", "a dossier without a due date has no delay to apologise for")
    if command.appointment_on <= max(command.on, now.due_on):
        return Rejected("appointment-too-early", f"after today, and after the due date {now.due_on}")
    in_time = command.on <= calendar.working_before(now.due_on)
    return [ApologyIssued(command.on, command.reason, command.appointment_on, in_time)]


def extend_limit(command: ExtendLimit, dossier: Dossier, calendar: Calendar) -> Decision:
    """Once, by at most the limit, before the due date, where the version allows it; it is no lateness."""
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if now.clock.extended:
        if any(says(command, act) for act in dossier.acts):
            return []
        return Rejected("already-extended", "a limit is extended once")
    if not command.allowed:
        return Rejected("extension-not-allowed", "the procedure's version knows no extension")
    if now.due_on is None or now.clock.limit is None:
        return Rejected("no-due-date", "a dossier without a limit has none to extend")
    if command.on >= now.due_on:
        return Rejected("due-date-passed", f"before the due date, {now.due_on}")
    if command.amount > now.clock.limit.amount:
        return Rejected("extension-too-long", f"at most the limit, {now.clock.limit.amount}")
    due_on = now.clock._replace(extended=command.amount).due_on(calendar)
    assert due_on is not None
    return [DueDateExtended(command.on, command.reason, command.amount, due_on)]


def recount(command: RecountDueDate, dossier: Dossier, calendar: Calendar) -> Decision:
    """Quiet where nothing moves and where no clock runs.

    Guarantee: a declaration never moves the due date of an ended dossier. Test: test_an_ended_clock_is_never_touched.
    """
    held, old = dossier.held, dossier.due_on
    if isinstance(dossier.now, Ended) or held is None or old is None:
        return []
    due_on = held.clock.due_on(calendar)
    return [] if due_on in (None, old) else [DueDateChanged(command.on, old, due_on, command.days)]
