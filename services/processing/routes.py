"""Processing's routes: the queue, one dossier, the officers' commands, and the bulk door.

Promises that rights are the same on the list and on the item, and that every refusal has a stable code.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Query
from fastapi.responses import Response

from contracts.intake import OfficeCode
from contracts.processing_codes import UnitCode
from services.chassis.http import paging
from services.chassis.http.access import token_in
from services.chassis.http.batches import Batch, batch_of
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Answer, Application, Call, Caller, Problem, idempotency_key, require
from services.chassis.log.decider import Rejected, Stale
from services.chassis.process import logs
from services.processing.clock.working_days import local_day
from services.processing.desk import bulk, queue_rows, rights
from services.processing.desk.answers import (
    BulkAnswers,
    DueDate,
    Listed,
    Page,
    Standing,
    Status,
    answer,
    listed,
)
from services.processing.desk.bulk_bodies import Bulk, BulkItem
from services.processing.desk.carry_out import HIDDEN, UNKNOWN, Desk, carry_out, dossier_of
from services.processing.dossier import explanation
from services.processing.dossier.act import Act
from services.processing.dossier.asked import IMPORTER, Asked
from services.processing.dossier.decide import BY_NAME, FAULTS

OFFICERS = ("officer", "supervisor")
PAGE_ITEMS_MAX = 200
ETAG = re.compile(r'"?([0-9]{1,9})"?', re.ASCII)

STATUS_OF_REFUSAL = {
    "dossier-unknown": 404,
    "not-the-desk": 403,
    "not-the-holder": 403,
    "not-the-supervisor": 403,
    "idempotency-key-reused": 422,
    **dict.fromkeys(FAULTS, 422),
    "words-not-kept": 503,
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not while the dossier is in this state; the code names it"},
    412: {"description": "If-Match is not the dossier's version now"},
    428: {"description": "If-Match is missing"},
}


IF_MATCH = Annotated[str, Header(alias="If-Match", json_schema_extra={"pattern": ETAG.pattern})]


def version_of(headers: Mapping[bytes, bytes]) -> int:
    """The version that the caller decided on; 0 for a dossier that nobody has acted on."""
    if_match = headers.get(b"if-match", b"").decode("latin-1")
    if not if_match:
        raise Problem(428, "if-match-missing", 'send the version you decided on, as If-Match: "3"')
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(400, "if-match-invalid", 'one version, as If-Match: "3"')
    return int(found[1])


Officer = Annotated[Caller, Depends(require(*OFFICERS))]


async def seen(desk: Desk, dossier_id: UUID, caller: Caller) -> queue_rows.DossierRow:
    """The dossier's row, for one who may see it; Problem 404, the same whether it is not there or not theirs."""
    logs.subject.set(str(dossier_id))
    row = await queue_rows.find(desk.pool, dossier_id)
    if row is None or not rights.may_see(caller, row.office, row.unit):
        raise Problem(404, UNKNOWN.code, UNKNOWN.detail, denied=row is not None)
    return row


def add_routes(application: Application, desk: Desk) -> None:
    """Adds every route of this service."""

    def carrying_out(act: Act) -> Callable[[Call[Asked]], Awaitable[Answer]]:
        async def carried_out(call: Call[Asked]) -> Answer:
            key, version = idempotency_key(call.headers), version_of(call.headers)
            assert call.id is not None
            done = await carry_out(
                desk,
                call.id,
                call.caller,
                act,
                call.body,
                key,
                version,
                call.traceparent,
                token_in(call.headers),
            )
            if isinstance(done, Stale):
                raise Problem(412, "stale-version", f"the dossier is at version {done.version}")
            if isinstance(done, Rejected):
                status, field = STATUS_OF_REFUSAL.get(done.code, 409), FAULTS.get(done.code, "")
                raise Problem(status, done.code, done.detail, field=field, denied=done is HIDDEN)
            return Answer(200, orjson.dumps(done), [(b"etag", b'"%d"' % done["version"])])

        return carried_out

    for name, act in BY_NAME.items():
        assert act.body is not None
        application.direct(
            "POST",
            f"/v1/dossiers/{{dossier_id}}/{name}",
            act.body,
            roles=OFFICERS,
            answer=Standing,
            keyed=True,
            parameters={"if_match": IF_MATCH},
            responses=REFUSALS,
            name=name.replace("-", "_"),
            summary=act.summary,
            description=act.description,
        )(carrying_out(act))

    @application.get("/v1/dossiers", response_model=Page, summary="The queue")
    async def queue(
        caller: Officer,
        status: Annotated[list[Status] | None, Query(max_length=len(queue_rows.STATUSES))] = None,
        office: OfficeCode | None = None,
        unit: UnitCode | None = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """Of the caller's office and unit, the longest submitted first; `status` may be given several times."""
        after = paging.given(cursor, queue_rows.read_cursor) or queue_rows.BEGINNING
        shown = queue_rows.stretches(caller.office, units_of(caller), office, unit)
        statuses = list(dict.fromkeys(status or queue_rows.STATUSES))
        rows = await queue_rows.page(desk.pool, statuses, shown, after, limit + 1)
        following = queue_rows.cursor(rows[limit - 1]) if len(rows) > limit else None
        today = local_day(desk.clock())
        names = await desk.officers.names([row.officer for row in rows[:limit]])
        items = [listed(row, today, desk.calendar, names) for row in rows[:limit]]
        return answer({"items": items, "next": following})

    @application.get("/v1/dossiers/{dossier_id}", response_model=Listed, summary="One dossier")
    async def one(dossier_id: UUID, caller: Officer) -> Response:
        """Its version is the ETag, for the next command's If-Match."""
        row = await seen(desk, dossier_id, caller)
        names = await desk.officers.names([row.officer])
        return answer(listed(row, local_day(desk.clock()), desk.calendar, names), row.version)

    @application.get(
        "/v1/dossiers/{dossier_id}/due-date", response_model=DueDate, summary="Why is it due that day?"
    )
    async def due_date(dossier_id: UUID, caller: Officer) -> Response:
        """Day by day: counted, skipped because of which document, moved off a day off."""
        row = await seen(desk, dossier_id, caller)
        dossier = await dossier_of(desk, row)
        told = explanation.due_date_of(dossier_id, dossier, local_day(desk.clock()), desk.calendar)
        if told is None:
            raise Problem(409, "not-accepted", "the clock starts when the desk accepts the dossier")
        return answer(told, len(dossier.acts))

    @application.direct(
        "POST",
        bulk.ROUTE,
        Bulk,
        roles=(IMPORTER, *OFFICERS),
        answer=BulkAnswers,
        bytes_max=bulk.BYTES_MAX,
        validate=batch_of(Bulk),
        summary="Act on many dossiers",
    )
    async def act_on_many(call: Call[Batch[BulkItem]]) -> Answer:
        """Up to 500 items, one answer each in order. Imports give business times; officers act now and give none."""
        return Answer(200, await bulk.act_on_many(desk, call.body, call.caller, call.traceparent))
