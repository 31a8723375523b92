"""The yardstick's notify: each event becomes a notice that is claimed, (not) sent and recorded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tests.benchmarks.baseline.database import (
    ProcessedMessage,
    Session,
    SessionDep,
    Table,
    create_tables,
    not_yet_processed,
)
from tests.benchmarks.baseline.messages import DossierAccepted, DossierSubmitted, NoticeSent
from tests.benchmarks.baseline.messaging import NOTICES, make_broker, publish, subscribe
from tests.benchmarks.baseline.web import CallerDep, make_app

TEMPLATES = {
    "DossierSubmitted": ("Đã nhận hồ sơ", "Hồ sơ {dossier_id} đã được gửi lúc {time:%H:%M %d/%m/%Y}."),
    "DossierAccepted": ("Đã tiếp nhận", "Hồ sơ {code} đã được tiếp nhận, hẹn trả kết quả {due_on}."),
}


class Notice(Table):
    __tablename__ = "notices"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    dossier_id: Mapped[UUID] = mapped_column(index=True)
    about: Mapped[str]
    channel: Mapped[str]
    status: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    claimed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class NoticeOut(BaseModel):
    notice_id: UUID
    about: str
    status: str
    title: str
    text: str


class NoticesOut(BaseModel):
    items: list[NoticeOut]


broker = make_broker()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    await broker.start()
    yield
    await broker.stop()


app = make_app("Notify", lifespan)


@app.get("/v1/notices")
async def notices(dossier_id: UUID, _: CallerDep, session: SessionDep) -> NoticesOut:
    found = await session.scalars(select(Notice).where(Notice.dossier_id == dossier_id))
    return NoticesOut(
        items=[
            NoticeOut(notice_id=n.id, about=n.about, status=n.status, title=n.title, text=n.text)
            for n in found
        ]
    )


async def on_event(event: Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]) -> None:
    title, text = TEMPLATES[event.type]
    async with Session() as session:
        if await session.get(ProcessedMessage, event.id):
            return
        notice = Notice(
            id=uuid4(),
            dossier_id=event.dossier_id,
            about=event.type,
            channel="inbox",
            status="claimed",
            title=title,
            text=text.format_map(event.model_dump()),
            claimed_at=datetime.now(UTC),
        )
        session.add_all([notice, ProcessedMessage(event_id=event.id)])
        await session.commit()
        notice.status, notice.sent_at = "sent", datetime.now(UTC)
        await session.commit()
    sent = NoticeSent(
        dossier_id=event.dossier_id, trace_id=event.trace_id, notice_id=notice.id, channel=notice.channel
    )
    await publish(broker, NOTICES, sent)


async def on_events(
    events: list[Annotated[DossierSubmitted | DossierAccepted, Field(discriminator="type")]],
) -> None:
    async with Session() as session:
        new = await not_yet_processed(session, [event.id for event in events])
        fresh = {uuid4(): event for event in {e.id: e for e in events if e.id in new}.values()}
        if not fresh:
            await session.commit()
            return
        claimed = [
            {
                "id": notice_id,
                "dossier_id": event.dossier_id,
                "about": event.type,
                "channel": "inbox",
                "status": "claimed",
                "title": TEMPLATES[event.type][0],
                "text": TEMPLATES[event.type][1].format_map(event.model_dump()),
                "claimed_at": datetime.now(UTC),
                "sent_at": None,
            }
            for notice_id, event in fresh.items()
        ]
        await session.execute(insert(Notice), claimed)
        await session.commit()
        sent = {"status": "sent", "sent_at": datetime.now(UTC)}
        await session.execute(update(Notice).where(Notice.id.in_(fresh)).values(**sent))
        await session.commit()
    told = [
        NoticeSent(dossier_id=event.dossier_id, trace_id=event.trace_id, notice_id=notice_id, channel="inbox")
        for notice_id, event in fresh.items()
    ]
    await asyncio.gather(*(publish(broker, NOTICES, each) for each in told))


subscribe(broker, "notify", on_event, on_events)
