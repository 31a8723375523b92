"""The calendar's routes: what is declared, what two persons declare and withdraw, what waits for the second, and the recount."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query
from fastapi.responses import Response

from services.chassis.http.web import Application, Caller, IdempotencyKey, Problem, require
from services.chassis.log.decider import Rejected, Stale
from services.chassis.process import logs
from services.processing.calendar import recount_rows
from services.processing.calendar.answers import (
    AskedAnswer,
    AskedDeclaration,
    AskedForesight,
    AskedWithdrawal,
    CalendarYear,
    Changed,
    ForeseenDates,
    Proposals,
    RecountProgress,
)
from services.processing.calendar.current import Declaring
from services.processing.calendar.foreseen import Asked, Foreseeing
from services.processing.clock.declaration import (
    Act,
    Command,
    ConfirmProposal,
    DeclareDay,
    Proposal,
    RefuseProposal,
    WithdrawDeclaration,
)
from services.processing.clock.working_days import ZONE, Declaration, local_day

YEARS = (1900, 9_998)
"""Beyond them an instant has no local day."""
STATUS_OF_REFUSAL = {
    "missing": 422,
    "idempotency-key-reused": 422,
    "announced-in-the-future": 422,
    "day-too-far": 422,
    "worked-day-not-in-the-future": 422,
    "day-not-off": 422,
    "proposed-by-yourself": 403,
}
FIELD_OF_REFUSAL = {
    "missing": "kind",
    "announced-in-the-future": "announced_at",
    "declared-otherwise": "announced_at",
    "day-too-far": "day",
    "worked-day-not-in-the-future": "day",
    "day-not-off": "day",
    "day-not-declared": "day",
    "declaration-overruled": "announced_at",
    "proposal-unknown": "announced_at",
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not as the calendar is declared now; the code says why"}
}


Keeper = Annotated[Caller, Depends(require("calendar"))]
Reader = Annotated[Caller, Depends(require("officer", "supervisor", "calendar"))]


def add_calendar_routes(application: Application, foreseeing: Foreseeing) -> None:
    """Adds them."""
    declaring = foreseeing.declaring

    async def change(body: Said, act: Act, caller: Caller, key: str, *, refuses: bool = False) -> Response:
        command, day = command_of(body, declaring.desk.clock(), caller, refuses=refuses), body.day
        done = await declaring.carry_out(command, caller, key, logs.trace.get())
        if isinstance(done, Stale):
            raise Problem(409, "contended", "others declare just now; try again")
        if isinstance(done, Rejected):
            raise refusal_of(done)
        working = declaring.desk.calendar.is_working(day)
        waits = any((each.act, each.about.day) == (act, day) for each in declaring.declared.proposals)
        return _json({"version": done, "day": day, "working": working, "waits": waits})

    @application.get("/v1/calendar", response_model=CalendarYear, summary="What is declared of a year")
    async def calendar(
        caller: Reader, year: Annotated[int | None, Query(ge=YEARS[0], le=YEARS[1])] = None
    ) -> Response:
        """Every declaration that stands, with its document; of a day, the one announced last counts. This year, if none is named."""
        await declaring.refresh()
        return _json(year_of(declaring, year or local_day(declaring.desk.clock()).year))

    @application.post(
        "/v1/calendar/declarations", response_model=Changed, responses=CONFLICT, summary="Declare a day"
    )
    async def declare(body: AskedDeclaration, caller: Keeper, key: IdempotencyKey) -> Response:
        """Off, or worked where it is off otherwise. It counts when another person has confirmed it."""
        return await change(body, "declare", caller, key)

    @application.post(
        "/v1/calendar/withdrawals",
        response_model=Changed,
        responses=CONFLICT,
        summary="Withdraw a declaration",
    )
    async def withdraw_declaration(body: AskedWithdrawal, caller: Keeper, key: IdempotencyKey) -> Response:
        """When another person has confirmed it, the day is again what it was without the declaration."""
        return await change(body, "withdraw", caller, key)

    @application.post(
        "/v1/calendar/confirmations",
        response_model=Changed,
        responses=CONFLICT,
        summary="Confirm what another person proposed",
    )
    async def confirm(body: AskedAnswer, caller: Keeper, key: IdempotencyKey) -> Response:
        """From now on it counts, and every running clock that it touches is counted again."""
        return await change(body, body.act, caller, key)

    @application.post(
        "/v1/calendar/refusals",
        response_model=Changed,
        responses=CONFLICT,
        summary="Refuse what was proposed",
    )
    async def refuse(body: AskedAnswer, caller: Keeper, key: IdempotencyKey) -> Response:
        """Whoever proposed it may take it back so, too. Nothing had followed from it."""
        return await change(body, body.act, caller, key, refuses=True)

    @application.get("/v1/calendar/proposals", response_model=Proposals, summary="What waits to be confirmed")
    async def proposals(caller: Keeper) -> Response:
        """Each with who proposed it: the person who cannot confirm it."""
        await declaring.refresh()
        waiting = sorted(declaring.declared.proposals, key=lambda p: (p.about.day, p.about.announced_at))
        return _json({"items": [_waiting(each) for each in waiting]})

    @application.get(
        "/v1/calendar/preview", response_model=ForeseenDates, summary="What would a declaration move?"
    )
    async def preview(asked: Annotated[AskedForesight, Query()], caller: Reader) -> Response:
        """How many due dates and deadlines of open dossiers, and which, before anything is declared or confirmed."""
        return _json(await foresee(foreseeing, asked, caller))

    @application.get("/v1/calendar/recount", response_model=RecountProgress, summary="How far the recount is")
    async def recount(caller: Reader) -> Response:
        """Of `total` open dossiers `done` were looked at, and `moved` dates were moved: due dates, and deadlines."""
        found = await recount_rows.last(declaring.desk.pool)
        if found is None:
            return _json(RecountProgress().model_dump())
        return _json(
            {
                "recount_id": str(found.recount_id),
                "version": found.to_version,
                "days": found.days,
                "total": found.total,
                "done": found.done,
                "moved": found.moved,
                "began_at": found.began_at.astimezone(ZONE),
                "finished_at": found.finished_at and found.finished_at.astimezone(ZONE),
            }
        )


Said = AskedDeclaration | AskedWithdrawal | AskedAnswer


def command_of(body: Said, now: datetime, caller: Caller, *, refuses: bool = False) -> Command:
    """What a body asks for; of an answer, that what was proposed counts from now on, or is no more."""
    at, today = _instant(body.announced_at), local_day(now)
    if isinstance(body, AskedDeclaration):
        declaration = Declaration(body.day, body.kind, body.document, at)
        return DeclareDay(today, now, declaration, caller.subject)
    if isinstance(body, AskedWithdrawal):
        return WithdrawDeclaration(body.day, at, caller.subject)
    if refuses:
        return RefuseProposal(body.act, body.day, at)
    return ConfirmProposal(today, now, body.act, body.day, at, caller.subject)


def year_of(declaring: Declaring, year: int) -> dict[str, Any]:
    """The members of CalendarYear."""
    of_year = sorted(
        (each for each in declaring.declared.standing if each.day.year == year),
        key=lambda each: (each.day, each.announced_at),
    )
    declared = declaring.desk.calendar
    by_law = [
        {"day": day, "document": declared.document(day), **named._asdict()}
        for day, named in sorted(declared.by_law(year).items())
    ]
    return {
        "year": year,
        "version": declaring.version,
        "provisional": declared.is_provisional(year),
        "declarations": [_listed(each, declaring) for each in of_year],
        "by_law": by_law,
    }


async def foresee(foreseeing: Foreseeing, asked: AskedForesight, caller: Caller) -> dict[str, object]:
    """The members of ForeseenDates, or the Problem that it would be refused."""
    at = asked.announced_at and _instant(asked.announced_at)
    told = await foreseeing.foresee(Asked(asked.act, asked.day, asked.kind, at), caller)
    if isinstance(told, Rejected):
        raise refusal_of(told)
    declaring = foreseeing.declaring
    names = await declaring.desk.officers.names([row.officer for row, _ in told.items])
    return {
        "version": declaring.version,
        "day": asked.day,
        "working": told.working,
        "due_dates": told.due_dates,
        "deadlines": told.deadlines,
        "whole": told.whole,
        "moves": [each._asdict() for each in told.moves],
        "items": [
            {
                "dossier_id": str(row.dossier_id),
                "code": row.code,
                "procedure": row.procedure,
                "office": row.office,
                "unit": row.unit,
                "officer": row.officer,
                "officer_name": names.get(row.officer or ""),
                "due_on": row.due_on,
                "new_due_on": due_on,
            }
            for row, due_on in told.items
        ],
    }


def refusal_of(refused: Rejected) -> Problem:
    status, field = STATUS_OF_REFUSAL.get(refused.code, 409), FIELD_OF_REFUSAL.get(refused.code, "")
    return Problem(status, refused.code, refused.detail, field=field)


def _instant(at: datetime) -> datetime:
    """In UTC, so that the same instant is stored the same; a Problem for one that has no UTC or no local day."""
    try:
        instant = at.astimezone(UTC)
        local_day(instant)
    except OverflowError:
        raise Problem(422, "invalid", "no such instant", field="announced_at") from None
    return instant


def _listed(each: Declaration, declaring: Declaring) -> dict[str, object]:
    return {
        "day": each.day,
        "kind": each.kind,
        "document": each.document,
        "announced_at": each.announced_at.astimezone(ZONE),
        "counts": declaring.declared.of_day(each.day)[-1] == each,
    }


def _waiting(proposal: Proposal) -> dict[str, object]:
    about = proposal.about
    return {
        "act": proposal.act,
        "day": about.day,
        "kind": about.kind,
        "document": about.document,
        "announced_at": about.announced_at.astimezone(ZONE),
        "proposed_by": proposal.by,
    }


def _json(members: dict[str, object]) -> Response:
    return Response(orjson.dumps(members), media_type="application/json")
