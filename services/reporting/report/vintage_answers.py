"""What the routes of published reports are asked and answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.reporting.report.asked import PeriodAsked
from services.reporting.report.columns import ReportBy


class Publish(PeriodAsked):
    """Which report to publish: a period that is over, with rows by one attribute or none."""

    by: ReportBy | None = Field(
        default="field", description="Rows by this attribute; the official form has one for each field."
    )


class PageAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=500)


class VintageView(BaseModel):
    """A published report. It is never changed: who finds other numbers later publishes again."""

    number: int
    first: date | None = Field(alias="from")
    last: date = Field(alias="to")
    period: str | None = Field(description="The period by its name, when it was asked for by one.")
    scheme: str
    by: ReportBy | None
    as_of: datetime = Field(
        description="All that was recorded up to this instant is in it, and nothing else."
    )
    positions: dict[str, int]
    code_version: str
    projection: int = Field(description="The version of the rules by which events are counted.")
    zone: str
    made_up: bool
    published_at: datetime
    withheld: bool = Field(
        description="Some numbers of rows are withheld: small ones, and those that would tell them. To supervisors none is."
    )
    result_hash: str = Field(description="SHA-256 over question and numbers, as they are shown.")


class WholeVintage(VintageView):
    result: dict[str, Any] = Field(
        description="Question and numbers, null where one is withheld; the hash is over them as canonical JSON."
    )


class Vintages(BaseModel):
    """Published reports, the newest first."""

    items: list[VintageView]
    next: str | None


class EntryBetween(BaseModel):
    """One line of the book that the later report knows and the earlier one does not."""

    recorded_at: datetime
    on: date = Field(description="The day that it is counted on.")
    flow: str
    timeliness: str | None
    manner: str | None
    amount: int
    struck: bool = Field(description="It strikes out what was entered before.")
    procedure: str | None = Field(description="Shown to supervisors.")
    office: str | None = Field(description="Shown to supervisors.")
    effect: dict[str, int] = Field(description="What it adds to each column.")


class Comparison(BaseModel):
    """What the later report tells otherwise, and all entries of the book that lie between: their effects add up to the difference."""

    difference: dict[str, int] = Field(description="What each column gained, where it did.")
    rows: dict[str, dict[str, int]] = Field(
        description="The same for each row, without the columns that are withheld in one of the two reports."
    )
    withheld: bool = Field(description="Some numbers of one of the two reports are withheld.")
    entries: list[EntryBetween]
    count: int = Field(description="How many entries lie between in all.")
    next: str | None
