"""The official report as a file in its official layout: CSV, XLSX or PDF, a row for each field. It changes nothing."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import Field

from services.chassis.http.limits import Buckets
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application, client_address, throttle
from services.reporting.book.lines import local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.report.asked import DEAR, Instant, PeriodAsked, Sources
from services.reporting.report.columns import tells
from services.reporting.report.files import MEDIA_TYPES, Kind, as_csv, as_xlsx
from services.reporting.report.form import Form
from services.reporting.report.queries import has_made_up, hidden_of, load_official
from services.reporting.report.readers import Signs
from services.reporting.report.routes import sound

COST: dict[Kind, int] = {"csv": 1, "xlsx": 5, "pdf": 20}
"""How many requests each counts for."""

AS_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}, "example": "…"}
            for media in MEDIA_TYPES.values()
        }
    }
}
"""What the document says of a route that answers with a file."""


class FormAsked(PeriodAsked):
    """A question for the official form."""

    as_of: Instant | None = Field(
        default=None, description="Only what was recorded up to this instant; without it, all that is known."
    )


def add_form_routes(
    application: Application, sources: Sources, limits: Buckets, typesetting: Typesetting
) -> None:
    @application.get(
        "/v1/report/form.{kind}",
        summary="The official form",
        response_class=Response,
        responses=AS_FILE,
    )
    async def official_form(
        kind: Kind, asked: Annotated[FormAsked, Query()], request: Request, signs: Signs
    ) -> Response:
        """Biểu số II.06a/VPCP/KSTT: columns 1 to 13 with a row for each field, the period, and up to when it is complete.

        To supervisors in full; the public is not shown small numbers of a field, nor those that would tell them.
        """
        throttle(limits, client_address(request), "public", COST[kind])
        window = asked.window()
        complete = await sources.complete()
        today = local_date(sources.now())
        async with sources.turn(DEAR), snapshot(sources.pool) as connection:
            tells_on = tells(window.last, local_date(asked.as_of) if asked.as_of else today)
            told = sound(await load_official(connection, window, "field", tells_on, asked.as_of))
            held = await count_held(connection)
            made_up = await has_made_up(connection)
        form = Form(
            told,
            window,
            asked.period or "",
            sources.agency.partition("|")[0].strip(),
            sources.recipient,
            sources.place,
            today,
            min(complete.up_to, asked.as_of or complete.up_to) if complete else None,
            made_up,
            held,
            {} if signs else await hidden_of(told, "field"),
        )
        return await as_file(kind, form, typesetting)


async def as_file(kind: Kind, form: Form, typesetting: Typesetting) -> Response:
    if kind == "pdf":
        made = await typesetting.pdf(form.printed())
    else:
        made = as_csv(form) if kind == "csv" else await asyncio.to_thread(as_xlsx, form)
    name = f"II.06a-{form.period or form.window.last or form.made_on}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(made, media_type=MEDIA_TYPES[kind], headers=headers)
