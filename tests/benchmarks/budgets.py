"""Exact costs of the accept path and of publishing: bytes of WAL, commits, round trips, produce requests.

Unlike times these are the same on every machine, so a test can hold them. Intake runs as it does in production, with a
broker that is away: nothing but accepting dossiers touches its database. The index in which officers look for people is filled
behind the log and is measured by itself.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from prometheus_client.parser import text_string_to_metric_families
from uuid_utils.compat import uuid7

from services.chassis.http.web import MEASURED_SECONDS
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.relay import Relay
from services.chassis.log.databases import open_pool
from services.chassis.process import metrics
from services.chassis.process.ending import end
from services.chassis.process.settings import KafkaSettings
from services.intake.outgoing import SOURCE, outgoing
from services.intake.people.store import CONTACTS
from tests.benchmarks.filings import filings
from tests.benchmarks.issuer import Issuer
from tests.benchmarks.load import CLIENTS, Job, all_created, send
from tests.benchmarks.processes import CODE_KEY, free_port, our_environment, start, wait_until_ready
from tests.benchmarks.wire import RoundTrips

WAL_BYTES_MAX = 3_000
INDEX_WAL_BYTES_MAX = 2_400
COMMITS_MAX = 0.15
ROUND_TRIPS_MAX = 1.0
PRODUCE_REQUESTS_MAX = 16.0
NOWHERE = KafkaSettings("127.0.0.1:1", "", "")
BATCHES = "motcua_appends_batch_size_count"
PUBLISHED = "motcua_relay_published_total"
LOOK_SECONDS = 0.02
LOOKS_MAX = 3_000
# What the relay and the guard of its log do each second, beside the accept path: lease, refusal, last event, clock,
# the digest of a stretch; and what a connection that serves the first time asks once, to learn the types.
OF_THE_RELAY = (
    "relay_lease",
    "relay_cursors",
    "log_refusals",
    "log_digests",
    "log_clock_accepted",
    "FROM events WHERE position = $1",
    "typeinfo_tree",
    "current_setting('jit')",
    "index_people",
)


@dataclass(frozen=True, slots=True)
class AcceptBudget:
    """Of `dossiers` accepted by 32 clients right after a checkpoint, each figure per dossier but the round trips: per batch.

    `index_wal_bytes` is what officers' index of people costs a dossier behind them.
    """

    dossiers: int
    batches: int
    wal_bytes: float
    index_wal_bytes: float
    commits: float
    round_trips: float


async def accept_budget(
    home: Path, dsn: str, admin_dsn: str, dossiers: int, *, seed: int = 6
) -> AcceptBudget:
    """Runs intake on the migrated database `dsn` and submits to it; `admin_dsn` is a superuser's into another database."""
    issuer, chance = Issuer(home), random.Random(seed)
    url = urlsplit(dsn)
    port, database = free_port(), url.path.removeprefix("/")
    admin = await asyncpg.connect(admin_dsn)
    owner = await asyncpg.connect(urlunsplit(urlsplit(admin_dsn)._replace(path=url.path)))
    async with RoundTrips(url.port or 5432) as wire:
        through = urlunsplit(url._replace(netloc=f"{url.netloc.rpartition(':')[0]}:{wire.port}"))
        environment = our_environment(through, NOWHERE, issuer.jwks, port)
        process = start(home, "intake-alone", ["-m", "services.intake.app"], environment)
        try:
            await wait_until_ready(process, port)
            # The first ones prepare statements and fill the token's memory; they are not counted.
            all_created(await send(Job(port, filings(issuer, 500, chance), CLIENTS)))
            index_waits = owner.transaction()
            await index_waits.start()
            await owner.execute("SELECT FROM people_index_at FOR UPDATE")
            await admin.execute("CHECKPOINT")
            batches, trips = await _metric(port, BATCHES), Counter(wire.counts)
            commits = await _commits(admin, database)
            begin = await admin.fetchval("SELECT pg_current_wal_insert_lsn()")
            all_created(await send(Job(port, filings(issuer, dossiers, chance), CLIENTS)))
            wal = await admin.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", begin)
            await asyncio.sleep(MEASURED_SECONDS)  # what was measured a moment ago would be told again
            batches = await _metric(port, BATCHES) - batches
            trips = Counter(wire.counts) - trips
            await index_waits.rollback()
        finally:
            process.stop()
    begin = await admin.fetchval("SELECT pg_current_wal_insert_lsn()")
    while await owner.fetchval("SELECT index_people(500)"):
        pass
    index_wal = await admin.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", begin)
    await owner.close()
    await _until_left(admin, database)
    commits = await _commits(admin, database) - commits
    await admin.close()
    asked = sum(count for query, count in trips.items() if not any(name in query for name in OF_THE_RELAY))
    per_dossier = (float(each) / dossiers for each in (wal, index_wal, commits))
    return AcceptBudget(dossiers, round(batches), *per_dossier, asked / batches)


async def produce_requests(dsn: str, kafka: KafkaSettings) -> tuple[int, float]:
    """Publishes intake's backlog: how many messages it was, and produce requests per 1,000 of them."""
    requests = 0
    send_request = AIOKafkaClient.send

    async def counting(client: AIOKafkaClient, node: Any, request: Any, **rest: Any) -> Any:
        nonlocal requests
        requests += isinstance(request, ProduceRequest)
        return await send_request(client, node, request, **rest)

    before = _published()
    async with open_pool(dsn) as pool:
        backlog = await pool.fetchval(
            "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM contact_changes)"
        )
        relay = Relay(
            SOURCE, pool, kafka, [events_feed(outgoing(bytes.fromhex(CODE_KEY))), CONTACTS], uuid7()
        )
        AIOKafkaClient.send = counting
        try:
            running = asyncio.create_task(relay.run())
            for _ in range(LOOKS_MAX):
                if _published() - before >= backlog or running.done():
                    break
                await asyncio.sleep(LOOK_SECONDS)
            sent = requests
            await end([running])
        finally:
            AIOKafkaClient.send = send_request
    if _published() - before < backlog:
        raise RuntimeError(f"the relay published {_published() - before} of {backlog}")
    return backlog, 1_000 * sent / backlog


def _published() -> float:
    """Messages that relays of this very process have published."""
    return sum(
        metrics.REGISTRY.get_sample_value(PUBLISHED, {"cursor": cursor}) or 0.0
        for cursor in ("events", "contacts")
    )


async def _metric(port: int, name: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )


async def _commits(admin: asyncpg.Connection, database: str) -> int:
    """Transactions committed in `database` by sessions that have ended, and nearly all of those that live."""
    await admin.execute("SELECT pg_stat_clear_snapshot()")
    return int(await admin.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", database))


async def _until_left(admin: asyncpg.Connection, database: str) -> None:
    """Sessions count their commits for others when they end."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
    for _ in range(LOOKS_MAX):
        if not await admin.fetchval(query, database):
            return
        await asyncio.sleep(LOOK_SECONDS)
