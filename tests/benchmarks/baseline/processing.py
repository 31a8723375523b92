"""The yardstick's processing: a queue fed by intake's events, acceptance one by one or in hundreds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Literal
from uuid import UUID

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import insert, select
from sqlalchemy.orm import Mapped, mapped_column

from tests.benchmarks.baseline.database import (
    ProcessedMessage,
    Session,
    SessionDep,
    Table,
    create_tables,
    not_yet_processed,
)
from tests.benchmarks.baseline.messages import DossierAccepted, DossierSubmitted
from tests.benchmarks.baseline.messaging import DOSSIERS, make_broker, publish, subscribe
from tests.benchmarks.baseline.procedures import PROCEDURES
from tests.benchmarks.baseline.web import CallerDep, make_app, trace_id

LOCAL = timezone(timedelta(hours=7))


class Dossier(Table):
    __tablename__ = "dossiers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    procedure: Mapped[str]
    office: Mapped[str]
    channel: Mapped[str]
    status: Mapped[str] = mapped_column(default="submitted", index=True)
    version: Mapped[int] = mapped_column(default=0)
    unit: Mapped[str | None]
    code: Mapped[str | None]
    due_on: Mapped[date | None]
    submitted_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None]


class CodeCounter(Table):
    __tablename__ = "code_counters"

    office: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Act(BaseModel):
    act: Literal["accept"]
    unit: str | None = None


class BulkItem(BaseModel):
    dossier_id: UUID
    acts: list[Act]


class BulkIn(BaseModel):
    items: Annotated[list[BulkItem], Field(max_length=500)]


class Answer(BaseModel):
    dossier_id: UUID
    outcome: Literal["recorded", "repeated", "refused"]
    code: str | None = None
    version: int | None = None
    dossier_code: str | None = None


class BulkOut(BaseModel):
    answers: list[Answer]


broker = make_broker()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    await broker.start()
    yield
    await broker.stop()


app = make_app("Processing", lifespan)


async def locked_counter(session: SessionDep, office: str, day: date) -> CodeCounter:
    counter = await session.get(CodeCounter, (office, day), with_for_update=True)
    if counter is None:
        counter = CodeCounter(office=office, day=day, last=0)
        session.add(counter)
    return counter


@app.post("/v1/bulk")
async def bulk(bulk_in: BulkIn, caller: CallerDep, session: SessionDep) -> BulkOut:
    if caller.role not in ("officer", "supervisor", "importer"):
        raise HTTPException(403, "this role does not accept")
    ids = [item.dossier_id for item in bulk_in.items]
    found = await session.scalars(
        select(Dossier).where(Dossier.id.in_(ids)).order_by(Dossier.id).with_for_update()
    )
    dossiers = {dossier.id: dossier for dossier in found}
    now = datetime.now(UTC)
    day = now.astimezone(LOCAL).date()
    counters = {
        office: await locked_counter(session, office, day)
        for office in sorted({dossier.office for dossier in dossiers.values()})
    }
    answers, events = [], []
    for item in bulk_in.items:
        dossier = dossiers.get(item.dossier_id)
        if dossier is None:
            answers.append(Answer(dossier_id=item.dossier_id, outcome="refused", code="not-yet-known"))
            continue
        for act in item.acts:
            if dossier.status != "submitted":
                continue
            counters[dossier.office].last += 1
            dossier.code = f"{dossier.office}-{day:%y%m%d}-{counters[dossier.office].last:04}"
            dossier.status = "accepted"
            dossier.version += 1
            dossier.unit = act.unit or f"{dossier.office}/QLXD"
            dossier.due_on = day + timedelta(days=PROCEDURES[dossier.procedure])
            dossier.accepted_at, dossier.accepted_by = now, caller.subject
            events.append(
                DossierAccepted(
                    time=now,
                    dossier_id=dossier.id,
                    trace_id=trace_id.get(),
                    code=dossier.code,
                    procedure=dossier.procedure,
                    office=dossier.office,
                    unit=dossier.unit,
                    channel=dossier.channel,
                    due_on=dossier.due_on,
                )
            )
        answers.append(
            Answer(
                dossier_id=dossier.id, outcome="recorded", version=dossier.version, dossier_code=dossier.code
            )
        )
    await session.commit()
    await asyncio.gather(*(publish(broker, DOSSIERS, event) for event in events))
    return BulkOut(answers=answers)


async def on_event(event: Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]) -> None:
    if not isinstance(event, DossierSubmitted):
        return
    async with Session.begin() as session:
        if await session.get(ProcessedMessage, event.id):
            return
        session.add_all(
            [
                Dossier(
                    id=event.dossier_id,
                    procedure=event.procedure,
                    office=event.office,
                    channel=event.channel,
                    submitted_at=event.time,
                ),
                ProcessedMessage(event_id=event.id),
            ]
        )


async def on_events(
    events: list[Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]],
) -> None:
    submitted = {event.id: event for event in events if isinstance(event, DossierSubmitted)}
    async with Session.begin() as session:
        new = await not_yet_processed(session, list(submitted))
        dossiers = [
            {
                "id": event.dossier_id,
                "procedure": event.procedure,
                "office": event.office,
                "channel": event.channel,
                "submitted_at": event.time,
            }
            for event in submitted.values()
            if event.id in new
        ]
        if dossiers:
            await session.execute(insert(Dossier), dossiers)


subscribe(broker, "processing", on_event, on_events)
