"""Decides what the authority does with a dossier. requests.py decides what it asks for meanwhile: supplements, fees, opinions.

Pure: no clock, no ids, no look-ups; days, the version's terms and the calendar come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import due_date
from services.processing.clock.working_days import Calendar
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier import appointments, deadlines, requests, reversals
from services.processing.dossier.commands import (
    AcceptDossier,
    AcceptSupplement,
    AskOpinion,
    Command,
    ConfirmFee,
    CorrectResult,
    DeemConsent,
    ExtendLimit,
    ForwardDossier,
    GiveOpinion,
    HandOver,
    IssueApology,
    NoteLapse,
    RecountDeadlines,
    RecountDueDate,
    RefuseWithdrawal,
    RejectDossier,
    RequestFee,
    RequestSupplement,
    ResolveDossier,
    ReturnResult,
    ReverseAct,
    StopProcessing,
    WaiveFee,
    WithdrawDossier,
)
from services.processing.dossier.events import (
    DossierAccepted,
    DossierForwarded,
    DossierHandedOver,
    DossierRejected,
    DossierResolved,
    DossierWithdrawn,
    Event,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
    WithdrawalRefused,
)
from services.processing.dossier.official_code import can_issue
from services.processing.dossier.saying import says
from services.processing.dossier.state import (
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    Submitted,
    held_of,
)

Decision = Sequence[Event] | Rejected | None
"""What follows: events, none when it is already so, a refusal with its own reason, or None where the state does not allow it."""


def decide(command: Command, dossier: Dossier, calendar: Calendar) -> Sequence[Event] | Rejected:
    """What follows from a command: its events, nothing when it is already so, or the refusal.

    Guarantee: a command repeated on the state that it led to changes nothing and is success. Test: test_a_repeat_is_quiet.
    """
    decision = None
    if dossier.withdrawal is None or isinstance(command, _BESIDE_A_WITHDRAWAL):
        decision = _DECIDE[type(command)](command, dossier, calendar)
    if decision is None:
        status = dossier.status.replace("_", "-")
        return Rejected(
            f"not-while-{status}", f"the dossier is {status}; allowed there: {dossier.allowed or 'nothing'}"
        )
    if not isinstance(decision, Rejected) and decision and decision[-1].on < dossier.since:
        # Days, not instants: real logs have an end earlier in the day than its start.
        return Rejected("earlier-than-last-act", f"the last act was on {dossier.since}")
    return decision


# A request to withdraw lets an officer do nothing but answer it. What becomes true by itself meanwhile is still recorded.
_BESIDE_A_WITHDRAWAL = (
    WithdrawDossier,
    RefuseWithdrawal,
    NoteLapse,
    DeemConsent,
    RecountDueDate,
    RecountDeadlines,
)


def _accept(command: AcceptDossier, dossier: Dossier, calendar: Calendar) -> Decision:
    """A limit that depends on the project's class is not guessed: only an import that brings the due date along may lack the class.

    Its dossier has no limit then: pauses are added to its date, and nothing is counted from a limit that nobody told.
    Guarantee: where classes have limits of their own, none is taken in without its class. Test: test_the_class_is_asked_for.
    """
    now, filing = dossier.now, dossier.filing
    if isinstance(now, Held):
        same = (now.unit, now.project_class) == (command.unit, command.project_class)
        return [] if now.step is None and same else None
    if not isinstance(now, Submitted):
        return None
    if not can_issue(filing.office, command.on):
        return Rejected("office-without-code", f"{filing.office} has no code in the form of {command.on}")
    due_on = command.due_on
    if due_on is not None and due_on < command.on:
        return Rejected("due-before-acceptance", f"due on {due_on}, accepted on {command.on}")
    if due_on is None and command.classes and command.project_class is None:
        return Rejected("project-class-missing", f"the limit depends on it: {', '.join(command.classes)}")
    if due_on is None and command.limit is not None:
        due_on = due_date(command.on, command.limit, calendar)
    return [
        DossierAccepted(
            command.on,
            filing.procedure,
            command.level,
            filing.office,
            command.unit,
            filing.channel,
            due_on,
            command.limit,
            command.due_on is not None,
            command.at > intake_due_at(now.since_at, calendar),
            command.project_class,
        )
    ]


def _reject(command: RejectDossier, dossier: Dossier, calendar: Calendar) -> Decision:
    now = dossier.now
    if isinstance(now, AwaitingSupplement) and isinstance(now.before, Submitted):
        if not command.proof_may_lack and not requests.has_lapsed(now, dossier, command.on, calendar):
            until = deadlines.last_day(now, dossier.acts, calendar)
            return Rejected("supplement-not-lapsed", f"the applicant has until {until}")
    elif not isinstance(now, Submitted):
        return _already(command, dossier)
    return [DossierRejected(command.on, command.reason)]


def _forward(command: ForwardDossier, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if (now.unit, now.step) == (command.unit, command.step):
        return []
    return [DossierForwarded(command.on, command.unit, command.step)]


def _resolve(command: ResolveDossier, dossier: Dossier, _: Calendar) -> Decision:
    """A late end needs a reason; an end in time has none, whatever the command says."""
    now = dossier.now
    if not isinstance(now, Held):
        return _already(command, dossier)
    late = now.due_on is not None and command.on > now.due_on
    if late and command.late_reason is None and not command.proof_may_lack:
        return Rejected("late-reason-missing", f"the dossier was due on {now.due_on}")
    reason = command.late_reason if late else None
    return [DossierResolved(command.on, command.outcome, now.due_on, reason)]


def _return(command: ReturnResult, dossier: Dossier, _: Calendar) -> Decision:
    if dossier.now.status == "resolved":
        return [ResultReturned(command.on, command.method)]
    return _already(command, dossier)


def _stop(command: StopProcessing, dossier: Dossier, calendar: Calendar) -> Decision:
    """A request that was not answered opens this after its deadline; what the law stops, it stops at once."""
    now = dossier.now
    if isinstance(now, Submitted | Ended) or held_of(now) is None:
        return _already(command, dossier)
    proven = command.proof_may_lack or command.reason == "stopped_by_law"
    if not isinstance(now, Held) and not proven and not requests.may_stop(now, dossier, command.on, calendar):
        until = deadlines.last_day(now, dossier.acts, calendar)
        return Rejected("deadline-not-passed", f"the applicant has until {until} to answer the request")
    return [ProcessingStopped(command.on, command.reason, dossier.due_on)]


def _withdraw(command: WithdrawDossier, dossier: Dossier, _: Calendar) -> Decision:
    if isinstance(dossier.now, Ended):
        return _already(command, dossier)
    if dossier.withdrawal is None and not command.proof_may_lack:
        return Rejected("withdrawal-not-requested", "the applicant has not asked to take it back")
    return [DossierWithdrawn(command.on, dossier.withdrawal, dossier.due_on)]


def _refuse_withdrawal(command: RefuseWithdrawal, dossier: Dossier, _: Calendar) -> Decision:
    if isinstance(dossier.now, Ended):
        return None
    if dossier.withdrawal is None:
        last = next((act for act in reversed(dossier.acts) if isinstance(act, WithdrawalRefused)), None)
        if last is not None and last.reason == command.reason and last.request == dossier.answered:
            return []
        return Rejected("withdrawal-not-requested", "the applicant has not asked to take it back")
    return [WithdrawalRefused(command.on, dossier.withdrawal, command.reason, dossier.now.status)]


def _hand_over(command: HandOver, dossier: Dossier, _: Calendar) -> Decision:
    held = dossier.held
    if held is None or isinstance(dossier.now, Ended):
        return None
    if (held.unit, held.officer) == (command.unit, command.officer):
        return []
    return [DossierHandedOver(command.on, command.unit, command.how, command.officer)]


def _correct(command: CorrectResult, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Ended) or now.status == "resolved":
        return None
    corrected = ResultCorrected(command.on, command.reason, command.document)
    return [] if now.correction == corrected else [corrected]


def _already(command: Command, dossier: Dossier) -> Decision:
    """Nothing, where the dossier ended by what the command says; the state refuses otherwise."""
    now = dossier.now
    return [] if isinstance(now, Ended) and says(command, now.by) else None


_DECIDE: dict[type, Callable[[Any, Dossier, Calendar], Decision]] = {
    AcceptDossier: _accept,
    RejectDossier: _reject,
    ForwardDossier: _forward,
    ResolveDossier: _resolve,
    ReturnResult: _return,
    StopProcessing: _stop,
    IssueApology: appointments.apologise,
    CorrectResult: _correct,
    RequestSupplement: requests.request_supplement,
    AcceptSupplement: requests.accept_supplement,
    NoteLapse: requests.note_lapse,
    RequestFee: requests.request_fee,
    ConfirmFee: requests.confirm_fee,
    WaiveFee: requests.waive_fee,
    AskOpinion: requests.ask_opinion,
    GiveOpinion: requests.give_opinion,
    DeemConsent: requests.deem_consent,
    ExtendLimit: appointments.extend_limit,
    RecountDueDate: appointments.recount,
    RecountDeadlines: deadlines.recount,
    WithdrawDossier: _withdraw,
    RefuseWithdrawal: _refuse_withdrawal,
    HandOver: _hand_over,
    ReverseAct: reversals.reverse,
}
