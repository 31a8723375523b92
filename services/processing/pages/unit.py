"""The supervisor's pages: who has how much, what waits for a signature, what lapsed, and which reversals wait for a second one.

What they show is what the JSON doors answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from contracts.catalogue.offices import Names
from services.chassis.http.log_in_routes import add_page
from services.chassis.http.page_routes import signed_in
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, Problem
from services.processing.clock.working_days import local_day
from services.processing.desk import asked_reversals, late_and_moved, out_of_reach, rights, supervision
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import code_of_row
from services.processing.desk.reversal_routes import BEGINNING, told_reversal
from services.processing.desk.supervision_routes import Lister, show, show_transfers
from services.processing.dossier.asked import SUPERVISOR
from services.processing.pages import act_words, words
from services.processing.pages.shown import PAGE_ITEMS, line_of, place_name, procedure_name

Supervisor = Annotated[Visitor, Depends(signed_in(SUPERVISOR))]
LISTS: dict[str, tuple[str, Lister]] = {
    "signatures": (N_("Chờ ký duyệt"), supervision.to_sign),
    "lapsed": (N_("Quá hạn bổ sung, nộp phí"), supervision.lapsed),
    "asked-late": (N_("Yêu cầu bổ sung muộn, chờ người nộp"), late_and_moved.asked_late),
    "came-late": (N_("Bổ sung nộp sau hạn, chờ xem xét"), late_and_moved.came_late),
}
REVERSALS_SHOWN = 50
NOBODY, ALL = N_("Chưa ai nhận"), N_("Cả đơn vị")


def add_unit_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices, units and agencies."""

    async def unit(request: Request, visitor: Supervisor) -> Response:
        """Of each unit: counts that lead to their lists, and officer by officer what each has."""
        desk.officers.met(visitor.caller, visitor.identity.name)
        told, caller = await supervision.workload(desk, visitor.caller), visitor.caller
        waiting = await asked_reversals.waiting(desk.pool, units_of(caller), BEGINNING, REVERSALS_SHOWN)
        lost = caller.office and await out_of_reach.count(
            desk.pool, desk.offices, local_day(desk.clock()), caller.office
        )
        return pages.show(
            request,
            "unit.html",
            told=told | {"units": [each | {"lines": _lines(each)} for each in told["units"]]},
            called=partial(place_name, names, lang=pages.lang(request)),
            reversals=await _reversals(waiting),
            events=act_words.EVENTS,
            options=act_words.OPTIONS,
            lost=lost,
        )

    async def _reversals(waiting: Sequence[Any]) -> list[dict[str, Any]]:
        told = [told_reversal(row) for row in waiting]
        by = await desk.officers.names([str(each["proposed_by"]) for each in told])
        return [
            each
            | {
                "name": by.get(str(each["proposed_by"])) or each["proposed_by"],
                "code": code_of_row(row["office"], row["accepted_at"], row["number"]),
            }
            for each, row in zip(told, waiting, strict=True)
        ]

    async def transfers(request: Request, visitor: Supervisor) -> Response:
        """What the unit got or gave away, and where it is now; a dossier that its visitor may not see is named and not opened."""
        told = await show_transfers(desk, visitor.caller, request.query_params.get("desk"))
        rows = [
            each
            | {
                "name": procedure_name(each["procedure"]),
                "said": words.STATUSES[each["status"]],
                "opens": rights.may_see(visitor.caller, each["office"], each["unit"]),
            }
            for each in told["items"]
        ]
        return pages.show(
            request,
            "transfers.html",
            told=told,
            rows=rows,
            days=late_and_moved.TRANSFERS_DAYS.days,
            most=late_and_moved.TRANSFERS_MAX,
            called=partial(place_name, names, lang=pages.lang(request)),
        )

    async def listing(request: Request, name: str, visitor: Supervisor) -> Response:
        """One of the lists of a unit, most urgent first."""
        if name not in LISTS:
            raise Problem(404, "not-found")
        title, lister = LISTS[name]
        given = request.query_params
        told = await show(
            desk, visitor.caller, lister, given.get("desk"), given.get("cursor", ""), PAGE_ITEMS
        )
        today = local_day(desk.clock())
        return pages.show(
            request,
            "queue.html",
            title=title,
            told=told,
            rows=[line_of(item, today, desk.calendar) for item in told["items"]],
            called=partial(place_name, names, lang=pages.lang(request)),
            back=("/unit", N_("Điều hành")),
            kept={},
            acts=[],
            choices=None,
        )

    add_page(application, "GET", "/unit", unit)
    add_page(application, "GET", "/unit/transfers", transfers)
    add_page(application, "GET", "/unit/{name}", listing)


def _lines(unit: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Officer by officer, what nobody has taken, and the sum."""
    officers = [(each["officer_name"] or each["officer"], each) for each in unit["officers"]]
    return [*officers, (NOBODY, unit["nobody"]), (ALL, unit)]
