"""Decides what the authority does with a dossier: accept, reject, forward, resolve, return the result.

Pure: no clock, no ids, no look-ups; days, terms and the calendar come in as arguments. The life of a dossier starts from its
filing, which is intake's fact and no event of this log. The official code is not here: its serial is drawn by the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import ClassVar

from services.chassis.decider import EventTypes, Rejected
from services.processing.calendar import Calendar
from services.processing.code import can_issue
from services.processing.deadline import Limit, due_date


@dataclass(frozen=True, slots=True)
class Filing:
    """What intake said when the dossier was submitted."""

    procedure: str
    office: str
    channel: str
    submitted_on: date


# Commands. `on` is the local day of the act.


@dataclass(frozen=True, slots=True)
class AcceptDossier:
    """`level` and `limit` are the procedure's; a `due_on` of its own is given by imports alone."""

    on: date
    unit: str
    level: str
    limit: Limit | None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class RejectDossier:
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class ForwardDossier:
    on: date
    unit: str
    step: str


@dataclass(frozen=True, slots=True)
class ResolveDossier:
    """`reason_may_lack`: an import records a late end whose reason its source never kept."""

    on: date
    outcome: str
    late_reason: str | None = None
    reason_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class ReturnResult:
    on: date
    method: str


Command = AcceptDossier | RejectDossier | ForwardDossier | ResolveDossier | ReturnResult


# Events. `on` is the local day, by which the law counts; the instant is the envelope's.


@dataclass(frozen=True, slots=True)
class DossierAccepted:
    """What reports group by is fixed here. Its stored data also has `number`, the serial of the official code."""

    on: date
    procedure: str
    level: str
    office: str
    unit: str
    channel: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class DossierRejected:
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class DossierForwarded:
    on: date
    unit: str
    step: str


@dataclass(frozen=True, slots=True)
class DossierResolved:
    on: date
    outcome: str
    due_on: date | None
    late_reason: str | None


@dataclass(frozen=True, slots=True)
class ResultReturned:
    on: date
    method: str


Event = DossierAccepted | DossierRejected | DossierForwarded | DossierResolved | ResultReturned

EVENTS: EventTypes[Event] = EventTypes(
    {
        "DossierAccepted": DossierAccepted,
        "DossierRejected": DossierRejected,
        "DossierForwarded": DossierForwarded,
        "DossierResolved": DossierResolved,
        "ResultReturned": ResultReturned,
    }
)


# States. `since` is the day of the latest act, before which none may be dated.


@dataclass(frozen=True, slots=True)
class Submitted:
    status: ClassVar[str] = "submitted"
    allowed: ClassVar[str] = "accept, reject"
    filing: Filing

    @property
    def since(self) -> date:
        return self.filing.submitted_on


@dataclass(frozen=True, slots=True)
class Accepted:
    status: ClassVar[str] = "accepted"
    allowed: ClassVar[str] = "forward, resolve"
    filing: Filing
    since: date
    unit: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class InProcessing:
    status: ClassVar[str] = "in_processing"
    allowed: ClassVar[str] = "forward, resolve"
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    step: str


@dataclass(frozen=True, slots=True)
class NotAccepted:
    status: ClassVar[str] = "rejected"
    allowed: ClassVar[str] = "nothing"
    filing: Filing
    since: date
    reason: str


@dataclass(frozen=True, slots=True)
class Resolved:
    status: ClassVar[str] = "resolved"
    allowed: ClassVar[str] = "return"
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Returned:
    status: ClassVar[str] = "returned"
    allowed: ClassVar[str] = "nothing"
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    outcome: str
    method: str


Dossier = Submitted | Accepted | InProcessing | NotAccepted | Resolved | Returned


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


def evolve(dossier: Dossier, event: Event) -> Dossier:
    """The state after an event; ValueError on a history that `decide` never wrote."""
    filing = dossier.filing
    match event, dossier:
        case DossierAccepted(on=on, unit=unit, due_on=due_on), Submitted():
            return Accepted(filing, on, unit, due_on)
        case DossierRejected(on=on, reason=reason), Submitted():
            return NotAccepted(filing, on, reason)
        case DossierForwarded(on=on, unit=unit, step=step), Accepted() | InProcessing():
            return InProcessing(filing, on, unit, dossier.due_on, step)
        case DossierResolved(on=on, outcome=outcome), Accepted() | InProcessing():
            return Resolved(filing, on, dossier.unit, dossier.due_on, outcome)
        case ResultReturned(on=on, method=method), Resolved():
            return Returned(filing, on, dossier.unit, dossier.due_on, dossier.outcome, method)
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
    return False
