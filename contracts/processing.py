"""What processing says: the acts of the authority. No personal data and no free text; codes travel sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Message
from contracts.intake import Channel, OfficeCode, ProcedureCode

Level = Literal["full", "partial"]
Outcome = Literal["granted", "refused"]
Step = Literal["tiep_nhan", "thu_ly", "tham_tra", "ky_duyet", "phat_hanh", "tra_ket_qua"]
ReturnMethod = Literal["in_person", "postal", "online"]
RejectionReason = Literal["wrong_office", "not_eligible", "incomplete", "wrong_procedure", "duplicate"]
LateReason = Literal["workload", "waiting_for_agency", "complex_case", "system_outage", "other"]
StopReason = Literal["not_supplemented", "not_paid", "not_competent", "conditions_changed", "stopped_by_law"]
CorrectionReason = Literal["clerical_error", "wrong_data", "wrong_document"]
DocumentNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}/[A-ZĐ0-9-]{2,30}$")]
"""Số ký hiệu of a decision, such as 1234/QĐ-SXD: number, kind and body, no free text."""
UnitCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9./_-]{1,40}$")]
PaperFault = Literal["missing", "unreadable", "wrong", "expired", "not_signed"]
WaiverReason = Literal["exempt_by_law", "poor_household", "agency_error"]
Opinion = Literal["agreed", "disagreed", "no_comment"]
ExtensionReason = Literal["complex_case", "waiting_for_agency", "site_check", "force_majeure"]
RefusalOfWithdrawal = Literal["already_signed", "others_concerned", "not_the_owner"]
ReversalReason = Literal["wrong_dossier", "wrong_decision", "wrong_data", "court_decision"]
HandOver = Literal["taken", "assigned", "handed_over", "transferred"]
Clock = Literal["runs", "paused"]
OpenStatus = Literal["submitted", "accepted", "in_processing", "supplement_requested", "payment_requested"]
"""The statuses of a dossier that has not ended; a request to withdraw stands beside them and is intake's to say."""
Status = Literal[OpenStatus, "rejected", "withdrawn", "stopped", "resolved", "returned"]
EventName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]{2,39}$")]
Sequence = Annotated[int, Field(ge=1)]
AmountVnd = Annotated[int, Field(ge=1, le=1_000_000_000_000)]


class FaultyPaper(BaseModel):
    """One paper that the applicant is to bring again: its place (1, 2, …) among the papers of the dossier's version, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    paper: Annotated[int, Field(ge=1, le=50)]
    fault: PaperFault


class DossierAccepted(Message):
    """The desk accepted the dossier: it has its official code, and the statutory clock starts. Report attributes are fixed here."""

    type_name: ClassVar[str] = "DossierAccepted.v1"
    owner: ClassVar[str] = "processing"

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


class DossierRejected(Message):
    """The desk did not take the dossier in. The end of it."""

    type_name: ClassVar[str] = "DossierRejected.v1"
    owner: ClassVar[str] = "processing"

    reason: RejectionReason


class DossierForwarded(Message):
    """The dossier went to a unit for the next step of its processing."""

    type_name: ClassVar[str] = "DossierForwarded.v1"
    owner: ClassVar[str] = "processing"

    unit: UnitCode
    step: Step


class DossierResolved(Message):
    """The result was signed. The statutory clock ends; `due_on` is what lateness is measured against."""

    type_name: ClassVar[str] = "DossierResolved.v1"
    owner: ClassVar[str] = "processing"

    outcome: Outcome
    due_on: date | None
    late_reason: LateReason | None


class ResultReturned(Message):
    """The result was handed over, downloaded or posted."""

    type_name: ClassVar[str] = "ResultReturned.v1"
    owner: ClassVar[str] = "processing"

    method: ReturnMethod


class ProcessingStopped(Message):
    """The dossier was handed back without a decision on its merits. The clock ends; `due_on` is what lateness is measured against."""

    type_name: ClassVar[str] = "ProcessingStopped.v1"
    owner: ClassVar[str] = "processing"

    reason: StopReason
    due_on: date | None


class ApologyIssued(Message):
    """The authority apologised for a delay and made its one new appointment; the due date stays. `in_time`: before it was late to."""

    type_name: ClassVar[str] = "ApologyIssued.v1"
    owner: ClassVar[str] = "processing"

    reason: LateReason
    appointment_on: date
    in_time: bool


class ResultCorrected(Message):
    """The agency's own error in what an ended dossier led to was corrected by a decision. Counts are unchanged."""

    type_name: ClassVar[str] = "ResultCorrected.v1"
    owner: ClassVar[str] = "processing"

    reason: CorrectionReason
    document: DocumentNumber


