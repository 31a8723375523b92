"""The yardstick's intake: takes a dossier over HTTP, stores it with its filing, publishes after the commit, tracks."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from tests.benchmarks.baseline.database import (
    ProcessedMessage,
    Session,
    SessionDep,
    Table,
    create_tables,
    not_yet_processed,
)
from tests.benchmarks.baseline.forms import DossierIn, DossierOut
from tests.benchmarks.baseline.messages import DossierAccepted, DossierSubmitted
from tests.benchmarks.baseline.messaging import DOSSIERS, make_broker, publish, subscribe
from tests.benchmarks.baseline.procedures import PROCEDURES
from tests.benchmarks.baseline.web import CallerDep, make_app, trace_id


class Applicant(Table):
    __tablename__ = "applicants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    identifier_kind: Mapped[str]
    identifier_number: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]


class Dossier(Table):
    __tablename__ = "dossiers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    procedure: Mapped[str]
    office: Mapped[str]
    channel: Mapped[str]
    caller: Mapped[str]
    applicant_id: Mapped[UUID] = mapped_column(ForeignKey("applicants.id"))
    status: Mapped[str] = mapped_column(default="submitted")
    code: Mapped[str | None] = mapped_column(index=True)
    due_on: Mapped[date | None]
    submitted_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Happening(Table):
    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossiers.id"), index=True)
    what: Mapped[str]
    at: Mapped[datetime]


class IdempotencyKey(Table):
    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    dossier_id: Mapped[UUID]
    created_at: Mapped[datetime]


class HappeningOut(BaseModel):
    what: str
    at: datetime


class TrackingOut(BaseModel):
    dossier_id: UUID
    procedure: str
    office: str
    channel: str
    status: str
    code: str | None
    submitted_at: datetime
    due_on: date | None
    history: list[HappeningOut]


broker = make_broker()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    await broker.start()
    yield
    await broker.stop()


app = make_app("Intake", lifespan)


async def first_answer(
    session: SessionDep, caller: str, key: str, body_hash: str, response: Response
) -> DossierOut | None:
    known = await session.get(IdempotencyKey, (caller, key))
    if known is None:
        return None
    if known.body_hash != body_hash:
        raise HTTPException(422, "this key came with another body")
    response.headers["Location"] = f"/v1/dossiers/{known.dossier_id}"
    return DossierOut(
        dossier_id=known.dossier_id, status="submitted", version=1, submitted_at=known.created_at
    )


@app.post("/v1/dossiers", status_code=201)
async def submit(
    dossier_in: DossierIn,
    request: Request,
    response: Response,
    caller: CallerDep,
    session: SessionDep,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
) -> DossierOut:
    if caller.role not in ("portal", "officer"):
        raise HTTPException(403, "this role does not file")
    if dossier_in.procedure not in PROCEDURES:
        raise HTTPException(422, "no such procedure")
    body_hash = hashlib.sha256(await request.body()).hexdigest()
    if repeated := await first_answer(session, caller.subject, idempotency_key, body_hash, response):
        return repeated
    now = datetime.now(UTC)
    applicant = Applicant(
        id=uuid4(),
        name=dossier_in.applicant.name,
        identifier_kind=dossier_in.applicant.identifier.kind,
        identifier_number=dossier_in.applicant.identifier.number,
        email=dossier_in.applicant.email,
        phone=dossier_in.applicant.phone,
    )
    dossier = Dossier(
        id=uuid4(),
        procedure=dossier_in.procedure,
        office=dossier_in.office,
        channel=dossier_in.channel,
        caller=caller.subject,
        applicant_id=applicant.id,
        status="submitted",
        submitted_at=now,
        content=dossier_in.content,
    )
    kept = IdempotencyKey(
        caller=caller.subject,
        key=idempotency_key,
        body_hash=body_hash,
        dossier_id=dossier.id,
        created_at=now,
    )
    session.add_all([applicant, dossier, Happening(dossier_id=dossier.id, what="submitted", at=now), kept])
    try:
        await session.commit()
    except IntegrityError:
        await session.rollback()
        if repeated := await first_answer(session, caller.subject, idempotency_key, body_hash, response):
            return repeated
        raise
    event = DossierSubmitted(
        time=now,
        dossier_id=dossier.id,
        trace_id=trace_id.get(),
        procedure=dossier.procedure,
        office=dossier.office,
        channel=dossier.channel,
        applicant_id=applicant.id,
        email=applicant.email,
        phone=applicant.phone,
    )
    await publish(broker, DOSSIERS, event)
    response.headers["Location"] = f"/v1/dossiers/{dossier.id}"
    return DossierOut(dossier_id=dossier.id, status="submitted", version=1, submitted_at=now)


@app.get("/v1/dossiers/{dossier_id}")
async def track(dossier_id: UUID, caller: CallerDep, session: SessionDep) -> TrackingOut:
    dossier = await session.get(Dossier, dossier_id)
    if dossier is None or (caller.role == "portal" and dossier.caller != caller.subject):
        raise HTTPException(404, "no such dossier")
    history = await session.scalars(
        select(Happening).where(Happening.dossier_id == dossier_id).order_by(Happening.id)
    )
    return TrackingOut(
        dossier_id=dossier.id,
        procedure=dossier.procedure,
        office=dossier.office,
        channel=dossier.channel,
        status=dossier.status,
        code=dossier.code,
        submitted_at=dossier.submitted_at,
        due_on=dossier.due_on,
        history=[HappeningOut(what=each.what, at=each.at) for each in history],
    )


async def on_event(event: Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]) -> None:
    if not isinstance(event, DossierAccepted):
        return
    async with Session.begin() as session:
        if await session.get(ProcessedMessage, event.id):
            return
        dossier = await session.get_one(Dossier, event.dossier_id)
        dossier.status, dossier.code, dossier.due_on = "accepted", event.code, event.due_on
        session.add_all(
            [
                Happening(dossier_id=event.dossier_id, what="accepted", at=event.time),
                ProcessedMessage(event_id=event.id),
            ]
        )


async def on_events(
    events: list[Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]],
) -> None:
    accepted = {event.id: event for event in events if isinstance(event, DossierAccepted)}
    async with Session.begin() as session:
        new = await not_yet_processed(session, list(accepted))
        fresh = [event for event in accepted.values() if event.id in new]
        if not fresh:
            return
        await session.execute(
            update(Dossier),
            [
                {"id": event.dossier_id, "status": "accepted", "code": event.code, "due_on": event.due_on}
                for event in fresh
            ],
        )
        await session.execute(
            insert(Happening),
            [{"dossier_id": event.dossier_id, "what": "accepted", "at": event.time} for event in fresh],
        )


subscribe(broker, "intake", on_event, on_events)
