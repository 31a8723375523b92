"""A relay and a reader that are cancelled in the moment in which what they wait for is done: they end, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from deploy.local.kafka.run import Kafka
from services.chassis.kafka import relay
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.inbox import Inbox
from services.chassis.kafka.lease import Lease
from services.chassis.kafka.relay import Relay
from services.chassis.log.event_store import EventStore
from services.chassis.process import ending, metrics
from tests.chassis.conftest import new_id
from tests.chassis.wire import (
    KafkaAs,
    counted,
    everything_once,
    firsts,
    on_topic,
    reader_of,
    relay_of,
    running,
    until,
    write,
)
from tests.moments import Moment


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{new_id()}"
    kafka.create_topic(name, partitions=3)
    return name


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.5)


@pytest.mark.parametrize(
    ("what", "steps"), [("acquire", 0), ("send_all", 0), ("send_all", 2), ("_wait", 1), ("keep", 0)]
)
async def test_a_relay_cancelled_in_the_moment_ends(
    pool: asyncpg.Pool[Any],
    kafka_as: KafkaAs,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    steps: int,
) -> None:
    kafka, moment = kafka_as("intake"), Moment(steps)
    if what in ("acquire", "keep"):
        monkeypatch.setattr(Lease, what, moment.of(getattr(Lease, what)))
    else:
        monkeypatch.setattr(relay, what, moment.of(getattr(relay, what)))
    await write(EventStore(pool), 5, 2)
    moment.task = asyncio.create_task(relay_of(pool, kafka, topic).run())
    await moment.ends()
    moment.task = None
    async with running(relay_of(pool, kafka, topic).run):

        async def published() -> bool:
            return bool(await pool.fetchval("SELECT max(position) FROM relay_cursors") == 10)

        await until(published)
    versions = await on_topic(kafka, topic)
    assert sorted(map(firsts, versions.values())) == [[1, 2]] * 5


@pytest.mark.parametrize(("what", "steps"), [("load_positions", 0), ("take", 0), ("take", 2), ("ask", 0)])
async def test_a_reader_cancelled_in_the_moment_ends(
    pool: asyncpg.Pool[Any],
    kafka_as: KafkaAs,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    steps: int,
) -> None:
    kafka, moment = kafka_as("intake"), Moment(steps)
    await write(EventStore(pool), 5, 2)
    async with running(relay_of(pool, kafka, topic).run):
        owner = Cluster if what == "ask" else Inbox
        with monkeypatch.context() as patched:
            patched.setattr(owner, what, moment.of(getattr(owner, what)))
            moment.task = asyncio.create_task(reader_of(pool, kafka, topic).run())
            await moment.ends()
        async with running(reader_of(pool, kafka, topic).run):

            async def arrived() -> bool:
                return await counted(pool) == 10

            await until(arrived)
    await everything_once(pool)


async def test_a_relay_cancelled_while_it_is_woken_ends(
    pool: asyncpg.Pool[Any], kafka_as: KafkaAs, topic: str
) -> None:
    """In the very step in which it is poked, and in those behind it."""
    for steps in range(6):
        relay = relay_of(pool, kafka_as("intake"), topic)
        moment = Moment(steps)
        moment.task = asyncio.create_task(relay.run())
        async with asyncio.timeout(30):
            while not metrics.REGISTRY.get_sample_value("motcua_relay_owns_lease"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.05)

        async def poke(relay: Relay = relay) -> None:
            relay.poke()

        await moment.of(poke)()
        await moment.ends()
