"""Drafts on pages: each step of a filing keeps what was typed, and a tab that is behind another one is told before it overwrites anything.

A page works without a draft too: what was typed goes from step to step in the form itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from contracts.catalogue.filled import in_words
from services.chassis.http.forms import Form
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_, Lang
from services.chassis.http.web import Application, Problem
from services.intake.acting import Applicants
from services.intake.pages import filled, uploaded
from services.intake.pages.about import About, is_open, named
from services.intake.pages.uploaded import Brought
from services.intake.pages.visitors import Applicant
from services.intake.people import drafts
from services.intake.people.drafts import KEPT, Draft, Listed
from services.intake.usual import ZONE

FIELDS = {
    "email": N_("Thư điện tử"),
    "phone": N_("Điện thoại"),
    "office": N_("Cơ quan tiếp nhận"),
    "owner_name": N_("Họ tên hoặc tên tổ chức của chủ hồ sơ"),
    "owner_number": N_("Số định danh"),
}
"""What a page asks for beside the procedure's form."""
FILES = N_("Số tệp kèm theo")


class Kept(NamedTuple):
    """What a page says of its draft; without `saved_at` none is kept."""

    version: int = 0
    saved_at: datetime | None = None
    is_full: bool = False

    @property
    def until(self) -> date | None:
        return None if self.saved_at is None else (self.saved_at + KEPT).astimezone(ZONE).date()


class Drafting:
    """The drafts of whoever visits."""

    def __init__(self, pages: Pages, applicants: Applicants) -> None:
        self._pages, self._pool, self._intake = pages, applicants.pool, applicants.intake

    async def keep(
        self, request: Request, visitor: Visitor, about: About, typed: Form, files: Sequence[Brought]
    ) -> Kept | Response:
        """What stands in a form from now on; or the page to go to when it was filed already, or saved elsewhere meanwhile."""
        draft_id = id_of(typed.key)
        if draft_id is None:
            return Kept()
        if (done := await self.filed(visitor, draft_id)) is not None:
            return done
        seen = typed.get("draft")
        version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
        asked = Draft(draft_id, about.procedure.code, version, self._intake.clock(), members(typed, files))
        found = await drafts.save(self._pool, visitor.caller.actor, asked, [each.file_id for each in files])
        if isinstance(found, drafts.Saved):
            return Kept(found.version, found.saved_at)
        if isinstance(found, drafts.Full):
            return Kept(is_full=True)
        return self._changed(request, about, asked, found)

    async def filed(self, visitor: Visitor, draft_id: UUID) -> Response | None:
        """The dossier that a form became, if it was filed.

        Guarantee: a draft that was filed is filed once, whichever tab or device it is sent from again.
        Test: test_a_draft_that_was_filed_leads_to_its_dossier.
        """
        actor = visitor.caller.actor
        first = await self._intake.store.find_first(self._intake.repeat_key(actor, str(draft_id), b"{}"))
        if first is None:
            return None
        await drafts.delete(self._pool, actor, draft_id)
        return self._pages.go(f"/dossiers/{first[0]}?filed=1")

    async def begun(self, visitor: Visitor) -> list[Listed]:
        return await drafts.listed(self._pool, visitor.caller.actor, self._intake.clock())

    async def find(self, visitor: Visitor, draft_id: UUID) -> Draft:
        """Problem 404 for another's, or one that is gone."""
        found = await drafts.find(self._pool, visitor.caller.actor, draft_id, self._intake.clock())
        if found is None:
            raise Problem(404, "not-found")
        return found

    async def forget(self, visitor: Visitor, key: str) -> None:
        if (draft_id := id_of(key)) is not None:
            await drafts.delete(self._pool, visitor.caller.actor, draft_id)

    def _changed(self, request: Request, about: About, here: Draft, there: Draft) -> Response:
        """What the two say, and the choice between them. Whichever it is, it is shown whole before it is filed."""
        steps = dict(here.typed)
        step = "change" if "change" in steps else "step"
        return self._pages.show(
            request,
            "file_changed.html",
            409,
            about=about,
            draft=there,
            differing=differing(about, here, there, self._pages.lang(request)),
            typed=[each for each in here.typed if each[0] not in drafts.STEPS],
            step=(step, steps.get(step, "check")),
        )


def add_draft_pages(application: Application, pages: Pages, drafting: Drafting) -> None:
    """Adds what is done with a draft beside going on with it."""

    async def ask(request: Request, draft_id: UUID, visitor: Applicant) -> Response:
        """Before it is deleted for good."""
        draft = await drafting.find(visitor, draft_id)
        return pages.show(request, "draft_delete.html", draft=draft, name=named(draft.procedure))

    async def delete(request: Request, draft_id: UUID, visitor: Applicant, typed: Typed) -> Response:
        """Sent twice it is deleted once."""
        await drafting.forget(visitor, str(draft_id))
        return pages.go("/dossiers?done=draft")

    add_page(application, "GET", "/drafts/{draft_id}/delete", ask)
    add_page(application, "POST", "/drafts/{draft_id}/delete", delete)


def id_of(key: str) -> UUID | None:
    """The draft of a form by the form's key; None for a key that no page of ours has drawn."""
    return UUID(key) if uploaded.ID.fullmatch(key) else None


def members(typed: Form, files: Sequence[Brought]) -> list[tuple[str, str]]:
    """What is kept of a form: what was typed, the page that it was typed on, and the files that came with it."""
    on = [(name, value) for name, value in typed.typed() if name in drafts.STEPS]
    brought = [(f"{uploaded.PREFIX}{each.place}", str(each.file_id)) for each in files]
    return [*uploaded.without_files(typed), *on, *brought]


def form_of(draft: Draft) -> Form:
    """The form that a draft was kept of."""
    return Form([*draft.typed, ("key", str(draft.draft_id)), ("draft", str(draft.version))])


def differing(about: About, here: Draft, there: Draft, lang: Lang) -> list[tuple[str, str, str]]:
    """Each field that says something else: its label, what it says here and what was saved elsewhere."""
    said = [_said(about, each, lang) for each in (here, there)]
    labels = dict.fromkeys([*said[0], *said[1]])
    return [
        (label, said[0].get(label, "–"), said[1].get(label, "–"))
        for label in labels
        if said[0].get(label) != said[1].get(label)
    ]


def _said(about: About, draft: Draft, lang: Lang) -> dict[str, str]:
    form, offices = form_of(draft), {each.code: each for each in about.offices}
    told: dict[str, str] = {}
    for name, label in FIELDS.items():
        if value := form.get(name):
            office = offices.get(value) if name == "office" else None
            told[label] = value if office is None else (office.name_vi if lang == "vi" else office.name_en)
    files = sum(1 for name, _ in form.typed() if name.startswith(uploaded.PREFIX))
    return told | dict(in_words(about.form, filled.read(about.form, form), lang)) | {FILES: str(files)}


def row(listed: Listed, now: datetime) -> dict[str, Any]:
    """As a list shows it. One whose procedure is no longer applied for can only be deleted."""
    return {
        "draft_id": listed.draft_id,
        "name": named(listed.procedure),
        "saved_at": listed.saved_at,
        "left": listed.days_left(now),
        "soon": listed.is_soon_gone(now),
        "is_open": is_open(listed.procedure, now.astimezone(ZONE).date()),
    }
