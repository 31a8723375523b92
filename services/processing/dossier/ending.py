"""A dossier ends: resolved and its result returned, or stopped; and what is corrected in a result afterwards. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.processing_codes import (
    CorrectionReason,
    DocumentNumber,
    LateReason,
    Outcome,
    ReturnMethod,
    StopReason,
)
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import deadlines
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.events import (
    DossierResolved,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
)
from services.processing.dossier.payments import unused_payments
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    State,
    Submitted,
    held_of,
)
from services.processing.dossier.supplement import has_lapsed, provided


class Resolve(Asked):
    """`late_reason` is needed when the end is late, and not kept otherwise."""

    outcome: Outcome
    late_reason: LateReason | None = None


@dataclass(frozen=True, slots=True)
class ResolveDossier:
    """`proof_may_lack`: here, the reason of a late end."""

    on: date
    outcome: str
    late_reason: str | None = None
    proof_may_lack: bool = False


def _order_resolution(asked: Resolve, order: Order) -> ResolveDossier:
    return ResolveDossier(order.on, asked.outcome, asked.late_reason, order.by_import)


def _resolve(command: ResolveDossier, dossier: Dossier, _: Calendar) -> Decision:
    """A late end needs a reason; an end in time has none, whatever the command says."""
    now = dossier.now
    if not isinstance(now, Held):
        return RESOLVE.ended_so(command, dossier)
    late = now.due_on is not None and command.on > now.due_on
    if late and command.late_reason is None and not command.proof_may_lack:
        return Rejected("late-reason-missing", f"the dossier was due on {now.due_on}")
    reason = command.late_reason if late else None
    return [DossierResolved(command.on, command.outcome, now.due_on, reason)]


def _resolved(now: State, event: DossierResolved, _: int) -> State | None:
    return Ended(now, event) if isinstance(now, Held) else None


def _same_reason(command: ResolveDossier, event: DossierResolved) -> bool:
    return event.late_reason in (None, command.late_reason)


class Return(Asked):
    method: ReturnMethod


@dataclass(frozen=True, slots=True)
class ReturnResult:
    on: date
    method: str


def _order_return(asked: Return, order: Order) -> ReturnResult:
    return ReturnResult(order.on, asked.method)


def _return(command: ReturnResult, dossier: Dossier, _: Calendar) -> Decision:
    if dossier.now.status == "resolved":
        return [ResultReturned(command.on, command.method)]
    return RETURN.ended_so(command, dossier)


def _returned(now: State, event: ResultReturned, _: int) -> State | None:
    return Ended(now, event) if isinstance(now, Ended) and isinstance(now.by, DossierResolved) else None


class Stop(Asked):
    reason: StopReason


@dataclass(frozen=True, slots=True)
class StopProcessing:
    """Hands an accepted dossier back without a decision on its merits."""

    on: date
    reason: str
    proof_may_lack: bool = False


def _order_stop(asked: Stop, order: Order) -> StopProcessing:
    return StopProcessing(order.on, asked.reason, order.by_import)


def _stop(command: StopProcessing, dossier: Dossier, calendar: Calendar) -> Decision:
    """A request that was not answered opens this after its deadline; what the law stops, it stops at once."""
    now = dossier.now
    if isinstance(now, Submitted | Ended) or held_of(now) is None:
        return STOP.ended_so(command, dossier)
    proven = command.proof_may_lack or command.reason == "stopped_by_law"
    if not isinstance(now, Held) and not proven and not _may_stop(now, dossier, command.on, calendar):
        until = deadlines.last_day(now, dossier.acts, calendar)
        return Rejected("deadline-not-passed", f"the applicant has until {until} to answer the request")
    return [ProcessingStopped(command.on, command.reason, dossier.due_on)]


def _may_stop(
    now: AwaitingSupplement | AwaitingPayment, dossier: Dossier, on: date, calendar: Calendar
) -> bool:
    """Whether the applicant's silence lets an officer stop; where the clock does not stop, an unsatisfactory answer does too."""
    if isinstance(now, AwaitingPayment):
        return not unused_payments(dossier) and on > deadlines.last_day(now, dossier.acts, calendar)
    unsatisfactory = now.request.rule == "short_fix" and bool(provided(now, dossier))
    return unsatisfactory or has_lapsed(now, dossier, on, calendar)


def _stopped(now: State, event: ProcessingStopped, _: int) -> State | None:
    return None if isinstance(now, Ended) or held_of(now) is None else Ended(now, event)


class Correct(Asked):
    """`document` is the number of the decision to correct, such as 1234/QĐ-SXD."""

    reason: CorrectionReason
    document: DocumentNumber


@dataclass(frozen=True, slots=True)
class CorrectResult:
    """Corrects the agency's own error in what an ended dossier led to; `document` is the number of the decision to correct."""

    on: date
    reason: str
    document: str


def _order_correction(asked: Correct, order: Order) -> CorrectResult:
    return CorrectResult(order.on, asked.reason, asked.document)


def _correct(command: CorrectResult, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Ended) or now.status == "resolved":
        return None
    corrected = ResultCorrected(command.on, command.reason, command.document)
    return [] if now.correction == corrected else [corrected]


def _corrected(now: State, event: ResultCorrected, _: int) -> State | None:
    return now._replace(correction=event) if isinstance(now, Ended) else None


RESOLVE = Act(
    name="resolve",
    summary="Resolve a dossier",
    description="The result is signed; the statutory clock ends, and the desk has the dossier again.",
    body=Resolve,
    order=_order_resolution,
    command=ResolveDossier,
    decide=_resolve,
    effects={DossierResolved: _resolved},
    same=("outcome",),
    also=_same_reason,
    reversible=True,
    goes_on=True,
    faults={"late-reason-missing": "late_reason"},
)
RETURN = Act(
    name="return",
    summary="Return the result",
    description="The desk hands the result over, or sends it.",
    body=Return,
    order=_order_return,
    command=ReturnResult,
    decide=_return,
    effects={ResultReturned: _returned},
    same=("method",),
    by="desk",
    reversible=True,
)
STOP = Act(
    name="stop",
    summary="Stop processing",
    description="The holder hands it back without a decision on its merits. The clock ends.",
    body=Stop,
    order=_order_stop,
    command=StopProcessing,
    decide=_stop,
    effects={ProcessingStopped: _stopped},
    same=("reason",),
    reversible=True,
)
CORRECT = Act(
    name="correct",
    summary="Correct the result",
    description="The agency's own error in what an ended dossier led to. Counts are unchanged.",
    body=Correct,
    order=_order_correction,
    command=CorrectResult,
    decide=_correct,
    effects={ResultCorrected: _corrected},
    same=("reason", "document"),
)
ENDS = (RESOLVE, RETURN, STOP)
AFTERWARDS = (CORRECT,)
