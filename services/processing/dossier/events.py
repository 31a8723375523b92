"""What the authority did with a dossier, as the log keeps it: data only, no personal data, no free text.

`on` is the local day, by which the law counts; the instant is the envelope's. An event carries the due date that it leads to
(None while the clock stands still), so that a history is read without any calendar. `provisional`: a date that it tells reaches a year
that was not declared when it was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.log.decider import EventTypes
from services.processing.clock.due_date import Limit, PauseRule
from services.processing.dossier.date_events import (
    DeadlineChanged,
    DueDateChanged,
    DueDateExtended,
    OpinionDeadlineChanged,
)
from services.processing.dossier.reversal_events import DossierReversed, ReversalProposed


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper to be brought again: its place (1, 2, …) among the papers of the version, and what is wrong with it."""

    paper: int
    fault: str


@dataclass(frozen=True, slots=True)
class DossierAccepted:
    """What reports group by is fixed here. Its stored data also has `number`, the serial of the official code.

    `limit` is what the due date was counted from, None in histories that are older than it; `given`: the due date came with an
    import. `late`: after the intake limit. `project_class` is the one whose limit it is, None where the limit depends on none and
    where an import gave the due date without it.
    """

    on: date
    procedure: str
    level: str
    office: str
    unit: str
    channel: str
    due_on: date | None
    limit: Limit | None = None
    given: bool = False
    late: bool = False
    project_class: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class DossierRejected:
    """`words`, as of each act that says something in words: the commitment under which intake keeps them."""

    on: date
    reason: str
    words: str | None = None


@dataclass(frozen=True, slots=True)
class DossierForwarded:
    """`reason`: why it goes back to an earlier step; None on the way forward."""

    on: date
    unit: str
    step: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DossierResolved:
    """`document` is the number of the written answer that a refusal has; `despite`: granted although an agency disagreed."""

    on: date
    outcome: str
    due_on: date | None
    late_reason: str | None
    refusal_reason: str | None = None
    document: str | None = None
    despite: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class ResultReturned:
    on: date
    method: str


@dataclass(frozen=True, slots=True)
class ProcessingStopped:
    on: date
    reason: str
    due_on: date | None
    words: str | None = None


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


@dataclass(frozen=True, slots=True)
class SupplementRequested:
    """`rule` is what the end of a pause does; `clock` whether there is one. Before acceptance it is the intake clock that stops.

    `deadline_days` are the working days that the deadline was counted with, None in histories that are older than it.
    """

    on: date
    number: int
    papers: tuple[Paper, ...]
    deadline_on: date
    rule: PauseRule
    clock: str
    late: bool
    due_on: date | None
    deadline_days: int | None = None
    provisional: bool = False
    words: str | None = None


@dataclass(frozen=True, slots=True)
class SupplementAccepted:
    """`status` is where the dossier is back; before acceptance a new intake clock begins `at` that instant. `begun_anew`: after it, the
    statutory clock does."""

    on: date
    at: datetime
    status: str
    due_on: date | None
    late: bool
    provisional: bool = False
    begun_anew: bool = False


@dataclass(frozen=True, slots=True)
class SupplementLapsed:
    on: date
    deadline_on: date


@dataclass(frozen=True, slots=True)
class FeeRequested:
    """`deadline_days`: as a supplement's."""

    on: date
    amount_vnd: int
    deadline_on: date
    clock: str
    due_on: date | None
    deadline_days: int | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class FeeConfirmed:
    on: date
    payment: int | None
    status: str
    due_on: date | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class FeeWaived:
    """`payment`: the sequence of the one of which the rest is waived; None for the whole fee, and in histories that are older than it."""

    on: date
    reason: str
    status: str
    due_on: date | None
    provisional: bool = False
    payment: int | None = None


@dataclass(frozen=True, slots=True)
class OpinionRequested:
    """`answer_days` are the working days that the last day was counted with, None in histories that are older than it."""

    on: date
    agency: str
    answer_by: date
    answer_days: int | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class OpinionGiven:
    on: date
    agency: str
    opinion: str


@dataclass(frozen=True, slots=True)
class ConsentDeemed:
    on: date
    agency: str


@dataclass(frozen=True, slots=True)
class DossierWithdrawn:
    """`request` is the sequence of the applicant's request, None in an import."""

    on: date
    request: int | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class WithdrawalRefused:
    on: date
    request: int
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class DossierHandedOver:
    on: date
    unit: str
    how: str
    officer: str | None


Event = (
    DossierAccepted
    | DossierRejected
    | DossierForwarded
    | DossierResolved
    | ResultReturned
    | ProcessingStopped
    | ApologyIssued
    | ResultCorrected
    | SupplementRequested
    | SupplementAccepted
    | SupplementLapsed
    | FeeRequested
    | FeeConfirmed
    | FeeWaived
    | OpinionRequested
    | OpinionGiven
    | ConsentDeemed
    | DueDateChanged
    | DueDateExtended
    | DeadlineChanged
    | OpinionDeadlineChanged
    | DossierWithdrawn
    | WithdrawalRefused
    | DossierHandedOver
    | DossierReversed
    | ReversalProposed
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
        "SupplementRequested": SupplementRequested,
        "SupplementAccepted": SupplementAccepted,
        "SupplementLapsed": SupplementLapsed,
        "FeeRequested": FeeRequested,
        "FeeConfirmed": FeeConfirmed,
        "FeeWaived": FeeWaived,
        "OpinionRequested": OpinionRequested,
        "OpinionGiven": OpinionGiven,
        "ConsentDeemed": ConsentDeemed,
        "DueDateChanged": DueDateChanged,
        "DueDateExtended": DueDateExtended,
        "DeadlineChanged": DeadlineChanged,
        "OpinionDeadlineChanged": OpinionDeadlineChanged,
        "DossierWithdrawn": DossierWithdrawn,
        "WithdrawalRefused": WithdrawalRefused,
        "DossierHandedOver": DossierHandedOver,
        "DossierReversed": DossierReversed,
        "ReversalProposed": ReversalProposed,
    }
)
