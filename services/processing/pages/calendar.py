"""The calendar's pages: what is declared of a year, what waits for a second person, and what a declaration would move before it is made.

What they show and do is what the JSON doors answer and do, by the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from contracts.catalogue.offices import Names
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.page_routes import signed_in
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.visibility import STAFF
from services.chassis.http.web import Application, Problem
from services.chassis.log.decider import Rejected, Stale
from services.chassis.process import logs
from services.processing.calendar import recount_rows
from services.processing.calendar.answers import (
    AskedAnswer,
    AskedDeclaration,
    AskedForesight,
    AskedWithdrawal,
)
from services.processing.calendar.foreseen import Foreseeing
from services.processing.calendar.routes import (
    FIELD_OF_REFUSAL,
    YEARS,
    Said,
    command_of,
    foresee,
    year_of,
)
from services.processing.clock.declaration import Proposal
from services.processing.clock.working_days import local_day
from services.processing.pages import calendar_words as words
from services.processing.pages.shown import place_name

KEEPER = "calendar"
Reader = Annotated[Visitor, Depends(signed_in(*STAFF, KEEPER))]
Keeper = Annotated[Visitor, Depends(signed_in(KEEPER))]
Faults = Mapping[str, str]
BODIES: Mapping[str, type[Said]] = {
    "declare": AskedDeclaration,
    "withdraw": AskedWithdrawal,
    "confirm": AskedAnswer,
    "refuse": AskedAnswer,
}
MEMBERS = ("act", "day", "kind", "document", "announced_on", "announced_at")


def add_calendar_pages(application: Application, pages: Pages, foreseeing: Foreseeing, names: Names) -> None:
    """Adds them. `names` are those of offices and units."""
    declaring = foreseeing.declaring
    desk = declaring.desk

    async def calendar(request: Request, visitor: Reader) -> Response:
        """A year, and a form to look ahead with."""
        return await _year(request, visitor, {}, {})

    async def preview(request: Request, visitor: Reader) -> Response:
        """What it would move, and for who keeps the calendar the way to say it."""
        typed = {name: request.query_params.get(name, "").strip() for name in MEMBERS}
        typed["act"] = typed["act"] or "declare"
        if typed["announced_on"] and not typed["announced_at"]:
            typed["announced_at"] = f"{typed['announced_on']}T00:00:00+07:00"
        try:
            asked = AskedForesight.model_validate(_members(typed, AskedForesight))
        except ValidationError as error:
            return await _year(request, visitor, typed, _faults(error), 422)
        await declaring.refresh()
        waits = _waiting(asked)
        says = visitor.caller.role == KEEPER and asked.act == "declare" and waits is None
        if says:
            try:
                AskedDeclaration.model_validate_json(orjson.dumps(_members(typed, AskedDeclaration)))
            except ValidationError as error:
                return await _year(request, visitor, typed, _faults(error), 422)
        try:
            told = await foresee(foreseeing, asked, visitor.caller)
        except Problem as refused:
            return await _year(request, visitor, typed, _refused(refused.code), 422)
        about = waits.about if waits else None
        return pages.show(
            request,
            "calendar_check.html",
            asked=asked,
            kind=about.kind if about else asked.kind,
            document=about.document if about else typed["document"],
            announced_at=typed["announced_at"],
            told=told,
            waits=waits,
            own=bool(waits and waits.by == visitor.caller.subject),
            keeps=visitor.caller.role == KEEPER,
            words=words,
            called=partial(place_name, names, lang=pages.lang(request)),
        )

    def _waiting(asked: AskedForesight) -> Proposal | None:
        at = asked.announced_at
        return declaring.declared.proposed(asked.act, asked.day, at) if at else None

    async def say(request: Request, visitor: Keeper, form: Typed) -> Response:
        """Declares, withdraws, confirms or refuses, as the preview was shown."""
        typed = {name: form.get(name) for name in MEMBERS}
        what = form.get("do")
        if what not in words.DONE:
            raise Problem(404, "not-found")
        try:
            body = BODIES[what].model_validate_json(orjson.dumps(_members(typed, BODIES[what])))
        except ValidationError as error:
            return await _year(request, visitor, typed, _faults(error), 422)
        command = command_of(body, desk.clock(), visitor.caller, refuses=what == "refuse")
        done = await declaring.carry_out(command, visitor.caller, form.key[:200] or "none", logs.trace.get())
        if isinstance(done, Stale | Rejected):
            code = done.code if isinstance(done, Rejected) else "contended"
            return await _year(request, visitor, typed, _refused(code), 422)
        return pages.go(f"/calendar?year={body.day.year}&done={what}")

    async def _year(
        request: Request, visitor: Visitor, typed: Mapping[str, str], faults: Faults, status: int = 200
    ) -> Response:
        await declaring.refresh()
        today = local_day(desk.clock())
        given = request.query_params.get("year", "")
        year = int(given) if given.isascii() and given.isdecimal() and len(given) == 4 else today.year
        if not YEARS[0] <= year <= YEARS[1]:
            raise Problem(404, "not-found")
        waiting = declaring.declared.proposals if visitor.caller.role == KEEPER else ()
        by = await desk.officers.names([each.by for each in waiting])
        return pages.show(
            request,
            "calendar.html",
            status,
            told=year_of(declaring, year),
            keeps=visitor.caller.role == KEEPER,
            waiting=sorted(waiting, key=lambda each: (each.about.day, each.about.announced_at)),
            by=by,
            recount=await recount_rows.last(desk.pool),
            done=words.DONE.get(request.query_params.get("done", "")),
            typed=typed,
            faults=faults,
            words=words,
            today=today,
        )

    add_page(application, "GET", "/calendar", calendar)
    add_page(application, "GET", "/calendar/preview", preview)
    add_page(application, "POST", "/calendar", say)


def _members(typed: Mapping[str, str], model: type[BaseModel]) -> dict[str, Any]:
    """What was typed, as the JSON door takes it; what was left open is not there."""
    return {name: typed[name] for name in model.model_fields if typed[name]}


def _faults(error: ValidationError) -> Faults:
    """What is wrong with each field, as a text of the catalogue."""
    names = [str(fault["loc"][0]) for fault in error.errors(include_input=False, include_url=False)]
    return {_field(name): words.FAULTS.get(name, words.OTHER_REFUSAL) for name in names}


def _refused(code: str) -> Faults:
    field = _field(FIELD_OF_REFUSAL.get(code, ""))
    return {field: words.REFUSALS.get(code, words.OTHER_REFUSAL)}


def _field(name: str) -> str:
    """The field of the form in which a member is typed."""
    return "announced_on" if name == "announced_at" else name
