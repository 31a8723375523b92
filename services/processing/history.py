"""How a dossier's acts make where it stands: evolve for one act, fold for a history. Pure, and without a calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from services.processing.clock import Clock
from services.processing.deadline import Pause
from services.processing.events import (
    ApologyIssued,
    ConsentDeemed,
    DossierAccepted,
    DossierForwarded,
    DossierHandedOver,
    DossierRejected,
    DossierResolved,
    DossierReversed,
    DossierWithdrawn,
    DueDateChanged,
    DueDateExtended,
    Event,
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
from services.processing.life import (
    Asked,
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Filing,
    Heard,
    Held,
    State,
    Submitted,
    new,
)


def fold(filing: Filing, events: Iterable[Event], heard: tuple[Heard, ...] = ()) -> Dossier:
    """The dossier that a filing and the acts since then make, beside what was heard of the applicant.

    The same as evolve for one act after the other, which it is written out from: histories are folded far more often.
    Guarantee: the two agree on every history. Test: test_a_hundred_thousand_random_steps_stay_inside_the_table.
    """
    dossier = new(filing, heard)
    acts = tuple(events)
    now, since, answered = dossier.now, dossier.since, 0
    for sequence, event in enumerate(acts, 1):
        kind = type(event)
        if kind is DossierReversed:
            now = standing(filing, acts[:sequence])
        else:
            after = _AFTER[kind](now, event, sequence)
            if after is None:
                raise ValueError(f"{kind.__name__} while {now.status}")
            now = after
        if event.on > since:
            since = event.on
        if kind in _ANSWERS:
            answered = _answered(answered, event)
    return Dossier(filing, since, now, acts, heard, answered)


def evolve(dossier: Dossier, event: Event) -> Dossier:
    """The dossier after an event; ValueError on a history that `decide` never wrote."""
    acts = (*dossier.acts, event)
    since = event.on if event.on > dossier.since else dossier.since
    if isinstance(event, DossierReversed):
        now = standing(dossier.filing, acts)
    else:
        after = _AFTER[type(event)](dossier.now, event, len(acts))
        if after is None:
            raise ValueError(f"{type(event).__name__} while {dossier.now.status}")
        now = after
    return Dossier(dossier.filing, since, now, acts, dossier.heard, _answered(dossier.answered, event))


_ANSWERS = frozenset({DossierReversed, WithdrawalRefused, DossierWithdrawn})


def _answered(before: int, event: Event) -> int:
    """The sequence of the last request to withdraw that was answered."""
    if isinstance(event, WithdrawalRefused | DossierWithdrawn):
        return max(before, event.request or 0)
    return max(before, event.answered) if isinstance(event, DossierReversed) else before


def standing(filing: Filing, acts: Sequence[Event]) -> State:
    """Where the acts lead when those that were reversed had never been.

    Guarantee: a reversed act leaves nothing behind, and everything else stays. Test: test_a_reversal_is_as_if_the_act_had_not_been.
    """
    struck = {act.sequence for act in acts if isinstance(act, DossierReversed)}
    now: State = new(filing).now
    for sequence, act in enumerate(acts, 1):
        if isinstance(act, DossierReversed):
            now = _with_due_on(now, act.due_on)
        elif sequence not in struck:
            # An apology, an opinion or a lapse may have stood on what was reversed: it is then said of nothing.
            now = _AFTER[type(act)](now, act, sequence) or now
    return now


CHANGES = (
    DossierAccepted,
    DossierRejected,
    DossierForwarded,
    SupplementRequested,
    SupplementAccepted,
    FeeRequested,
    FeeConfirmed,
    FeeWaived,
    DossierWithdrawn,
    ProcessingStopped,
    DossierResolved,
    ResultReturned,
)
"""The acts that change where a dossier stands, of which the latest can be reversed."""


def latest_change(acts: Sequence[Event]) -> int | None:
    """The version of the latest act that changed the state and stands."""
    struck = {act.sequence for act in acts if isinstance(act, DossierReversed)}
    for sequence in range(len(acts), 0, -1):
        if sequence not in struck and isinstance(acts[sequence - 1], CHANGES):
            return sequence
    return None


def _accepted(now: State, event: DossierAccepted, _: int) -> State | None:
    if not isinstance(now, Submitted):
        return None
    given = event.due_on if event.given or event.limit is None else None
    clock = Clock(event.on, event.limit, given)
    return Held(event.unit, None, clock, event.due_on, requests=now.requests)


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


def _fee_requested(now: State, event: FeeRequested, _: int) -> State | None:
    return AwaitingPayment(now, event) if isinstance(now, Held) else None


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
    return now._replace(opinions=(*now.opinions, Asked(event.agency, event.answer_by)))


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
    return None if isinstance(now, Submitted | Ended) else _with_due_on(now, event.due_on)


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


def _with_due_on(now: State, due_on: date | None) -> State:
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


_AFTER: dict[type, Callable[[Any, Any, int], State | None]] = {
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
    DossierWithdrawn: _ended,
    WithdrawalRefused: _withdrawal_refused,
    DossierHandedOver: _handed_over,
}
