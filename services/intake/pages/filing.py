"""Filing in a browser: the procedure's form, a summary to check, and the receipt. What is filed goes the way of the JSON door.

Promises that nothing is filed before it was shown whole, that a form sent twice files once, and that what was typed stays while it is
corrected, and beyond: each step keeps a draft (drafts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from contracts.catalogue.filled import in_words
from services.chassis.http.forms import Form
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages, instant
from services.chassis.http.problems import rule
from services.chassis.http.sessions import Visitor
from services.chassis.http.web import Application, Problem
from services.chassis.process import logs
from services.chassis.process.ids import uuid7
from services.intake.acting import Applicants
from services.intake.pages import filled, uploaded, words
from services.intake.pages.about import About
from services.intake.pages.drafts import Drafting, Kept, form_of
from services.intake.pages.uploaded import Brought, brought
from services.intake.pages.visitors import Applicant
from services.intake.people.drafts import Listed
from services.intake.routes import NewDossier
from services.intake.submitting import FirstAnswers, submit
from services.intake.usual import ZONE

Faults = dict[str, tuple[str, str]]
"""What is wrong with each field of a page: a text of the catalogue, and the label that it speaks of."""
PLACES = {
    "applicant.email": "email",
    "applicant.phone": "phone",
    "owner.name": "owner_name",
    "owner.identifier.kind": "owner_kind",
    "owner.identifier.number": "owner_number",
    "owner.identifier.country": "owner_number",
}
"""Where a member of the body stands on the page."""
ADDRESS_OF = {"email": "email", "sms": "phone"}
"""What somebody types who wants to be told so."""


def add_filing_pages(
    application: Application, pages: Pages, applicants: Applicants, drafting: Drafting
) -> None:
    """Adds them."""
    intake, first_answers = applicants.intake, FirstAnswers()
    uploads = intake.uploads
    assert uploads is not None

    async def form(request: Request, code: str, visitor: Applicant) -> Response:
        """The form of today, empty, and what was begun of it."""
        begun = [each for each in await drafting.begun(visitor) if each.procedure == code]
        empty = Form([("key", str(uuid7()))])
        return _form(request, visitor, About(applicants, code), empty, [], {}, Kept(), begun=begun)

    async def file(request: Request, code: str, visitor: Applicant, typed: Typed) -> Response:
        """First asks for papers, then shows all of it; files it once that was confirmed; or shows the form again."""
        about = About(applicants, code)
        files = await brought(uploads, visitor, typed, len(about.version.papers))
        kept = await drafting.keep(request, visitor, about, typed, files)
        if isinstance(kept, Response):
            return kept
        return await _next(request, visitor, about, typed, files, kept)

    async def save(request: Request, code: str, visitor: Applicant, typed: Typed) -> Response:
        """The draft alone, as the page's script sends it while somebody types."""
        about = About(applicants, code)
        files = await brought(uploads, visitor, typed, len(about.version.papers))
        kept = await drafting.keep(request, visitor, about, typed, files)
        if isinstance(kept, Response):
            return kept
        saved = instant(kept.saved_at, ZONE, pages.lang(request)) if kept.saved_at else ""
        return Response(status_code=204, headers={"draft-version": str(kept.version), "draft-saved": saved})

    async def resume(request: Request, draft_id: UUID, visitor: Applicant) -> Response:
        """A draft on the page where it was left."""
        if (done := await drafting.filed(visitor, draft_id)) is not None:
            return done
        draft = await drafting.find(visitor, draft_id)
        about, typed = About(applicants, draft.procedure), form_of(draft)
        files = await brought(uploads, visitor, typed, len(about.version.papers))
        kept = Kept(draft.version, draft.saved_at)
        return await _next(request, visitor, about, typed, files, kept, is_resumed=True)

    async def _next(
        request: Request,
        visitor: Visitor,
        about: About,
        typed: Form,
        files: Sequence[Brought],
        kept: Kept,
        *,
        is_resumed: bool = False,
    ) -> Response:
        if typed.get("change"):
            return _form(request, visitor, about, typed, files, {}, kept)
        told = _body(about, visitor, typed) | {"papers": [_named(each) for each in files]}
        faults, body = _judged(about, told)
        if body is None or faults:
            shown = {} if is_resumed else faults
            return _form(request, visitor, about, typed, files, shown, kept, 422 if shown else 200)
        if typed.get("confirmed"):
            return await _file(request, visitor, about, typed, files, kept, told, body)
        wrong = uploaded.faults(typed)
        if typed.get("step") != "check" or wrong:
            return _papers(request, about, typed, files, wrong, kept, 422 if wrong else 200)
        return pages.show(
            request,
            "file_check.html",
            about=about,
            code=about.procedure.code,
            who=_who(body),
            told_by=words.TOLD_BY.get(typed.get("told_by"), words.TOLD_BY[""]),
            words=words,
            filled=in_words(about.form, body.content, pages.lang(request)),
            files=files,
            office=next((o for o in about.offices if o.code == body.office), None),
            typed=uploaded.without_files(typed),
            form_key=typed.key,
            kept=kept,
        )

    async def _file(
        request: Request,
        visitor: Visitor,
        about: About,
        typed: Form,
        files: Sequence[Brought],
        kept: Kept,
        told: dict[str, Any],
        body: NewDossier,
    ) -> Response:
        """The answer to a form that is sent twice is the first one's: it is known by its key, whatever was typed into it since."""
        actor = visitor.caller.actor
        key = intake.repeat_key(actor, typed.key[:200] or "none", orjson.dumps(told))
        submission = body.submission("portal", intake.clock())
        try:
            done = await first_answers.answer(
                key, lambda: submit(intake, submission, actor, key, logs.trace.get())
            )
        except Problem as refused:
            if refused.field.startswith("papers"):
                return _papers(request, about, typed, files, {"papers": refused.code}, kept, 422)
            if refused.status != 422:
                raise
            return _form(request, visitor, about, typed, files, _refused(refused), kept, 422)
        await drafting.forget(visitor, typed.key)
        return pages.go(f"/dossiers/{done.dossier_id}?filed=1")

    def _papers(
        request: Request,
        about: About,
        typed: Form,
        files: Sequence[Brought],
        wrong: Mapping[str, str],
        kept: Kept,
        status: int,
    ) -> Response:
        """The papers that the procedure asks for, each with what was brought of it."""
        return pages.show(
            request,
            "file_papers.html",
            status,
            with_script=True,
            about=about,
            code=about.procedure.code,
            files=files,
            wrong={name: words.FAULTS.get(code, words.OTHER_FAULT) for name, code in wrong.items()},
            scans=bool(uploads.clamd),
            typed=uploaded.without_files(typed),
            form_key=typed.key,
            kept=kept,
            words=words,
        )

    def _form(
        request: Request,
        visitor: Visitor,
        about: About,
        typed: Form,
        files: Sequence[Brought],
        faults: Faults,
        kept: Kept,
        status: int = 200,
        begun: Sequence[Listed] = (),
    ) -> Response:
        return pages.show(
            request,
            "file.html",
            status,
            with_script=True,
            about=about,
            code=about.procedure.code,
            items=filled.items(about.form, pages.lang(request)),
            prefix=filled.PREFIX,
            typed=typed,
            files=files,
            values=typed.values(),
            faults=faults,
            words=words,
            name=visitor.identity.name,
            claims=visitor.identity.claims,
            kept=kept,
            begun=begun,
        )

    add_page(application, "GET", "/procedures/{code}/file", form)
    add_page(application, "POST", "/procedures/{code}/file", file, brings_files=True)
    add_page(application, "POST", "/procedures/{code}/draft", save)
    add_page(application, "GET", "/drafts/{draft_id}", resume)


