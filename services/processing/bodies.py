"""The shapes of processing's HTTP: what is asked and what is answered. Strict, and without any field for free text."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.processing import (
    CorrectionReason,
    DocumentNumber,
    LateReason,
    Outcome,
    RejectionReason,
    ReturnMethod,
    Step,
    StopReason,
    UnitCode,
)
from services.processing.deadline import Effect, LimitUnit

Status = Literal["submitted", "accepted", "in_processing", "rejected", "resolved", "returned", "stopped"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$", max_length=100)]

# Python alone would read 2026-W14-5, too.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: Any) -> Any:
    """A body that came as JSON text may be parsed before it is checked strictly: its days are texts then, and nothing else."""
    return date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else value


Day = Annotated[date, BeforeValidator(_day)]

ITEMS_MAX = 500
ACTS_MAX = 50


class Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Accept(Asked):
    """Without `unit`, the caller's own takes the dossier."""

    unit: UnitCode | None = None


class Reject(Asked):
    reason: RejectionReason


class Forward(Asked):
    unit: UnitCode
    step: Step


class Resolve(Asked):
    """`late_reason` is needed when the end is late, and not kept otherwise."""

    outcome: Outcome
    late_reason: LateReason | None = None


class Return(Asked):
    method: ReturnMethod


class Stop(Asked):
    reason: StopReason


class Apologise(Asked):
    """`appointment_on` is the one new appointment, after today and after the due date."""

    reason: LateReason
    appointment_on: Annotated[Day, Field(le=date(2999, 12, 31))]


class Correct(Asked):
    """`document` is the number of the decision to correct, such as 1234/QĐ-SXD."""

    reason: CorrectionReason
    document: DocumentNumber


class _Act(Asked):
    """`at` is the business time of an import; who acts now gives none."""

    at: AwareDatetime | None = None


class AcceptAct(_Act, Accept):
    act: Literal["accept"]
    due_on: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))] | None = None


class RejectAct(_Act, Reject):
    act: Literal["reject"]


class ForwardAct(_Act, Forward):
    act: Literal["forward"]


class ResolveAct(_Act, Resolve):
    act: Literal["resolve"]


class ReturnAct(_Act, Return):
    act: Literal["return"]


class StopAct(_Act, Stop):
    act: Literal["stop"]


class ApologiseAct(_Act, Apologise):
    act: Literal["apologise"]


class CorrectAct(_Act, Correct):
    act: Literal["correct"]


Act = Annotated[
    AcceptAct | RejectAct | ForwardAct | ResolveAct | ReturnAct | StopAct | ApologiseAct | CorrectAct,
    Field(discriminator="act"),
]


class BulkItem(Asked):
    """What was done with one dossier, in order. The first acts may be recorded already; the rest is then added."""

    source: Name | None = None
    case: Name | None = None
    dossier_id: UUID
    acts: Annotated[list[Act], Field(min_length=1, max_length=ACTS_MAX)]


class Bulk(Asked):
    """The body of the bulk door."""

    items: list[BulkItem] = Field(max_length=ITEMS_MAX)


class Standing(BaseModel):
    """Where a dossier stands after a command."""

    dossier_id: UUID
    status: Status
    version: int
    code: str | None
    due_on: date | None


class Listed(BaseModel):
    """A dossier in the queue."""

    dossier_id: UUID
    status: Status
    procedure: str
    office: str
    unit: str | None
    channel: str
    submitted_at: datetime
    accepted_at: datetime | None
    code: str | None
    due_on: date | None
    version: int


class ExplainedDay(BaseModel):
    """What one day did to the due date, as data and as a sentence in both languages."""

    on: date
    effect: Effect
    document: str | None
    vi: str
    en: str


class CountedLimit(BaseModel):
    """How long the authority may take."""

    amount: int
    unit: LimitUnit


class DueDate(BaseModel):
    """The due date and why it is that day.

    `limit` and `explanation` are empty when the date was not counted here: an import brought it along, or there is none.
    """

    dossier_id: UUID
    due_on: date | None
    accepted_on: date
    limit: CountedLimit | None
    provisional: bool
    explanation: list[ExplainedDay]


class Page(BaseModel):
    """The longest submitted first; `next` goes on where this page ends."""

    items: list[Listed]
    next: str | None


class BulkAnswer(BaseModel):
    """One item's answer: `repeated` when all its acts stood already, `refused` when nothing of it was recorded."""

    source: str | None = None
    case: str | None = None
    dossier_id: UUID | None = None
    outcome: Literal["recorded", "repeated", "refused"]
    version: int | None = None
    dossier_code: str | None = None
    code: str | None = Field(default=None, description="Of a refusal; not-yet-known asks to try again.")
    detail: str | None = None
    field: str | None = None


class BulkAnswers(BaseModel):
    """One answer per item, in order."""

    answers: list[BulkAnswer]
