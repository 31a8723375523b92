"""The doors of a desk's queues: how many dossiers stand in each, and which, what hurts first before all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query
from fastapi.responses import Response

from contracts.intake import ProcedureCode
from contracts.processing_codes import UnitCode
from services.chassis.http import paging
from services.chassis.http.visibility import OPERATOR, units_of
from services.chassis.http.web import Application, Caller, Problem, require
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk import out_of_reach, queue_rows, queues
from services.processing.desk.answers import Page, QueueCounts, QueuePage, answer, listed
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import DossierRow
from services.processing.desk.queues import AT_THE_OFFICE, QUEUES, QueueName
from services.processing.dossier.asked import OfficerName
from services.processing.dossier.becomes_true import SOON_WORKING_DAYS
from services.processing.routes import OFFICERS, PAGE_ITEMS_MAX, Officer

SOON_DAYS_MAX = 30

STRETCHES_MAX = 10
"""A page looks at so many full pages of its queue."""


class Wanted(NamedTuple):
    """Which dossiers of a queue are asked for; None: all."""

    procedure: str | None = None
    officer: str | None = None

    def fits(self, row: DossierRow) -> bool:
        return self.procedure in (None, row.procedure) and self.officer in (None, row.officer)


ALL = Wanted()
SoonDays = Annotated[
    int, Query(ge=0, le=SOON_DAYS_MAX, description="How many working days ahead is due soon.")
]


def add_queue_routes(application: Application, desk: Desk) -> None:
    """Adds the queues' routes."""

    @application.get("/v1/queues", response_model=QueueCounts, summary="How many are in each queue")
    async def counted(caller: Officer, soon_days: SoonDays = SOON_WORKING_DAYS) -> Response:
        """Of each desk of the caller: the own unit, and the office at whose desk the caller serves."""
        return answer(await count(desk, caller, soon_days))

    @application.get("/v1/queues/{queue}", response_model=QueuePage, summary="A queue of a desk")
    async def shown(
        queue: QueueName,
        caller: Officer,
        desk_code: Annotated[UnitCode | None, Query(alias="desk")] = None,
        soon_days: SoonDays = SOON_WORKING_DAYS,
        procedure: Annotated[ProcedureCode | None, Query(description="Only of this procedure.")] = None,
        officer: Annotated[OfficerName | None, Query(description="Only what this officer has.")] = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """What hurts first stands first. Without `desk`, the caller's own: the office for what no unit holds, else the unit.

        Of a procedure or an officer, a page may be short or empty and still not be the last one: `next` says so.
        """
        wanted = Wanted(procedure, officer)
        return answer(await show(desk, caller, queue, desk_code, soon_days, cursor, limit, wanted))

    @application.get("/v1/out-of-reach", response_model=Page, summary="What nobody can act on")
    async def lost(
        caller: Annotated[Caller, Depends(require(*OFFICERS, OPERATOR))],
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """Open dossiers of the caller's office, an operator's of all, at a unit or an office that the register does not have today.

        The office's supervisor transfers or assigns them; one at an unknown office waits for the register to have it.
        """
        if caller.role != OPERATOR and not caller.office:
            return answer({"items": [], "next": None})
        return answer(
            await show_lost(desk, None if caller.role == OPERATOR else caller.office, cursor, limit)
        )


async def count(desk: Desk, caller: Caller, soon_days: int = SOON_WORKING_DAYS) -> dict[str, Any]:
    """The members of QueueCounts."""
    minute = queues.minute_of(desk.clock())
    told = []
    for unit in dict.fromkeys(units_of(caller)):
        officers = await queues.officers_of(desk.pool, caller.subject, unit, minute.date())
        cuts = [queues.cut_of(queue, minute, soon_days, desk.calendar, officers) for queue in QUEUES]
        counts = await queues.counts(desk.pool, unit, cuts)
        told.append({"desk": unit, "queues": dict(zip(QUEUES, counts, strict=True))})
    return {"as_of": minute.replace(tzinfo=ZONE), "desks": told}


async def show_lost(desk: Desk, office: str | None, cursor: str, limit: int) -> dict[str, Any]:
    """The members of Page: of what nobody can act on, of one office or of all."""
    after = paging.given(cursor, queue_rows.read_cursor) or queue_rows.BEGINNING
    today = local_day(desk.clock())
    rows = await out_of_reach.page(desk.pool, desk.offices, today, office, after, limit + 1)
    following = queue_rows.cursor(rows[limit - 1]) if len(rows) > limit else None
    return {"items": [listed(row, today, desk.calendar) for row in rows[:limit]], "next": following}


async def show(
    desk: Desk,
    caller: Caller,
    queue: QueueName,
    desk_code: str | None,
    soon_days: int = SOON_WORKING_DAYS,
    cursor: str = "",
    limit: int = 50,
    wanted: Wanted = ALL,
) -> dict[str, Any]:
    """The members of QueuePage, or Problem 403 for a desk at which the caller does not serve."""
    of = desk_code or own_desk(caller, queue)
    if of not in units_of(caller):
        raise Problem(403, "not-your-desk", "ask for your unit, or for your office's desk", field="desk")
    after = paging.given(cursor, queues.read_cursor)
    minute = queues.minute_of(desk.clock())
    officers = await queues.officers_of(desk.pool, caller.subject, of, minute.date())
    cut = queues.cut_of(queue, minute, soon_days, desk.calendar, officers)
    # One snapshot, whatever is done meanwhile.
    # Guarantee: a page and the count beside it tell of one moment. Test: test_a_page_and_its_count_are_of_one_snapshot.
    async with desk.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(queues.IN_ORDER)
        (count,) = await queues.counts(connection, of, [cut])
        rows, following = await _wanted(connection, of, cut, after, limit, wanted)
    names = await desk.officers.names([row.officer for row in rows])
    return {
        "queue": queue,
        "desk": of,
        "as_of": minute.replace(tzinfo=ZONE),
        "count": count,
        "items": [listed(row, minute.date(), desk.calendar, names) for row in rows],
        "next": following and queues.cursor(following),
    }


async def _wanted(
    connection: Any, of: str, cut: queues.Cut, after: queues.Place | None, limit: int, wanted: Wanted
) -> tuple[Sequence[DossierRow], queues.Place | None]:
    """The next dossiers that are asked for, of so many that are looked at, and where to go on.

    Guarantee: whoever follows the cursors sees all that is asked for once. Test: test_a_queue_is_cut_down_to_what_is_asked_for.
    """
    if wanted == ALL:
        return await queues.page(connection, of, cut, after, limit)
    found: list[tuple[DossierRow, queues.Place]] = []
    for _ in range(STRETCHES_MAX):
        looked_at = await queues.stretch(connection, of, cut, after, PAGE_ITEMS_MAX)
        found += [each for each in looked_at if wanted.fits(each[0])]
        if len(found) > limit:
            return [row for row, _ in found[:limit]], found[limit - 1][1]
        if len(looked_at) < PAGE_ITEMS_MAX:
            return [row for row, _ in found], None
        after = looked_at[-1][1]
    return [row for row, _ in found], after


def own_desk(caller: Caller, queue: QueueName) -> str | None:
    """The desk at which the caller has such a queue; None for one who serves nowhere."""
    unit, office = caller.unit or None, caller.office or None
    return (office or unit) if queue in AT_THE_OFFICE else (unit or office)
