"""The shapes of what processing answers over HTTP, and how rows become them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

import orjson
from fastapi.responses import Response
from pydantic import BaseModel, Field

from contracts.intake import PaymentMethod, ResultDelivery
from contracts.processing_codes import OpenStatus
from contracts.processing_codes import Status as OwnStatus
from services.processing.clock.due_date import Effect, LimitUnit, PauseRule
from services.processing.clock.working_days import ZONE, Calendar, KindOfDay, local_day
from services.processing.desk import queue_rows
from services.processing.desk.queues import QueueName
from services.processing.dossier import explanation
from services.processing.dossier.explanation import WarningCode
from services.processing.dossier.payments import PaymentUse

Status = Literal[OwnStatus, "withdrawal_requested"]
NOBODY: Mapping[str, str] = {}
OPEN = frozenset({"withdrawal_requested", *get_args(OpenStatus)})


class InBoth(BaseModel):
    """The same in Vietnamese and English."""

    vi: str
    en: str


class Warned(InBoth):
    """What to know before acting: its dates reach a year that is not declared; today is the last day of its limit."""

    code: WarningCode = Field(
        description="provisional: a date may still move; last-day: a fee asked for today leaves no day.",
        examples=["provisional"],
    )


WARNINGS: Any = Field(
    default=[],
    description="What to know before acting.",
    examples=[
        [
            {
                "code": "last-day",
                "vi": "Hôm nay là ngày cuối của thời hạn.",
                "en": "Today is the last day of the limit.",
            }
        ]
    ],
)


class Standing(BaseModel):
    """Where a dossier stands after a command."""

    dossier_id: UUID
    status: Status
    version: int
    code: str | None
    due_on: date | None
    reversal_waits: bool = Field(
        default=False, description="A reversal was asked for that another supervisor has to ask for as well."
    )
    warnings: list[Warned] = WARNINGS


class Listed(BaseModel):
    """A dossier in the queue."""

    dossier_id: UUID
    status: Status
    procedure: str
    office: str
    unit: str | None
    officer: str | None
    officer_name: str | None = Field(
        default=None,
        description="Their name by the register; null where nobody told it.",
        examples=["Chuyên viên"],
    )
    channel: str
    result_delivery: ResultDelivery | None
    submitted_at: datetime
    accepted_at: datetime | None
    code: str | None
    intake_due_at: datetime | None
    due_on: date | None
    deadline_on: date | None
    supplied_at: datetime | None
    version: int
    warnings: list[Warned] = WARNINGS


class ExplainedDay(BaseModel):
    """What one day did to the due date, as data and as a sentence in both languages. `holiday` is what law calls a day off."""

    on: date
    effect: Effect
    document: str | None
    kind: KindOfDay
    holiday: InBoth | None
    vi: str
    en: str


class CountedLimit(BaseModel):
    """How long the authority may take, and the rule that says so in both languages."""

    amount: int
    unit: LimitUnit
    vi: str
    en: str


class Paused(BaseModel):
    """A pause that is over: the days after `began_on` up to `ended_on`, and what its end did to the clock."""

    began_on: date
    ended_on: date
    rule: PauseRule


class DueDate(BaseModel):
    """The due date and why it is that day.

    `project_class` is the one whose limit it is, where the limit depends on it. `limit`, with what it was extended by, and
    `explanation` are empty when the date was not counted here: an import brought it along, or there is none. While the clock
    stands still there is no due date: the explanation is then that of `due_on_if_it_ended_today`. `summary` is the explanation in one
    sentence, `notes` what is to be known beside its days: why it is provisional, that a pause leaves no day.
    """

    dossier_id: UUID
    due_on: date | None
    accepted_on: date
    project_class: str | None
    limit: CountedLimit | None
    extended_by: int
    paused_since: date | None
    due_on_if_it_ended_today: date | None
    pauses: list[Paused]
    provisional: bool
    summary: InBoth | None
    notes: list[InBoth]
    explanation: list[ExplainedDay]


class Page(BaseModel):
    """The longest submitted first; `next` goes on where this page ends."""

    items: list[Listed]
    next: str | None


class DeskQueues(BaseModel):
    """How many dossiers stand in each queue of a desk."""

    desk: str
    queues: dict[QueueName, int]


class QueueCounts(BaseModel):
    """Of each desk of the caller, as of that minute."""

    as_of: datetime
    desks: list[DeskQueues]


class QueuePage(BaseModel):
    """What hurts first stands first; `count` is that of the whole queue, `next` goes on where this page ends."""

    queue: QueueName
    desk: str
    as_of: datetime
    count: int
    items: list[Listed]
    next: str | None


class Payment(BaseModel):
    """A payment of the applicant's, by its place among the acts, and what became of it."""

    payment: int
    amount: int = Field(description="Whole units of the currency.", examples=[300000])
    currency: str
    paid_at: datetime
    method: PaymentMethod | None = Field(
        description="By which way it came; null where it was heard of before that was told.",
        examples=["online"],
    )
    use: PaymentUse
    to_refund: int = Field(description="What of it is to be given back, 0 for nothing.", examples=[0])


