"""Two logs fill an empty topic again: what answers waits for what opens, so that no reader holds a row for each dossier."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import asyncpg
import orjson
import pytest

from services.chassis.kafka import refill
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.log_identity import PROGRESS_TOPIC
from services.chassis.kafka.refill import others_first
from services.chassis.kafka.relay import Relay
from services.chassis.kafka.sending import start, stop
from services.chassis.log.event_store import EventStore
from tests.chassis.conftest import item, new_id, outgoing_to
from tests.chassis.copies import Copied
from tests.chassis.wire import Narrow, apply, counted, running, until, write
from tests.databases import Database

STREAMS = 40
COUNT_ALL_EVER_HELD = """
CREATE TABLE ever_held (held_id bigint);
GRANT SELECT, INSERT ON ever_held TO intake;
CREATE FUNCTION note_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO ever_held VALUES (NEW.held_id); RETURN NULL; END $$;
CREATE TRIGGER note_held AFTER INSERT ON held FOR EACH ROW EXECUTE FUNCTION note_held();
"""


class Two:
    """A log that opens streams, one that answers it twice on each, and a reader of both with a database of its own."""

    def __init__(self, copied: Copied, pool: asyncpg.Pool[Any]) -> None:
        self.copied, self.pool = copied, pool
        self.opens, self.answers = copied.topic, f"{copied.topic}-answers"
        self.reader = Reader.of_events(
            "intake",
            pool,
            copied.kafka,
            [copied.topic],
            apply,
            applied={"Happened": Narrow},
            passed_over=(),
            sources={self.opens, self.answers},
            dead_letters="intake.dead-letters",
            opener=self.opens,
        )

    async def write(self) -> None:
        ids = await write(EventStore(self.copied.log), STREAMS, 1)
        answering = EventStore(self.copied.read)
        for version in range(2):
            await asyncio.gather(*(answering.append(item(stream_id, version)) for stream_id in ids))
        await self.copied.read.execute(
            "INSERT INTO reader_marks VALUES ('any', $1, int8multirange(int8range(1, $2)), $2, $3)",
            self.opens,
            STREAMS,
            new_id(),
        )

    def opening(self) -> Relay:
        return self._relay(self.copied.log, self.opens, None)

    def answering(self) -> Relay:
        return self._relay(self.copied.read, self.answers, self.opens)

    def _relay(self, pool: asyncpg.Pool[Any], source: str, behind: str | None) -> Relay:
        feed = events_feed(outgoing_to(self.copied.topic, source=source))
        return Relay(source, pool, self.copied.kafka, [feed], new_id(), behind)

    async def is_read(self) -> bool:
        return await counted(self.pool) == 3 * STREAMS

    async def ever_held(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM ever_held"))


@pytest.fixture
async def two(copied: Copied, plain: Database, pool: asyncpg.Pool[Any]) -> Two:
    admin = await asyncpg.connect(plain.admin_dsn)
    await admin.execute(COUNT_ALL_EVER_HELD)
    await admin.close()
    return Two(copied, pool)


async def test_a_refill_waits_for_the_log_that_it_answers(two: Two) -> None:
    """Its relay is there first; with what opens published, everything is applied, and nothing was ever held. Once it has begun it
    waits no more."""
    await two.write()
    async with running(two.reader.run, two.answering().run):
        await asyncio.sleep(2)
        assert await counted(two.pool) == 0 == await two.ever_held()
        async with running(two.opening().run):
            await until(two.is_read)
    assert await two.ever_held() == 0
    # The other is away: what was begun goes on.
    await EventStore(two.copied.read).append(item(new_id(), 0))
    async with running(two.reader.run, two.answering().run):

        async def held() -> bool:
            return await two.ever_held() == 1

        await until(held, 10)


async def test_a_refill_waits_no_longer_for_one_that_stands_still(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is held as ever, a row each, and applied when what opens comes."""
    monkeypatch.setattr(refill, "STILL_SECONDS", 0.5)
    await two.write()
    async with running(two.reader.run, two.answering().run):

        async def all_held() -> bool:
            return await two.ever_held() == 2 * STREAMS

        await until(all_held)
        async with running(two.opening().run):
            await until(two.is_read)
    assert await two.pool.fetchval("SELECT count(*) FROM held") == 0


@pytest.mark.parametrize("made_again", [False, True])
async def test_what_the_other_publishes_elsewhere_holds_up_nothing(two: Two, made_again: bool) -> None:
    """It tells of a topic that this log may not see, as intake of contacts. A topic of another id, though, is one of before."""
    await two.write()
    cluster = Cluster(two.copied.kafka)
    cluster_id = await cluster.first_answer()
    ids = await cluster.topic_ids([two.copied.topic])
    here = {two.copied.topic: "of-before"} if made_again else ids
    said = {"position": STREAMS, "cluster_id": cluster_id, "topic_ids": here | {"not-ours-to-see": "some-id"}}
    producer = await start(two.copied.kafka)
    await producer.send_and_wait(PROGRESS_TOPIC, orjson.dumps(said), key=two.opens.encode(), partition=0)
    await stop(producer)
    waiting = others_first(two.copied.read, two.copied.kafka, cluster, cluster_id, two.opens)
    with pytest.raises(TimeoutError) if made_again else nullcontext():
        async with asyncio.timeout(5 if made_again else 25):
            await waiting
    await cluster.close()
