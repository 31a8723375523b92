"""The official report as JSON, and the corrections that explain why it is another one now than it was then. It changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import orjson
from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, Problem, client_address, throttle
from services.reporting.book.lines import ZONE, local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.report import withheld
from services.reporting.report.asked import DEAR, Instant, PeriodAsked, Sources
from services.reporting.report.columns import OfficialReport, ReportBy, differences, tells
from services.reporting.report.queries import has_made_up, hidden_of, load_changes, load_official
from services.reporting.report.readers import Signs

PLACELESS: dict[str, Any] = {"procedure": None, "office": None}
"""Of a single act, what the public is not shown."""


class ReportAsked(PeriodAsked):
    """A question for the official report."""

    by: ReportBy | None = Field(default=None, description="Rows by this attribute, fixed at acceptance.")
    as_of: Instant | None = Field(
        default=None, description="Only what was recorded up to this instant; without it, all that is known."
    )


class CorrectionsAsked(PeriodAsked):
    """A question for what changed a window's numbers after they were told."""

    as_of: Instant = Field(
        description="The instant of record time whose report is to be compared with now's."
    )
    limit: int = Field(default=100, ge=1, le=500, description="At most so many corrections, newest first.")


class ColumnsView(BaseModel):
    """One row of the official report (Biểu II.06a), and the columns beside it."""

    submitted: int
    waiting_before: int
    waiting: int = Field(description="Submitted, neither accepted nor ended.")
    not_accepted: int
    rejected: int = Field(description="Of the not accepted.")
    withdrawn_before_acceptance: int = Field(description="Of the not accepted.")
    received: int = Field(description="Column 3.")
    received_online: int = Field(description="Column 4: of it online, in the period.")
    received_otherwise: int = Field(description="Column 5: of it in person and by post, in the period.")
    carried_over: int = Field(description="Column 6.")
    resolved: int = Field(description="Column 7.")
    early: int = Field(description="Column 8.")
    on_time: int = Field(description="Column 9: on the due date, without one, or ended while paused.")
    late: int = Field(description="Column 10.")
    pending: int = Field(description="Column 11.")
    in_due: int = Field(description="Column 12; paused ones too.")
    overdue: int = Field(description="Column 13.")
    accepted_late: int = Field(description="Of those accepted in the period: after the intake limit.")
    online_full: int = Field(description="Of column 4: under full online service.")
    online_partial: int = Field(description="Of column 4: under partial online service.")
    stopped: int = Field(description="Of the resolved.")
    withdrawn: int = Field(description="Of the resolved: withdrawn after acceptance.")
    late_with_apology: int = Field(description="Of column 10.")
    late_without_apology: int = Field(description="Of column 10.")
    overdue_with_apology: int = Field(description="Of column 13.")
    overdue_without_apology: int = Field(description="Of column 13.")


class ColumnsRow(BaseModel):
    """One row; null is a number that is withheld."""

    key: str
    submitted: int | None
    waiting_before: int | None
    waiting: int | None
    not_accepted: int | None
    rejected: int | None
    withdrawn_before_acceptance: int | None
    received: int | None
    received_online: int | None
    received_otherwise: int | None
    carried_over: int | None
    resolved: int | None
    early: int | None
    on_time: int | None
    late: int | None
    pending: int | None
    in_due: int | None
    overdue: int | None
    accepted_late: int | None
    online_full: int | None
    online_partial: int | None
    stopped: int | None
    withdrawn: int | None
    late_with_apology: int | None
    late_without_apology: int | None
    overdue_with_apology: int | None
    overdue_without_apology: int | None


class ReportAnswer(ColumnsView):
    """The official report of one window, and all that is needed to trust it. Its identities hold, or it is not told."""

    by: ReportBy | None
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    as_of: datetime | None
    tells_on: date = Field(description="The day that tells in due from overdue.")
    rows: list[ColumnsRow] | None = Field(default=None, description="When `by` was asked.")
    withheld: bool = Field(
        description="Some numbers of rows are withheld: small ones, and those that would tell them."
    )
    complete_up_to: datetime | None = Field(
        description="All that was recorded up to then is in it, held dossiers apart."
    )
    held: int = Field(description="Dossiers whose events wait and are in no column yet.")
    zone: str
    made_up: bool = Field(description="The demonstration's figures, which are nobody's, are among them.")
    code_version: str


