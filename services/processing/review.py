"""Decides what the authority does with a dossier: accept, reject, forward, resolve, return, stop, apologise, correct.

Pure: no clock, no ids, no look-ups; days, terms and the calendar come in as arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

from services.chassis.decider import Rejected
from services.processing.calendar import Calendar
from services.processing.code import can_issue
from services.processing.deadline import due_date
from services.processing.life import (
    AcceptDossier,
    Accepted,
    ApologyIssued,
    Command,
    CorrectResult,
    Dossier,
    DossierAccepted,
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    Event,
    Filing,
    ForwardDossier,
    InProcessing,
    IssueApology,
    NotAccepted,
    ProcessingStopped,
    RejectDossier,
    Resolved,
    ResolveDossier,
    ResultCorrected,
    ResultReturned,
    Returned,
    ReturnResult,
    Stopped,
    StopProcessing,
    Submitted,
)


def decide(command: Command, dossier: Dossier, calendar: Calendar) -> Sequence[Event] | Rejected:
    """What follows from a command: its event, nothing when it is already so, or the refusal.

    Guarantee: a command repeated on the state that it led to changes nothing and is success. Test: test_a_repeat_is_quiet.
    """
    decision = _decide(command, dossier, calendar)
    if not isinstance(decision, Rejected) and decision and command.on < dossier.since:
        # Days, not instants: real logs have an end earlier in the day than its start.
        return Rejected("earlier-than-last-act", f"the last act was on {dossier.since}")
    return decision


def _decide(command: Command, dossier: Dossier, calendar: Calendar) -> Sequence[Event] | Rejected:
    match command, dossier:
        case AcceptDossier(), Submitted(filing=filing):
            return _accept(command, filing, calendar)
        case AcceptDossier(unit=unit), Accepted() if unit == dossier.unit:
            return []
        case RejectDossier(on=on, reason=reason), Submitted():
            return [DossierRejected(on, reason)]
        case RejectDossier(reason=reason), NotAccepted() if reason == dossier.reason:
            return []
        case ForwardDossier(_, unit, step), InProcessing(unit=at, step=now) if (unit, step) == (at, now):
            return []
        case ForwardDossier(on=on, unit=unit, step=step), Accepted() | InProcessing():
            return [DossierForwarded(on, unit, step)]
        case ResolveDossier(), Accepted() | InProcessing():
            return _resolve(command, dossier.due_on)
        case ResolveDossier(outcome=outcome), Resolved() if outcome == dossier.outcome:
            return []
        case StopProcessing(on=on, reason=reason), Accepted() | InProcessing():
            return [ProcessingStopped(on, reason, dossier.due_on)]
        case StopProcessing(reason=reason), Stopped() if reason == dossier.reason:
            return []
        case IssueApology(), Accepted() | InProcessing():
            return _apologise(command, dossier, calendar)
        case CorrectResult(), NotAccepted() | Returned() | Stopped():
            corrected = ResultCorrected(command.on, command.reason, command.document)
            return [] if dossier.correction == corrected else [corrected]
        case ReturnResult(on=on, method=method), Resolved():
            return [ResultReturned(on, method)]
        case ReturnResult(method=method), Returned() if method == dossier.method:
            return []
    status = dossier.status.replace("_", "-")
    return Rejected(f"not-while-{status}", f"the dossier is {status}; allowed there: {dossier.allowed}")


def _accept(command: AcceptDossier, filing: Filing, calendar: Calendar) -> Sequence[Event] | Rejected:
    if not can_issue(filing.office, command.on):
        return Rejected("office-without-code", f"{filing.office} has no code in the form of {command.on}")
    due_on = command.due_on
    if due_on is None and command.limit is not None:
        due_on = due_date(command.on, command.limit, calendar)
    fixed = (filing.procedure, command.level, filing.office, command.unit, filing.channel)
    return [DossierAccepted(command.on, *fixed, due_on)]


def _resolve(command: ResolveDossier, due_on: date | None) -> Sequence[Event] | Rejected:
    """A late end needs a reason; an end in time has none, whatever the command says."""
    late = due_on is not None and command.on > due_on
    if late and command.late_reason is None and not command.reason_may_lack:
        return Rejected("late-reason-missing", f"the dossier was due on {due_on}")
    return [DossierResolved(command.on, command.outcome, due_on, command.late_reason if late else None)]


def _apologise(
    command: IssueApology, dossier: Accepted | InProcessing, calendar: Calendar
) -> Sequence[Event] | Rejected:
    """One apology with one appointment; late ones are taken and flagged.

    Guarantee: a second re-appointment is refused. Test: test_a_second_apology_is_refused.
    """
    if dossier.apology is not None:
        again = (command.reason, command.appointment_on)
        if again == (dossier.apology.reason, dossier.apology.appointment_on):
            return []
        return Rejected(
            "apology-already-issued", f"the one new appointment is {dossier.apology.appointment_on}"
        )
    if dossier.due_on is None:
        return Rejected("no-due-date", "a dossier without a due date has no delay to apologise for")
    if command.appointment_on <= max(command.on, dossier.due_on):
        return Rejected("appointment-too-early", f"after today, and after the due date {dossier.due_on}")
    in_time = command.on <= calendar.working_before(dossier.due_on)
    return [ApologyIssued(command.on, command.reason, command.appointment_on, in_time)]


def evolve(dossier: Dossier, event: Event) -> Dossier:
    """The state after an event; ValueError on a history that `decide` never wrote."""
    filing = dossier.filing
    match event, dossier:
        case DossierAccepted(on=on, unit=unit, due_on=due_on), Submitted():
            return Accepted(filing, on, unit, due_on)
        case DossierRejected(on=on, reason=reason), Submitted():
            return NotAccepted(filing, on, reason)
        case DossierForwarded(on=on, unit=unit, step=step), Accepted() | InProcessing():
            return InProcessing(filing, on, unit, dossier.due_on, step, dossier.apology)
        case DossierResolved(on=on, outcome=outcome), Accepted() | InProcessing():
            return Resolved(filing, on, dossier.unit, dossier.due_on, outcome)
        case ResultReturned(on=on, method=method), Resolved():
            return Returned(filing, on, dossier.unit, dossier.due_on, dossier.outcome, method)
        case ProcessingStopped(on=on, reason=reason), Accepted() | InProcessing():
            return Stopped(filing, on, dossier.unit, dossier.due_on, reason)
        case ApologyIssued(on=on), Accepted() | InProcessing():
            return replace(dossier, since=on, apology=event)
        case ResultCorrected(on=on), NotAccepted() | Returned() | Stopped():
            return replace(dossier, since=on, correction=event)
    raise ValueError(f"{type(event).__name__} while {dossier.status}")


def fold(filing: Filing, events: Iterable[Event]) -> Dossier:
    """The dossier that a filing and the acts since then make."""
    start: Dossier = Submitted(filing)
    return reduce(evolve, events, start)


def says(command: Command, event: Event) -> bool:
    """Whether the event is what the command asks for: how a repeat is told from another command under the same key."""
    match command, event:
        case AcceptDossier(unit=unit, due_on=due_on), DossierAccepted():
            return unit == event.unit and due_on in (None, event.due_on)
        case RejectDossier(reason=reason), DossierRejected():
            return reason == event.reason
        case ForwardDossier(unit=unit, step=step), DossierForwarded():
            return (unit, step) == (event.unit, event.step)
        case ResolveDossier(outcome=outcome, late_reason=late_reason), DossierResolved():
            return outcome == event.outcome and event.late_reason in (None, late_reason)
        case ReturnResult(method=method), ResultReturned():
            return method == event.method
        case StopProcessing(reason=reason), ProcessingStopped():
            return reason == event.reason
        case IssueApology(reason=reason, appointment_on=appointment_on), ApologyIssued():
            return (reason, appointment_on) == (event.reason, event.appointment_on)
        case CorrectResult(reason=reason, document=document), ResultCorrected():
            return (reason, document) == (event.reason, event.document)
    return False
