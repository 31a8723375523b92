"""What can be said of a dossier's life: the commands, the events that they lead to, and the states between.

Data only; review.py decides. The life of a dossier starts from its filing, which is intake's fact and no event of this log. The
official code is not here: its serial is drawn by the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from services.chassis.decider import EventTypes
from services.processing.deadline import Limit


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


@dataclass(frozen=True, slots=True)
class StopProcessing:
    """Hands an accepted dossier back without a decision on its merits."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class IssueApology:
    """Apologises for a delay and makes the one new appointment."""

    on: date
    reason: str
    appointment_on: date


@dataclass(frozen=True, slots=True)
class CorrectResult:
    """Corrects the agency's own error in what an ended dossier led to; `document` is the number of the decision to correct."""

    on: date
    reason: str
    document: str


Command = (
    AcceptDossier
    | RejectDossier
    | ForwardDossier
    | ResolveDossier
    | ReturnResult
    | StopProcessing
    | IssueApology
    | CorrectResult
)


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


@dataclass(frozen=True, slots=True)
class ProcessingStopped:
    on: date
    reason: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class ApologyIssued:
    """`in_time`: by the last working day before the due date. The due date stays what lateness is measured against."""

    on: date
    reason: str
    appointment_on: date
    in_time: bool


@dataclass(frozen=True, slots=True)
class ResultCorrected:
    on: date
    reason: str
    document: str


Event = (
    DossierAccepted
    | DossierRejected
    | DossierForwarded
    | DossierResolved
    | ResultReturned
    | ProcessingStopped
    | ApologyIssued
    | ResultCorrected
)

EVENTS: EventTypes[Event] = EventTypes(
    {
        "DossierAccepted": DossierAccepted,
        "DossierRejected": DossierRejected,
        "DossierForwarded": DossierForwarded,
        "DossierResolved": DossierResolved,
        "ResultReturned": ResultReturned,
        "ProcessingStopped": ProcessingStopped,
        "ApologyIssued": ApologyIssued,
        "ResultCorrected": ResultCorrected,
    }
)


# States. `since` is the day of the latest act, before which none may be dated.

HELD = "forward, resolve, stop, apologise"
"""What an accepted dossier allows, in processing or not."""


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
    allowed: ClassVar[str] = HELD
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    apology: ApologyIssued | None = None


@dataclass(frozen=True, slots=True)
class InProcessing:
    status: ClassVar[str] = "in_processing"
    allowed: ClassVar[str] = HELD
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    step: str
    apology: ApologyIssued | None = None


@dataclass(frozen=True, slots=True)
class NotAccepted:
    status: ClassVar[str] = "rejected"
    allowed: ClassVar[str] = "correct"
    filing: Filing
    since: date
    reason: str
    correction: ResultCorrected | None = None


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
    allowed: ClassVar[str] = "correct"
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    outcome: str
    method: str
    correction: ResultCorrected | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    status: ClassVar[str] = "stopped"
    allowed: ClassVar[str] = "correct"
    filing: Filing
    since: date
    unit: str
    due_on: date | None
    reason: str
    correction: ResultCorrected | None = None


Dossier = Submitted | Accepted | InProcessing | NotAccepted | Resolved | Returned | Stopped
