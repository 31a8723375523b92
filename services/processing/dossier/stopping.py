"""An accepted dossier is stopped: handed back without a decision on its merits, each time for a fact. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.officer_words import Words
from contracts.processing_codes import StopReason
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import deadlines
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.events import ProcessingStopped
from services.processing.dossier.payments import unused_payments
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    State,
    Submitted,
    held_of,
)
from services.processing.dossier.supplement import has_lapsed, provided

LAPSED: dict[str, type] = {"not_supplemented": AwaitingSupplement, "not_paid": AwaitingPayment}
"""Reasons to stop that are the applicant's silence, and what it is silence to."""


class Stop(Asked):
    reason: StopReason
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class StopProcessing:
    """Hands an accepted dossier back without a decision on its merits. `by_law`: its procedure's abolition stops open ones."""

    on: date
    reason: str
    proof_may_lack: bool = False
    by_law: bool = False
    words: str | None = None


def _order_stop(asked: Stop, order: Order) -> StopProcessing:
    return StopProcessing(order.on, asked.reason, order.by_import, order.by_law)


def _stop(command: StopProcessing, dossier: Dossier, calendar: Calendar) -> Decision:
    now = dossier.now
    if isinstance(now, Submitted | Ended) or held_of(now) is None:
        return STOP.ended_so(command, dossier)
    if not command.proof_may_lack and (groundless := _groundless(command, dossier, calendar)):
        return groundless
    return [ProcessingStopped(command.on, command.reason, dossier.due_on, command.words)]


def _groundless(command: StopProcessing, dossier: Dossier, calendar: Calendar) -> Rejected | None:
    """A request that was not answered opens a stop after its deadline; what the law stops, it stops at once.

    Guarantee: each reason to stop has its fact. Test: test_a_reason_to_stop_has_its_fact.
    """
    now, reason = dossier.now, command.reason
    if reason == "stopped_by_law":
        none = Rejected("not-stopped-by-law", "no law stops this procedure's dossiers")
        return None if command.by_law else none
    if reason in LAPSED and not isinstance(now, LAPSED[reason]):
        return Rejected("nothing-lapsed", "no request of this kind waits for the applicant")
    if isinstance(now, AwaitingSupplement | AwaitingPayment) and not _may_stop(
        now, dossier, command.on, calendar
    ):
        until = deadlines.last_day(now, dossier.acts, calendar)
        return Rejected("deadline-not-passed", f"the applicant has until {until} to answer the request")
    return None


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
    after_stop=True,
)
ACTS = (STOP,)
