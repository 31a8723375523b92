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
from services.chassis.kafka.ordering import Delivered
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
        self.reader = self.member()

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

    def member(self, seconds_a_batch: float = 0.0) -> Reader:
        """One of a group that reads in small batches."""

        async def applied(connection: Any, messages: list[Delivered]) -> None:
            await asyncio.sleep(seconds_a_batch)
            await apply(connection, messages)

        return Reader.of_events(
            "intake",
            self.pool,
            self.copied.kafka,
            [self.copied.topic],
            applied,
            applied={"Happened": Narrow},
            passed_over=(),
            sources={self.opens, self.answers},
            dead_letters="intake.dead-letters",
            opener=self.opens,
            max_records=100,
        )

    async def live(self, opened: int, poisoned: int) -> None:
        """Streams that are opened, some of them by what nobody can read, and answered twice once that is published."""
        opening, answering = EventStore(self.copied.log), EventStore(self.copied.read)
        begun = [item() for _ in range(opened)] + [item(data='{"a":"no number"}') for _ in range(poisoned)]
        await asyncio.gather(*(opening.append(each) for each in begun))

        async def published() -> bool:
            at = "SELECT coalesce(max(position), 0) = (SELECT max(position) FROM events) FROM relay_cursors"
            return bool(await self.copied.log.fetchval(at))

        await until(published)
        for version in range(2):
            await asyncio.gather(*(answering.append(item(each.stream_id, version)) for each in begun))

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


async def test_who_reads_slowly_or_for_the_first_time_holds_no_more_than_the_poison(two: Two) -> None:
    """Thousands of events are there before a group begins, and more come while one of its members is far behind the other. An answer
    stands behind its opener in the one partition of both, so what waits for an opener waits for one that is poison."""
    async with running(two.opening().run, two.answering().run):
        for _ in range(5):
            await two.live(opened=100, poisoned=0)
        await two.live(opened=100, poisoned=3)
        async with running(two.member().run, two.member(seconds_a_batch=0.1).run):
            for _ in range(4):
                await two.live(opened=100, poisoned=0)

            async def all_read() -> bool:
                return await counted(two.pool) == 3 * 1_000

            await until(all_read, 60)
    assert await two.ever_held() == 3 * 3
    assert await two.pool.fetchval("SELECT count(DISTINCT stream_id) FROM held") == 3


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