class SupplementRequested(Message):
    """The applicant is told, once and completely, which papers to bring. Before acceptance the intake clock stops; after it, `clock`."""

    type_name: ClassVar[str] = "SupplementRequested.v1"
    owner: ClassVar[str] = "processing"

    number: Annotated[int, Field(ge=1)]
    """The dossier's first request, its second, and so on."""
    papers: tuple[FaultyPaper, ...]
    deadline_on: date
    clock: Clock
    late: bool
    """Asked after the days in which it may be; a supervisor allowed it, and the clock does not stop."""
    due_on: date | None


class SupplementAccepted(Message):
    """The officer accepted the supplement: the dossier is back where it was, and a pause has ended."""

    type_name: ClassVar[str] = "SupplementAccepted.v1"
    owner: ClassVar[str] = "processing"

    status: OpenStatus
    due_on: date | None
    late: bool
    """More than eight working hours after the applicant provided it."""


class SupplementLapsed(Message):
    """The deadline passed without a supplement; it ends nothing. One provided in time and heard of later voids it."""

    type_name: ClassVar[str] = "SupplementLapsed.v1"
    owner: ClassVar[str] = "processing"

    deadline_on: date


class FeeRequested(Message):
    """The applicant is to pay; the clock pauses, unless the due date had passed."""

    type_name: ClassVar[str] = "FeeRequested.v1"
    owner: ClassVar[str] = "processing"

    amount_vnd: AmountVnd
    deadline_on: date
    clock: Clock
    due_on: date | None


class FeeConfirmed(Message):
    """The fee was paid: the dossier is back where it was. `payment` is the sequence of intake's FeePaid."""

    type_name: ClassVar[str] = "FeeConfirmed.v1"
    owner: ClassVar[str] = "processing"

    payment: Sequence | None
    status: OpenStatus
    due_on: date | None


class FeeWaived(Message):
    """The supervisor waived the fee: the dossier is back where it was."""

    type_name: ClassVar[str] = "FeeWaived.v1"
    owner: ClassVar[str] = "processing"

    reason: WaiverReason
    status: OpenStatus
    due_on: date | None


class OpinionRequested(Message):
    """Another agency is asked; its silence until the end of `answer_by` is consent."""

    type_name: ClassVar[str] = "OpinionRequested.v1"
    owner: ClassVar[str] = "processing"

    agency: UnitCode
    answer_by: date


class OpinionGiven(Message):
    """The agency answered."""

    type_name: ClassVar[str] = "OpinionGiven.v1"
    owner: ClassVar[str] = "processing"

    agency: UnitCode
    opinion: Opinion


class ConsentDeemed(Message):
    """The agency was silent: it is deemed to agree."""

    type_name: ClassVar[str] = "ConsentDeemed.v1"
    owner: ClassVar[str] = "processing"

    agency: UnitCode


class DueDateChanged(Message):
    """A declaration moved a due date that had been told; `days` are those that are counted otherwise now."""

    type_name: ClassVar[str] = "DueDateChanged.v1"
    owner: ClassVar[str] = "processing"

    old_due_on: date
    due_on: date
    days: tuple[date, ...]


class DueDateExtended(Message):
    """The limit was extended, once, by so many of its days or months; that is not lateness."""

    type_name: ClassVar[str] = "DueDateExtended.v1"
    owner: ClassVar[str] = "processing"

    reason: ExtensionReason
    amount: Annotated[int, Field(ge=1)]
    due_on: date


class DossierWithdrawn(Message):
    """The officer confirmed that the applicant takes the dossier back. `request` is the sequence of intake's WithdrawalRequested."""

    type_name: ClassVar[str] = "DossierWithdrawn.v1"
    owner: ClassVar[str] = "processing"

    request: Sequence | None
    due_on: date | None


class WithdrawalRefused(Message):
    """The dossier goes on as if nobody had asked to take it back."""

    type_name: ClassVar[str] = "WithdrawalRefused.v1"
    owner: ClassVar[str] = "processing"

    request: Sequence
    reason: RefusalOfWithdrawal
    status: OpenStatus


class DossierHandedOver(Message):
    """Another officer or unit has the dossier now; the step it is in goes on."""

    type_name: ClassVar[str] = "DossierHandedOver.v1"
    owner: ClassVar[str] = "processing"

    unit: UnitCode
    how: HandOver


class DossierReversed(Message):
    """The supervisor reversed the latest act that had changed the status: the dossier stands as if that event had not been."""

    type_name: ClassVar[str] = "DossierReversed.v1"
    owner: ClassVar[str] = "processing"

    sequence: Sequence
    """Of the reversed event, among processing's of this dossier."""
    event: EventName
    reason: ReversalReason
    document: DocumentNumber
    status: OpenStatus | Literal["resolved"]
    due_on: date | None


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
    DossierWithdrawn,
    WithdrawalRefused,
    DossierHandedOver,
    DossierReversed,
)
