"""The dossiers behind a number of the official report, for those whose work they are: by pages as JSON, all of them as CSV.

No personal data: a dossier is told by its id, with the address at which an officer opens it. It changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from services.chassis.http import paging
from services.chassis.http.web import Application, Caller, Problem, require
from services.reporting.book.lines import ZONE, local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.report import cells
from services.reporting.report.asked import Sources
from services.reporting.report.cells import BEGINNING, Cell, Cut, Listed, Place, Scope
from services.reporting.report.columns import ReportBy, tells
from services.reporting.report.files import BYTE_ORDER_MARK, MEDIA_TYPES, csv_lines
from services.reporting.report.measured import waits_since
from services.reporting.report.queries import has_made_up
from services.reporting.report.routes import ReportAsked, as_json

EXPORTED_AT_ONCE = 2_000
LISTS_AT_ONCE = 2
"""The reader and the public need connections too."""

Staff = Annotated[Caller, Depends(require("officer", "supervisor"))]


class CellAsked(ReportAsked):
    """A question for what stands behind one number of the official report."""

    cell: Cell = Field(description="Which number: a column of the report.")
    key: str = Field(
        default="", max_length=200, description="Of which row, when the report has rows `by` something."
    )


class PageAsked(CellAsked):
    cursor: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=500)


class ListedView(BaseModel):
    """A dossier that the number counts."""

    dossier_id: UUID
    link: str = Field(description="Where an officer opens it.")
    on: date = Field(description="The day of what makes it count, or from which it stood so.")
    procedure: str
    office: str
    unit: str = Field(description="The unit that it was accepted for; empty before acceptance.")


class CellAnswer(BaseModel):
    """A page of the dossiers behind a number, as of one instant: all pages, the count and the export are of the same book."""

    cell: Cell
    by: ReportBy | None
    key: str | None
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    as_of: datetime | None = Field(description="The instant that all pages tell of; null in an empty house.")
    tells_on: date = Field(description="The day that tells in due from overdue.")
    office: str | None = Field(description="Only what was accepted at this office, or filed to it.")
    unit: str | None = Field(description="Only what was accepted for this unit.")
    count: int = Field(description="How many dossiers the number counts.")
    items: list[ListedView]
    next: str | None
    held: int = Field(description="Dossiers whose events wait and are in no number yet.")
    made_up: bool


class _Page:
    """Where a page begins, as its cursor says: the instant and the day of the first page, its count, and the dossier before."""

    def __init__(self, text: str) -> None:
        self.as_of, self.tells_on, self.count, *after = paging.parts_of(
            text, paging.instant, date.fromisoformat, paging.count, date.fromisoformat, UUID
        )
        self.after = Place(*after)


def add_cell_routes(
    application: Application, sources: Sources, exported_at_once: int = EXPORTED_AT_ONCE
) -> None:
    turn = asyncio.Semaphore(LISTS_AT_ONCE)

    async def shown(
        asked: CellAsked, caller: Caller, begins: _Page | None, most: int
    ) -> tuple[dict[str, Any], list[Listed], Cut]:
        """One page, and its count, of one snapshot. No connection is held while a client takes what it has read.

        Guarantee: however many ask for lists, everything else is answered. Test: test_lists_leave_connections_to_others.
        Guarantee: no two pages tell of two books. Test: test_a_list_that_moved_begins_again.
        """
        window, by = asked.window(), asked.by
        if bool(asked.key) != bool(by):
            raise Problem(422, "row-incomplete", "`by` and `key` name a row together", field="key")
        scope = scope_of(caller)
        async with turn, snapshot(sources.pool) as connection:
            newest, waits = await cells.newest(connection), await waits_since(connection)
            if waits and asked.as_of and asked.as_of >= waits:
                raise Problem(503, "not-measured-yet", "ask again in a moment", headers={"Retry-After": "1"})
            known = min(newest, waits - timedelta(microseconds=1)) if newest and waits else newest
            as_of = begins.as_of if begins else asked.as_of or known or sources.now()
            today = local_date(asked.as_of or sources.now())
            tells_on = begins.tells_on if begins else tells(window.last, today)
            cut = Cut(asked.cell, window, tells_on, as_of, scope, by, asked.key)
            count = await cells.count(connection, cut)
            found = await cells.page(connection, cut, begins.after if begins else BEGINNING, most + 1)
            held = await count_held(connection)
            made_up = await has_made_up(connection)
        if begins and begins.count != count:
            raise Problem(409, "list-moved", "more was heard of that time: begin at the first page again")
        following = (
            paging.cursor(as_of.isoformat(), tells_on, count, found[most - 1].on, found[most - 1].dossier_id)
            if len(found) > most
            else None
        )
        answer = {
            "cell": asked.cell,
            "by": by,
            "key": asked.key or None,
            "from": window.first,
            "to": window.last,
            "as_of": as_of.astimezone(ZONE) if newest or asked.as_of else None,
            "tells_on": tells_on,
            "office": None,
            "unit": None,
            scope.kind: scope.code,
            "count": count,
            "next": following,
            "held": held,
            "made_up": made_up,
        }
        return answer, found[:most], cut

    @application.get("/v1/report/dossiers", summary="The dossiers behind a number", response_model=CellAnswer)
    async def dossiers(asked: Annotated[PageAsked, Query()], caller: Staff) -> Response:
        """Officers see those of their unit, supervisors those of their office, in the order of `on`.

        503 `not-measured-yet`: as of an instant that is too near to now; without one, it tells what is known a moment ago.
        """
        begins = paging.given(asked.cursor, _Page)
        answer, found, _ = await shown(asked, caller, begins, asked.limit)
        items = [{**row._asdict(), "link": f"{sources.desk}/dossiers/{row.dossier_id}"} for row in found]
        return as_json(answer | {"items": items})

    @application.get(
        "/v1/report/dossiers.csv",
        summary="All dossiers behind a number",
        response_class=CsvResponse,
        responses={
            200: {
                "content": {
                    MEDIA_TYPES["csv"]: {"example": "dossier_id,on,procedure,office,unit,link,made_up"}
                }
            }
        },
    )
    async def export(asked: Annotated[CellAsked, Query()], caller: Staff) -> Response:
        """The same list whole, as CSV in UTF-8 with a byte order mark. `X-Total-Count` says beforehand how many rows come.

        Guarantee: an export takes the same memory however long it is, and one that cannot be finished breaks off before its end.
        Test: test_an_export_that_moves_breaks_off.
        """
        answer, found, _ = await shown(asked, caller, None, exported_at_once)

        async def lines() -> AsyncIterator[bytes]:
            said, rows = answer, found
            yield (BYTE_ORDER_MARK + csv_lines([(*Listed._fields, "link", "made_up")])).encode()
            while True:
                told = [(*row, f"{sources.desk}/dossiers/{row.dossier_id}", said["made_up"]) for row in rows]
                yield csv_lines(told).encode()
                if said["next"] is None:
                    return
                said, rows, _ = await shown(asked, caller, _Page(said["next"]), exported_at_once)

        return CsvResponse(
            lines(),
            headers={
                "X-Total-Count": str(answer["count"]),
                "Content-Disposition": f'attachment; filename="{asked.cell}.csv"',
            },
        )


class CsvResponse(StreamingResponse):
    media_type = MEDIA_TYPES["csv"]


def scope_of(caller: Caller) -> Scope:
    """Supervisors ask for their office, officers for their unit; a desk's officer has none and asks for the office."""
    if caller.office and (caller.role == "supervisor" or not caller.unit):
        return Scope("office", caller.office)
    if caller.unit:
        return Scope("unit", caller.unit)
    raise Problem(403, "caller-without-place", "the token names neither a unit nor an office")
