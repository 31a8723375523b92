"""What intake says: the acts of applicants. No personal data and no free text."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from contracts.envelope import Message

Channel = Literal["online", "in_person", "postal"]
ProcedureCode = Annotated[str, StringConstraints(pattern=r"^\d\.\d{6}$")]
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
    """The change of contact that a notice about this event needs; it is this event's own position in intake's log."""
    content_commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Salted SHA-256 of what was filed; the salt is erased with the content."""


MESSAGES: tuple[type[Message], ...] = (DossierSubmitted,)
