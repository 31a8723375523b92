"""What processing says: the acts of the authority. No personal data and no free text; codes travel sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

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


MESSAGES: tuple[type[Message], ...] = (
    DossierAccepted,
    DossierRejected,
    DossierForwarded,
    DossierResolved,
    ResultReturned,
    ProcessingStopped,
    ApologyIssued,
    ResultCorrected,
)
