"""A topic that two producers write to, a live reader of it, and rebuilds in processes of their own that a test kills."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from services.chassis.kafka.consumer import Reader
from services.chassis.process.settings import KafkaSettings
from services.reporting.book.rows import snapshot
from services.reporting.incoming import APPLIED, PASSED_OVER, PRODUCERS, apply
from services.reporting.rebuild.run import Where, rebuild, undo
from services.reporting.report.check import check
from services.reporting.report.flows import COLUMNS
from tests.chassis.wire import running, until
from tests.databases import Database
from tests.reporting.histories import CHANNELS, OFFICES, PROCEDURES, Life, Told, record, told
from tests.reporting.report.publishing import reversal

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.reporting.rebuild.town"])
NUMBERS = ", ".join(COLUMNS)
KEYS = "spans, known_on, on_date, procedure, field, office, channel, level"
COMPARED = {
    "entries": "SELECT * FROM {0}.entries ORDER BY dossier_id, number",
    "dossiers": "SELECT * FROM {0}.dossiers ORDER BY dossier_id",
    "corrections": "SELECT * FROM {0}.corrections ORDER BY dossier_id, sequence",
    "versions": "SELECT * FROM {0}.applied_versions ORDER BY stream_id, producer",
    "held": "SELECT stream_id, producer, log_position, reason FROM {0}.held ORDER BY 1, 2, 3",
    "held_counts": "SELECT reason, sum(streams) FROM {0}.held_counts GROUP BY 1 HAVING sum(streams) <> 0 ORDER BY 1",
    "sums": f"SELECT {KEYS}, {NUMBERS} FROM {{0}}.sums WHERE ({NUMBERS}) <> ({', '.join('0' for _ in COLUMNS)}) ORDER BY {KEYS}",
}


def events(numbers: Iterable[int]) -> list[Told]:
    """Of so many dossiers all that is told; every seventh one's end is taken back later."""
    found = []
    for n in numbers:
        life = Life(
            n, PROCEDURES[n % 3], OFFICES[n % 2], CHANNELS[n % 3], submitted=n, accepted=n + 30, ended=n + 90
        )
        found += told(life)
        if n % 7 == 0:
            found.append(reversal(n, n + 95))
    return found


@dataclass
class Town:
    database: Database
    kafka: KafkaSettings
    topic: str
    pool: asyncpg.Pool[Any]
    owner: asyncpg.Connection[Any]
    where: Where
    sent: int = 0
    said: list[str] = field(default_factory=list)

    async def say(self, told: Sequence[Told]) -> None:
        producer = AIOKafkaProducer(**self.kafka.client_options())
        await producer.start()
        try:
            for event in told:
                sent = record(event, 0)
                await producer.send(self.topic, sent.value, sent.key, headers=list(sent.headers))
            await producer.flush()
        finally:
            await producer.stop()
        self.sent += len(told)

    @asynccontextmanager
    async def live(self) -> AsyncIterator[Reader]:
        """The service's own reader."""
        reader = Reader.of_events(
            "reporting",
            self.pool,
            self.kafka,
            [self.topic],
            apply,
            applied=APPLIED,
            passed_over=PASSED_OVER,
            sources=PRODUCERS,
            opener="intake",
            dead_letters="reporting.dead-letters",
        )
        async with running(reader.run):
            yield reader

    async def has_read(self) -> bool:
        query = "SELECT coalesce(sum(position), 0) FROM reader_positions"
        return bool(await self.pool.fetchval(query) == self.sent)

    async def read_all(self) -> None:
        await until(self.has_read)

    async def book(self, schema: str = "public") -> dict[str, list[Any]]:
        return {
            name: [tuple(row) for row in await self.owner.fetch(query.format(schema))]
            for name, query in COMPARED.items()
        }

    async def sound(self) -> None:
        async with snapshot(self.pool) as connection:
            found = await check(connection)
        assert found.compared and not found.violations, found

    async def rebuild(self, accept: bool = False) -> int:
        self.said.clear()
        return await rebuild(self.where, "operator/o1", accept, self.said.append)

    async def killed(self, way: str, step: str) -> None:
        """A process of its own does it and dies at that step, as by kill -9."""
        assert await self.child(way, step) == -signal.SIGKILL, (way, step)

    async def child(self, way: str, step: str = "") -> int | None:
        process = FORKS.Process(target=work, args=(self.where, way, step))
        process.start()
        await asyncio.to_thread(process.join, 60)
        return process.exitcode


def work(where: Where, way: str, dies_at: str) -> None:
    def at(step: str) -> None:
        if step == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def say(_: str) -> None:
        return None

    async def run() -> int:
        return await (
            undo(where, say, at) if way == "undo" else rebuild(where, "operator/o1", False, say, at)
        )

    raise SystemExit(asyncio.run(run()))
