"""What intake says: the acts of applicants. No personal data and no free text."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.envelope import Message
from contracts.processing_codes import DocumentNumber, ReversalReason

Channel = Literal["online", "in_person", "postal"]
ProcedureCode = Annotated[str, StringConstraints(pattern=r"^\d\.\d{6}$")]
WithdrawalReason = Literal["no_longer_needed", "filed_by_mistake", "will_file_again", "other"]
PaymentMethod = Literal["online", "in_person"]
ActOfApplicant = Literal["SupplementProvided", "WithdrawalRequested", "FeePaid"]
ResultDelivery = Literal["collected", "post", "online"]
# By which number people and organisations are known; which of them a procedure takes, its version says.
IdentifierKind = Literal["cccd", "tax_code", "passport", "foreign_registration"]
ImportSource = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}$")]
MADE_UP_SOURCE = "demonstration-"
"""How the name of an import source begins whose cases are made up: whoever counts them says so."""
CASE_CHARACTERS_MAX = 100
# How a source names a case is its own: all that can be seen, in any script. Neither control nor format characters, which would
# make two names of what looks like one, and no space at its ends.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
CASE_PATTERN = rf"[^\s{_UNSEEN}](?:[^{_UNSEEN}]*[^\s{_UNSEEN}])?"
OfficeCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]\d{2}\.\d{3}\.\d{2}$")]


class DossierSubmitted(Message):
    """An applicant filed a dossier; `time` is when. The intake clock starts."""

    type_name: ClassVar[str] = "DossierSubmitted.v1"
    owner: ClassVar[str] = "intake"

    procedure: ProcedureCode
    office: OfficeCode
    """Accepting organisation, as in the dossier code."""
    channel: Channel
    """The door of the first submission."""
    applicant_id: UUID
    """Pseudonym of the submitter; who it is stands in `contacts` and in intake's people store alone."""
    contact_change: int
    """The change of contact that a notice about this event needs; in logs older than these numbers it is this event's position."""
    content_commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Salted SHA-256 of what was filed; the salt is erased with the content."""
    import_source: ImportSource | None = None
    """The system whose log brought the dossier; absent where it was filed here. Further imports of that system alone may act on it."""
    result_delivery: ResultDelivery | None = None
    """How the applicant wants the result: collected at the desk, by post (the address stands in what was filed), or the electronic
    copy alone. Absent where nothing was said: it is collected."""
    sealed_filer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,1200}={0,2}$")] | None = None
    """The portal that filed it, sealed as the official code is; absent where it was filed at a desk or imported."""


class SupplementProvided(Message):
    """The applicant brought what was asked for; accepting it is the officer's."""

    type_name: ClassVar[str] = "SupplementProvided.v1"
    owner: ClassVar[str] = "intake"

    request: Annotated[int, Field(ge=1)] | None
    """The sequence of processing's SupplementRequested that it answers; null when intake knew of none that was open."""
    content_commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class WithdrawalRequested(Message):
    """The applicant asks to take the dossier back; an officer confirms or refuses."""

    type_name: ClassVar[str] = "WithdrawalRequested.v1"
    owner: ClassVar[str] = "intake"

    reason: WithdrawalReason


class FeePaid(Message):
    """A payment for the dossier arrived, asked for or not; what it settles is processing's to say. Whole units of the currency."""

    type_name: ClassVar[str] = "FeePaid.v1"
    owner: ClassVar[str] = "intake"

    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    method: PaymentMethod


class SubmissionCorrected(Message):
    """The import that brought a dossier tells its submission otherwise than before: these hold instead, from the beginning."""

    type_name: ClassVar[str] = "SubmissionCorrected.v1"
    owner: ClassVar[str] = "intake"

    submitted_at: AwareDatetime
    """When the applicant filed it; `time` is when the correction came."""
    procedure: ProcedureCode
    channel: Channel
    office: OfficeCode | None = None
    """The accepting organisation; absent where it stays what it was."""
    reason: ReversalReason
    document: DocumentNumber
    """Number of the decision to correct."""


class ApplicantActReversed(Message):
    """The import that told an act of the applicant's tells it otherwise, or no longer: that act is as if it had not been."""

    type_name: ClassVar[str] = "ApplicantActReversed.v1"
    owner: ClassVar[str] = "intake"

    sequence: Annotated[int, Field(ge=1)]
    """Of the act that is struck out, among intake's events of the dossier."""
    event: ActOfApplicant
    """What it was."""
    reason: ReversalReason
    document: DocumentNumber
    """Number of the decision to correct."""


MESSAGES: tuple[type[Message], ...] = (
    DossierSubmitted,
    SupplementProvided,
    WithdrawalRequested,
    FeePaid,
    SubmissionCorrected,
    ApplicantActReversed,
)
