"""What processing says: the acts of the authority. No personal data and no free text; codes travel sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from contracts.envelope import Message
from contracts.intake import Channel, OfficeCode, ProcedureCode
from contracts.officer_words import Commitment
from contracts.processing_codes import (
    BackReason,
    CorrectionReason,
    DespiteReason,
    DocumentNumber,
    EventName,
    HandOver,
    LateReason,
    Level,
    OpenStatus,
    Opinion,
    Outcome,
    Provisional,
    RefusalOfWithdrawal,
    RefusalReason,
    RejectionReason,
    ReturnMethod,
    ReversalReason,
    Sequence,
    Step,
    StopReason,
    UnitCode,
)
from contracts.processing_dates import (
    DeadlineChanged,
    DueDateChanged,
    DueDateExtended,
    OpinionDeadlineChanged,
)
from contracts.processing_requests import (
    FeeConfirmed,
    FeeRequested,
    FeeWaived,
    SupplementAccepted,
    SupplementLapsed,
    SupplementRequested,
)


class Said(Message):
    """What every message of processing's has in common."""

    owner: ClassVar[str] = "processing"


class DossierAccepted(Said):
    """The desk accepted the dossier: it has its official code, and the statutory clock starts. Report attributes are fixed here."""

    type_name: ClassVar[str] = "DossierAccepted.v1"

    sealed_code: str
    """The official code, sealed (contracts.sealed): analysts get no dossier codes."""
    procedure: ProcedureCode
    level: Level
    office: OfficeCode
    unit: UnitCode
    """The lead unit, which handles the dossier."""
    channel: Channel
    due_on: date | None
    late: bool = False
    """After the limit of eight working hours in which a desk accepts or rejects."""
    provisional: Provisional = False


class DossierRejected(Said):
    """The desk did not take the dossier in. The end of it."""

    type_name: ClassVar[str] = "DossierRejected.v1"

    reason: RejectionReason
    words: Commitment | None = None
    """Names what the officer said of it to the applicant; null where nothing was said, and in messages of before."""


class DossierForwarded(Said):
    """The dossier went to a unit for the next step of its processing; with a reason, back to an earlier one."""

    type_name: ClassVar[str] = "DossierForwarded.v1"

    unit: UnitCode
    step: Step
    reason: BackReason | None = None


class DossierResolved(Said):
    """The result was signed. The statutory clock ends; `due_on` is what lateness is measured against.

    A refusal has its reason and the number of the written answer, absent in older ones and where an import knew of none.
    `despite` says why it was granted although an agency disagreed.
    """

    type_name: ClassVar[str] = "DossierResolved.v1"

    outcome: Outcome
    due_on: date | None
    late_reason: LateReason | None
    refusal_reason: RefusalReason | None = None
    document: DocumentNumber | None = None
    despite: DespiteReason | None = None
    words: Commitment | None = None


class ResultReturned(Said):
    """The result was handed over, downloaded or posted."""

    type_name: ClassVar[str] = "ResultReturned.v1"

    method: ReturnMethod


class ProcessingStopped(Said):
    """The dossier was handed back without a decision on its merits. The clock ends; `due_on` is what lateness is measured against."""

    type_name: ClassVar[str] = "ProcessingStopped.v1"

    reason: StopReason
    due_on: date | None
    words: Commitment | None = None


class ApologyIssued(Said):
    """The authority apologised for a delay and made its one new appointment; the due date stays. `in_time`: before it was late to."""

    type_name: ClassVar[str] = "ApologyIssued.v1"

    reason: LateReason
    appointment_on: date
    in_time: bool


class ResultCorrected(Said):
    """The agency's own error in what an ended dossier led to was corrected by a decision. Counts are unchanged."""

    type_name: ClassVar[str] = "ResultCorrected.v1"

    reason: CorrectionReason
    document: DocumentNumber


class OpinionRequested(Said):
    """Another agency is asked; its silence until the end of `answer_by` is consent."""

    type_name: ClassVar[str] = "OpinionRequested.v1"

    agency: UnitCode
    answer_by: date
    provisional: Provisional = False


class OpinionGiven(Said):
    """The agency answered."""

    type_name: ClassVar[str] = "OpinionGiven.v1"

    agency: UnitCode
    opinion: Opinion


class ConsentDeemed(Said):
    """The agency was silent: it is deemed to agree."""

    type_name: ClassVar[str] = "ConsentDeemed.v1"

    agency: UnitCode


class DossierWithdrawn(Said):
    """The officer confirmed that the applicant takes the dossier back. `request` is the sequence of intake's WithdrawalRequested."""

    type_name: ClassVar[str] = "DossierWithdrawn.v1"

    request: Sequence | None
    due_on: date | None


class WithdrawalRefused(Said):
    """The dossier goes on as if nobody had asked to take it back."""

    type_name: ClassVar[str] = "WithdrawalRefused.v1"

    request: Sequence
    reason: RefusalOfWithdrawal
    status: OpenStatus


class DossierHandedOver(Said):
    """Another officer or unit has the dossier now; the step it is in goes on."""

    type_name: ClassVar[str] = "DossierHandedOver.v1"

    unit: UnitCode
    how: HandOver
    sealed_officer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,200}={0,2}$")] | None = None
    """The officer who has it now, by the code that the topic `officers` names, sealed as the official code is; absent where nobody has
    it yet, and in older messages."""


class DossierReversed(Said):
    """The supervisor reversed the latest act that had changed the status: the dossier stands as if the event at `sequence` had not been."""

    type_name: ClassVar[str] = "DossierReversed.v1"

    sequence: Sequence
    event: EventName
    reason: ReversalReason
    document: DocumentNumber
    status: OpenStatus | Literal["resolved"]
    due_on: date | None
    provisional: Provisional = False


class ReversalProposed(Said):
    """A supervisor asks to reverse the event at `sequence`, whose day lies in a period of the report that is over. Nothing changes
    until another supervisor asks for the same (DossierReversed)."""

    type_name: ClassVar[str] = "ReversalProposed.v1"

    sequence: Sequence
    event: EventName
    reason: ReversalReason
    document: DocumentNumber


MESSAGES: tuple[type[Message], ...] = (
    DossierAccepted,
    DossierRejected,
    DossierForwarded,
    DossierResolved,
    ResultReturned,
    ProcessingStopped,
    ApologyIssued,
    ResultCorrected,
    SupplementRequested,
    SupplementAccepted,
    SupplementLapsed,
    FeeRequested,
    FeeConfirmed,
    FeeWaived,
    OpinionRequested,
    OpinionGiven,
    ConsentDeemed,
    DueDateChanged,
    DueDateExtended,
    DeadlineChanged,
    OpinionDeadlineChanged,
    DossierWithdrawn,
    WithdrawalRefused,
    DossierHandedOver,
    DossierReversed,
    ReversalProposed,
)
