"""The applicant says how to be reached from now on, and sees how that is now. What it does is what the JSON door does."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.problems import rule
from services.chassis.http.web import Application, Problem
from services.intake.acting import Applicants, find_for
from services.intake.contact_routes import SET, Reached
from services.intake.pages import words
from services.intake.pages.visitors import Applicant

IS = "SELECT email, phone FROM contact_of($1)"


def add_contact_page(application: Application, pages: Pages, applicants: Applicants) -> None:
    """Adds it, before the pages of acts, whose address it would be too."""

    async def form(request: Request, dossier_id: UUID, visitor: Applicant) -> Response:
        await find_for(applicants, dossier_id, visitor.caller)
        held = await applicants.pool.fetchrow(IS, dossier_id)
        if held is None:
            raise Problem(409, "not-now")
        return _shown(request, dossier_id, {name: value or "" for name, value in held.items()}, {})

    async def set_contact(request: Request, dossier_id: UUID, visitor: Applicant, typed: Typed) -> Response:
        """Guarantee: a letter's reader who has another address is told there. Test: test_an_applicant_gives_another_address."""
        await find_for(applicants, dossier_id, visitor.caller)
        given = {name: typed.get(name) for name in Reached.model_fields}
        try:
            reached = Reached.model_validate({name: value or None for name, value in given.items()})
        except ValidationError as error:
            faults = {
                str(each["loc"][0]): words.FAULTS.get(rule(each), words.OTHER_FAULT)
                for each in error.errors(include_input=False, include_url=False)
            }
            return _shown(request, dossier_id, given, faults, 422)
        if not await applicants.pool.fetchval(SET, dossier_id, reached.email, reached.phone):
            raise Problem(409, "not-now")
        return pages.go(f"/dossiers/{dossier_id}?done=contact")

    def _shown(
        request: Request,
        dossier_id: UUID,
        typed: Mapping[str, str],
        faults: Mapping[str, str],
        status: int = 200,
    ) -> Response:
        return pages.show(request, "contact.html", status, dossier_id=dossier_id, typed=typed, faults=faults)

    add_page(application, "GET", "/dossiers/{dossier_id}/contact", form)
    add_page(application, "POST", "/dossiers/{dossier_id}/contact", set_contact)
