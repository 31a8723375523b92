"""Intake's routes: submit, follow, look up, the catalogue, and the importer's door.

Promises that a dossier is shown to who filed it and to its office; the code alone shows how far it is, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.catalogue.shipped import PROCEDURES
from contracts.intake import Channel
from services.chassis.http.batches import Batch, batch_of
from services.chassis.http.limits import Buckets
from services.chassis.http.web import (
    Answer,
    Application,
    Call,
    Caller,
    Problem,
    counted_as,
    idempotency_key,
    require,
    throttle,
)
from services.chassis.process import logs
from services.intake import act_routes, contact_routes, own_dossiers, people_routes
from services.intake.acting import Applicants, find_for
from services.intake.dossier import Door
from services.intake.following import DossierStatus
from services.intake.importing import cases
from services.intake.importing.case import Case
from services.intake.look_up import Found, Typed, look_up
from services.intake.offers import Asked, Catalogue, FormOnDay, Offers, OfficeOffers, Register, form_on
from services.intake.own_dossiers import OwnDossiers
from services.intake.papers import routes as paper_routes
from services.intake.papers.attached import PAPERS_MAX
from services.intake.papers.paper import PaperFiled
from services.intake.people import forms, wishes
from services.intake.people import store as people
from services.intake.shown import shown
from services.intake.submitting import FirstAnswers, Submission, content_bytes, submit
from services.intake.usual import ZONE, Usual

PUBLIC = act_routes.PUBLIC | {
    "/v1/procedures": "dossiers and procedures are public by law: what can be applied for, at which fee and limit",
    "/v1/procedures/{procedure}/form": "what is to be filled in is public by law, as the procedure is",
    "/v1/offices": "who takes dossiers in, where and when is public by law",
    "/v1/lookup": "who holds the receipt may see how far the dossier is; code and status only, rate-limited",
}
DOOR_OF_ROLE: dict[str, Door] = {"portal": "portal", "officer": "desk"}


class NewDossier(BaseModel):
    """What an applicant files; `content` fits the procedure's form of the day, `GET /v1/procedures/{procedure}/form`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    procedure: forms.Procedure
    office: forms.Office
    channel: Channel = "online"
    applicant: people.Applicant
    owner: people.Applicant | None = Field(
        default=None, description="Whose dossier it is, when the applicant submits for somebody else."
    )
    content: dict[str, JsonValue]
    papers: list[PaperFiled] = Field(
        default=[],
        examples=[[]],
        max_length=PAPERS_MAX,
        description="Files that were uploaded before, `POST /v1/files`.",
    )
    told_by: list[wishes.Way] | None = Field(
        default=None,
        examples=[["email"]],
        max_length=2,
        description="By which of the applicant's addresses notices go out; absent: by all of them. The web inbox has each.",
    )

    def submission(self, door: Door, at: datetime) -> Submission:
        """The same as it came through a door at that time."""
        return Submission(
            door,
            self.procedure,
            self.office,
            self.channel,
            self.applicant,
            content_bytes(self.content),
            at,
            self.owner,
            form=self.content,
            papers=self.papers,
            told_by=self.told_by,
        )


class SubmittedDossier(BaseModel):
    """The receipt of a submission."""

    dossier_id: UUID
    status: Literal["submitted"]
    version: int
    submitted_at: datetime


def add_routes(
    application: Application,
    applicants: Applicants,
    lookups: Buckets,
    people_reads: Buckets,
    paper_reads: Buckets,
    payment_secrets: Sequence[bytes],
) -> None:
    """Adds every route of this service."""
    intake, pool = applicants.intake, applicants.pool
    act_routes.add_routes(application, applicants, payment_secrets)
    contact_routes.add_routes(application, applicants)
    people_routes.add_routes(application, applicants, people_reads)
    paper_routes.add_routes(application, applicants, paper_reads)
    first_answers, offers, usual = FirstAnswers(), Offers(PROCEDURES.values()), Usual(pool)
    offices = OfficeOffers(intake.offices)

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
        key = intake.repeat_key(actor, idempotency_key(call.headers), call.raw, said=call.said)
        submission = body.submission(DOOR_OF_ROLE[call.caller.role], intake.clock())
        done = await first_answers.answer(
            key, lambda: submit(intake, submission, actor, key, call.traceparent)
        )
        logs.subject.set(done.dossier_id)
        return Answer(201, done.body, ((b"location", b"/v1/dossiers/" + done.dossier_id.encode()),))

    @application.direct(
        "POST",
        "/v1/bulk",
        cases.Cases,
        roles=("importer",),
        answer=cases.CaseAnswers,
        bytes_max=cases.BYTES_MAX,
        validate=batch_of(cases.Cases),
        summary="Take in cases of another system",
    )
    async def take_in(call: Call[Batch[Case]]) -> Answer:
        """Up to 500 items, one answer each in order; (source, case) is one dossier for ever."""
        return Answer(200, await cases.take_in(applicants, call.body, call.caller.actor, call.traceparent))

    @application.get("/v1/dossiers", response_model=OwnDossiers, summary="The portal's own dossiers")
    async def list_own_dossiers(
        asked: own_dossiers.Asked, caller: Annotated[Caller, Depends(require("portal"))]
    ) -> Response:
        """Whoever asks again and again asks for what has changed since a little before its last question."""
        return _json(await own_dossiers.listed(pool, caller.actor, asked))

    @application.get("/v1/dossiers/{dossier_id}", response_model=DossierStatus, summary="Follow a dossier")
    async def follow(
        dossier_id: UUID, caller: Annotated[Caller, Depends(require("portal", "officer", "supervisor"))]
    ) -> Response:
        """Right after the submission it is there already. Who did not file it, and is not of its office, finds nothing. Officers' words are
        for who filed it: officers read them with the person behind it."""
        known = await find_for(applicants, dossier_id, caller)
        return _json(await shown(applicants, known, usual, with_words=caller.role == "portal"))

    @application.get("/v1/lookup", response_model=Found, summary="How far is the dossier of this code?")
    async def ask_how_far(request: Request, code: Typed) -> Response:
        """The look-up code of a receipt or the official code. Few look-ups a minute, and no more than the status."""
        throttle(lookups, await counted_as(request), "lookup")
        found = await look_up(pool, code)
        if found is None:
            raise Problem(404, "code-unknown", "no dossier has this code")
        return _json(found)

    @application.get("/v1/procedures", response_model=Catalogue, summary="What can be applied for")
    async def procedures(on: Asked = None) -> Response:
        """What to bring, to pay and to expect, by the versions in force on a day; what is abolished by then is left out."""
        day = on or intake.clock().astimezone(ZONE).date()
        times = await usual.times(intake.clock())
        return Response(offers.on(day, times), media_type="application/json")

    @application.get(
        "/v1/procedures/{procedure}/form",
        response_model=FormOnDay,
        summary="What is filled in for a procedure",
    )
    async def form(procedure: forms.Procedure, on: Asked = None) -> Response:
        """As JSON Schema, and each field with its labels, help and choices in both languages, in the order in which to show them."""
        day = on or intake.clock().astimezone(ZONE).date()
        return Response(form_on(procedure, day), media_type="application/json")

    @application.get("/v1/offices", response_model=Register, summary="Where it can be applied for")
    async def list_offices(on: Asked = None) -> Response:
        """The offices of a day with their desks, units and the procedures that they take, and the agencies that are consulted."""
        day = on or intake.clock().astimezone(ZONE).date()
        return Response(offices.on(day), media_type="application/json")


def _json(members: dict[str, Any]) -> Response:
    return Response(orjson.dumps(members), media_type="application/json")
