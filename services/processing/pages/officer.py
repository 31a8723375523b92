"""The officer's pages: the queues of the desk, one of them, a dossier. What they show is what the JSON doors answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response

from contracts import page_words
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.log_in_routes import add_page, add_pages
from services.chassis.http.pages import Link, Pages, utc_now
from services.chassis.http.sessions import Sessions, Visitor
from services.chassis.http.texts import N_
from services.chassis.http.visibility import STAFF
from services.chassis.http.web import Application, Problem
from services.processing.calendar.foreseen import Foreseeing
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk import out_of_reach, queue_routes
from services.processing.desk.carry_out import Desk
from services.processing.desk.queues import AT_THE_OFFICE
from services.processing.desk.supervision import days_left_of_week
from services.processing.dossier.asked import SUPERVISOR
from services.processing.dossier.becomes_true import SOON_WORKING_DAYS
from services.processing.pages import act_words, words
from services.processing.pages.absences import add_absence_pages
from services.processing.pages.calendar import KEEPER, Reader, add_calendar_pages
from services.processing.pages.counter import add_counter_pages
from services.processing.pages.dossier import add_dossier_pages
from services.processing.pages.form_pages import add_form_pages
from services.processing.pages.many import add_many_pages
from services.processing.pages.register import add_register_pages
from services.processing.pages.search import add_search_pages
from services.processing.pages.shown import PAGE_ITEMS, Officer, line_of, place_name, procedure_name
from services.processing.pages.unit import add_unit_pages
from services.processing.pages.viewer import add_viewer_pages
from services.processing.settings import ProcessingSettings

FOLDER = Path(__file__).parent


def add_officer_pages(
    application: Application, settings: ProcessingSettings, desk: Desk, foreseeing: Foreseeing
) -> None:
    """Adds them, and the shell that they stand in."""
    pages = Pages(
        "processing",
        settings,
        Sessions(desk.pool, utc_now),
        N_("Giải quyết thủ tục hành chính"),
        [page_words.FOLDER, FOLDER],
        _places,
        ZONE,
    )
    add_pages(application, pages)
    names = settings.offices.names()

    async def queues(request: Request, visitor: Reader) -> Response:
        """How many dossiers stand in each queue of each desk of the visitor. Who keeps the calendar has none, and goes to it."""
        if visitor.caller.role == KEEPER:
            return pages.go("/calendar")
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
            rows=[line_of(item, today, desk.calendar) for item in told["items"]],
            called=partial(place_name, names, lang=pages.lang(request)),
            back=("/", N_("Các hàng đợi")),
            kept={},
            acts=[],
            choices=None,
        )

    async def queue(request: Request, name: str, visitor: Officer) -> Response:
        """Most urgent first."""
        asked = next((each for each in words.QUEUES if each == name), None)
        if asked is None:
            raise Problem(404, "not-found")
        given, today, lang = request.query_params, local_day(desk.clock()), pages.lang(request)
        kept = {name: value for name in ("week", "procedure", "officer") if (value := given.get(name))}
        title, soon_days = words.QUEUES[asked], SOON_WORKING_DAYS
        if asked == "due-soon" and "week" in kept:
            title, soon_days = words.THIS_WEEK, days_left_of_week(today, desk.calendar)
        wanted = queue_routes.Wanted(kept.get("procedure"), kept.get("officer"))
        told = await queue_routes.show(
            desk,
            visitor.caller,
            asked,
            given.get("desk"),
            soon_days,
            given.get("cursor", ""),
            PAGE_ITEMS,
            wanted,
        )
        officers = (
            await desk.officers.of(told["desk"], today) if asked not in AT_THE_OFFICE | {"mine"} else {}
        )
        return pages.show(
            request,
            "queue.html",
            title=title,
            told=told,
            rows=[line_of(item, today, desk.calendar) for item in told["items"]],
            called=partial(place_name, names, lang=lang),
            back=("/", N_("Các hàng đợi")),
            kept=kept,
            acts=[
                (act, pages.texts.say(lang, act_words.ACTS[act][0]))
                for act in words.AT_ONCE[asked]
                if act not in words.SUPERVISORS or visitor.caller.role == SUPERVISOR
            ],
            choices={
                "procedures": [
                    (code, f"{code} {procedure_name(code)[lang == 'en']}") for code in sorted(PROCEDURES)
                ],
                "officers": [(subject, name or subject) for subject, name in officers.items()],
            },
        )

    add_page(application, "GET", "/", queues)
    add_page(application, "GET", "/out-of-reach", out)
    add_page(application, "GET", "/queues/{name}", queue)
    add_dossier_pages(application, pages, desk, names)
    add_form_pages(application, pages, desk, names)
    add_search_pages(application, pages, desk, names)
    add_unit_pages(application, pages, desk, names)
    add_many_pages(application, pages, desk, names)
    add_absence_pages(application, pages, desk, names)
    add_calendar_pages(application, pages, foreseeing, names)
    add_register_pages(application, pages, desk, names)
    add_counter_pages(application, pages, desk, names)
    add_viewer_pages(application, pages, desk)


def _places(visitor: Visitor | None) -> list[Link]:
    """Where a visitor may go."""
    if visitor is None:
        return []
    role = visitor.caller.role
    places = [Link("/", N_("Hàng đợi")), Link("/search", N_("Tìm hồ sơ"))] if role in STAFF else []
    places += [Link("/unit", N_("Điều hành"))] if role == SUPERVISOR else []
    places += [Link("/counter", N_("Nhận tại quầy"))] if role == "officer" and visitor.caller.office else []
    places += (
        [Link("/register", N_("Sổ theo dõi")), Link("/absences", N_("Vắng mặt"))] if role in STAFF else []
    )
    return [*places, Link("/calendar", N_("Lịch làm việc"))]
