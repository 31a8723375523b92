"""The applicant's pages: what can be applied for, and what each thing takes. What they show is what the JSON doors answer."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from fastapi.responses import Response

from contracts import page_words
from contracts.catalogue.forms import FORMS
from contracts.catalogue.shipped import PROCEDURES, Version
from services.chassis.http.limits import Buckets
from services.chassis.http.log_in_routes import add_page, add_pages
from services.chassis.http.pages import Link, Pages, utc_now
from services.chassis.http.sessions import Sessions, Visitor
from services.chassis.http.texts import N_
from services.chassis.http.web import Application, Problem
from services.intake.acting import Applicants
from services.intake.pages import words
from services.intake.pages.contact import add_contact_page
from services.intake.pages.drafts import Drafting, add_draft_pages
from services.intake.pages.filing import add_filing_pages
from services.intake.pages.finding import find
from services.intake.pages.mine import add_own_pages
from services.intake.pages.pieces import add_piece_routes
from services.intake.pages.receipt import add_receipt_page
from services.intake.pages.uploaded import PageFiles
from services.intake.pages.visitors import Anybody
from services.intake.settings import IntakeSettings
from services.intake.usual import ZONE, Usual

FOLDER = Path(__file__).parent
CLAIMS = ("identifier_kind", "identifier_number")
PUBLIC = {
    "/": "procedures are public by law: what can be applied for",
    "/procedures/{code}": "procedures are public by law: papers, fee, limit and usual time of one",
}


def navigation(visitor: Visitor | None) -> list[Link]:
    """Where a visitor may go."""
    own = [Link("/dossiers", N_("Hồ sơ của tôi"))] if visitor else []
    return [Link("/", N_("Thủ tục hành chính")), *own, Link("/lookup", N_("Tra cứu hồ sơ"))]


def add_applicant_pages(
    application: Application, settings: IntakeSettings, applicants: Applicants, lookups: Buckets
) -> None:
    """Adds them, and the shell that they stand in."""
    intake, usual = applicants.intake, Usual(applicants.pool)
    pages = Pages(
        "intake",
        settings,
        Sessions(applicants.pool, utc_now),
        N_("Dịch vụ công trực tuyến"),
        [page_words.FOLDER, FOLDER],
        navigation,
        ZONE,
        CLAIMS,
        FOLDER / "filing.js",
    )
    assert intake.uploads is not None
    pages.files = PageFiles(intake.uploads)
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
            request,
            "procedure.html",
            procedure=known,
            version=version,
            usual=usually,
            words=words,
            may_file=FORMS.on(code, now.astimezone(ZONE).date()) is not None,
        )

    add_page(application, "GET", "/", procedures)
    add_page(application, "GET", "/procedures/{code}", procedure)
    drafting = Drafting(pages, applicants)
    add_filing_pages(application, pages, applicants, drafting)
    add_draft_pages(application, pages, drafting)
    add_piece_routes(application, intake.uploads)
    sandbox = settings.payment_secrets[0] if settings.payment_sandbox else None
    add_contact_page(application, pages, applicants)
    add_receipt_page(application, pages, applicants)  # before the pages whose last word is an act
    add_own_pages(application, pages, applicants, lookups, sandbox, drafting)
