"""The page of absences: who of the unit is away until when, who stands in, and a form to say it or to end it.

What it shows and does is what the JSON doors answer and do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from contracts.catalogue.offices import Names
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, Problem
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import local_day
from services.processing.desk import absences
from services.processing.desk.absences import DeclareAbsence
from services.processing.desk.carry_out import Desk
from services.processing.desk.people_routes import BEGINNING, FIELD_OF_REFUSAL, AskedAbsence
from services.processing.dossier.asked import SUPERVISOR
from services.processing.pages.shown import Officer, place_name

SHOWN = 200
FIELDS = ("unit", "officer", "substitute", "first_on", "last_on")
DONE = {
    "say": N_("Đã ghi nhận vắng mặt. Người thay được làm việc với hồ sơ của người vắng trong những ngày đó."),
    "end": N_("Đã kết thúc từ hôm nay. Việc người thay đã làm vẫn giữ nguyên."),
}
REFUSALS: Mapping[str, str] = {
    "not-your-unit": N_("Chỉ lãnh đạo hoặc người của đơn vị mới ghi được."),
    "not-the-supervisor": N_("Bạn chỉ ghi được vắng mặt của chính mình; lãnh đạo ghi cho người khác."),
    "substitute-is-absent": N_("Người thay cũng vắng trong những ngày đó, hoặc là chính người vắng."),
    "last-day-before-first": N_("Ngày cuối phải từ ngày đầu trở đi."),
    "absence-too-long": N_("Mỗi lần không quá 366 ngày."),
    "absence-over": N_("Những ngày đó đã qua."),
    "absent-already": N_("Người này đã được ghi vắng trong những ngày đó."),
    "officer-unknown": N_("Danh mục không có người thay này trong đơn vị vào ngày đầu."),
    "absence-ended": N_("Lần vắng mặt này đã kết thúc."),
    "absence-unknown": N_("Không có lần vắng mặt này."),
    "idempotency-key-reused": N_("Biểu mẫu này đã được gửi với nội dung khác."),
}
MISSING: Mapping[str, str] = {
    "substitute": N_("Hãy chọn người thay."),
    "first_on": N_("Hãy chọn ngày đầu."),
    "last_on": N_("Hãy chọn ngày cuối."),
}
OTHERWISE = N_("Chưa ghi được như vậy.")


def add_absence_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices and units."""

    async def listed(request: Request, visitor: Officer) -> Response:
        """Who is away from today on."""
        return await _list(request, visitor, {}, {})

    async def say(request: Request, visitor: Officer, form: Typed) -> Response:
        """Says it, or ends one."""
        key, caller = form.key[:200] or "none", visitor.caller
        if form.get("end"):
            try:
                absence_id = UUID(form.get("end"))
            except ValueError:
                raise Problem(404, "not-found") from None
            done = await absences.end(desk, absence_id, None, caller, key)
            if isinstance(done, Rejected):
                return await _list(request, visitor, {}, {"": REFUSALS.get(done.code, OTHERWISE)}, 422)
            return pages.go("/absences?done=end")
        typed = {name: form.get(name) for name in FIELDS}
        try:
            told = {name: value for name, value in typed.items() if value}
            asked = AskedAbsence.model_validate_json(orjson.dumps(told))
        except ValidationError as error:
            fields = [str(each["loc"][0]) for each in error.errors(include_input=False, include_url=False)]
            return await _list(
                request, visitor, typed, {name: MISSING.get(name, OTHERWISE) for name in fields}, 422
            )
        command = DeclareAbsence(
            asked.officer or caller.subject,
            asked.unit or caller.unit or caller.office,
            asked.substitute,
            asked.first_on,
            asked.last_on,
        )
        done = await absences.say(desk, command, caller, key)
        if isinstance(done, Rejected):
            field = FIELD_OF_REFUSAL.get(done.code, "")
            return await _list(request, visitor, typed, {field: REFUSALS.get(done.code, OTHERWISE)}, 422)
        return pages.go("/absences?done=say")

    async def _list(
        request: Request,
        visitor: Visitor,
        typed: Mapping[str, str],
        faults: Mapping[str, str],
        status: int = 200,
    ) -> Response:
        caller, today = visitor.caller, local_day(desk.clock())
        desk.officers.met(caller, visitor.identity.name)
        rows = await absences.listed(desk.pool, units_of(caller), today, BEGINNING, SHOWN)
        unit = caller.unit or caller.office
        colleagues = await desk.officers.of(unit, today) if unit else {}
        called = await desk.officers.names([who for row in rows for who in (row.officer, row.substitute)])
        heads = caller.role == SUPERVISOR
        return pages.show(
            request,
            "absences.html",
            status,
            rows=[_row(row._asdict(), heads or row.officer == caller.subject) for row in rows],
            colleagues=[(subject, name or subject) for subject, name in colleagues.items()],
            who=called,
            called=partial(place_name, names, lang=pages.lang(request)),
            unit=unit,
            heads=heads,
            own=caller.subject,
            typed=typed,
            faults=faults,
            done=DONE.get(request.query_params.get("done", "")),
        )

    add_page(application, "GET", "/absences", listed)
    add_page(application, "POST", "/absences", say)


def _row(row: dict[str, Any], may_end: bool) -> dict[str, Any]:
    return row | {"may_end": may_end and row["back_on"] is None}
