"""The doors of what a unit's supervisor looks at: the workload, what waits for a signature, and what lapsed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel

from contracts.processing_codes import UnitCode
from services.chassis.http import paging
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, Caller, Problem
from services.processing.clock.working_days import ZONE
from services.processing.desk import late_and_moved, queues, supervision
from services.processing.desk.answers import Listed, Status, answer, listed
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import DossierRow
from services.processing.desk.queues import Place
from services.processing.routes import PAGE_ITEMS_MAX, Officer

Unit = Annotated[UnitCode | None, Query(alias="desk")]
Cursor = Annotated[str, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)]
Lister = Callable[[Desk, str, Place | None, int], Awaitable[tuple[int, Sequence[DossierRow], Place | None]]]


class OneLoad(BaseModel):
    """What somebody has, or nobody."""

    held: int
    overdue: int
    this_week: int


class OfficersLoad(OneLoad):
    """Of one officer who serves in the unit today or still has something of it."""

    officer: str
    officer_name: str | None


class UnitsLoad(OneLoad):
    """Of a unit: what it holds, and what of that waits for a step of somebody's."""

    unit: str
    brought: int
    to_sign: int
    lapsed: int
    asked_late: int
    came_late: int
    transfers: int
    officers: list[OfficersLoad]
    nobody: OneLoad


class Workload(BaseModel):
    """Of each unit of the caller; this week goes on until `until`."""

    as_of: datetime
    until: date
    units: list[UnitsLoad]


class DeskPage(BaseModel):
    """Most urgent first; `count` is that of the whole list, `next` goes on where this page ends."""

    desk: str
    as_of: datetime
    count: int
    items: list[Listed]
    next: str | None


class MovedDossier(BaseModel):
    """A dossier that the unit got or gave away: who did it and when, and where it is now."""

    dossier_id: UUID
    code: str | None
    procedure: str
    office: str
    status: Status
    from_unit: str | None
    to_unit: str
    at: datetime
    by: str
    by_name: str | None
    unit: str | None
    officer: str | None
    officer_name: str | None


class MovedDossiers(BaseModel):
    """Of the last 30 days, the latest first, at most 100."""

    desk: str
    as_of: datetime
    items: list[MovedDossier]


def add_supervision_routes(application: Application, desk: Desk) -> None:
    """Adds them."""

    @application.get("/v1/workload", response_model=Workload, summary="Who has how much?")
    async def workload(caller: Officer) -> Response:
        """Of each unit of the caller, officer by officer, and what nobody has taken."""
        return answer(await supervision.workload(desk, caller))

    @application.get("/v1/signatures", response_model=DeskPage, summary="What waits for a signature?")
    async def signatures(
        caller: Officer, desk_code: Unit = None, cursor: Cursor = "", limit: Limit = 50
    ) -> Response:
        """Dossiers of a unit that are at ký duyệt, the first to be due first."""
        return answer(await show(desk, caller, supervision.to_sign, desk_code, cursor, limit))

    @application.get("/v1/lapsed", response_model=DeskPage, summary="What was asked for and did not come")
    async def past_deadlines(
        caller: Officer, desk_code: Unit = None, cursor: Cursor = "", limit: Limit = 50
    ) -> Response:
        """Dossiers of a unit that wait for papers or a fee past their deadline, the longest past first: an officer ends them."""
        return answer(await show(desk, caller, supervision.lapsed, desk_code, cursor, limit))

    @application.get("/v1/asked-late", response_model=DeskPage, summary="What was asked for late")
    async def requests(
        caller: Officer, desk_code: Unit = None, cursor: Cursor = "", limit: Limit = 50
    ) -> Response:
        """Dossiers of a unit that wait for papers which its supervisor asked for after the officers' days, the first deadline first."""
        return answer(await show(desk, caller, late_and_moved.asked_late, desk_code, cursor, limit))

    @application.get("/v1/came-late", response_model=DeskPage, summary="What came after its last day")
    async def supplements(
        caller: Officer, desk_code: Unit = None, cursor: Cursor = "", limit: Limit = 50
    ) -> Response:
        """Dossiers of a unit whose papers came late and wait for an officer, the longest there first."""
        return answer(await show(desk, caller, late_and_moved.came_late, desk_code, cursor, limit))

    @application.get("/v1/transfers", response_model=MovedDossiers, summary="What was transferred")
    async def transfers(caller: Officer, desk_code: Unit = None) -> Response:
        """To a unit and from it."""
        return answer(await show_transfers(desk, caller, desk_code))


async def show_transfers(desk: Desk, caller: Caller, desk_code: str | None) -> dict[str, Any]:
    """The members of MovedDossiers, or Problem 403 for a desk at which the caller does not serve."""
    of = own_desk(caller, desk_code)
    at = queues.minute_of(desk.clock()).replace(tzinfo=ZONE)
    return {"desk": of, "as_of": at, "items": await late_and_moved.transfers(desk, of)}


def own_desk(caller: Caller, desk_code: str | None) -> str:
    """The desk that is asked for, the caller's first one by default; Problem 403 for a desk at which the caller does not serve."""
    own = units_of(caller)
    of = desk_code or (own[0] if own else "")
    if of not in own:
        raise Problem(403, "not-your-desk", "ask for your unit, or for your office's desk", field="desk")
    return of


async def show(
    desk: Desk, caller: Caller, lister: Lister, desk_code: str | None, cursor: str, limit: int
) -> dict[str, Any]:
    """The members of DeskPage, or Problem 403 for a desk at which the caller does not serve."""
    of = own_desk(caller, desk_code)
    after = paging.given(cursor, queues.read_cursor)
    minute = queues.minute_of(desk.clock())
    count, rows, following = await lister(desk, of, after, limit)
    names = await desk.officers.names([row.officer for row in rows])
    return {
        "desk": of,
        "as_of": minute.replace(tzinfo=ZONE),
        "count": count,
        "items": [listed(row, minute.date(), desk.calendar, names) for row in rows],
        "next": following and queues.cursor(following),
    }
