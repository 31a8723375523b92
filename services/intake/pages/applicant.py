"""The applicant's pages: what can be applied for, and what each thing takes. What they show is what the JSON doors answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from contracts.catalogue.shipped import PROCEDURES, Version
from services.chassis.http.log_in_routes import add_page, add_pages
from services.chassis.http.page_routes import if_any
from services.chassis.http.pages import Link, Pages, utc_now
from services.chassis.http.sessions import Sessions, Visitor
from services.chassis.http.texts import N_
from services.chassis.http.web import Application, Problem
from services.chassis.process.settings import PagesSettings
from services.intake.acting import Applicants
from services.intake.pages import words
from services.intake.pages.finding import find
from services.intake.usual import ZONE, Usual

FOLDER = Path(__file__).parent
CLAIMS = ("identifier_kind", "identifier_number")
PUBLIC = {
    "/": "procedures are public by law: what can be applied for",
    "/procedures/{code}": "procedures are public by law: papers, fee, limit and usual time of one",
}
Anybody = Annotated[Visitor | None, Depends(if_any)]


def add_applicant_pages(application: Application, settings: PagesSettings, applicants: Applicants) -> None:
    """Adds them, and the shell that they stand in."""
    intake, usual = applicants.intake, Usual(applicants.pool)
    pages = Pages(
        "intake",
        settings,
        Sessions(applicants.pool, utc_now),
        N_("Dịch vụ công trực tuyến"),
        [FOLDER],
        lambda visitor: [Link("/", N_("Thủ tục hành chính"))],
        ZONE,
        CLAIMS,
    )
    add_pages(application, pages)
    application.public |= PUBLIC
    fields = sorted({(each.field, each.field_en) for each in PROCEDURES.values()})

    async def procedures(request: Request, _: Anybody) -> Response:
        """Found by words, with or without accents, by field and by level."""
        asked = {name: request.query_params.get(name, "")[:200] for name in ("q", "field", "level")}
        today = intake.clock().astimezone(ZONE).date()
        found = find(PROCEDURES.values(), today, asked["q"], asked["field"], asked["level"])
        return pages.show(
            request, "procedures.html", asked=asked, found=found, fields=fields, levels=words.LEVELS
        )

    async def procedure(request: Request, code: str, _: Anybody) -> Response:
        """Papers, fee by channel, limit, steps, usual time."""
        now = intake.clock()
        known = PROCEDURES.get(code)
        version = known and known.version_on(now.astimezone(ZONE).date())
        if known is None or not isinstance(version, Version):
            raise Problem(404, "not-found")
        usually = (await usual.times(now)).get(code)
        return pages.show(
            request, "procedure.html", procedure=known, version=version, usual=usually, words=words
        )

    add_page(application, "GET", "/", procedures)
    add_page(application, "GET", "/procedures/{code}", procedure)
