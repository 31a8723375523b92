"""A dossier's forms as PDF, made when somebody asks; one that names the person has them read through intake, which writes it down."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from contracts.catalogue.offices import Names
from services.chassis.http.log_in_routes import add_page
from services.chassis.http.pages import Pages
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application, Problem
from services.processing.clock.working_days import local_day
from services.processing.desk.carry_out import Desk, code_of, event_of
from services.processing.desk.control_slip import Act as SlipAct
from services.processing.desk.control_slip import slip_of
from services.processing.desk.control_slip_terms import step_terms
from services.processing.pages import forms
from services.processing.pages.dossier import opened, purpose_of
from services.processing.pages.people import read_person
from services.processing.pages.shown import Officer

TEMPLATE = Path(__file__).with_name("form.typ")


def add_form_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices, units and agencies."""
    typesetting = Typesetting(TEMPLATE)

    async def form(request: Request, dossier_id: UUID, name: str, visitor: Officer) -> Response:
        """One of its forms, to be saved or printed."""
        found = await opened(desk, dossier_id, visitor)
        case, history = found.case, found.history
        events = [event_of(stored) for stored in history]
        acts = forms.standing(events, [stored.occurred_at for stored in history])
        if name not in forms.available(acts):
            raise Problem(404, "not-found")
        filing, code = case.known.filing, code_of(case.known.filing, events, history)
        person = None
        if name != "control-slip":
            person, unread = await read_person(desk.intake, dossier_id, visitor, purpose_of(case))
            if unread:
                return pages.show(request, "problem.html", 503, text=unread, code="person-unread")
        told = forms.Told(
            filing, code, acts, person, case.known.row.result_delivery, names, local_day(case.now)
        )
        if name == "control-slip":
            slip_acts = [
                SlipAct(event, stored.occurred_at, stored.actor)
                for event, stored in zip(events, history, strict=True)
            ]
            slip = slip_of(filing, slip_acts, step_terms(filing, events), case.calendar, case.now)
            said = forms.control_slip(told, slip)
        else:
            said = forms.form_of(name, told)  # type: ignore[assignment]
        made = await typesetting.pdf(said)
        headers = {
            "content-disposition": f'attachment; filename="{name}-{code or dossier_id}.pdf"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(made, headers=headers, media_type="application/pdf")

    add_page(application, "GET", "/dossiers/{dossier_id}/forms/{name}", form)
