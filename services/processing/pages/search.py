"""The page that finds a dossier by code, name or identifier: intake looks, in the officer's own name and for a purpose, and writes it down.

Nothing that was looked for stands in an address, and nothing of it is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from contracts.catalogue.offices import Names
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.texts import N_
from services.chassis.http.web import Application
from services.processing.clock.working_days import local_day
from services.processing.desk import queue_rows, rights
from services.processing.desk.answers import listed
from services.processing.desk.carry_out import Desk
from services.processing.pages import people
from services.processing.pages.shown import Officer, line_of, place_name

BY: Mapping[str, str] = {
    "code": N_("Mã hồ sơ hoặc mã tra cứu"),
    "name": N_("Họ tên hoặc tên tổ chức, có dấu hay không dấu"),
    "identifier": N_("Số định danh, mã số thuế, hộ chiếu"),
}
PURPOSES: Mapping[str, str] = {
    "reception": N_("Tiếp nhận"),
    "processing": N_("Giải quyết"),
    "result": N_("Trả kết quả"),
    "complaint": N_("Trả lời phản ánh, khiếu nại"),
    "audit": N_("Kiểm tra"),
}
CHARACTERS = (2, 200)
MISSING: Mapping[str, str] = {
    "by": N_("Hãy chọn tìm theo gì."),
    "asked": N_("Hãy ghi từ 2 đến 200 ký tự."),
    "purpose": N_("Hãy chọn mục đích."),
}


def add_search_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices and units."""

    async def form(request: Request, visitor: Officer) -> Response:
        """Empty."""
        return _show(request, {"by": "code"}, {})

    async def search(request: Request, visitor: Officer, form: Typed) -> Response:
        """What was found, with what was looked for still in the form."""
        typed = {name: form.get(name) for name in MISSING}
        sound = {
            "by": typed["by"] in BY,
            "asked": CHARACTERS[0] <= len(typed["asked"]) <= CHARACTERS[1],
            "purpose": typed["purpose"] in PURPOSES,
        }
        faults = {name: MISSING[name] for name, is_sound in sound.items() if not is_sound}
        if faults:
            return _show(request, typed, faults, 422)
        told, unread = await people.search(desk.intake, visitor, typed)
        if told is None:
            return _show(request, typed, {"": unread}, 503)
        today, found = local_day(desk.clock()), {UUID(each["dossier_id"]): each for each in told["items"]}
        rows = await queue_rows.find_for_command(desk.pool, list(found), visitor.caller.subject, today)
        seen = [
            known.row
            for known in rows.values()
            if rights.may_see(visitor.caller, known.row.office, known.row.unit)
        ]
        officers = await desk.officers.names([row.officer for row in seen])
        lines = {
            row.dossier_id: line_of(listed(row, today, desk.calendar, officers), today, desk.calendar)
            for row in seen
        }
        shown = [each | {"line": lines.get(dossier_id)} for dossier_id, each in found.items()]
        return _show(request, typed, {}, found=shown, more=told["more"])

    def _show(
        request: Request,
        typed: Mapping[str, str],
        faults: Mapping[str, str],
        status: int = 200,
        **found: Any,
    ) -> Response:
        return pages.show(
            request,
            "search.html",
            status,
            typed=typed,
            faults=faults,
            by=BY,
            purposes=PURPOSES,
            called=partial(place_name, names, lang=pages.lang(request)),
            **({"found": None, "more": False} | found),
        )

    add_page(application, "GET", "/search", form)
    add_page(application, "POST", "/search", search)
