"""The calendar's routes: what is declared, a supervisor's declarations and withdrawals, and how far a recount is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from contracts.calendar import CalendarDocument, DayKind
from services.chassis import logs
from services.chassis.decider import Rejected, Stale
from services.chassis.web import Application, Caller, IdempotencyKey, Problem, require
from services.processing import recounts
from services.processing.bodies import Day
from services.processing.calendar import ZONE, Declaration, local_day
from services.processing.declarations import DeclareDay, WithdrawDeclaration
from services.processing.declaring import Declaring

YEARS = (1900, 9_998)
"""Beyond them an instant has no local day."""
STATUS_OF_REFUSAL = {
    "idempotency-key-reused": 422,
    "announced-in-the-future": 422,
    "day-too-far": 422,
    "worked-day-not-in-the-future": 422,
    "day-not-off": 422,
}
FIELD_OF_REFUSAL = {
    "announced-in-the-future": "announced_at",
    "declared-otherwise": "announced_at",
    "day-too-far": "day",
    "worked-day-not-in-the-future": "day",
    "day-not-off": "day",
    "day-not-declared": "day",
    "declaration-overruled": "announced_at",
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not as the calendar is declared now; the code says why"}
}


# Numbers would be read as seconds since 1970, and times without an offset as the machine's.
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def _written(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class AskedDeclaration(BaseModel):
    """A day and the document that declares it; `announced_at` is the document's, not the time at which it is typed in."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    day: Day
    kind: DayKind
    document: CalendarDocument
    announced_at: Instant


class AskedWithdrawal(BaseModel):
    """The declaration of a day that counts now, by the instant at which it was announced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    day: Day
    announced_at: Instant


class DeclaredDay(BaseModel):
    """`counts`: of the declarations of its day it is the one announced last."""

    day: date
    kind: DayKind
    document: str
    announced_at: datetime
    counts: bool


class CalendarYear(BaseModel):
    """What is declared of a year. `provisional`: nothing is, and its dates may still move. `version` is the calendar's."""

    year: int
    version: int
    provisional: bool
    declarations: list[DeclaredDay]


class Changed(BaseModel):
    """The calendar after a command: `version` is what a recount is waited for by, `working` whether the day is a working day."""

    version: int
    day: date
    working: bool


class RecountProgress(BaseModel):
    """The latest recount: of the calendar up to `version`, whose `days` are counted otherwise. All null before the first one."""

    recount_id: UUID | None = None
    version: int = 0
    days: list[date] = []
    total: int = 0
    done: int = 0
    moved: int = 0
    began_at: datetime | None = None
    finished_at: datetime | None = None


Supervisor = Annotated[Caller, Depends(require("supervisor"))]
Reader = Annotated[Caller, Depends(require("officer", "supervisor"))]


def add_calendar_routes(application: Application, declaring: Declaring) -> None:
    """Adds them."""

    async def change(
        command: DeclareDay | WithdrawDeclaration, day: date, caller: Caller, key: str
    ) -> Response:
        done = await declaring.carry_out(command, caller, key, logs.trace.get())
        if isinstance(done, Stale):
            raise Problem(409, "contended", "others declare just now; try again")
        if isinstance(done, Rejected):
            status = STATUS_OF_REFUSAL.get(done.code, 409)
            raise Problem(status, done.code, done.detail, field=FIELD_OF_REFUSAL.get(done.code, ""))
        working = declaring.desk.calendar.is_working(day)
        return _json({"version": done, "day": day, "working": working})

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
        provisional = declaring.desk.calendar.is_provisional(year)
        return _json(
            {"year": year, "version": declaring.version, "provisional": provisional, "declarations": listed}
        )

    @application.post(
        "/v1/calendar/declarations", response_model=Changed, responses=CONFLICT, summary="Declare a day"
    )
    async def declare(body: AskedDeclaration, caller: Supervisor, key: IdempotencyKey) -> Response:
        """Off, or worked where it is off otherwise. Every running clock that it touches is counted again."""
        now = declaring.desk.clock()
        declaration = Declaration(body.day, body.kind, body.document, _instant(body.announced_at))
        return await change(DeclareDay(local_day(now), now, declaration), body.day, caller, key)

    @application.post(
        "/v1/calendar/withdrawals",
        response_model=Changed,
        responses=CONFLICT,
        summary="Withdraw a declaration",
    )
    async def withdraw(body: AskedWithdrawal, caller: Supervisor, key: IdempotencyKey) -> Response:
        """The day is again what it was without it, and every running clock that it touches is counted again."""
        command = WithdrawDeclaration(body.day, _instant(body.announced_at))
        return await change(command, body.day, caller, key)

    @application.get("/v1/calendar/recount", response_model=RecountProgress, summary="How far the recount is")
    async def recount(caller: Reader) -> Response:
        """Of `total` open dossiers `done` were looked at, and `moved` dates were moved: due dates, and deadlines."""
        found = await recounts.last(declaring.desk.pool)
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


def _json(members: dict[str, object]) -> Response:
    return Response(orjson.dumps(members), media_type="application/json")
