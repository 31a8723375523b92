"""The yardstick's notify: each event becomes a notice that is claimed, (not) sent and recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import FastAPI
from faststream import AckPolicy
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from tests.benchmarks.baseline.database import ProcessedMessage, Session, SessionDep, Table, create_tables
from tests.benchmarks.baseline.messages import DossierAccepted, DossierSubmitted, NoticeSent
from tests.benchmarks.baseline.messaging import DOSSIERS, NOTICES, make_broker, publish
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


@broker.subscriber(
    DOSSIERS, group_id="baseline-notify", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR
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
