"""The yardstick's reporting: an entry for each dossier and counters by day, in one transaction with the event's id."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta, timezone
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI
from faststream import AckPolicy
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from tests.benchmarks.baseline.database import ProcessedMessage, Session, SessionDep, Table, create_tables
from tests.benchmarks.baseline.messages import DossierAccepted, DossierSubmitted
from tests.benchmarks.baseline.messaging import DOSSIERS, make_broker
from tests.benchmarks.baseline.web import make_app

LOCAL = timezone(timedelta(hours=7))


class Entry(Table):
    __tablename__ = "entries"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    dossier_id: Mapped[UUID] = mapped_column(index=True)
    what: Mapped[str]
    procedure: Mapped[str]
    office: Mapped[str]
    channel: Mapped[str]
    happened_at: Mapped[datetime]


class DayCount(Table):
    __tablename__ = "day_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    procedure: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    submitted: Mapped[int] = mapped_column(default=0)
    received_new: Mapped[int] = mapped_column(default=0)


class CountsOut(BaseModel):
    submitted: int
    received_new: int


broker = make_broker()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    await broker.start()
    yield
    await broker.stop()


app = make_app("Reporting", lifespan)


@app.get("/v1/counts")
async def counts(session: SessionDep) -> CountsOut:
    row = (
        await session.execute(
            select(
                func.coalesce(func.sum(DayCount.submitted), 0),
                func.coalesce(func.sum(DayCount.received_new), 0),
            )
        )
    ).one()
    return CountsOut(submitted=row[0], received_new=row[1])


@broker.subscriber(
    DOSSIERS, group_id="baseline-reporting", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR
)
async def on_event(event: Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]) -> None:
    column = "submitted" if isinstance(event, DossierSubmitted) else "received_new"
    async with Session.begin() as session:
        if await session.get(ProcessedMessage, event.id):
            return
        session.add_all(
            [
                ProcessedMessage(event_id=event.id),
                Entry(
                    event_id=event.id,
                    dossier_id=event.dossier_id,
                    what=event.type,
                    procedure=event.procedure,
                    office=event.office,
                    channel=event.channel,
                    happened_at=event.time,
                ),
            ]
        )
        counted = insert(DayCount).values(
            day=event.time.astimezone(LOCAL).date(),
            procedure=event.procedure,
            office=event.office,
            channel=event.channel,
            submitted=int(column == "submitted"),
            received_new=int(column == "received_new"),
        )
        await session.execute(
            counted.on_conflict_do_update(
                index_elements=[DayCount.day, DayCount.procedure, DayCount.office, DayCount.channel],
                set_={column: getattr(DayCount, column) + 1},
            )
        )
