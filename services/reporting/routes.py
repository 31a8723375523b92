"""Reporting's routes: the public counts as JSON, the public page with its live part and its plots. It changes nothing.

An answer says how complete it is, and what it says of completeness was read before its numbers: they hold at least that.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, Problem, client_address, throttle
from services.reporting.book.lines import ZONE, local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.dashboard.html_faults import html_faults
from services.reporting.dashboard.kept import Showing, site_of
from services.reporting.dashboard.page import (
    CONTENT_SECURITY_POLICY,
    Freshness,
    frame,
    layout,
)
from services.reporting.dashboard.plotter import Drawings, NotDrawn
from services.reporting.dashboard.problem_page import ProblemPages
from services.reporting.dashboard.quality_page import PATH, around, quality_layout
from services.reporting.dashboard.templating import templates
from services.reporting.dashboard.texts import language
from services.reporting.quality.shown import Indexes
from services.reporting.report import withheld
from services.reporting.report.asked import DEAR, Asked, Instant, PeriodAsked, Sources
from services.reporting.report.counts import By, Window, report, result_hash
from services.reporting.report.flows import load_flows
from services.reporting.report.periods import opening
from services.reporting.report.queries import has_made_up, load_hidden
from services.reporting.report.readers import Signs

PUBLIC = {
    "/v1/counts": "counts of dossiers are public by law and carry no person, no code and no free text",
    "/v1/report": "the official report is public by law and carries no person, no code and no free text",
    "/v1/report/form.{kind}": "the same report in its official form",
    "/v1/vintages": "what was published is public; publishing asks for a supervisor",
    "/v1/vintages/{number}": "what was published is public",
    "/v1/vintages/{number}/compare/{other}": "what explains a changed number is as public as the number; it names no dossier",
    "/v1/vintages/{number}/form.{kind}": "what was published is public",
    "/v1/corrections": "what explains a changed number is as public as the number; it names an act, a reason and a decision, no dossier",
    "/v1/service-quality": "the service-quality index is public by law and carries no person, no code and no free text",
    "/": "the public page shows those counts",
    "/quality": "the public page of the same index",
    "/live": "the part of the public page that changes, for those who watch it",
    "/plots/{name}.svg": "the plots of the public page",
}


class CountsAsked(PeriodAsked):
    """A question for counts."""

    by: By | None = Field(default=None, description="Rows by this; months and days are windows of their own.")
    as_of: Instant | None = Field(
        default=None, description="Only what was recorded up to this instant; without it, all that is known."
    )


class PageAsked(Asked):
    """Without a day and a period the page opens on the period in which we are, or the last one with dossiers."""

    lang: Literal["vi", "en"] = "vi"
    period: Literal["all"] | None = None


class PlotAsked(PageAsked):
    v: str = Field(default="", max_length=64)


class CountsView(BaseModel):
    """The fields of the official report (Biểu II.06a) for one window."""

    submitted: int
    waiting_before: int
    waiting: int
    not_accepted: int
    received_new: int
    carried_over: int
    received: int
    resolved: int
    pending: int
    early: int = Field(description="Of the resolved: before the due date.")
    on_time: int = Field(description="Of the resolved: on the due date, or without one.")
    late: int = Field(description="Of the resolved: after the due date.")


class RowView(BaseModel):
    """One row; null is a number that is withheld."""

    key: str
    submitted: int | None
    waiting_before: int | None
    waiting: int | None
    not_accepted: int | None
    received_new: int | None
    carried_over: int | None
    received: int | None
    resolved: int | None
    pending: int | None
    early: int | None
    on_time: int | None
    late: int | None


class CountsAnswer(CountsView):
    """Counts, and all that is needed to trust them."""

    by: By | None
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    as_of: datetime | None
    rows: list[RowView] | None = Field(default=None, description="When `by` was asked.")
    withheld: bool = Field(
        description="Some numbers of rows are withheld: small ones, and those that would tell them."
    )
    made_up: bool = Field(description="The demonstration's figures, which are nobody's, are among them.")
    complete_up_to: datetime | None = Field(
        description="All that was recorded up to then is in these counts, held dossiers apart."
    )
    positions: dict[str, int] = Field(description="The log position of each producer that this rests on.")
    held: int = Field(description="Dossiers whose events wait and are in no count yet.")
    settled: bool = Field(description="As of `as_of` nothing can change any more.")
    zone: str
    code_version: str
    result_hash: str = Field(description="SHA-256 over question and numbers, as they are shown.")


def add_routes(
    application: Application,
    sources: Sources,
    showing: Showing,
    indexes: Indexes,
    drawings: Drawings,
    limits: Buckets,
) -> None:
    application.pages, pages = ProblemPages(), templates()

    @application.get("/v1/counts", summary="Counts of dossiers", response_model=CountsAnswer)
    async def counts(asked: Annotated[CountsAsked, Query()], request: Request, signs: Signs) -> Response:
        """Flows inside a window and stocks at its ends, for any period, as of any instant of record time.

        Of rows by an attribute the public is not shown numbers from 1 to 4, nor those that would tell them; supervisors are.
        """
        cost = DEAR if asked.by == "day" or asked.as_of is not None else 1
        throttle(limits, client_address(request), "public", cost)
        window = asked.window()
        complete = await sources.complete()
        async with sources.turn(cost), snapshot(sources.pool) as connection:
            told = report(await load_flows(connection, window, asked.by, asked.as_of), asked.by)
            held = await count_held(connection)
            made_up = await has_made_up(connection)
            today = local_date(sources.now())
            hidden = {} if signs else await load_hidden(connection, window, asked.by, today, asked.as_of)
        question = {"by": asked.by, "from": window.first, "to": window.last, "as_of": asked.as_of}
        answer: dict[str, Any] = {**question, **asdict(told.total)}
        if asked.by:
            answer["rows"] = [
                {"key": row.key, **withheld.shown(row.key, asdict(row.counts), hidden)} for row in told.rows
            ]
        up_to = complete.up_to if complete else None
        answer |= {
            "withheld": bool(hidden),
            "made_up": made_up,
            "complete_up_to": up_to.astimezone(ZONE) if up_to else None,
            "positions": complete.positions if complete else {},
            "held": held,
            "settled": bool(asked.as_of and up_to and asked.as_of <= up_to and not held),
            "zone": ZONE.tzname(None),
            "code_version": sources.release,
            "result_hash": result_hash(question, told, hidden),
        }
        return Response(
            orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-cache"}
        )

    async def asked_for(asked: PageAsked) -> Window:
        window = asked.window()
        if asked.period or window != Window(None, None):
            return window
        shown = await site_of(sources, showing)
        return opening(shown.today, shown.known)

    async def rendered(asked: PageAsked, template: str) -> str:
        window, lang = await asked_for(asked), language(asked.lang)
        shown = await site_of(sources, showing)
        complete, figures = await showing.figures(window, shown.today)
        freshness = Freshness(sources.now(), complete.up_to if complete else None, sources.checked())
        plots = {
            name: plot.version for name, plot in showing.plots(window, shown.today, lang, figures).items()
        }
        return pages.get_template(template).render(layout(figures, freshness, window, lang, shown, plots))

    async def answer_wrongly_asked(request: Request, _: Exception) -> Response:
        lang, shown = language(request.query_params.get("lang")), await site_of(sources, showing)
        is_quality = request.url.path == PATH
        told = (around if is_quality else frame)(shown, opening(shown.today, shown.known), lang)
        template = pages.get_template("quality.html" if is_quality else "dashboard.html")
        text = template.render(told | {"fault": told["t"]["wrong_period"]})
        return _page(text, lang, status=422)

    async def page(asked: Annotated[PageAsked, Query()], request: Request) -> Response:
        throttle(limits, client_address(request), "public")
        return _page(await rendered(asked, "dashboard.html"), asked.lang)

    async def quality(asked: Annotated[PageAsked, Query()], request: Request) -> Response:
        throttle(limits, client_address(request), "public")
        window, lang = await asked_for(asked), language(asked.lang)
        shown, found = await site_of(sources, showing), await indexes.get(window)
        told = quality_layout(found, window, lang, shown)
        return _page(pages.get_template("quality.html").render(told), asked.lang)

    shown_to_people = html_faults(answer_wrongly_asked)
    for path, answer, summary in (
        ("/", page, "The public page"),
        (PATH, quality, "The service-quality index as a page"),
    ):
        application.router.add_api_route(
            path, answer, summary=summary, include_in_schema=False, route_class_override=shown_to_people
        )

    @application.get("/live", summary="The part of the public page that changes", include_in_schema=False)
    async def live(asked: Annotated[PageAsked, Query()], request: Request) -> Response:
        throttle(limits, client_address(request), "public")
        text = await rendered(asked, "figures.html")
        tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(text, media_type="text/html", headers=headers)

    @application.get("/plots/{name}.svg", summary="A plot of the public page", include_in_schema=False)
    async def plot(name: str, asked: Annotated[PlotAsked, Query()], request: Request) -> Response:
        throttle(limits, client_address(request), "public")
        window, lang, today = await asked_for(asked), language(asked.lang), local_date(sources.now())
        _, figures = await showing.figures(window, today)
        found = showing.plots(window, today, lang, figures).get(name)
        if found is None:
            raise Problem(404, detail="no such plot")
        try:
            svg = await drawings.get(found.asked)
        except NotDrawn:
            raise Problem(503, "plot-not-drawn", headers={"Retry-After": "5"}) from None
        # Under the version that was asked for it never changes; another one is only what there is now.
        kept = "public, max-age=31536000, immutable" if asked.v == found.version else "no-store"
        return Response(
            svg,
            media_type="image/svg+xml",
            headers={
                "Cache-Control": kept,
                "Content-Security-Policy": "default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _page(text: str, lang: str, status: int = 200) -> Response:
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Language": lang,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, status, media_type="text/html", headers=headers)