class CorrectedEntry(BaseModel):
    flow: str
    timeliness: str | None
    on: date = Field(description="The day that the amount is counted on.")
    amount: int


class CorrectionView(BaseModel):
    """A reversal, a submission that was corrected, or a result that was, which changes no count."""

    recorded_at: datetime
    on: date = Field(description="The first day that it touches.")
    event: str = Field(
        description="What was reversed; SubmissionCorrected or ResultCorrected when that is what was corrected."
    )
    reason: str
    document: str = Field(description="Number of the decision.")
    procedure: str | None = Field(description="Shown to supervisors.")
    office: str | None = Field(description="Shown to supervisors.")
    entries: list[CorrectedEntry]


class CorrectionsAnswer(BaseModel):
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    as_of: datetime
    difference: dict[str, int] = Field(description="What each column gained from then to now, where it did.")
    corrections: list[CorrectionView]
    count: int = Field(description="All corrections since then that touch the window.")
    recorded_later: int = Field(description="Other entries of such days that were recorded after `as_of`.")
    made_up: bool = Field(description="The demonstration's figures, which are nobody's, are among them.")


def add_official_routes(application: Application, sources: Sources, limits: Buckets) -> None:
    @application.get("/v1/report", summary="The official report", response_model=ReportAnswer)
    async def official_report(
        asked: Annotated[ReportAsked, Query()], request: Request, signs: Signs
    ) -> Response:
        """Columns 3 to 13 and those beside them, for any period, as of any instant of record time.

        Of rows the public is not shown numbers from 1 to 4, nor those that would tell them; supervisors are.
        """
        cost = DEAR if asked.as_of else 1
        throttle(limits, client_address(request), "public", cost)
        window = asked.window()
        complete = await sources.complete()
        tells_on = tells(window.last, local_date(asked.as_of or sources.now()))
        async with sources.turn(cost), snapshot(sources.pool) as connection:
            told = sound(await load_official(connection, window, asked.by, tells_on, asked.as_of))
            held = await count_held(connection)
            made_up = await has_made_up(connection)
        hidden = {} if signs else await hidden_of(told, asked.by)
        answer: dict[str, Any] = {
            "by": asked.by,
            "from": window.first,
            "to": window.last,
            "as_of": asked.as_of,
            "tells_on": tells_on,
            **asdict(told.total),
            "complete_up_to": complete.up_to.astimezone(ZONE) if complete and complete.up_to else None,
            "held": held,
            "withheld": bool(hidden),
            "made_up": made_up,
            "zone": ZONE.tzname(None),
            "code_version": sources.release,
        }
        if asked.by:
            answer["rows"] = [
                {"key": key, **withheld.shown(key, asdict(row), hidden)} for key, row in told.rows.items()
            ]
        return as_json(answer)

    @application.get(
        "/v1/corrections", summary="What changed a report since", response_model=CorrectionsAnswer
    )
    async def corrections(
        asked: Annotated[CorrectionsAsked, Query()], request: Request, signs: Signs
    ) -> Response:
        """Reversals known only after `as_of` that touch the window or what it carries over, with the difference that they explain.

        Supervisors see of which procedure and office each is: one act is a small number.
        """
        throttle(limits, client_address(request), "public", DEAR)
        window = asked.window()
        days = [tells(window.last, local_date(at)) for at in (asked.as_of, sources.now())]
        async with sources.turn(DEAR), snapshot(sources.pool) as connection:
            then = sound(await load_official(connection, window, None, days[0], asked.as_of))
            now = sound(await load_official(connection, window, None, days[1]))
            changes = await load_changes(connection, window, asked.as_of, asked.limit)
            made_up = await has_made_up(connection)
        return as_json(
            {
                "from": window.first,
                "to": window.last,
                "as_of": asked.as_of,
                "difference": differences(now.total, then.total),
                "corrections": changes.listed if signs else [each | PLACELESS for each in changes.listed],
                "count": changes.found,
                "recorded_later": changes.recorded_later,
                "made_up": made_up,
            }
        )


def sound(told: OfficialReport) -> OfficialReport:
    """The report, when all its identities hold."""
    if broken := told.broken():
        raise Problem(503, "report-does-not-add-up", f"does not hold: {', '.join(broken)}")
    return told


def as_json(answer: dict[str, Any], status: int = 200) -> Response:
    return Response(
        orjson.dumps(answer), status, media_type="application/json", headers={"Cache-Control": "no-cache"}
    )
