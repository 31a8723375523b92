"""A database behind PgBouncer in transaction mode, the real one: its connections are handed from one transaction to the next."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.local.postgres.binaries import as_user
from deploy.local.postgres.run import Postgres
from deploy.local.process import Process
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import Appended, EventStore
from tests.chassis.conftest import item, new_id
from tests.conftest import FreePorts
from tests.databases import Database
from tests.programs import require_program

SERVERS = 2
"""Connections to the database, fewer than those to the pooler."""


@pytest.fixture(scope="module")
def pooler(
    postgres: Postgres, free_ports: FreePorts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Its port."""
    home, port = tmp_path_factory.mktemp("pooler"), free_ports(1)[0]
    intake = urlsplit(postgres.dsn("intake"))
    (home / "users").write_text(f'"intake" "{intake.password}"\n', encoding="ascii")
    (home / "pgbouncer.ini").write_text(
        f"""[databases]
* = host=127.0.0.1 port={intake.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {home / "users"}
pool_mode = transaction
default_pool_size = {SERVERS}
""",
        encoding="ascii",
    )
    process = Process("pgbouncer", home=home, last_signal=signal.SIGINT)
    # It refuses to run as root, as PostgreSQL does.
    user = "mapped" if os.geteuid() == 0 else "same"
    process.start(as_user(user, require_program("pgbouncer"), home / "pgbouncer.ini"))
    try:
        _wait(port, process)
        yield port
    finally:
        process.stop()


def _wait(port: int, process: Process) -> None:
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.running and time.monotonic() < deadline, process.last_lines()
        time.sleep(0.02)


@asynccontextmanager
async def through(pooler: int, database: Database, **how: Any) -> AsyncIterator[asyncpg.Pool[Any]]:
    direct = urlsplit(database.dsn)
    dsn = direct._replace(netloc=direct.netloc.replace(f":{direct.port}", f":{pooler}")).geturl()
    async with open_pool(dsn, **how) as opened:
        yield opened


async def test_a_log_is_written_and_read_through_a_pooler(pooler: int, plain: Database) -> None:
    """Two processes append, look things up and read in one transaction, over fewer connections than they hold."""
    async with (
        through(pooler, plain, pooled=True) as first,
        through(pooler, plain, pooled=True) as second,
    ):

        async def work(pool: asyncpg.Pool[Any], store: EventStore, number: int) -> None:
            stream_id, size = new_id(), number % 4 + 1
            answer = await store.append(item(stream_id, 0, events=size))
            assert isinstance(answer, Appended) and answer.version == size
            assert len(await store.load(stream_id)) == size
            assert await pool.fetchval("SELECT $1::int + $2::int", number, 1) == number + 1
            assert await pool.fetchval("SELECT $1::text || $2::text", str(number), "x") == f"{number}x"
            async with pool.acquire() as connection, connection.transaction():
                listed = [
                    row["version"]
                    async for row in connection.cursor(
                        "SELECT version FROM events WHERE stream_id = $1 ORDER BY version", stream_id
                    )
                ]
                assert listed == list(range(1, size + 1))

        stores = [(pool, EventStore(pool)) for pool in (first, second)]
        await asyncio.gather(*(work(*stores[n % 2], n) for n in range(200)))
        assert await first.fetchval("SELECT max(position) = count(*) FROM events")
        servers = await first.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", plain.name)
        assert servers <= SERVERS


async def test_what_a_session_begins_with_holds_behind_a_pooler(pooler: int, plain: Database) -> None:
    async with through(pooler, plain, pooled=True) as pool:
        assert await pool.fetchval("SHOW idle_in_transaction_session_timeout") == "30s"
        assert await pool.fetchval("SHOW jit") == "off"


async def test_without_the_setting_a_pooler_lets_nobody_in(pooler: int, plain: Database) -> None:
    """So nobody goes without it by mistake: it is told at once, not by a wrong row some day."""
    async with through(pooler, plain) as pool:
        with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter"):
            await pool.fetchval("SELECT 1")