def _body(about: About, visitor: Visitor, typed: Form) -> dict[str, Any]:
    """The body that a portal would send: the person as the log-in names them, everything else as it was typed."""
    claims = visitor.identity.claims
    person = {"kind": claims.get("identifier_kind"), "number": claims.get("identifier_number")}
    applicant: dict[str, Any] = {"identifier": person, "name": visitor.identity.name}
    applicant |= {name: value for name in ("email", "phone") if (value := typed.get(name))}
    told: dict[str, Any] = {
        "procedure": about.procedure.code,
        "office": typed.get("office") or (about.offices[0].code if len(about.offices) == 1 else ""),
        "channel": "online",
        "applicant": applicant,
        "content": filled.read(about.form, typed),
    }
    if (told_by := typed.get("told_by")) in words.TOLD_BY and told_by:
        told["told_by"] = [] if told_by == "none" else [told_by]
    if typed.get("for_another") == "yes":
        identifier = {"kind": typed.get("owner_kind"), "number": typed.get("owner_number")}
        told["owner"] = {"name": typed.get("owner_name"), "identifier": identifier}
    return told


def _judged(about: About, told: dict[str, Any]) -> tuple[Faults, NewDossier | None]:
    """Every fault at once, of persons and of the form, each by the field of the page."""
    faults: Faults = {}
    body = None
    try:
        body = NewDossier.model_validate_json(orjson.dumps(told))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            place = ".".join(str(part) for part in fault["loc"])
            faults.setdefault(PLACES.get(place, place.partition(".")[0]), (_text(rule(fault)), ""))
    for way in told.get("told_by", ()):
        if ADDRESS_OF[way] not in told["applicant"]:
            faults.setdefault(ADDRESS_OF[way], (words.FAULTS["missing"], ""))
    if told["office"] not in {office.code for office in about.offices}:
        faults.setdefault("office", (words.FAULTS["office-implausible"], ""))
    for each in about.form.faults(told["content"]):
        name = each.field.partition(".")[0]
        field = about.form.fields.get(name)
        faults.setdefault(filled.PREFIX + name, (_text(each.code), field.label_vi if field else name))
    return faults, body


def _refused(problem: Problem) -> Faults:
    """Why it was not taken, at the fields that it names."""
    named: Iterable[tuple[str, str]] = [(each.field, each.code) for each in problem.errors] or [
        (problem.field, problem.code)
    ]
    return {_place(field): (_text(code), "") for field, code in named}


def _place(field: str) -> str:
    return field if field.startswith(filled.PREFIX) else PLACES.get(field, field.partition(".")[0])


def _text(code: str) -> str:
    return words.FAULTS.get(code, words.OTHER_FAULT)


def _named(file: Brought) -> dict[str, Any]:
    return {"file_id": str(file.file_id), "paper": file.place or None}


def _who(body: NewDossier) -> Mapping[str, Any]:
    return {"applicant": body.applicant, "owner": body.owner}
