"""An act is reversed: the latest alone, by the supervisor; by two, where a period of the report that is over would change. Pure.

It stands above history.py, which folds what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from contracts.processing_codes import DocumentNumber, ReversalReason
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import deadlines
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.events import EVENTS, Event
from services.processing.dossier.history import REVERSIBLE, latest_change, standing
from services.processing.dossier.reversal_events import DossierReversed, ReversalProposed
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    due_on_of,
)

PERIOD_BEGINS = 15
"""An official month runs from the 15th to the 14th; the longer periods begin on such a day."""


def period_began(on: date) -> date:
    """The first day of the official month in which a day lies: what happened before it stands in a report that is published."""
    if on.day < PERIOD_BEGINS:
        on = on.replace(day=1) - timedelta(days=1)
    return on.replace(day=PERIOD_BEGINS)


def proposal_of(acts: Sequence[Event]) -> ReversalProposed | None:
    """The reversal that waits for another supervisor; none once anything has changed where the dossier stands."""
    for act in reversed(acts):
        if isinstance(act, ReversalProposed):
            return act
        if isinstance(act, (DossierReversed, *REVERSIBLE)):
            return None
    return None


class Reverse(Asked):
    """`sequence` is the version at which the act stands, the latest that changed the state."""

    sequence: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: ReversalReason
    document: DocumentNumber


@dataclass(frozen=True, slots=True)
class ReverseAct:
    """`sequence` is the version at which the reversed event stands; `document` the number of the decision.

    `by` is who decides, and None where it was decided elsewhere and an import tells of it.
    """

    on: date
    sequence: int
    reason: str
    document: str
    by: str | None = None


def _order_reversal(asked: Reverse, order: Order) -> ReverseAct:
    by = None if order.by_import else order.caller.subject
    return ReverseAct(order.on, asked.sequence, asked.reason, asked.document, by)


def _reverse(command: ReverseAct, dossier: Dossier, calendar: Calendar) -> Decision:
    """Only the latest act that changed the state; what is counted from then on is counted by today's calendar, the deadline of a
    request that it brings back too.

    Guarantee: a reversal restores the state and the clock before the act. Test: test_a_reversal_is_as_if_the_act_had_not_been.
    Guarantee: nobody changes alone what a published report counted. Test: test_two_supervisors_reverse_what_was_published.
    """
    for act in dossier.acts:
        if isinstance(act, DossierReversed) and act.sequence == command.sequence:
            return (
                []
                if REVERSE.says(command, act)
                else Rejected("already-reversed", "this act was reversed before")
            )
    latest = latest_change(dossier.acts)
    if latest is None:
        return None
    if command.sequence != latest:
        return Rejected("not-the-latest-act", f"the latest act that changed the state is version {latest}")
    act = dossier.acts[latest - 1]
    if command.by is None or act.on >= period_began(command.on):
        return strike(command, dossier, calendar)
    waiting = proposal_of(dossier.acts)
    if waiting is not None and REVERSE.says(command, waiting):
        return [] if waiting.by == command.by else strike(command, dossier, calendar)
    return [ReversalProposed(command.on, latest, _name(act), command.reason, command.document, command.by)]


def strike(command: ReverseAct, dossier: Dossier, calendar: Calendar) -> Sequence[Event]:
    """The reversal of the latest act that changed the state, and what moves with it."""
    name = _name(dossier.acts[command.sequence - 1])
    said = (command.on, command.sequence, name, command.reason, command.document)
    before = standing(dossier.filing, (*dossier.acts, DossierReversed(*said, "", None)))
    due_on = due_on_of(before)
    if isinstance(before, Held):
        due_on = before.clock.due_on(calendar)
    elif isinstance(before, AwaitingSupplement | AwaitingPayment) and before.request.clock == "runs":
        due_on = before.before.clock.due_on(calendar) if isinstance(before.before, Held) else None
    answered = dossier.asked if isinstance(dossier.now, Ended) else 0
    reversed_now = DossierReversed(*said, before.status, due_on, answered)
    return [reversed_now, *deadlines.moved(before, dossier.acts, command.on, (), calendar)]


def _name(act: Event) -> str:
    return EVENTS.encode(act)[0]


REVERSE = Act(
    name="reverse",
    summary="Reverse an act",
    description="The supervisor takes back the latest act that changed the state: the dossier and its clock are as if it had not been.",
    body=Reverse,
    order=_order_reversal,
    command=ReverseAct,
    decide=_reverse,
    effects={DossierReversed: None, ReversalProposed: None},
    same=("sequence", "reason", "document"),
    by="supervisor",
    after_stop=True,
    faults={"not-the-latest-act": "sequence"},
)
