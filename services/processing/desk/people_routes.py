"""Who is absent with whose substitute, and the control slip of a dossier: who had it, how long, and what was late.

Promises that no officer is named but to those who serve the same desk or unit.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.processing_codes import UnitCode
from services.chassis.http import paging
from services.chassis.http.access import token_in
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, IdempotencyKey, Problem
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk import absences, control_slip_answers
from services.processing.desk.absences import Absence, DeclareAbsence
from services.processing.desk.answers import answer
from services.processing.desk.at_intake import Purpose
from services.processing.desk.carry_out import Desk, event_of
from services.processing.desk.control_slip import Act, slip_of
from services.processing.desk.control_slip_terms import step_terms
from services.processing.desk.words import said_in
from services.processing.dossier.asked import Day, OfficerName
from services.processing.routes import PAGE_ITEMS_MAX, Officer, seen

STATUS_OF_REFUSAL = {
    "absence-unknown": 404,
    "not-your-unit": 403,
    "not-the-supervisor": 403,
    "absent-already": 409,
    "absence-ended": 409,
    "absence-over": 409,
}
"""Any other refusal is of the body: 422."""
FIELD_OF_REFUSAL = {
    "not-your-unit": "unit",
    "not-the-supervisor": "officer",
    "absent-already": "first_on",
    "officer-unknown": "substitute",
    "substitute-is-absent": "substitute",
    "last-day-before-first": "last_on",
    "absence-too-long": "last_on",
    "absence-over": "last_on",
    "back-before-today": "back_on",
    "back-after-last-day": "back_on",
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not beside what was said of absences before; the code says why"}
}
LawfulDay = Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]


class AskedAbsence(BaseModel):
    """From first_on to last_on, both included. Without `officer`, the caller; without `unit`, the caller's own."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    officer: OfficerName | None = None
    unit: UnitCode | None = None
    substitute: OfficerName
    first_on: LawfulDay
    last_on: LawfulDay


class AskedEnd(BaseModel):
    """`back_on` is the first day on which the officer is back, today if it is not named; on or before the first day of the
    absence, it is taken back."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    back_on: LawfulDay | None = None


class AbsenceSaid(BaseModel):
    """An absence with who said it, and its early end with who said that. On `back_on` it no longer counts."""

    absence_id: UUID
    officer: str
    unit: str
    substitute: str
    first_on: date
    last_on: date
    said_by: str
    said_at: datetime
    back_on: date | None
    ended_by: str | None
    ended_at: datetime | None


class Absences(BaseModel):
    """The first to be over first; `next` goes on where this page ends."""

    items: list[AbsenceSaid]
    next: str | None


Cursor = Annotated[str, Query(max_length=200)]
BEGINNING = (date.min, UUID(int=0))


def add_people_routes(application: Application, desk: Desk) -> None:
    """Adds them."""

    @application.post(
        "/v1/absences",
        response_model=AbsenceSaid,
        responses=CONFLICT,
        summary="Say that an officer is absent",
    )
    async def say(body: AskedAbsence, caller: Officer, key: IdempotencyKey) -> Response:
        """The supervisor of the unit, or the officer. Meanwhile the substitute acts on what the officer has in this unit."""
        unit = body.unit or caller.unit or caller.office
        command = DeclareAbsence(
            body.officer or caller.subject, unit, body.substitute, body.first_on, body.last_on
        )
        return _told(await absences.say(desk, command, caller, key))

    @application.post(
        "/v1/absences/{absence_id}/end",
        response_model=AbsenceSaid,
        responses=CONFLICT,
        summary="End an absence early, or take it back",
    )
    async def end(absence_id: UUID, body: AskedEnd, caller: Officer, key: IdempotencyKey) -> Response:
        """The supervisor of the unit, or the officer. It stays in the list, with who ended it."""
        return _told(await absences.end(desk, absence_id, body.back_on, caller, key))

    @application.get("/v1/absences", response_model=Absences, summary="Who is absent")
    async def listed(
        caller: Officer,
        since: Annotated[date | None, Query(description="Without it, today.")] = None,
        cursor: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """In the caller's units: what is not over on the day `since`, ended early or not."""
        since = since or local_day(desk.clock())
        after = (
            paging.given(cursor, lambda text: paging.parts_of(text, date.fromisoformat, UUID)) or BEGINNING
        )
        rows = await absences.listed(desk.pool, units_of(caller), since, after, limit + 1)
        items = [_absence(row) for row in rows[:limit]]
        following = (
            paging.cursor(items[-1]["last_on"], items[-1]["absence_id"]) if len(rows) > limit else None
        )
        return answer({"items": items, "next": following})

    @application.get(
        "/v1/dossiers/{dossier_id}/control-slip",
        response_model=control_slip_answers.ControlSlip,
        summary="Who had it how long?",
    )
    async def slip(
        request: Request,
        dossier_id: UUID,
        caller: Officer,
        purpose: Annotated[
            Purpose | None,
            Query(
                description="Why officers' words to the applicant are read with it; intake writes it down."
            ),
        ] = None,
    ) -> Response:
        """Each step with who had it, its limit, when it was due, and how late it was. Pauses are apart."""
        row = await seen(desk, dossier_id, caller)
        history = await desk.store.load(dossier_id)
        acts = [Act(event_of(stored), stored.occurred_at, stored.actor) for stored in history]
        said = said_in(history)
        if said and purpose is not None:
            token = token_in(dict(request.scope["headers"]))
            status, person = await desk.intake.read_person(dossier_id, token, purpose)
            said = said_in(history, person if status == 200 else None)
        terms = step_terms(row.filing, [act.event for act in acts])
        found = slip_of(row.filing, acts, terms, desk.calendar, desk.clock())
        return answer(control_slip_answers.told(dossier_id, row.filing, found, row.result_delivery, said))


def _told(done: Absence | Rejected) -> Response:
    if isinstance(done, Rejected):
        status = STATUS_OF_REFUSAL.get(done.code, 422)
        raise Problem(status, done.code, done.detail, field=FIELD_OF_REFUSAL.get(done.code, ""))
    return answer(_absence(done))


def _absence(row: Absence) -> dict[str, Any]:
    return row._asdict() | {
        "absence_id": str(row.absence_id),
        "said_at": row.said_at.astimezone(ZONE),
        "ended_at": row.ended_at and row.ended_at.astimezone(ZONE),
    }
