"""What becomes of dates that were told: apologised for, extended, counted again once the calendar has changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from pydantic import Field

from contracts.catalogue.procedure import Version
from contracts.processing_codes import ExtensionReason, LateReason
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import deadlines
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Day, Order
from services.processing.dossier.date_events import (
    DeadlineChanged,
    DueDateChanged,
    DueDateExtended,
    OpinionDeadlineChanged,
)
from services.processing.dossier.events import ApologyIssued
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    State,
    Submitted,
    with_due_on,
    with_held,
)


class Apologise(Asked):
    """`appointment_on` is the one new appointment, after today and after the due date."""

    reason: LateReason
    appointment_on: Annotated[Day, Field(le=date(2999, 12, 31))]


@dataclass(frozen=True, slots=True)
class IssueApology:
    """Apologises for a delay and makes the one new appointment. `proof_may_lack`: an import tells of one on a day off, too."""

    on: date
    reason: str
    appointment_on: date
    proof_may_lack: bool = False


def _order_apology(asked: Apologise, order: Order) -> IssueApology:
    return IssueApology(order.on, asked.reason, asked.appointment_on, order.by_import)


def _apologise(command: IssueApology, dossier: Dossier, calendar: Calendar) -> Decision:
    """One apology with one appointment; late ones are taken and flagged.

    Guarantee: a second re-appointment is refused. Test: test_a_second_apology_is_refused.
    Guarantee: nobody is asked to come on a day off. Test: test_an_appointment_is_on_a_working_day.
    """
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if now.apology is not None:
        if APOLOGISE.says(command, now.apology):
            return []
        return Rejected("apology-already-issued", f"the one new appointment is {now.apology.appointment_on}")
    if now.due_on is None:
        return Rejected("no-due-date", "a dossier without a due date has no delay to apologise for")
    if command.appointment_on <= max(command.on, now.due_on):
        return Rejected("appointment-too-early", f"after today, and after the due date {now.due_on}")
    if not command.proof_may_lack and not calendar.is_working(command.appointment_on):
        offered = [calendar.working_after(command.appointment_on, number) for number in (1, 2, 3)]
        return Rejected("day-off", f"the next working days are {', '.join(map(str, offered))}")
    in_time = command.on <= calendar.working_before(now.due_on)
    return [ApologyIssued(command.on, command.reason, command.appointment_on, in_time)]


def _apologised(now: State, event: ApologyIssued, _: int) -> State | None:
    return now._replace(apology=event) if isinstance(now, Held) else None


class Extend(Asked):
    """By so many of the limit's own days or months."""

    reason: ExtensionReason
    amount: Annotated[int, Field(ge=1, le=366)]


@dataclass(frozen=True, slots=True)
class ExtendLimit:
    """By `amount` of the limit's own days or months; `allowed` is the version's."""

    on: date
    reason: str
    amount: int
    allowed: bool


def _order_extension(asked: Extend, order: Order) -> ExtendLimit:
    version = order.version
    allowed = isinstance(version, Version) and version.extension_allowed
    return ExtendLimit(order.on, asked.reason, asked.amount, allowed)


def _extend(command: ExtendLimit, dossier: Dossier, calendar: Calendar) -> Decision:
    """Once, by at most the limit, before the due date, where the version allows it; it is no lateness."""
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if now.clock.extended:
        if any(EXTEND.says(command, act) for act in dossier.acts):
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


def _extended(now: State, event: DueDateExtended, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    return now._replace(clock=now.clock._replace(extended=event.amount), due_on=event.due_on)


@dataclass(frozen=True, slots=True)
class RecountDueDate:
    """The calendar was changed: `days` are those that are counted otherwise now."""

    on: date
    days: tuple[date, ...]


def _recount_due_date(command: RecountDueDate, dossier: Dossier, calendar: Calendar) -> Decision:
    """Quiet where nothing moves and where no clock runs.

    Guarantee: a declaration never moves the due date of an ended dossier. Test: test_an_ended_clock_is_never_touched.
    """
    held, old = dossier.held, dossier.due_on
    if isinstance(dossier.now, Ended) or held is None or old is None:
        return []
    due_on = held.clock.due_on(calendar)
    return [] if due_on in (None, old) else [DueDateChanged(command.on, old, due_on, command.days)]


def _due_date_changed(now: State, event: DueDateChanged, _: int) -> State | None:
    return None if isinstance(now, Submitted | Ended) else with_due_on(now, event.due_on)


@dataclass(frozen=True, slots=True)
class RecountDeadlines:
    """The same for what others are to do: bring a supplement, pay a fee, give an opinion."""

    on: date
    days: tuple[date, ...]


def _recount_deadlines(command: RecountDeadlines, dossier: Dossier, calendar: Calendar) -> Decision:
    """Quiet where nothing moves.

    Guarantee: a lapse that was recorded stays, and no deadline of an ended dossier moves. Test: test_a_recorded_lapse_stays.
    """
    return list(deadlines.moved(dossier.now, dossier.acts, command.on, command.days, calendar))


def _deadline_changed(now: State, event: DeadlineChanged, _: int) -> State | None:
    """Of the request that it names alone."""
    if not isinstance(now, AwaitingSupplement | AwaitingPayment) or now.sequence != event.request:
        return None
    if isinstance(now, AwaitingPayment):
        return now._replace(request=replace(now.request, deadline_on=event.deadline_on))
    return now._replace(request=replace(now.request, deadline_on=event.deadline_on))


def _opinion_deadline_changed(now: State, event: OpinionDeadlineChanged, _: int) -> State | None:
    if isinstance(now, Submitted | Ended):
        return None

    def changed(held: Held) -> Held:
        opinions = [
            asked._replace(answer_by=event.answer_by)
            if asked.agency == event.agency and asked.answer is None
            else asked
            for asked in held.opinions
        ]
        return held._replace(opinions=tuple(opinions))

    return with_held(now, changed)


APOLOGISE = Act(
    name="apologise",
    summary="Apologise and make a new appointment",
    description="Once; lateness is still measured against the due date.",
    body=Apologise,
    order=_order_apology,
    command=IssueApology,
    decide=_apologise,
    effects={ApologyIssued: _apologised},
    same=("reason", "appointment_on"),
    faults={"appointment-too-early": "appointment_on", "day-off": "appointment_on"},
)
EXTEND = Act(
    name="extend",
    summary="Extend the limit",
    description="Once, before the due date, where the procedure's version allows it. It is no lateness.",
    body=Extend,
    order=_order_extension,
    command=ExtendLimit,
    decide=_extend,
    effects={DueDateExtended: _extended},
    same=("reason", "amount"),
    faults={"extension-too-long": "amount"},
)
RECOUNT_DUE_DATE = Act(
    command=RecountDueDate,
    decide=_recount_due_date,
    effects={DueDateChanged: _due_date_changed},
    same=("days",),
    beside_withdrawal=True,
)
RECOUNT_DEADLINES = Act(
    command=RecountDeadlines,
    decide=_recount_deadlines,
    effects={DeadlineChanged: _deadline_changed, OpinionDeadlineChanged: _opinion_deadline_changed},
    beside_withdrawal=True,
)
APOLOGIES = (APOLOGISE,)
EXTENSIONS = (EXTEND,)
RECOUNTS = (RECOUNT_DUE_DATE, RECOUNT_DEADLINES)
