"""Intake's routes: submit, follow, look up, the catalogue, the importer's door, and the person behind a dossier.

Promises that a dossier is shown to who filed it and to officers; the code alone shows how far it is, no more.
"""

from __future__ import annotations

import hmac
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.catalogue import PROCEDURES
from contracts.intake import Channel
from services.chassis.batches import Batch, batch_of
from services.chassis.event_store import RepeatKey
from services.chassis.limits import Buckets
from services.chassis.web import (
    Answer,
    Application,
    Call,
    Caller,
    Problem,
    client_address,
    idempotency_key,
    require,
    throttle,
)
from services.intake import bulk, forms, people
from services.intake.dossier import EVENTS, Door, DossierSubmitted
from services.intake.national import Status, national
from services.intake.offers import Asked, Catalogue, Offers
from services.intake.submitting import ZONE, FirstAnswers, Intake, Submission, content_bytes, submit

PUBLIC = {
    "/v1/procedures": "dossiers and procedures are public by law: what can be applied for, at which fee and limit",
    "/v1/lookup": "who holds the receipt may see how far the dossier is; code and status only, rate-limited",
}
DOOR_OF_ROLE: dict[str, Door] = {"portal": "portal", "officer": "desk"}
OFFERS = Offers(PROCEDURES.values())

FIND = """
SELECT e.type, e.schema_version, e.data, e.occurred_at, e.actor, s.what, s.status, s.happened_at, s.code, s.due_on
FROM events e LEFT JOIN steps s ON s.dossier_id = e.stream_id
WHERE e.stream_id = $1 AND e.version = 1 ORDER BY s.sequence
"""
LOOK_UP = """
SELECT last.status FROM steps accepted
CROSS JOIN LATERAL (
    SELECT s.status FROM steps s WHERE s.dossier_id = accepted.dossier_id AND s.status IS NOT NULL
    ORDER BY s.sequence DESC LIMIT 1
) last
WHERE accepted.code = $1 LIMIT 1
"""


class NewDossier(BaseModel):
    """What an applicant files; `content` is the procedure's form."""

    model_config = ConfigDict(extra="forbid", strict=True)

    procedure: forms.Procedure
    office: forms.Office
    channel: Channel = "online"
    applicant: people.Applicant
    owner: people.Applicant | None = Field(
        default=None, description="Whose dossier it is, when the applicant submits for somebody else."
    )
    content: dict[str, JsonValue]


class SubmittedDossier(BaseModel):
    """The receipt of a submission."""

    dossier_id: UUID
    status: Literal["submitted"]
    version: int
    submitted_at: datetime


class Happened(BaseModel):
    """One event of a dossier's history, by name."""

    what: str
    at: datetime


class NationalStatus(BaseModel):
    """The status as the national portal and other systems know it."""

    number: int
    name: str
    reason: str | None = None


class DossierStatus(BaseModel):
    """Where a dossier stands."""

    dossier_id: UUID
    procedure: str
    office: str
    channel: str
    status: Status
    national_status: NationalStatus
    code: str | None
    submitted_at: datetime
    due_on: date | None
    history: list[Happened]


class Found(BaseModel):
    """All that a code shows."""

    code: str
    status: Status


