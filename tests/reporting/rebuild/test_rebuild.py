"""The book made anew beside the live one, over the real broker: under traffic, killed anywhere, compared, switched and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from contracts import processing
from deploy.local.kafka.run import Kafka
from services.chassis.kafka.held import discard
from services.chassis.log.databases import open_pool
from services.chassis.process.settings import KafkaSettings
from services.reporting.book.rows import snapshot
from services.reporting.quality.measuring import measure
from services.reporting.rebuild import switch
from services.reporting.rebuild.reading import beside
from services.reporting.rebuild.run import Where, drop, rebuild, undo
from services.reporting.rebuild.shape import LIVE, PROJECTION, REBUILT, STAYS, exists, lay
from tests.chassis.conftest import new_id
from tests.chassis.wire import running, until
from tests.databases import Database
from tests.reporting.histories import HOUR, START, Life, Told
from tests.reporting.rebuild.town import Town, events

STEPS = ("begun", "reading", "caught-up", "compared", "agreed", "moved")
UNDOING = ("reading", "caught-up", "agreed", "moved")
SHAPE = """
SELECT c.relname, c.reloptions::text, obj_description(c.oid, 'pg_class'),
  (SELECT array_agg((a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid),
                     col_description(c.oid, a.attnum))::text ORDER BY a.attname)
   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT array_agg((conname, pg_get_constraintdef(oid))::text ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid) AS constraints,
  (SELECT array_agg(replace(pg_get_indexdef(indexrelid), n.nspname || '.', '') ORDER BY indexrelid::regclass::text)
   FROM pg_index WHERE indrelid = c.oid) AS indexes,
  (SELECT array_agg(replace(pg_get_triggerdef(oid), n.nspname || '.', '') ORDER BY tgname)
   FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers,
  c.relacl::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> ALL($2::text[]) ORDER BY c.relname
"""


@pytest.fixture
async def town(
    database: Callable[..., Database], kafka: Kafka, kafka_as: Callable[[str], KafkaSettings]
) -> AsyncIterator[Town]:
    made, topic, settings = database("reporting"), f"test-{new_id()}", kafka_as("reporting")
    kafka.create_topic(topic, partitions=3)
    owner = await asyncpg.connect(made.admin_dsn)
    async with open_pool(made.dsn) as pool:
        where = Where(made.owner_dsn, made.dsn, settings, topic=topic)
        yield Town(made, settings, topic, pool, owner, where)
    await owner.close()


async def test_a_book_that_kept_no_acts_has_its_index_when_it_is_made_anew(town: Town) -> None:
    await town.say(events(range(40)))
    async with town.live():
        await town.read_all()
        await town.owner.execute("DELETE FROM heard")
        await town.owner.execute("INSERT INTO not_kept DEFAULT VALUES")
        assert await town.rebuild() == 0, town.said
        assert await town.pool.fetchval("SELECT count(*) FROM not_kept") == 0
        dossiers = await town.pool.fetchval("SELECT count(*) FROM dossiers")
        measured = "SELECT count(DISTINCT dossier_id) FROM measured"
        assert await town.pool.fetchval(measured) == dossiers == 40
        await town.say(events(range(40, 45)))
        await town.read_all()
        while await measure(town.pool):
            pass
        assert await town.pool.fetchval(measured) == 45


async def test_a_book_made_anew_under_traffic_equals_the_live_one(town: Town) -> None:
    """The live reader goes on in the new book, and what it makes of it is again what a new book has."""
    await town.say(events(range(120)))
    await town.owner.execute("CREATE VIEW lines AS SELECT flow, amount FROM entries")
    await town.owner.execute("ALTER VIEW lines OWNER TO reporting_owner")
    stop = asyncio.Event()

    async def traffic() -> None:
        n = 120
        while not stop.is_set():
            await town.say(events(range(n, n + 5)))
            n += 5

    async with town.live(), running(traffic):
        await until(lambda: town.pool.fetchval("SELECT count(*) > 100 FROM dossiers"))
        assert await town.rebuild() == 0, town.said
        later = town.sent
        await until(
            lambda: town.pool.fetchval("SELECT coalesce(sum(position), 0) > $1 FROM reader_positions", later)
        )
        stop.set()
        await asyncio.sleep(0.3)
        await town.read_all()
        await town.sound()
        assert await town.rebuild() == 0, town.said
    assert any("cells compared, 0 differ" in line for line in town.said), town.said
    now, before = await town.book(), await town.book("before")
    assert len(now["entries"]) > 400 and now == before
    assert await town.owner.fetchval("SELECT count(*) FROM lines") == len(now["entries"])


async def test_a_rebuild_that_is_killed_anywhere_goes_on(town: Town) -> None:
    """And so is what takes it back."""
    await town.say(events(range(60)))
    async with town.live():
        await town.read_all()
        live = await town.book()
        for step in STEPS:
            await town.killed("rebuild", step)
            assert await town.book() == live, step
            await town.sound()
        await town.killed("rebuild", "switched")
        assert not await exists(town.owner, REBUILT) and await town.book() == live == await town.book(
            "before"
        )
        await town.say(events(range(60, 80)))
        await town.read_all()
        live = await town.book()
        for step in UNDOING:
            await town.killed("undo", step)
            assert await town.book() == live, step
        assert await town.child("undo") == 0
        assert await town.book() == live == await town.book("before")
        await town.say(events(range(80, 90)))
        await town.read_all()
        await town.sound()
        rows = await town.owner.fetch("SELECT switched_at IS NOT NULL, undone_at IS NOT NULL FROM rebuilds")
        assert [tuple(row) for row in rows] == [(True, True)]


async def test_a_rebuild_is_taken_back(town: Town) -> None:
    await town.say(events(range(40)))
    async with town.live():
        await town.read_all()
        with pytest.raises(LookupError, match="no book is kept"):
            await undo(town.where, town.said.append)
        assert await town.rebuild() == 0
        await town.say(events(range(40, 50)))
        await town.read_all()
        new = await town.book()
        assert await undo(town.where, town.said.append) == 0
        await town.read_all()
        assert await town.book() == new == await town.book("before")
        with pytest.raises(LookupError, match="no book is kept"):
            await undo(town.where, town.said.append)
        assert await drop(town.where, town.said.append) == 0
        assert not await exists(town.owner, "before")


async def test_a_cell_that_differs_is_named_and_nothing_switched(town: Town) -> None:
    await town.say(events(range(30)))
    async with town.live():
        await town.read_all()
        await town.owner.execute(
            "UPDATE sums SET submitted = submitted + 1 WHERE ctid = (SELECT ctid FROM sums_day_day WHERE submitted > 0 LIMIT 1) "
            "AND spans = 'day/day'"
        )
        harmed = await town.book()
        assert await town.rebuild() == 1
        [line] = [line for line in town.said if line.startswith("  submitted on ")]
        assert "2 before, 1 anew" in line or "before" in line
        assert await town.book() == harmed and not await exists(town.owner, "before")
        assert await town.rebuild(accept=True) == 0
        await town.sound()
        assert await town.book("before") == harmed
        assert await town.owner.fetchval("SELECT differing FROM rebuilds WHERE switched_at IS NOT NULL") >= 1


async def test_readers_see_one_book_or_the_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads for a long time is not broken off, and others are answered meanwhile."""
    monkeypatch.setattr(switch, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(switch, "PAUSE_SECONDS", 0.2)
    await town.say(events(range(30)))
    both = (
        "SELECT (SELECT sum(submitted) FROM sums WHERE spans = 'day/ever'), (SELECT count(*) FROM dossiers)"
    )
    stop, seen = asyncio.Event(), list[tuple[int, int]]()

    async def look() -> None:
        while not stop.is_set():
            async with snapshot(town.pool) as connection:
                submitted = await connection.fetchval(
                    "SELECT sum(submitted) FROM sums WHERE spans = 'day/ever'"
                )
                await asyncio.sleep(0.005)
                seen.append((submitted, await connection.fetchval("SELECT count(*) FROM dossiers")))

    async with town.live():
        await town.read_all()
        # What the new book lacks tells the two apart.
        await town.owner.execute("INSERT INTO dossiers SELECT * FROM dossiers WHERE false")
        await town.owner.execute(
            "INSERT INTO dossiers SELECT gen_random_uuid(), status, procedure, field, level, channel, office, unit, submitted_on, "
            "accepted_on, ended_on, changed_on, recorded_at, timeliness, entries, due_on, apologised FROM dossiers LIMIT 1"
        )
        await town.owner.execute(
            "UPDATE sums SET submitted = submitted + 1 WHERE spans = 'day/ever' AND ctid = "
            "(SELECT ctid FROM sums_day_ever WHERE submitted > 0 LIMIT 1)"
        )
        async with running(look, look):
            async with snapshot(town.pool) as long:
                before = await long.fetchrow(both)
                rebuilding = asyncio.create_task(town.rebuild(accept=True))
                await until(lambda: exists(town.owner, REBUILT))
                await asyncio.sleep(1)
                count = len(seen)
                await asyncio.sleep(0.5)
                assert not rebuilding.done() and len(seen) > count + 20
                assert await long.fetchrow(both) == before
            assert await rebuilding == 0
            await asyncio.sleep(0.1)
            stop.set()
    assert set(seen) == {(31, 31), (30, 30)}, set(seen)


async def test_what_was_discarded_is_discarded_in_the_new_book(town: Town) -> None:
    await town.say(events(range(10)))
    impossible = Told(
        "processing",
        5,
        processing.DossierRejected(reason="incomplete"),
        Life(3, "", "", "", 0).stream_id,
        START + 99 * HOUR,
    )
    await town.say([impossible])
    async with town.live():
        await until(lambda: town.pool.fetchval("SELECT count(*) = 1 FROM held"))
        await discard(
            town.pool, await town.pool.fetchval("SELECT held_id FROM held"), "operator/o1", "impossible"
        )
        await town.read_all()
        assert await town.rebuild() == 0, town.said
        assert await town.book() == await town.book("before")
        assert (await town.book())["held"] == []


async def test_a_release_in_between_leaves_the_live_book(town: Town) -> None:
    """As whoever compares an hour's work is overtaken by a migration."""
    await town.say(events(range(10)))
    async with town.live():
        await town.read_all()
        live = await town.book()
        released = asyncio.Event()

        def at(step: str) -> None:
            if step == "caught-up":
                released.set()

        async def release() -> None:
            await released.wait()
            await town.owner.execute("UPDATE alembic_version SET version_num = 'later'")

        async with running(release):
            with pytest.raises(LookupError, match="another release"):
                await rebuild(town.where, "operator/o1", False, town.said.append, at)
        assert await town.book() == live and not await exists(town.owner, "before")
        assert await town.rebuild() == 0 and any("begun again" in line for line in town.said)


async def test_no_other_book_is_written_than_the_one_asked_for(town: Town) -> None:
    """A pooler may pass the schema on to nobody; then the live tables would be found."""
    with pytest.raises(LookupError, match="passes no schema on"):
        async with beside(town.where.dsn, "nowhere", town.kafka, town.topic, town.said.append):
            pass


async def test_two_rebuilds_at_once_are_refused(town: Town) -> None:
    await town.owner.execute("SELECT pg_advisory_lock(74658)")
    with pytest.raises(LookupError, match="another rebuild runs"):
        await town.rebuild()


async def test_a_book_beside_has_the_shape_of_the_live_one(town: Town) -> None:
    owner = await asyncpg.connect(town.database.owner_dsn)
    await lay(owner, REBUILT, "reporting")
    shapes = []
    for schema in (LIVE, REBUILT):
        rows = await owner.fetch(SHAPE, schema, list(STAYS))
        shapes.append([tuple(row) for row in rows])
    await owner.close()
    assert shapes[0] == shapes[1]
    assert {row[0] for row in shapes[0]} > set(PROJECTION)


async def test_every_table_goes_with_the_book_or_stays(town: Town) -> None:
    rows = await town.owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
    )
    assert {row[0] for row in rows} == {*PROJECTION, *STAYS}, "name it in services/reporting/rebuild/shape.py"
