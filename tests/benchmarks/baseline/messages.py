"""The events that the yardstick's services publish, as one tagged union of pydantic models."""

from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field


class Event(BaseModel):
    id: UUID = Field(default_factory=uuid4)
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    dossier_id: UUID
    trace_id: str = ""


class DossierSubmitted(Event):
    type: Literal["DossierSubmitted"] = "DossierSubmitted"
    procedure: str
    office: str
    channel: str
    applicant_id: UUID
    email: str | None
    phone: str | None


class DossierAccepted(Event):
    type: Literal["DossierAccepted"] = "DossierAccepted"
    code: str
    procedure: str
    office: str
    unit: str
    channel: str
    due_on: date | None


class NoticeSent(Event):
    type: Literal["NoticeSent"] = "NoticeSent"
    notice_id: UUID
    channel: str