class Payments(BaseModel):
    """In the order in which they came. An unasked one may be the fee paid in advance: look before it is given back."""

    dossier_id: UUID
    asked_vnd: int | None = Field(description="The fee that waits to be paid, in đồng; null for none.")
    items: list[Payment]


class Refund(BaseModel):
    """What is to be given back of a payment. `payment` is its place among the acts."""

    dossier_id: UUID
    payment: int
    amount: int = Field(
        description="What is to be given back, in whole units of the currency.", examples=[50000]
    )
    paid: int = Field(description="What was paid.", examples=[350000])
    currency: str
    paid_at: datetime
    method: PaymentMethod | None
    why: PaymentUse
    status: Status


class Refunds(BaseModel):
    """`next` goes on where this page ends."""

    items: list[Refund]
    next: str | None


class BulkAnswer(BaseModel):
    """One item's answer: `repeated` when all its acts stood already, `corrected` when some of before were reversed and told anew,
    `refused` when nothing of it was recorded.
    """

    source: str | None = None
    case: str | None = None
    dossier_id: UUID | None = None
    outcome: Literal["recorded", "repeated", "corrected", "refused"]
    version: int | None = None
    dossier_code: str | None = None
    code: str | None = Field(default=None, description="Of a refusal; not-yet-known asks to try again.")
    detail: str | None = None
    field: str | None = None


class BulkAnswers(BaseModel):
    """One answer per item, in order."""

    answers: list[BulkAnswer]


def listed(
    row: queue_rows.DossierRow, today: date, calendar: Calendar, names: Mapping[str, str] = NOBODY
) -> dict[str, Any]:
    """A dossier as a queue shows it; `names` are those of officers."""
    by = row.intake_due_at and local_day(row.intake_due_at)
    since = local_day(row.accepted_at or row.submitted_at)
    dates = (row.due_on, row.deadline_on, by)
    return {
        "dossier_id": str(row.dossier_id),  # the driver's own kind of UUID
        "status": row.status,
        "procedure": row.procedure,
        "office": row.office,
        "unit": row.unit,
        "officer": row.officer,
        "officer_name": names.get(row.officer or ""),
        "channel": row.channel,
        "result_delivery": row.result_delivery,
        "submitted_at": row.submitted_at.astimezone(ZONE),
        "accepted_at": row.accepted_at and row.accepted_at.astimezone(ZONE),
        "code": row.code,
        "intake_due_at": row.intake_due_at and row.intake_due_at.astimezone(ZONE),
        "due_on": row.due_on,
        "deadline_on": row.deadline_on,
        "supplied_at": row.supplied_at and row.supplied_at.astimezone(ZONE),
        "version": row.version,
        "warnings": explanation.warnings(row.status, since, dates, today, calendar)
        if row.status in OPEN
        else [],
    }


def answer(members: dict[str, Any], version: int | None = None) -> Response:
    """An answer in JSON, with the dossier's version as its ETag."""
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return Response(orjson.dumps(members), media_type="application/json", headers=headers)
