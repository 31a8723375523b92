"""One act on many dossiers, chosen in a queue: asked for once, said before it is done, and answered dossier by dossier.

It goes the way of the bulk door: each dossier is judged alone, and one that is done already is not done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, get_args
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from contracts.catalogue.offices import Names
from contracts.processing_codes import ReturnMethod
from services.chassis.http.batches import Batch
from services.chassis.http.forms import Form
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages, safe_path
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_
from services.chassis.http.web import Application, Problem
from services.chassis.process import logs
from services.processing.clock.working_days import local_day
from services.processing.desk import bulk, queue_rows, rights
from services.processing.desk.bulk_bodies import BulkItem
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import DossierRow
from services.processing.pages import act_words, words
from services.processing.pages.shown import Officer, place_name, procedure_name

ACTS: Mapping[str, str] = {
    "accept": "unit",
    "take": "",
    "assign": "officer",
    "hand-over": "officer",
    "transfer": "unit",
    "return": "method",
}
"""What may be done with many at once, each with what it asks."""
CHOSEN_MAX = 200
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "recorded": (N_("Đã làm"), "green"),
    "repeated": (N_("Đã làm từ trước"), "grey"),
    "refused": (N_("Không làm được"), "red"),
}
NOTHING_CHOSEN = N_("Hãy chọn ít nhất một hồ sơ và một việc.")


class Chosen(NamedTuple):
    """What somebody chose in a queue: the dossiers that they may see, and what to do with them."""

    rows: Sequence[DossierRow]
    act: str
    value: str
    back: str


def add_many_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices and units."""

    async def do(request: Request, visitor: Officer, form: Typed) -> Response:
        """First asks what the act needs, then says what will be done, then does it and answers for each."""
        chosen = await _chosen(visitor, form)
        if not chosen.rows or chosen.act not in ACTS:
            return _check(request, visitor, chosen, NOTHING_CHOSEN, 422, {})
        unit = visitor.caller.unit or visitor.caller.office
        colleagues = await desk.officers.of(unit, local_day(desk.clock())) if unit else {}
        if not form.get("confirmed"):
            return _check(request, visitor, chosen, "", 200, colleagues)
        asks = ACTS[chosen.act]
        told = {"act": chosen.act} | ({asks: chosen.value} if asks and chosen.value else {})
        try:
            items = [
                BulkItem.model_validate_json(
                    orjson.dumps({"dossier_id": str(row.dossier_id), "acts": [told]})
                )
                for row in chosen.rows
            ]
        except ValidationError:
            fault = act_words.FAULTS["missing" if not chosen.value else "string-pattern-mismatch"]
            return _check(request, visitor, chosen, fault, 422, colleagues)
        answers = await bulk.act_on_many(desk, Batch(list(items)), visitor.caller, logs.trace.get())
        done = orjson.loads(answers)["answers"]
        return pages.show(
            request,
            "many_done.html",
            said=act_words.ACTS[chosen.act],
            lines=[_line(row, each) for row, each in zip(chosen.rows, done, strict=True)],
            count=sum(each["outcome"] != "refused" for each in done),
            back=chosen.back,
        )

    async def _chosen(visitor: Visitor, form: Form) -> Chosen:
        ids = []
        for text in dict.fromkeys(form.all("dossier")):
            try:
                ids.append(UUID(text))
            except ValueError:
                raise Problem(404, "not-found") from None
        if len(ids) > CHOSEN_MAX:
            raise Problem(413, "body-too-large")
        found = await queue_rows.find_for_command(
            desk.pool, ids, visitor.caller.subject, local_day(desk.clock())
        )
        seen = [found[each].row for each in ids if each in found]
        act = form.get("act")
        return Chosen(
            [row for row in seen if rights.may_see(visitor.caller, row.office, row.unit)],
            act,
            form.get(ACTS.get(act) or "-"),
            safe_path(form.get("back") or "/"),
        )

    def _check(
        request: Request,
        visitor: Visitor,
        chosen: Chosen,
        fault: str,
        status: int,
        colleagues: Mapping[str, Any],
    ) -> Response:
        unit = visitor.caller.unit or visitor.caller.office
        options = {
            "officer": [(subject, name or subject) for subject, name in colleagues.items()],
            "method": [(each, act_words.OPTIONS[each]) for each in get_args(ReturnMethod)],
            "unit": [(each, each) for each in _units(visitor) if chosen.act != "transfer" or each != unit],
        }
        return pages.show(
            request,
            "many.html",
            status,
            chosen=chosen,
            asks=ACTS.get(chosen.act, ""),
            options=options,
            said=act_words.ACTS.get(chosen.act),
            members=act_words.MEMBERS,
            value=chosen.value or (unit if chosen.act == "accept" else ""),
            fault=fault,
            lines=[_line(row, {}) for row in chosen.rows],
            called=partial(place_name, names, lang=pages.lang(request)),
        )

    def _units(visitor: Visitor) -> list[str]:
        """The units of the visitor's office today; of one without an office, the own."""
        today, caller = local_day(desk.clock()), visitor.caller
        office = desk.offices.office(caller.office, today)
        units = [unit.code for unit in office.units if unit.holds_on(today)] if office else []
        return units or [each for each in (caller.unit, caller.office) if each]

    add_page(application, "POST", "/many", do)


def _line(row: DossierRow, answer: Mapping[str, Any]) -> dict[str, Any]:
    """A dossier with what became of it."""
    outcome, colour = OUTCOMES.get(answer.get("outcome", ""), ("", ""))
    code = answer.get("code", "")
    return {
        "dossier_id": row.dossier_id,
        "code": answer.get("dossier_code") or row.code,
        "name": procedure_name(row.procedure),
        "outcome": outcome,
        "colour": colour,
        "why": act_words.REFUSALS.get(code, words.REFUSED) if code else "",
    }
