"""The desk takes a dossier in, or does not: it gets its official code, and the statutory clock starts. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from contracts.officer_words import Words
from contracts.processing_codes import RejectionReason, UnitCode
from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit, due_date
from services.processing.clock.statutory import Clock
from services.processing.clock.working_days import Calendar
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier import deadlines
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, ClassCode, Order
from services.processing.dossier.events import DossierAccepted, DossierRejected
from services.processing.dossier.official_code import can_issue
from services.processing.dossier.state import (
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    State,
    Submitted,
    held_of,
)
from services.processing.dossier.supplement import has_lapsed

UNIT = re.compile(r"[A-Z0-9./_-]{1,40}", re.ASCII)


class Accept(Asked):
    """Without `unit`, the caller's own takes the dossier. `project_class` is needed where the limit depends on it."""

    unit: UnitCode | None = None
    project_class: ClassCode | None = None


@dataclass(frozen=True, slots=True)
class AcceptDossier:
    """`level` and `limit` are the version's; a `due_on` of its own is given by imports alone.

    `classes` are those of a project that have limits of their own. Where there are any, `limit` is that of `project_class`, and
    None as long as nobody says which it is.
    """

    on: date
    at: datetime
    unit: str
    level: str
    limit: Limit | None
    due_on: date | None = None
    project_class: str | None = None
    classes: tuple[str, ...] = ()


def _order_acceptance(asked: Accept, order: Order) -> AcceptDossier | Rejected:
    version = order.terms
    if isinstance(version, Rejected):
        return version
    taking = asked.unit or order.caller.unit or order.filing.office
    if not UNIT.fullmatch(taking):  # a token may say anything, and what is stored must be sayable
        return Rejected("unit-invalid", "the unit in the caller's token is no unit code")
    named, classes = asked.project_class, version.limit_days_by_class or {}
    if named is not None and named not in classes:
        known = ", ".join(classes) or "the procedure's limit depends on none"
        return Rejected("project-class-unknown", known)
    days = version.limit_days if not classes else classes[named] if named is not None else None
    limit = Limit(days, version.limit_unit) if days is not None else None
    return AcceptDossier(
        order.on, order.at, taking, version.level, limit, order.due_on, named, tuple(classes)
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
    given = due_on is not None
    if command.limit is not None:
        counted = due_date(command.on, command.limit, calendar)
        given, due_on = given and due_on != counted, due_on or counted
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
            given,
            command.at > intake_due_at(now.since_at, calendar),
            command.project_class,
        )
    ]


def _accepted(now: State, event: DossierAccepted, _: int) -> State | None:
    if not isinstance(now, Submitted):
        return None
    given = event.due_on if event.given or event.limit is None else None
    clock = Clock(event.on, event.limit, given)
    return Held(
        event.unit, None, clock, event.due_on, requests=now.requests, project_class=event.project_class
    )


def _same_terms(command: AcceptDossier, event: DossierAccepted) -> bool:
    return command.due_on in (None, event.due_on) and event.project_class in (None, command.project_class)


class Reject(Asked):
    reason: RejectionReason
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class RejectDossier:
    """`by_law`: its procedure's abolition stops open ones, and nobody waits for papers any more."""

    on: date
    reason: str
    proof_may_lack: bool = False
    by_law: bool = False
    words: str | None = None


def _order_rejection(asked: Reject, order: Order) -> RejectDossier:
    return RejectDossier(order.on, asked.reason, order.by_import, order.by_law)


def _reject(command: RejectDossier, dossier: Dossier, calendar: Calendar) -> Decision:
    now = dossier.now
    if isinstance(now, AwaitingSupplement) and isinstance(now.before, Submitted):
        waits = not command.proof_may_lack and not command.by_law
        if waits and not has_lapsed(now, dossier, command.on, calendar):
            until = deadlines.last_day(now, dossier.acts, calendar)
            return Rejected("supplement-not-lapsed", f"the applicant has until {until}")
    elif not isinstance(now, Submitted):
        return REJECT.ended_so(command, dossier)
    return [DossierRejected(command.on, command.reason, command.words)]


def _rejected(now: State, event: DossierRejected, _: int) -> State | None:
    return None if isinstance(now, Ended) or held_of(now) else Ended(now, event)


ACCEPT = Act(
    name="accept",
    summary="Accept a dossier",
    description="The desk takes it in: it gets its official code, and the statutory clock starts.",
    body=Accept,
    order=_order_acceptance,
    command=AcceptDossier,
    decide=_accept,
    effects={DossierAccepted: _accepted},
    same=("unit",),
    also=_same_terms,
    by="desk",
    reversible=True,
    names="unit",
    faults={
        "project-class-unknown": "project_class",
        "project-class-missing": "project_class",
        "unit-unknown": "unit",
    },
)
REJECT = Act(
    name="reject",
    summary="Reject a dossier",
    description="The desk does not take it in. The end of it.",
    body=Reject,
    order=_order_rejection,
    command=RejectDossier,
    decide=_reject,
    effects={DossierRejected: _rejected},
    same=("reason",),
    by="desk",
    reversible=True,
    after_stop=True,
)
ACTS = (ACCEPT, REJECT)
