"""What waits for another supervisor: reversals of what a published report counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel

from contracts.processing_codes import ReversalReason
from services.chassis.http import paging
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, Caller, require
from services.processing.clock.working_days import ZONE
from services.processing.desk import asked_reversals
from services.processing.desk.answers import answer
from services.processing.desk.carry_out import Desk
from services.processing.dossier.asked import SUPERVISOR
from services.processing.dossier.events import EVENTS
from services.processing.dossier.reversal_events import ReversalProposed
from services.processing.routes import PAGE_ITEMS_MAX

BEGINNING = UUID(int=0)


class WaitingReversal(BaseModel):
    """Asked for by `proposed_by`. Another supervisor of the unit asks for the same, or nothing changes."""

    dossier_id: UUID
    version: int
    sequence: int
    event: str
    reason: ReversalReason
    document: str
    proposed_on: date
    proposed_at: datetime
    proposed_by: str


class WaitingReversals(BaseModel):
    """By dossier; `next` goes on where this page ends."""

    items: list[WaitingReversal]
    next: str | None


def add_reversal_routes(application: Application, desk: Desk) -> None:
    """Adds them."""

    @application.get(
        "/v1/reversals",
        response_model=WaitingReversals,
        summary="Which reversals wait for a second supervisor?",
    )
    async def reversals(
        caller: Annotated[Caller, Depends(require(SUPERVISOR))],
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """In the caller's units. `reverse` with the same sequence, reason and document, by somebody else, carries one out."""
        after = paging.given(cursor, lambda text: paging.parts_of(text, UUID)[0]) or BEGINNING
        rows = await asked_reversals.waiting(desk.pool, units_of(caller), after, limit + 1)
        following = paging.cursor(rows[limit - 1]["dossier_id"]) if len(rows) > limit else None
        return answer({"items": [told_reversal(row) for row in rows[:limit]], "next": following})


def told_reversal(row: asyncpg.Record) -> dict[str, object]:
    """The members of WaitingReversal."""
    proposed = EVENTS.decode("ReversalProposed", 1, row["data"])
    assert isinstance(proposed, ReversalProposed)
    return {
        "dossier_id": str(row["dossier_id"]),
        "version": row["version"],
        "sequence": proposed.sequence,
        "event": proposed.event,
        "reason": proposed.reason,
        "document": proposed.document,
        "proposed_on": proposed.on,
        "proposed_at": row["occurred_at"].astimezone(ZONE),
        "proposed_by": proposed.by,
    }
