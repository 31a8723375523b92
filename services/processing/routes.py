"""Processing's routes: the queue, one dossier, the officers' commands, and the bulk door.

Promises that rights are the same on the list and on the item, and that every refusal has a stable code.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Query
from fastapi.responses import Response

from contracts.intake import OfficeCode
from contracts.processing import UnitCode
from services.chassis import logs
from services.chassis.batches import Batch, batch_of
from services.chassis.decider import Rejected, Stale
from services.chassis.web import Answer, Application, Call, Caller, IdempotencyKey, Problem, require
from services.processing import bulk, explaining, rights, tables
from services.processing.bodies import (
    Accept,
    Apologise,
    Bulk,
    BulkAnswers,
    BulkItem,
    Correct,
    DueDate,
    Forward,
    Listed,
    Page,
    Reject,
    Resolve,
    Return,
    Standing,
    Status,
    Stop,
)
from services.processing.calendar import ZONE
from services.processing.desk import Asked, Desk, carry_out

OFFICERS = ("officer", "supervisor")
PAGE_ITEMS_MAX = 200
ETAG = re.compile(r'"?([0-9]{1,9})"?', re.ASCII)

STATUS_OF_REFUSAL = {
    "dossier-unknown": 404,
    "not-the-desk": 403,
    "not-the-holder": 403,
    "idempotency-key-reused": 422,
    "late-reason-missing": 422,
    "appointment-too-early": 422,
}
FIELD_OF_REFUSAL = {"late-reason-missing": "late_reason", "appointment-too-early": "appointment_on"}
REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not while the dossier is in this state; the code names it"},
    412: {"description": "If-Match is not the dossier's version now"},
    428: {"description": "If-Match is missing"},
}


def _version(
    if_match: Annotated[str, Header(alias="If-Match", json_schema_extra={"pattern": ETAG.pattern})] = "",
) -> int:
    """The version that the caller decided on; 0 for a dossier that nobody has acted on."""
    if not if_match:
        raise Problem(428, "if-match-missing", 'send the version you decided on, as If-Match: "3"')
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(400, "if-match-invalid", 'one version, as If-Match: "3"')
    return int(found[1])


Officer = Annotated[Caller, Depends(require(*OFFICERS))]
Version = Annotated[int, Depends(_version)]


def add_routes(application: Application, desk: Desk) -> None:
    """Adds every route of this service."""

    async def act(dossier_id: UUID, caller: Caller, asked: Asked, key: str, version: int) -> Response:
        done = await carry_out(desk, dossier_id, caller, asked, key, version, logs.trace.get())
        if isinstance(done, Stale):
            raise Problem(412, "stale-version", f"the dossier is at version {done.version}")
        if isinstance(done, Rejected):
            status = STATUS_OF_REFUSAL.get(done.code, 409)
            raise Problem(status, done.code, done.detail, field=FIELD_OF_REFUSAL.get(done.code, ""))
        return _json(done.model_dump(), done.version)

    async def _seen(dossier_id: UUID, caller: Caller) -> tables.DossierRow:
        row = await tables.find(desk.pool, dossier_id)
        if row is None:
            raise Problem(404, "dossier-unknown")
        if not rights.may_see(caller, row.office, row.unit):
            raise Problem(403, "not-your-dossier", "it is neither your office's nor with your unit")
        return row

    @application.post(
        "/v1/dossiers/{dossier_id}/accept",
        response_model=Standing,
        responses=REFUSALS,
        summary="Accept a dossier",
    )
    async def accept(
        dossier_id: UUID, body: Accept, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The desk takes it in: it gets its official code, and the statutory clock starts."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/reject",
        response_model=Standing,
        responses=REFUSALS,
        summary="Reject a dossier",
    )
    async def reject(
        dossier_id: UUID, body: Reject, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The desk does not take it in. The end of it."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/forward",
        response_model=Standing,
        responses=REFUSALS,
        summary="Forward a dossier",
    )
    async def forward(
        dossier_id: UUID, body: Forward, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The holder hands it to a unit for the next step."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/resolve",
        response_model=Standing,
        responses=REFUSALS,
        summary="Resolve a dossier",
    )
    async def resolve(
        dossier_id: UUID, body: Resolve, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The result is signed; the statutory clock ends, and the desk has the dossier again."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/return",
        response_model=Standing,
        responses=REFUSALS,
        summary="Return the result",
    )
    async def return_result(
        dossier_id: UUID, body: Return, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The desk hands the result over, or sends it."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/stop",
        response_model=Standing,
        responses=REFUSALS,
        summary="Stop processing",
    )
    async def stop(
        dossier_id: UUID, body: Stop, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The holder hands it back without a decision on its merits. The clock ends."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/apologise",
        response_model=Standing,
        responses=REFUSALS,
        summary="Apologise and make a new appointment",
    )
    async def apologise(
        dossier_id: UUID, body: Apologise, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """Once; lateness is still measured against the due date."""
        return await act(dossier_id, caller, body, key, version)

    @application.post(
        "/v1/dossiers/{dossier_id}/correct",
        response_model=Standing,
        responses=REFUSALS,
        summary="Correct the result",
    )
    async def correct(
        dossier_id: UUID, body: Correct, caller: Officer, key: IdempotencyKey, version: Version
    ) -> Response:
        """The agency's own error in what an ended dossier led to. Counts are unchanged."""
        return await act(dossier_id, caller, body, key, version)

    @application.get("/v1/dossiers", response_model=Page, summary="The queue")
    async def queue(
        caller: Officer,
        status: Annotated[list[Status] | None, Query(max_length=len(tables.STATUSES))] = None,
        office: OfficeCode | None = None,
        unit: UnitCode | None = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """Of the caller's office and unit, the longest submitted first; `status` may be given several times."""
        try:
            after = tables.read_cursor(cursor) if cursor else tables.BEGINNING
        except ValueError:
            raise Problem(422, "cursor-invalid", "take `next` of the page before", field="cursor") from None
        shown = tables.stretches(caller.office, rights.units_of(caller), office, unit)
        statuses = list(dict.fromkeys(status or tables.STATUSES))
        rows = await tables.page(desk.pool, statuses, shown, after, limit + 1)
        following = tables.cursor(rows[limit - 1]) if len(rows) > limit else None
        return _json({"items": [_listed(row) for row in rows[:limit]], "next": following})

    @application.get("/v1/dossiers/{dossier_id}", response_model=Listed, summary="One dossier")
    async def one(dossier_id: UUID, caller: Officer) -> Response:
        """Its version is the ETag, for the next command's If-Match."""
        row = await _seen(dossier_id, caller)
        return _json(_listed(row), row.version)

    @application.get(
        "/v1/dossiers/{dossier_id}/due-date", response_model=DueDate, summary="Why is it due that day?"
    )
    async def due_date(dossier_id: UUID, caller: Officer) -> Response:
        """Day by day: counted, skipped because of which document, moved off a day off."""
        row = await _seen(dossier_id, caller)
        told = explaining.due_date_of(row, desk.calendar)
        if told is None:
            raise Problem(409, "not-accepted", "the clock starts when the desk accepts the dossier")
        return _json(told, row.version)

    @application.direct(
        "POST",
        "/v1/bulk",
        Bulk,
        roles=(rights.IMPORTER, *OFFICERS),
        answer=BulkAnswers,
        bytes_max=bulk.BYTES_MAX,
        validate=batch_of(Bulk),
        summary="Act on many dossiers",
    )
    async def act_on_many(call: Call[Batch[BulkItem]]) -> Answer:
        """Up to 500 items, one answer each in order. Imports give business times; officers act now and give none."""
        return Answer(200, await bulk.act_on_many(desk, call.body, call.caller, call.traceparent))


def _listed(row: tables.DossierRow) -> dict[str, Any]:
    return {
        "dossier_id": str(row.dossier_id),  # the driver's own kind of UUID
        "status": row.status,
        "procedure": row.procedure,
        "office": row.office,
        "unit": row.unit,
        "channel": row.channel,
        "submitted_at": row.submitted_at.astimezone(ZONE),
        "accepted_at": row.accepted_at and row.accepted_at.astimezone(ZONE),
        "code": row.code,
        "due_on": row.due_on,
        "version": row.version,
    }


def _json(members: dict[str, Any], version: int | None = None) -> Response:
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return Response(orjson.dumps(members), media_type="application/json", headers=headers)