def add_routes(application: Application, intake: Intake, pool: asyncpg.Pool[Any], lookups: Buckets) -> None:
    """Adds every route of this service."""
    first_answers = FirstAnswers()

    @application.direct(
        "POST",
        "/v1/dossiers",
        NewDossier,
        roles=tuple(DOOR_OF_ROLE),
        answer=SubmittedDossier,
        status=201,
        keyed=True,
        summary="Submit a dossier",
    )
    async def submit_dossier(call: Call[NewDossier]) -> Answer:
        """The same caller, key and body get the same answer again; the key with another body is refused with 422."""
        body, actor = call.body, call.caller.actor
        key = RepeatKey(
            actor, idempotency_key(call.headers), hmac.digest(intake.hmac_key, call.raw, "sha256")
        )
        submission = Submission(
            DOOR_OF_ROLE[call.caller.role],
            body.procedure,
            body.office,
            body.channel,
            body.applicant,
            content_bytes(body.content),
            intake.clock(),
            body.owner,
        )
        done = await first_answers.answer(
            key, lambda: submit(intake, submission, actor, key, call.traceparent)
        )
        return Answer(201, done.body, ((b"location", b"/v1/dossiers/" + done.dossier_id.encode()),))

    @application.direct(
        "POST",
        "/v1/bulk",
        bulk.Cases,
        roles=("importer",),
        answer=bulk.CaseAnswers,
        bytes_max=bulk.BYTES_MAX,
        validate=batch_of(bulk.Cases),
        summary="Take in cases of another system",
    )
    async def take_in(call: Call[Batch[bulk.Case]]) -> Answer:
        """Up to 500 items, one answer each in order; (source, case) is one dossier for ever."""
        return Answer(200, await bulk.take_in(intake, pool, call.body, call.caller.actor, call.traceparent))

    @application.get("/v1/dossiers/{dossier_id}", response_model=DossierStatus, summary="Follow a dossier")
    async def follow(
        dossier_id: UUID, caller: Annotated[Caller, Depends(require("portal", "officer", "supervisor"))]
    ) -> Response:
        """Right after the submission it is there already. Who did not file it, and is no officer, finds nothing."""
        rows = await pool.fetch(FIND, dossier_id)
        if not rows or (caller.role == "portal" and rows[0]["actor"] != caller.actor):
            raise Problem(404)
        return _json(standing(dossier_id, rows))

    @application.get("/v1/lookup", response_model=Found, summary="How far is the dossier of this code?")
    async def look_up(
        request: Request, code: Annotated[str, Query(pattern=r"^[A-Z0-9.-]{8,40}$")]
    ) -> Response:
        """Codes are sequential and can be guessed: so few look-ups a minute, and no more than the status."""
        throttle(lookups, client_address(request), "lookup")
        status = await pool.fetchval(LOOK_UP, code)
        if status is None:
            raise Problem(404, "code-unknown", "no dossier was accepted under this code")
        return _json({"code": code, "status": status})

    @application.get("/v1/procedures", response_model=Catalogue, summary="What can be applied for")
    async def procedures(on: Asked = None) -> Response:
        """What to bring, to pay and to expect, by the versions in force on a day; what is abolished by then is left out."""
        day = on or intake.clock().astimezone(ZONE).date()
        return Response(OFFERS.on(day), media_type="application/json")

    @application.get(
        "/v1/people/{dossier_id}", response_model=people.Person, summary="The person behind a dossier"
    )
    async def person(
        dossier_id: UUID,
        purpose: people.Purpose,
        caller: Annotated[Caller, Depends(require("officer", "supervisor"))],
    ) -> people.Person:
        """For officers of the dossier's own office; who looked, when and why is kept."""
        found = await people.read_person(pool, dossier_id, caller.office, caller.actor, purpose)
        if found is None:
            raise Problem(404, detail="no such dossier in your office")
        return found


def standing(dossier_id: UUID, rows: list[Any]) -> dict[str, Any]:
    """A dossier's status from its submission and the authority's steps, in their order."""
    first = rows[0]
    submission = EVENTS.decode(first["type"], first["schema_version"], first["data"])
    assert isinstance(submission, DossierSubmitted)
    steps = [row for row in rows if row["what"] is not None]
    submitted_at = first["occurred_at"].astimezone(ZONE)
    status: Status = next((row["status"] for row in reversed(steps) if row["status"]), "submitted")
    return {
        "dossier_id": dossier_id,
        "procedure": submission.procedure,
        "office": submission.office,
        "channel": submission.channel,
        "status": status,
        "national_status": national(status)._asdict(),
        "code": next((row["code"] for row in steps if row["code"]), None),
        "submitted_at": submitted_at,
        "due_on": next((row["due_on"] for row in reversed(steps) if row["due_on"]), None),
        "history": [
            {"what": first["type"], "at": submitted_at},
            *({"what": row["what"], "at": row["happened_at"].astimezone(ZONE)} for row in steps),
        ],
    }


def _json(members: dict[str, Any]) -> Response:
    return Response(orjson.dumps(members), media_type="application/json")
