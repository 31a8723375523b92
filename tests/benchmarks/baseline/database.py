"""Engine, session and the tables that more than one service of the yardstick has."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.benchmarks.baseline.settings import get_settings

engine = create_async_engine(
    get_settings().database_url, pool_size=get_settings().pool_size, max_overflow=12, pool_pre_ping=False
)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Table(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  as SQLAlchemy documents it


class ProcessedMessage(Table):
    __tablename__ = "processed_messages"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    processed_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


async def create_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)


async def session_of_request() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(session_of_request)]


async def not_yet_processed(session: AsyncSession, event_ids: list[UUID]) -> set[UUID]:
    """Notes the events of a batch as processed; those that were not before."""
    rows = [{"event_id": event_id, "processed_at": datetime.now(UTC)} for event_id in event_ids]
    noted = insert(ProcessedMessage).on_conflict_do_nothing().returning(ProcessedMessage.event_id)
    return set(await session.scalars(noted, rows)) if rows else set()
