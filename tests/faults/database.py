"""What the run does to the databases as their super user, and what it reads there that no door shows."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import orjson

from deploy.local.postgres.run import SUPERUSER, Postgres, in_thread
from tests.faults.record import Fact

WEEK_DAYS = 7
IN_THE_MIDDLE_SECONDS = 1.0


def new_database(postgres: Postgres, name: str) -> None:
    """Drops a service's database with all that is in it and creates it empty, as provisioned."""

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER))
        try:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await connection.close()

    in_thread(work())
    in_thread(postgres._create_roles_and_databases())


def give_a_past(postgres: Postgres) -> None:
    """As if intake's log had been written by the release before until its migration: what that one names is smaller."""

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, "intake"))
        try:
            await connection.execute(
                "INSERT INTO counters (name, value) VALUES ('contact_changes', 4294967296)"
            )
        finally:
            await connection.close()

    in_thread(work())


def age_keys(postgres: Postgres, name: str) -> None:
    """Moves this week's idempotency keys into the partition of the week before, as if midnight had fallen in between."""

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        try:
            async with connection.transaction():
                await connection.execute("SELECT FROM log_head FOR UPDATE")
                week = await connection.fetchval("SELECT date_trunc('week', now() AT TIME ZONE 'UTC')::date")
                before = week - timedelta(days=WEEK_DAYS)
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS idempotency_keys_{before:%Y%m%d} "
                    f"PARTITION OF idempotency_keys FOR VALUES IN ('{before}')"
                )
                await connection.execute(
                    "UPDATE idempotency_keys SET week = $1 WHERE week = $2", before, week
                )
        finally:
            await connection.close()

    in_thread(work())


WATCH = """
CREATE SCHEMA faults;
GRANT USAGE ON SCHEMA faults TO PUBLIC;
CREATE TABLE faults.steps_back (reader text, place text, before bigint, after bigint);
CREATE FUNCTION faults.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults.steps_back
    VALUES (old.reader, old.cluster_id || '/' || old.topic || '/' || old.partition, old.position, new.position);
    RETURN NULL;
END $$;
CREATE TRIGGER a_position_only_grows AFTER UPDATE ON reader_positions
FOR EACH ROW WHEN (new.position < old.position AND new.position > 0) EXECUTE FUNCTION faults.note();
"""


def watch_positions(postgres: Postgres, name: str) -> None:
    """Notes from now on every reader's position that is overwritten by a smaller one; who begins again from 0 loses nothing."""

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        try:
            await connection.execute(WATCH)
        finally:
            await connection.close()

    in_thread(work())


COUNT_HELD = """
CREATE TABLE faults.ever_held (reader text, reason text);
CREATE FUNCTION faults.note_held() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO faults.ever_held VALUES (NEW.reader, NEW.reason); RETURN NULL; END $$;
CREATE TRIGGER note_held AFTER INSERT ON held FOR EACH ROW EXECUTE FUNCTION faults.note_held();
"""
EVER_HELD = "SELECT reader, reason, count(*) FROM faults.ever_held GROUP BY reader, reason"


def count_held(postgres: Postgres, name: str) -> None:
    """Notes from now on every row that a reader of one service puts into `held`, also of what it lets go of again."""

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        try:
            await connection.execute(COUNT_HELD)
        finally:
            await connection.close()

    in_thread(work())


def stop_in_transaction(postgres: Postgres, name: str, stop: Callable[[], None]) -> None:
    """Calls `stop` while the readers of a database stand in the middle of a batch; the stopped one's connection is then cut.

    A server, a proxy or a network would cut it sooner or later. What it was doing is rolled back, and it does not know.
    """

    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE applied_versions IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(IN_THE_MIDDLE_SECONDS)
                stop()
            await asyncio.sleep(IN_THE_MIDDLE_SECONDS)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 "
                "AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '0.5 s'",
                name,
            )
        finally:
            await connection.close()

    in_thread(work())


async def facts(postgres: Postgres, name: str) -> list[Fact]:
    """The whole event table of one store, in no particular order: the checkers sort."""
    connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
    try:
        rows = await connection.fetch(
            "SELECT position, stream_id, version, event_id, type, occurred_at, recorded_at, actor, data FROM events"
        )
    finally:
        await connection.close()
    return [
        Fact(name, r[0], str(r[1]), r[2], str(r[3]), r[4], r[5], r[6], r[7], orjson.loads(r[8])) for r in rows
    ]


async def fetch(postgres: Postgres, name: str, query: str) -> list[Any]:
    """Rows of one query in one service's database; an empty list while the database is away."""
    try:
        async with asyncio.timeout(5):
            connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
            try:
                return list(await connection.fetch(query))
            finally:
                await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []
