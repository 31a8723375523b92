"""The doors of the register of officers: an operator tells it, and colleagues read it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Query
from fastapi import Path as PathMember
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.processing_codes import UnitCode
from services.chassis.http import paging
from services.chassis.http.visibility import OPERATOR, units_of
from services.chassis.http.web import Application, Caller, Problem, require
from services.processing.desk.answers import answer
from services.processing.desk.carry_out import Desk
from services.processing.desk.officers import SUBJECT, Serving
from services.processing.dossier.asked import Day
from services.processing.routes import OFFICERS, PAGE_ITEMS_MAX

BEGINNING = ("", "", date.min)
ROWS_MAX = 1_000
Subject = Annotated[str, StringConstraints(pattern=SUBJECT)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ToldOfficer(BaseModel):
    """An officer's time in a unit, both days included. The same officer, unit and first day again replaces it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    subject: Subject
    name: Name | None = None
    unit: UnitCode
    since: Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
    until: Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))] | None = None


class ToldOfficers(BaseModel):
    """All of it is kept, or nothing."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    officers: Annotated[list[ToldOfficer], Field(min_length=1, max_length=ROWS_MAX)]


class KeptOfficers(BaseModel):
    """How many rows of the register stand as they were told."""

    kept: int


class ForgottenOfficer(BaseModel):
    """How many times of service had the name that is forgotten; 0 where there was none."""

    forgotten: int


class ListedOfficer(BaseModel):
    """An officer's time in a unit, both days included; `name` is null where nobody has told it."""

    subject: str
    name: str | None
    unit: str
    since: date
    until: date | None


class ListedOfficers(BaseModel):
    """By subject; `next` goes on where this page ends."""

    items: list[ListedOfficer]
    next: str | None


def add_officer_routes(application: Application, desk: Desk) -> None:
    """Adds them."""

    @application.post("/v1/officers", response_model=KeptOfficers, summary="Tell who serves where")
    async def tell_officers(
        body: ToldOfficers, caller: Annotated[Caller, Depends(require(OPERATOR))]
    ) -> Response:
        """From when and until when. It stands over what log-ins show of the same officer in the same unit; repeatable."""
        rows: dict[tuple[str, str, date], Serving] = {}
        for place, each in enumerate(body.officers):
            if not desk.offices.knows(each.unit):
                raise Problem(
                    422, "unit-unknown", "the register has no such unit", field=f"officers.{place}.unit"
                )
            if each.until is not None and each.until < each.since:
                raise Problem(
                    422, "last-day-before-first", "from since to until", field=f"officers.{place}.until"
                )
            rows[each.subject, each.unit, each.since] = Serving(
                each.subject, each.unit, each.since, each.until, each.name
            )
        await desk.officers.tell(list(rows.values()), caller.actor)
        return answer({"kept": len(rows)})

    @application.delete(
        "/v1/officers/{subject}/name", response_model=ForgottenOfficer, summary="Forget an officer's name"
    )
    async def forget_officer(
        subject: Annotated[str, PathMember(pattern=SUBJECT)],
        caller: Annotated[Caller, Depends(require(OPERATOR))],
    ) -> Response:
        """From here, and from what applicants are shown; who did what stays told by code. The next log-in tells the name again."""
        return answer({"forgotten": await desk.officers.forget(subject)})

    @application.get("/v1/officers", response_model=ListedOfficers, summary="Who serves where?")
    async def serving(
        caller: Annotated[Caller, Depends(require(*OFFICERS, OPERATOR))],
        cursor: Annotated[str, Query(max_length=600)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """In the caller's unit and office, an operator's everywhere: whose token or log-in was seen, and whom an operator told."""
        after = paging.given(cursor, _read) or BEGINNING
        units = None if caller.role == OPERATOR else units_of(caller)
        rows = await desk.officers.listed(units, caller.office, after, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        following = last and paging.cursor(last.subject, quote(last.unit, safe=""), last.since)
        return answer({"items": [row._asdict() for row in rows[:limit]], "next": following})


def _read(text: str) -> tuple[str, str, date]:
    subject, unit, since = paging.parts_of(text, str, unquote, date.fromisoformat)
    if "\x00" in subject + unit:
        raise ValueError("no cursor")
    return subject, unit, since
