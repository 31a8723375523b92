"""The closed sets of words and the shapes of codes in which processing speaks; there is no free text in what it says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Level = Literal["full", "partial"]
Outcome = Literal["granted", "refused"]
Step = Literal["tiep_nhan", "thu_ly", "tham_tra", "ky_duyet", "phat_hanh", "tra_ket_qua"]
ReturnMethod = Literal["in_person", "postal", "online"]
RejectionReason = Literal["wrong_office", "not_eligible", "incomplete", "wrong_procedure", "duplicate"]
BackReason = Literal["incomplete_file", "wrong_assessment", "needs_verification", "wrong_step"]
"""Why a dossier goes back to an earlier step."""
LateReason = Literal["workload", "waiting_for_agency", "complex_case", "system_outage", "other"]
StopReason = Literal["not_supplemented", "not_paid", "not_competent", "conditions_changed", "stopped_by_law"]
RefusalReason = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{2,39}$")]
"""Why a dossier is refused on its merits: a code of its procedure's list (contracts/catalogue/refusals.json)."""
DespiteReason = Literal["objection_met", "not_its_competence", "no_ground_in_law", "decided_above"]
"""Why a dossier is granted although an agency disagreed."""
CorrectionReason = Literal["clerical_error", "wrong_data", "wrong_document"]
DOCUMENT_NUMBER = "[0-9]{1,6}[A-Za-z]?/[A-ZĐƯƠÔÂĂÊgr0-9.&/-]{2,40}"
DocumentNumber = Annotated[str, StringConstraints(pattern=f"^{DOCUMENT_NUMBER}$")]
"""Số ký hiệu of a document, such as 1234/QĐ-SXD, 45/2026/QĐ-UBND or 05/CT-TTg: number, year, kind and body, no free text. Of small
letters it has those of TTg and TTr alone."""
UnitCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9./_-]{1,40}$")]
PaperFault = Literal["missing", "unreadable", "wrong", "expired", "not_signed"]
WaiverReason = Literal["exempt_by_law", "poor_household", "agency_error"]
Opinion = Literal["agreed", "disagreed", "no_comment"]
ExtensionReason = Literal["complex_case", "waiting_for_agency", "site_check", "force_majeure"]
RefusalOfWithdrawal = Literal["already_signed", "others_concerned", "not_the_owner"]
ReversalReason = Literal["wrong_dossier", "wrong_decision", "wrong_data", "court_decision"]
HandOver = Literal["taken", "assigned", "handed_over", "transferred"]
Clock = Literal["runs", "paused"]
PauseRule = Literal["subtract", "restart", "short_fix"]
Provisional = bool
"""Whether a date that is told reaches a year whose days off were not declared then; absent, nothing is said of it."""
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
