"""A producer and a reader whose databases can be copied and put back while their processes run."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.chassis.kafka.cluster import last_value
from services.chassis.kafka.recover import recover
from services.chassis.kafka.relay import Relay
from services.chassis.lifecycle import background, supervise
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.chassis.process.settings import KafkaSettings
from tests.chassis.wire import (
    counted,
    firsts,
    on_topic,
    reader_of,
    relay_of,
    running,
    until,
    write,
)
from tests.databases import Database


@dataclass
class Copied:
    """A producer and a reader, each with a database of its own; the producer's can be copied and put back."""

    database: Database
    reading: Database
    log: asyncpg.Pool[Any]
    read: asyncpg.Pool[Any]
    kafka: KafkaSettings
    topic: str

    def begin(self) -> tuple[EventStore, Relay]:
        """A new process of the producer."""
        relay = relay_of(self.log, self.kafka, self.topic)
        return EventStore(self.log, poke=relay.poke, opened=relay.guard.opened), relay

    async def run_until(self, position: int) -> None:
        """The producer writes up to `position`; all of it is published, said and read. Then all processes end."""
        store, relay = self.begin()
        reader = reader_of(self.read, self.kafka, self.topic)
        async with running(relay.run, relay.guard.run, reader.run):
            await write(store, (position - await self.length()) // 4)
            await until(lambda: self.is_read(position))
            await until(lambda: self.is_said(position))

    async def length(self) -> int:
        return int(await self.log.fetchval("SELECT coalesce(max(position), 0) FROM events"))

    async def said(self) -> dict[str, Any]:
        return await last_value(self.kafka, "progress", self.topic.encode()) or {}

    async def is_said(self, position: int) -> bool:
        return (await self.said()).get("position") == position

    async def is_read(self, position: int) -> bool:
        return await counted(self.read) == position

    async def refused(self) -> bool:
        return bool(await self.log.fetchval("SELECT count(*) FROM log_refusals WHERE lifted_at IS NULL"))

    async def not_refused(self) -> bool:
        return not await self.refused()

    async def copy(self, database: Database | None = None) -> str:
        name, copied = f"copy_{secrets.token_hex(4)}", (database or self.database).name
        await self._administer(
            f"ALTER DATABASE {copied} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{copied}'",
            f"CREATE DATABASE {name} TEMPLATE {copied} OWNER intake_owner",
            f"ALTER DATABASE {copied} ALLOW_CONNECTIONS true",
        )
        return name

    async def restore(self, name: str, database: Database | None = None) -> None:
        restored = (database or self.database).name
        await self._administer(
            f"DROP DATABASE {restored} WITH (FORCE)",
            f"ALTER DATABASE {name} RENAME TO {restored}",
            f"GRANT CONNECT ON DATABASE {restored} TO intake",
        )

    async def recover(self) -> int:
        async with open_pool(self.database.owner_dsn, size=2) as owner:
            return await recover(self.topic, owner, self.kafka, {"reader": self.read}, "operator/o1", "tried")

    async def _administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.database.admin_dsn.replace(self.database.name, "postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def nothing_had_a_second_meaning(self, position: int) -> None:
        """The topic and the reader have what they had, each version once."""
        assert await self.is_read(position)
        versions = await on_topic(self.kafka, self.topic)
        assert sum(len(v) for v in versions.values()) == position
        assert {tuple(firsts(v)) for v in versions.values()} == {(1, 2, 3, 4)}


def supervised(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    return lambda: supervise(background("test", run))
