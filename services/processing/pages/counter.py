"""Filing for somebody who stands at the counter: the procedure's form, papers, a check, and a receipt to print.

Promises that it is filed through intake's own door in the officer's name, as received in person or by post, and that a form sent twice
files once. Keeps nothing of what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from babel import Locale
from fastapi import Depends, Request
from fastapi.responses import Response

from contracts import page_words
from contracts.catalogue import drawn
from contracts.catalogue.filled import in_words
from contracts.catalogue.offices import Names
from services.chassis.http.forms import Form
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.page_routes import signed_in
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_, Lang
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application, Problem
from services.processing.clock.working_days import local_day
from services.processing.desk.carry_out import Desk
from services.processing.pages import counter_files as files
from services.processing.pages import counter_form, words
from services.processing.pages.counter_files import Brought, CounterFiles
from services.processing.pages.counter_form import Faults, Filing
from services.processing.pages.form_pages import TEMPLATE
from services.processing.pages.people import LOG_IN_AGAIN, UNREAD, read_person
from services.processing.pages.shown import place_name, procedure_name

# Intake takes filings from officers at their office's desk, and from no supervisor.
Clerk = Annotated[Visitor, Depends(signed_in("officer"))]
FILING_SECONDS = 20.0
NO_DESK = N_("Chỉ cán bộ của bộ phận một cửa nhận hồ sơ tại quầy.")


def add_counter_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices."""
    pages.files = CounterFiles(desk.intake)
    typesetting = Typesetting(TEMPLATE)

    async def procedures(request: Request, visitor: Clerk) -> Response:
        """What the officer's office takes today."""
        desk.officers.met(visitor.caller, visitor.identity.name)
        office, today = visitor.caller.office, local_day(desk.clock())
        found = counter_form.taken_at(office, desk.offices, today) if office else []
        return pages.show(
            request,
            "counter.html",
            found=found,
            said="" if office else NO_DESK,
            called=partial(place_name, names, lang=pages.lang(request)),
            office=office,
        )

    async def form(request: Request, code: str, visitor: Clerk) -> Response:
        """The form of today, empty."""
        return _form(request, _about(code, visitor), Form([]), [], {})

    async def file(request: Request, code: str, visitor: Clerk, typed: Typed) -> Response:
        """First asks for papers, then shows all of it; files it once that was confirmed; or shows the form again.

        Guarantee: a form of the counter that is sent twice files once. Test: test_a_form_of_the_counter_files_once.
        """
        about = _about(code, visitor)
        brought = files.brought(typed, len(about.version.papers))
        if typed.get("change"):
            return _form(request, about, typed, brought, {})
        told = counter_form.body_of(about, visitor.caller.office, typed) | {"papers": files.named(brought)}
        if faults := counter_form.faults_of(about, told):
            return _form(request, about, typed, brought, faults, 422)
        if not typed.get("confirmed"):
            wrong = files.faults(typed)
            if typed.get("step") != "check" or wrong:
                return _papers(request, about, typed, brought, wrong, 422 if wrong else 200)
            return _check(request, about, typed, brought, told)
        status, answer = await desk.intake.ask_whole(
            "POST",
            "/v1/dossiers",
            visitor.identity.access_token,
            answer_seconds=FILING_SECONDS,
            json=told,
            headers={"idempotency-key": typed.key[:200] or "none"},
        )
        if status == 201 and answer is not None:
            return pages.go(f"/counter/filed/{answer['dossier_id']}")
        if answer is None or status in (0, 401, 403, 429) or status >= 500:
            said = UNREAD.get(status, counter_form.UNANSWERED)
            return _form(request, about, typed, brought, {"": (said, "")}, 503)
        refused = counter_form.refused(answer)
        if "papers" in refused:
            return _papers(request, about, typed, brought, {"papers": str(answer.get("code"))}, 422)
        return _form(request, about, typed, brought, refused, 422)

    async def filed(request: Request, dossier_id: UUID, visitor: Clerk) -> Response:
        """What was filed just now: its look-up code, and the receipt to print."""
        told = await _told(dossier_id, visitor)
        if isinstance(told, str):
            return pages.show(request, "problem.html", 403, text=told, code="filing-unread")
        return pages.show(
            request,
            "counter_filed.html",
            told=told,
            name=procedure_name(told["procedure"]),
            words=words,
            dossier_id=dossier_id,
        )

    async def receipt(request: Request, dossier_id: UUID, visitor: Clerk) -> Response:
        """The receipt, to be printed and signed; the person on it is read through intake, which writes it down."""
        told = await _told(dossier_id, visitor)
        if isinstance(told, str):
            return pages.show(request, "problem.html", 403, text=told, code="filing-unread")
        person, unread = await read_person(desk.intake, dossier_id, visitor, "reception")
        if unread:
            return pages.show(request, "problem.html", 503, text=unread, code="person-unread")
        papers = [each["name"] for each in person["papers"]]
        said = counter_form.receipt(told, person, papers, names, visitor.identity.name)
        headers = {
            "content-disposition": f'attachment; filename="bien-nhan-{dossier_id}.pdf"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(await typesetting.pdf(said), headers=headers, media_type="application/pdf")

    def _about(code: str, visitor: Visitor) -> Filing:
        office = visitor.caller.office
        found = counter_form.filing_of(code, office, desk.offices, local_day(desk.clock()))
        if found is None:
            raise Problem(404, "not-found")
        return found

    async def _told(dossier_id: UUID, visitor: Visitor) -> Any:
        """Where it stands at intake, which has it at once, or why that cannot be told to this session; Problem 404 for what is not of the
        officer's office."""
        token = visitor.identity.access_token
        status, told = await desk.intake.ask_whole("GET", f"/v1/dossiers/{dossier_id}", token)
        if status == 401 or not token:
            return LOG_IN_AGAIN
        if status in (403, 404):
            raise Problem(404, "not-found")
        if status != 200 or told is None:
            raise Problem(503, "unavailable")
        return told

    def _check(
        request: Request, about: Filing, typed: Form, brought: Sequence[Brought], told: Mapping[str, Any]
    ) -> Response:
        lang = pages.lang(request)
        return pages.show(
            request,
            "counter_check.html",
            about=about,
            told=told,
            words=words,
            filled=in_words(about.form, told["content"], lang),
            files=brought,
            typed=files.without_files(typed),
            form_key=typed.key,
        )

    def _papers(
        request: Request,
        about: Filing,
        typed: Form,
        brought: Sequence[Brought],
        wrong: Mapping[str, str],
        status: int,
    ) -> Response:
        """The papers that the procedure asks for, each with what was brought of it."""
        return pages.show(
            request,
            "counter_papers.html",
            status,
            about=about,
            files=brought,
            wrong={n: page_words.FAULTS.get(code, page_words.OTHER_FAULT) for n, code in wrong.items()},
            typed=files.without_files(typed),
            form_key=typed.key,
        )

    def _form(
        request: Request,
        about: Filing,
        typed: Form,
        brought: Sequence[Brought],
        faults: Faults,
        status: int = 200,
    ) -> Response:
        lang = pages.lang(request)
        return pages.show(
            request,
            "counter_form.html",
            status,
            about=about,
            items=drawn.items(about.form, lang),
            prefix=drawn.PREFIX,
            typed=typed,
            files=brought,
            values=typed.values(),
            faults=faults,
            words=words,
            channels=counter_form.AT_THE_COUNTER,
            countries=_countries(lang) if counter_form.FOREIGN & {*about.version.identifiers} else (),
        )

    add_page(application, "GET", "/counter", procedures)
    add_page(application, "GET", "/counter/{code}", form)
    add_page(application, "POST", "/counter/{code}", file, brings_files=True)
    add_page(application, "GET", "/counter/filed/{dossier_id}", filed)
    add_page(application, "GET", "/counter/filed/{dossier_id}/receipt", receipt)


def _countries(lang: Lang) -> list[tuple[str, str]]:
    """Every country but ours, by its name."""
    named = Locale(lang).territories
    return sorted(
        ((code, name) for code, name in named.items() if len(code) == 2 and code != "VN"),
        key=lambda each: each[1],
    )
