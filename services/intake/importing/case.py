"""What an import tells of one case, as the door takes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.intake import Channel
from contracts.processing_codes import DocumentNumber, ReversalReason
from services.intake.importing.acts import ACTS_MAX, ActOfCase
from services.intake.people.forms import CaseName, ImportName, Office, Procedure
from services.intake.people.store import Applicant


class Correction(BaseModel):
    """Why and by which document what an import told before may be corrected."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reason: ReversalReason
    document: DocumentNumber


class Case(BaseModel):
    """One case of `source`, submitted there at its own business time."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: ImportName
    case: CaseName
    procedure: Procedure
    office: Office
    channel: Channel
    submitted_at: AwareDatetime
    applicant: Applicant | None = None
    acts: Annotated[list[ActOfCase], Field(max_length=ACTS_MAX)] = Field(
        default=[],
        description="What the applicant did since then, in order. Those recorded before stand; the rest is added.",
    )
    correction: Correction | None = Field(
        default=None,
        description="Another day, procedure, office or channel than before is recorded under it, once no act of the authority stands, "
        "and acts that are told otherwise are struck out and told anew, once none stands that answers one. Without it, a difference is "
        "refused.",
    )
