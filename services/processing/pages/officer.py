"""The officer's pages: the queues of the desk, one of them, a dossier. What they show is what the JSON doors answer."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from contracts import page_words
from services.chassis.http.log_in_routes import add_page, add_pages
from services.chassis.http.pages import Link, Pages, utc_now
from services.chassis.http.sessions import Sessions, Visitor
from services.chassis.http.texts import N_
from services.chassis.http.web import Application, Problem
from services.processing.clock.working_days import ZONE, Calendar, local_day
from services.processing.desk import out_of_reach, queue_routes
from services.processing.desk.carry_out import Desk
from services.processing.desk.queues import AT_THE_OFFICE
from services.processing.pages import words
from services.processing.pages.dossier import add_dossier_pages
from services.processing.pages.shown import Officer, place_name, procedure_name, working_days_to
from services.processing.settings import ProcessingSettings

FOLDER = Path(__file__).parent
PAGE_ITEMS = 50


def add_officer_pages(application: Application, settings: ProcessingSettings, desk: Desk) -> None:
    """Adds them, and the shell that they stand in."""
    pages = Pages(
        "processing",
        settings,
        Sessions(desk.pool, utc_now),
        N_("Giải quyết thủ tục hành chính"),
        [page_words.FOLDER, FOLDER],
        lambda visitor: [Link("/", N_("Hàng đợi"))] if visitor else [],
        ZONE,
    )
    add_pages(application, pages)
    names = settings.offices.names()

    async def queues(request: Request, visitor: Officer) -> Response:
        """How many dossiers stand in each queue of each desk of the visitor."""
        desk.officers.met(visitor.caller, visitor.identity.name)
        told = await queue_routes.count(desk, visitor.caller)
        desks = [
            (
                each["desk"],
                place_name(names, each["desk"], pages.lang(request)),
                [
                    (name, text, each["queues"][name], name in words.URGENT)
                    for name, text in words.QUEUES.items()
                    # What no unit holds waits at the office's desk alone.
                    if (name in AT_THE_OFFICE) <= (each["desk"] == visitor.caller.office)
                ],
            )
            for each in told["desks"]
        ]
        lost = bool(visitor.caller.office) and await _lost(visitor)
        return pages.show(request, "queues.html", desks=desks, as_of=told["as_of"], lost=lost)

    async def _lost(visitor: Visitor) -> int:
        today = local_day(desk.clock())
        return await out_of_reach.count(desk.pool, desk.offices, today, visitor.caller.office)

    async def out(request: Request, visitor: Officer) -> Response:
        """What stands where nobody can act on it, for its office's supervisor to bring back."""
        today, office = local_day(desk.clock()), visitor.caller.office
        told = await queue_routes.show_lost(
            desk, office, request.query_params.get("cursor", ""), PAGE_ITEMS
        ) | {"desk": office, "count": await _lost(visitor), "as_of": desk.clock()}
        return pages.show(
            request,
            "queue.html",
            title=words.OUT_OF_REACH,
            told=told,
            rows=[_row(item, today, desk.calendar) for item in told["items"]],
            called=partial(place_name, names, lang=pages.lang(request)),
        )

    async def queue(request: Request, name: str, visitor: Officer) -> Response:
        """Most urgent first."""
        asked = next((each for each in words.QUEUES if each == name), None)
        if asked is None:
            raise Problem(404, "not-found")
        given = request.query_params
        told = await queue_routes.show(
            desk, visitor.caller, asked, given.get("desk"), cursor=given.get("cursor", ""), limit=PAGE_ITEMS
        )
        today = local_day(desk.clock())
        rows = [_row(item, today, desk.calendar) for item in told["items"]]
        called = partial(place_name, names, lang=pages.lang(request))
        return pages.show(
            request, "queue.html", title=words.QUEUES[asked], told=told, rows=rows, called=called
        )

    add_page(application, "GET", "/", queues)
    add_page(application, "GET", "/out-of-reach", out)
    add_page(application, "GET", "/queues/{name}", queue)
    add_dossier_pages(application, pages, desk, names)


def _row(item: dict[str, Any], today: date, calendar: Calendar) -> dict[str, Any]:
    """A dossier as a line of a queue."""
    status, colour = words.STATUSES[item["status"]]
    limit = item["due_on"] or item["deadline_on"] or (item["intake_due_at"] and item["intake_due_at"].date())
    return item | {
        "name": procedure_name(item["procedure"]),
        "said": status,
        "colour": colour,
        "limit": limit,
        "days": None if limit is None else working_days_to(limit, today, calendar),
    }
