"""What one act does to where a dossier stands: a function for each, None where the act cannot follow. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from services.processing.clock.due_date import Pause
from services.processing.clock.statutory import Clock
from services.processing.dossier.date_events import (
    DeadlineChanged,
    DueDateChanged,
    DueDateExtended,
    OpinionDeadlineChanged,
)
from services.processing.dossier.events import (
    ApologyIssued,
    ConsentDeemed,
    DossierAccepted,
    DossierForwarded,
    DossierHandedOver,
    DossierRejected,
    DossierResolved,
    DossierWithdrawn,
    FeeConfirmed,
    FeeRequested,
    FeeWaived,
    OpinionGiven,
    OpinionRequested,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
    SupplementAccepted,
    SupplementLapsed,
    SupplementRequested,
    WithdrawalRefused,
)
from services.processing.dossier.proposed import ReversalProposed
from services.processing.dossier.state import (
    Asked,
    AwaitingPayment,
    AwaitingSupplement,
    Ended,
    Held,
    State,
    Submitted,
)


def _accepted(now: State, event: DossierAccepted, _: int) -> State | None:
    if not isinstance(now, Submitted):
        return None
    given = event.due_on if event.given or event.limit is None else None
    clock = Clock(event.on, event.limit, given)
    return Held(
        event.unit, None, clock, event.due_on, requests=now.requests, project_class=event.project_class
    )


def _forwarded(now: State, event: DossierForwarded, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    return now._replace(unit=event.unit, step=event.step, officer=None)


def _supplement_requested(now: State, event: SupplementRequested, sequence: int) -> State | None:
    # A further request: what came was incomplete. The pause of the one before ends with it.
    if isinstance(now, AwaitingSupplement):
        now = _paused_until(now, event)
    if not isinstance(now, Submitted | Held):
        return None
    return AwaitingSupplement(now, event, sequence)


def _supplement_accepted(now: State, event: SupplementAccepted, _: int) -> State | None:
    if not isinstance(now, AwaitingSupplement):
        return None
    before = _paused_until(now, event)
    if isinstance(before, Submitted):
        return before._replace(since_at=event.at)
    return before._replace(due_on=event.due_on)


def _paused_until(
    now: AwaitingSupplement, event: SupplementRequested | SupplementAccepted
) -> Submitted | Held:
    before, request = now.before, now.request
    if isinstance(before, Submitted):
        return before._replace(requests=before.requests + 1)
    clock = before.clock
    if request.clock == "paused":
        clock = clock._replace(pauses=(*clock.pauses, Pause(request.on, event.on, request.rule)))
    return before._replace(
        clock=clock, requests=before.requests + 1, requests_since=before.requests_since + 1
    )


def _lapsed(now: State, event: SupplementLapsed, _: int) -> State | None:
    return now if isinstance(now, AwaitingSupplement) else None


def _fee_requested(now: State, event: FeeRequested, sequence: int) -> State | None:
    return AwaitingPayment(now, event, sequence) if isinstance(now, Held) else None


def _fee_settled(now: State, event: FeeConfirmed | FeeWaived, _: int) -> State | None:
    if not isinstance(now, AwaitingPayment):
        return None
    before, clock = now.before, now.before.clock
    if now.request.clock == "paused":
        pause = Pause(now.request.on, max(event.on, now.request.on), "subtract")
        clock = clock._replace(pauses=(*clock.pauses, pause))
    return before._replace(clock=clock, due_on=event.due_on)


def _ended(
    now: State, event: DossierRejected | ProcessingStopped | DossierResolved | DossierWithdrawn, _: int
) -> State | None:
    if isinstance(now, Ended):
        return None
    accepted = not isinstance(now, Submitted) and not (
        isinstance(now, AwaitingSupplement) and isinstance(now.before, Submitted)
    )
    allowed = {
        DossierRejected: not accepted,
        ProcessingStopped: accepted,
        DossierResolved: isinstance(now, Held),
        DossierWithdrawn: True,
    }
    return Ended(now, event) if allowed[type(event)] else None


def _returned(now: State, event: ResultReturned, _: int) -> State | None:
    return Ended(now, event) if isinstance(now, Ended) and isinstance(now.by, DossierResolved) else None


def _apologised(now: State, event: ApologyIssued, _: int) -> State | None:
    return now._replace(apology=event) if isinstance(now, Held) else None


def _corrected(now: State, event: ResultCorrected, _: int) -> State | None:
    return now._replace(correction=event) if isinstance(now, Ended) else None


def _opinion_requested(now: State, event: OpinionRequested, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    asked = Asked(event.agency, event.on, event.answer_by, event.answer_days)
    return now._replace(opinions=(*now.opinions, asked))


def _opinion_given(now: State, event: OpinionGiven | ConsentDeemed, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    answer = event.opinion if isinstance(event, OpinionGiven) else "consent_deemed"
    answered = [
        asked._replace(answer=answer) if asked.agency == event.agency and asked.answer is None else asked
        for asked in now.opinions
    ]
    return now._replace(opinions=tuple(answered))


def _due_date_changed(now: State, event: DueDateChanged, _: int) -> State | None:
    return None if isinstance(now, Submitted | Ended) else with_due_on(now, event.due_on)


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
    return _with_held(
        now,
        lambda held: held._replace(
            opinions=tuple(
                asked._replace(answer_by=event.answer_by)
                if asked.agency == event.agency and asked.answer is None
                else asked
                for asked in held.opinions
            )
        ),
    )


def _extended(now: State, event: DueDateExtended, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    return now._replace(clock=now.clock._replace(extended=event.amount), due_on=event.due_on)


def _withdrawal_refused(now: State, event: WithdrawalRefused, _: int) -> State | None:
    return None if isinstance(now, Ended) else now


def _handed_over(now: State, event: DossierHandedOver, _: int) -> State | None:
    if isinstance(now, Submitted | Ended):
        return None
    return _with_held(now, lambda held: held._replace(unit=event.unit, officer=event.officer))


def with_due_on(now: State, due_on: date | None) -> State:
    """Of a clock that runs; one that stands still has no due date to change."""
    if isinstance(now, Submitted | Ended) or (not isinstance(now, Held) and now.request.clock == "paused"):
        return now
    return _with_held(now, lambda held: held._replace(due_on=due_on)) or now


def _with_held(
    now: Held | AwaitingSupplement | AwaitingPayment, change: Callable[[Held], Held]
) -> State | None:
    if isinstance(now, Held):
        return change(now)
    if isinstance(now, AwaitingPayment):
        return now._replace(before=change(now.before))
    return now._replace(before=change(now.before)) if isinstance(now.before, Held) else None


AFTER: dict[type, Callable[[Any, Any, int], State | None]] = {
    DossierAccepted: _accepted,
    DossierRejected: _ended,
    DossierForwarded: _forwarded,
    DossierResolved: _ended,
    ResultReturned: _returned,
    ProcessingStopped: _ended,
    ApologyIssued: _apologised,
    ResultCorrected: _corrected,
    SupplementRequested: _supplement_requested,
    SupplementAccepted: _supplement_accepted,
    SupplementLapsed: _lapsed,
    FeeRequested: _fee_requested,
    FeeConfirmed: _fee_settled,
    FeeWaived: _fee_settled,
    OpinionRequested: _opinion_requested,
    OpinionGiven: _opinion_given,
    ConsentDeemed: _opinion_given,
    DueDateChanged: _due_date_changed,
    DueDateExtended: _extended,
    DeadlineChanged: _deadline_changed,
    OpinionDeadlineChanged: _opinion_deadline_changed,
    DossierWithdrawn: _ended,
    WithdrawalRefused: _withdrawal_refused,
    DossierHandedOver: _handed_over,
    ReversalProposed: lambda now, _event, _sequence: now,
}
