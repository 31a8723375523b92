"""What the service-quality index is asked, and what its doors answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.reporting.quality.signs import Pattern
from services.reporting.report.asked import Instant, PeriodAsked
from services.reporting.report.routes import ReportAnswer


class IndexAsked(PeriodAsked):
    """A question for the service-quality index."""

    as_of: Instant | None = Field(
        default=None, description="Only what was recorded up to this instant; without it, all that is known."
    )


class SignsAsked(IndexAsked):
    """A question for the dossiers that show a sign of hidden lateness."""

    pattern: Pattern = Field(description="Which sign.")
    cursor: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=500)


class MeasureView(BaseModel):
    """One measure; all three numbers are null where nobody says them, the value where the denominator is 0."""

    code: str = Field(description="What is measured.")
    name: str = Field(description="The same in Vietnamese.")
    unit: Literal["percent", "days", "score"] = Field(description="Of the value.")
    formula: str = Field(description="Numbers are the columns of the official report.")
    exclusions: str = Field(description="What is left out.")
    numerator: int | None
    denominator: int | None
    value: float | None


class ProcedureTimes(BaseModel):
    """How long results of a procedure took, in days; null is a number that is withheld."""

    procedure: str
    results: int | None
    mean: float | None
    median: float | None
    p90: float | None


class _Told(BaseModel):
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    as_of: datetime | None
    tells_on: date = Field(
        description="The last day that is counted: of the window, or the as-of day before its end."
    )
    complete_up_to: datetime | None = Field(
        description="All that was recorded up to then is measured, held dossiers apart."
    )
    held: int = Field(description="Dossiers whose events wait and are in no number yet.")
    made_up: bool = Field(description="The demonstration's figures, which are nobody's, are among them.")
    zone: str
    code_version: str


class IndexAnswer(_Told):
    """The service-quality index of one window."""

    measures: list[MeasureView]
    procedures: list[ProcedureTimes]
    withheld: bool = Field(
        description="Some numbers of procedures are withheld: small ones, and those that would tell them."
    )


class StepTimes(BaseModel):
    """How long a step took a unit, in days, nights and days off among them."""

    step: str
    unit: str = Field(description="Whose step it was; empty before acceptance.")
    number: int = Field(description="How often it ended in the window.")
    mean: float
    median: float
    p90: float


class WorkloadView(BaseModel):
    """What a unit led, and what it holds."""

    unit: str
    carried_over: int
    received: int = Field(description="Accepted in the window.")
    resolved: int
    late: int
    in_hand: int = Field(
        description="Pending dossiers that the unit itself has at the end, whoever leads them."
    )
    overdue: int
    score_timeliness: float | None = Field(description="Early 2, on time 1, late 0: mean over the resolved.")
    score_supplements: float | None = Field(
        description="No supplement asked for 2, one 1, more 0: mean over the resolved."
    )


class WorkAnswer(_Told):
    """Times and workload of one's own unit or office."""

    office: str | None
    unit: str | None
    steps: list[StepTimes]
    workload: list[WorkloadView]


class SignView(BaseModel):
    """A dossier that shows a sign."""

    dossier_id: UUID
    link: str
    on: date = Field(description="The day of what was seen.")
    unit: str = Field(description="Who had it then; empty before acceptance.")
    office: str
    procedure: str
    seen: str = Field(description="What was seen.")


class SignsAnswer(_Told):
    """A page of the dossiers that show one sign, as of one instant."""

    pattern: Pattern
    office: str | None
    unit: str | None
    count: int = Field(description="How many there are.")
    items: list[SignView]
    next: str | None


class OwnReport(ReportAnswer):
    """The official report of one's own office or unit, with every number."""

    office: str | None
    unit: str | None
