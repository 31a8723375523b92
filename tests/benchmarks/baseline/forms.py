"""What a client sends to file a dossier and gets back, as strict pydantic models."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Identifier(Strict):
    kind: Literal["cccd", "tax_code"]
    number: Annotated[str, Field(pattern=r"^\d{10,13}$")]


class ApplicantIn(Strict):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    identifier: Identifier
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    phone: Annotated[str, Field(pattern=r"^0\d{9}$")] | None = None


class DossierIn(Strict):
    procedure: Annotated[str, Field(max_length=40)]
    office: Annotated[str, Field(max_length=40)]
    channel: Literal["online", "in_person", "postal"] = "online"
    applicant: ApplicantIn
    content: dict[str, Any]


class DossierOut(BaseModel):
    dossier_id: UUID
    status: str
    version: int
    submitted_at: datetime
