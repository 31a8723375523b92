"""Appending to the log: our event store beside the `eventsourcing` library's PostgreSQL recorder.

The library runs as its documentation makes it fastest: database functions on, a pool as large as its threads, eight of
them. Both store one event a call with the same data, each into its own database server; the CPU is that of the calling
process and of the whole database server.
"""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from uuid_utils.compat import uuid7

from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore, Item, NewEvent
from services.chassis.log.migrations import chassis_sql, read_sql
from tests.benchmarks.house import House
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row

DATA = json.dumps(
    {
        "procedure": "1.009982",
        "office": "H29.015.00",
        "channel": "online",
        "applicant_id": "0190a0b0-0000-7000-8000-000000000000",
        "content_commitment": "a" * 64,
    }
)
APPENDERS = 32
THREADS = 8


class Ours:
    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self.batches: list[int] = []
        self._store = EventStore(pool, observe=self.batches.append)

    async def append(self, appenders: int, count: int) -> None:
        async def appender(mine: int) -> None:
            for _ in range(mine):
                event = NewEvent(uuid7(), "DossierSubmitted", 1, datetime.now(UTC), None, DATA)
                await self._store.append(Item(uuid7(), 0, uuid7(), [event], "portal/bench"))

        await asyncio.gather(*(appender(count // appenders) for _ in range(appenders)))


class Library:
    def __init__(self, dsn: str) -> None:
        url = urlsplit(dsn)
        self._datastore = PostgresDatastore(
            url.path.removeprefix("/"),
            url.hostname or "",
            url.port or 5432,
            url.username or "",
            url.password or "",
            pool_size=THREADS,
            enable_db_functions=True,
        )
        self._recorder = PostgresApplicationRecorder(self._datastore)
        self._recorder.create_table()

    def append(self, threads: int, count: int) -> None:
        state = DATA.encode()

        def appender(mine: int) -> None:
            for _ in range(mine):
                self._recorder.insert_events([StoredEvent(uuid4(), 1, "bench:DossierSubmitted", state)])

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(appender, count // threads) for _ in range(threads)]:
                done.result()

    def close(self) -> None:
        self._datastore.close()


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    many, few = (3_200, 320) if quick else (16_000, 1_600)
    dsn = await house.new_database("ours")
    connection = await asyncpg.connect(dsn)
    for part in ("event_store", "append_v2"):
        await connection.execute(read_sql(chassis_sql(part), "intake"))
    await connection.close()
    library = Library(await house.new_database("baseline"))
    costs: dict[tuple[str, int], list[float]] = {}

    def begin(side: Any) -> float:
        return time.process_time() + house.postgres_seconds(side)

    async with open_pool(dsn) as pool:
        ours = Ours(pool)
        await ours.append(APPENDERS, 640)
        library.append(THREADS, 320)
        batches: list[int] = []
        for _ in range(rounds):
            for appenders, threads, count in ((APPENDERS, THREADS, many), (1, 1, few)):
                ours.batches.clear()
                before = begin("ours")
                await ours.append(appenders, count)
                costs.setdefault(("ours", appenders), []).append((begin("ours") - before) / count)
                batches += ours.batches if appenders > 1 else []
                theirs = count // 4 if appenders > 1 else count
                before = begin("baseline")
                await asyncio.to_thread(library.append, threads, theirs)
                costs.setdefault(("library", appenders), []).append((begin("baseline") - before) / theirs)
    library.close()

    def spread(side: str, appenders: int) -> Spread:
        return Spread([1e6 * seconds for seconds in costs[side, appenders]])

    return [
        Row(
            "append",
            f"append, {APPENDERS} appenders, CPU beside eventsourcing's recorder with {THREADS} threads",
            "µs/event",
            spread("ours", APPENDERS),
            spread("library", APPENDERS),
            limit=1 / 6,
            stretch=1 / 8,
            extra={"events_per_call": sum(batches) / len(batches)},
        ),
        Row(
            "append",
            "append, alone, CPU beside eventsourcing's recorder",
            "µs/event",
            spread("ours", 1),
            spread("library", 1),
            limit=1.1,
        ),
    ]
