"""The yardstick's reporting: an entry for each dossier and counters by day, in one transaction with the event's id."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta, timezone
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
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
from tests.benchmarks.baseline.messaging import make_broker, subscribe
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


async def on_events(
    events: list[Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]],
) -> None:
    async with Session.begin() as session:
        new = await not_yet_processed(session, [event.id for event in events])
        fresh = list({event.id: event for event in events if event.id in new}.values())
        if not fresh:
            return
        entries = [
            {
                "event_id": event.id,
                "dossier_id": event.dossier_id,
                "what": event.type,
                "procedure": event.procedure,
                "office": event.office,
                "channel": event.channel,
                "happened_at": event.time,
            }
            for event in fresh
        ]
        await session.execute(insert(Entry), entries)
        counts: Counter[tuple[date, str, str, str, bool]] = Counter(
            (
                event.time.astimezone(LOCAL).date(),
                event.procedure,
                event.office,
                event.channel,
                isinstance(event, DossierSubmitted),
            )
            for event in fresh
        )
        places = {key[:4] for key in counts}
        counted = insert(DayCount).values(
            [
                {
                    "day": day,
                    "procedure": procedure,
                    "office": office,
                    "channel": channel,
                    "submitted": counts[day, procedure, office, channel, True],
                    "received_new": counts[day, procedure, office, channel, False],
                }
                for day, procedure, office, channel in sorted(places)
            ]
        )
        await session.execute(
            counted.on_conflict_do_update(
                index_elements=[DayCount.day, DayCount.procedure, DayCount.office, DayCount.channel],
                set_={
                    "submitted": DayCount.submitted + counted.excluded.submitted,
                    "received_new": DayCount.received_new + counted.excluded.received_new,
                },
            )
        )


subscribe(broker, "reporting", on_event, on_events)
