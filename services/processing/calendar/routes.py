"""The calendar's routes: what is declared, what two persons declare and withdraw, what waits for the second, and the recount."""

from __future__ import annotations

from datetime import UTC, date, datetime
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
    AskedWithdrawal,
    CalendarYear,
    Changed,
    Proposals,
    RecountProgress,
)
from services.processing.calendar.current import Declaring
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
    "idempotency-key-reused": 422,
    "announced-in-the-future": 422,
    "day-too-far": 422,
    "worked-day-not-in-the-future": 422,
    "day-not-off": 422,
    "proposed-by-yourself": 403,
}
FIELD_OF_REFUSAL = {
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


def add_calendar_routes(application: Application, declaring: Declaring) -> None:
    """Adds them."""

    async def change(command: Command, act: Act, day: date, caller: Caller, key: str) -> Response:
        done = await declaring.carry_out(command, caller, key, logs.trace.get())
        if isinstance(done, Stale):
            raise Problem(409, "contended", "others declare just now; try again")
        if isinstance(done, Rejected):
            status = STATUS_OF_REFUSAL.get(done.code, 409)
            raise Problem(status, done.code, done.detail, field=FIELD_OF_REFUSAL.get(done.code, ""))
        working = declaring.desk.calendar.is_working(day)
        waits = any((each.act, each.about.day) == (act, day) for each in declaring.declared.proposals)
        return _json({"version": done, "day": day, "working": working, "waits": waits})

    @application.get("/v1/calendar", response_model=CalendarYear, summary="What is declared of a year")
    async def calendar(
        caller: Reader, year: Annotated[int | None, Query(ge=YEARS[0], le=YEARS[1])] = None
    ) -> Response:
        """Every declaration that stands, with its document; of a day, the one announced last counts. This year, if none is named."""
        await declaring.refresh()
        year = year or local_day(declaring.desk.clock()).year
        of_year = sorted(
            (each for each in declaring.declared.standing if each.day.year == year),
            key=lambda each: (each.day, each.announced_at),
        )
        listed = [_listed(each, declaring) for each in of_year]
        declared = declaring.desk.calendar
        by_law = [
            {"day": day, "document": declared.document(day), **named._asdict()}
            for day, named in sorted(declared.by_law(year).items())
        ]
        return _json(
            {
                "year": year,
                "version": declaring.version,
                "provisional": declared.is_provisional(year),
                "declarations": listed,
                "by_law": by_law,
            }
        )

    @application.post(
        "/v1/calendar/declarations", response_model=Changed, responses=CONFLICT, summary="Declare a day"
    )
    async def declare(body: AskedDeclaration, caller: Keeper, key: IdempotencyKey) -> Response:
        """Off, or worked where it is off otherwise. It counts when another person has confirmed it."""
        now = declaring.desk.clock()
        declaration = Declaration(body.day, body.kind, body.document, _instant(body.announced_at))
        command = DeclareDay(local_day(now), now, declaration, caller.subject)
        return await change(command, "declare", body.day, caller, key)

    @application.post(
        "/v1/calendar/withdrawals",
        response_model=Changed,
        responses=CONFLICT,
        summary="Withdraw a declaration",
    )
    async def withdraw_declaration(body: AskedWithdrawal, caller: Keeper, key: IdempotencyKey) -> Response:
        """When another person has confirmed it, the day is again what it was without the declaration."""
        command = WithdrawDeclaration(body.day, _instant(body.announced_at), caller.subject)
        return await change(command, "withdraw", body.day, caller, key)

    @application.post(
        "/v1/calendar/confirmations",
        response_model=Changed,
        responses=CONFLICT,
        summary="Confirm what another person proposed",
    )
    async def confirm(body: AskedAnswer, caller: Keeper, key: IdempotencyKey) -> Response:
        """From now on it counts, and every running clock that it touches is counted again."""
        now = declaring.desk.clock()
        at = _instant(body.announced_at)
        command = ConfirmProposal(local_day(now), now, body.act, body.day, at, caller.subject)
        return await change(command, body.act, body.day, caller, key)

    @application.post(
        "/v1/calendar/refusals",
        response_model=Changed,
        responses=CONFLICT,
        summary="Refuse what was proposed",
    )
    async def refuse(body: AskedAnswer, caller: Keeper, key: IdempotencyKey) -> Response:
        """Whoever proposed it may take it back so, too. Nothing had followed from it."""
        command = RefuseProposal(body.act, body.day, _instant(body.announced_at))
        return await change(command, body.act, body.day, caller, key)

    @application.get("/v1/calendar/proposals", response_model=Proposals, summary="What waits to be confirmed")
    async def proposals(caller: Keeper) -> Response:
        """Each with who proposed it: the person who cannot confirm it."""
        await declaring.refresh()
        waiting = sorted(declaring.declared.proposals, key=lambda p: (p.about.day, p.about.announced_at))
        return _json({"items": [_waiting(each) for each in waiting]})

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
