"""A database with the chassis' tables alone, and events to put there; an application with one route of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from contracts.envelope import read
from deploy.local.kafka.run import Kafka
from services.chassis.kafka.sending import Message
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore, Item, NewEvent, RepeatKey, StoredEvent
from services.chassis.log.migrations import chassis_sql, read_sql
from services.chassis.process.settings import KafkaSettings
from tests.chassis.doors import Doors
from tests.chassis.issuing import Issuer
from tests.databases import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NewDatabase = Callable[..., Database]
TABLES = (
    "event_store",
    "append_v2",
    "idempotency_weeks",
    "relay",
    "consumer",
    "log_identity",
    "topic_identity",
    "log_clock",
    "held_counts",
    "reconciliation",
    "log_digests",
    "log_incarnations",
    "reader_logs",
)


def new_id() -> UUID:
    return UUID(int=uuid7().int)


def event(data: str = '{"a":1}', *, counter: str | None = None, kind: str = "Happened") -> NewEvent:
    return NewEvent(new_id(), kind, 1, NOW, counter, data)


def item(
    stream_id: UUID | None = None,
    expected_version: int | None = 0,
    *,
    events: int = 1,
    command_id: UUID | None = None,
    repeat: RepeatKey | None = None,
    counter: str | None = None,
    data: str = '{"a":1}',
) -> Item:
    return Item(
        stream_id or new_id(),
        expected_version,
        command_id or new_id(),
        [event(data, counter=counter) for _ in range(events)],
        "portal/test",
        repeat=repeat,
    )


async def lay_tables(fresh: Database) -> None:
    """The log's, the relay's and the reader's tables in a fresh database, used as the role intake."""
    connection = await asyncpg.connect(fresh.owner_dsn)
    for name in TABLES:
        await connection.execute(read_sql(chassis_sql(name), "intake"))
    await connection.execute(
        "CREATE TABLE effects (stream_id uuid, source text, sequence int, partition int, kind text)"
    )
    await connection.execute("GRANT SELECT, INSERT ON effects TO intake")
    await connection.close()


@pytest.fixture
def plain(database: NewDatabase) -> Database:
    """A fresh database with the log, the relay's and the reader's tables, used as the role intake."""
    return database("intake", lay=lay_tables)


@pytest.fixture
async def pool(plain: Database) -> AsyncIterator[asyncpg.Pool[Any]]:
    async with open_pool(plain.dsn) as opened:
        yield opened


@pytest.fixture
def store(pool: asyncpg.Pool[Any]) -> EventStore:
    return EventStore(pool)


def outgoing_to(topic: str, source: str = "intake") -> Callable[[StoredEvent], Message]:
    """Every event as a message of that topic, in our envelope."""

    def outgoing(stored: StoredEvent) -> Message:
        headers = [
            ("ce_id", str(stored.event_id).encode()),
            ("ce_source", source.encode()),
            ("ce_type", stored.type.encode()),
            ("ce_time", stored.occurred_at.isoformat().encode()),
            ("ce_subject", str(stored.stream_id).encode()),
            ("ce_sequence", str(stored.version).encode()),
            ("ce_recordedtime", stored.recorded_at.isoformat().encode()),
            ("ce_position", str(stored.position).encode()),
        ]
        assert read(headers).sequence == stored.version
        return Message(topic, str(stored.stream_id).encode(), stored.data.encode(), headers)

    return outgoing


@pytest.fixture
async def copied(
    database: NewDatabase, kafka: Kafka, kafka_as: Callable[[str], KafkaSettings]
) -> AsyncIterator[Any]:
    """Two databases, a topic of three partitions."""
    from tests.chassis.copies import Copied

    topic = f"test-{new_id()}"
    kafka.create_topic(topic, partitions=3)
    first, second = database("intake", lay=lay_tables), database("intake", lay=lay_tables)
    async with open_pool(first.dsn) as log, open_pool(second.dsn) as read:
        yield Copied(first, second, log, read, kafka_as("intake"), topic)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def doors(issuer: Issuer, tmp_path: Path) -> Doors:
    return Doors(issuer.write(tmp_path))


@pytest.fixture
async def client(doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    async with doors.client() as client:
        yield client


@pytest.fixture
def token(issuer: Issuer) -> str:
    return issuer.token()
