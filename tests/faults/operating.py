"""What an operator does to the databases of a running house: dumps one, puts an older copy of one in its place, and takes it back."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from deploy.local.postgres.binaries import as_user, find_binaries, user_for
from deploy.local.postgres.run import SUPERUSER, Postgres, in_thread
from tests.faults.world import free_ports

DUMP_SECONDS = 4.0
RENAME_SECONDS = 20.0
GROWN_SECONDS = 10.0
REFUSED_SECONDS = 60.0
STILL_SECONDS = 2.0
PUBLISHED_SECONDS = 120.0
LENGTH = "SELECT coalesce(max(position), 0) FROM events"
PUBLISHED = "SELECT max(position) FROM relay_cursors WHERE feed = 'events'"
REFUSED = "SELECT count(*) FROM log_refusals WHERE lifted_at IS NULL"


WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND state_change < clock_timestamp() - interval '1 s'
"""


def stood_still_beside_a_dump(postgres: Postgres, name: str) -> bool:
    """Whether a log took nothing while a dump read all its tables, as pg_dump does, and a week of keys was made beside it.

    Where nobody waits for a lock, nobody had anything to write.
    """

    async def work() -> bool:
        dump, keeper = [await asyncpg.connect(postgres.dsn(SUPERUSER, name)) for _ in range(2)]
        try:
            async with dump.transaction():
                tables = await dump.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                for table in sorted(row[0] for row in tables):
                    await dump.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
                before = await keeper.fetchval(LENGTH)
                week = keeper.execute(
                    "SELECT keep_idempotency_weeks((now() AT TIME ZONE 'UTC')::date + 7)", timeout=60
                )
                await asyncio.gather(week, asyncio.sleep(DUMP_SECONDS))
                waiting = await keeper.fetchval(WAITING)
                return bool(waiting) and await keeper.fetchval(LENGTH) == before
        finally:
            await dump.close()
            await keeper.close()

    return in_thread(work())


def copied(postgres: Postgres, name: str) -> str:
    """The name of a copy of a database: of a base backup of the whole server, made while it is written to and restored beside it."""
    copy = f"{name}_older"
    binaries, _ = find_binaries(postgres.data)
    with (
        tempfile.TemporaryDirectory(prefix="motcua-base-backup-") as folder,
        restored(postgres, Path(folder)) as beside,
    ):
        _administer(postgres, f"CREATE DATABASE {copy} OWNER {name}_owner TEMPLATE template0")
        _administer(
            postgres,
            f"REVOKE ALL ON DATABASE {copy} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {copy} TO {name}",
        )
        # One server has the databases of all services: of its backup one is put back, and the others go on.
        dump = subprocess.Popen(
            [binaries / "pg_dump", "-Fc", beside.dsn(SUPERUSER, name)], stdout=subprocess.PIPE
        )
        subprocess.run(
            [binaries / "pg_restore", "--exit-on-error", "-d", postgres.dsn(SUPERUSER, copy)],
            stdin=dump.stdout,
            check=True,
        )
        if dump.wait():
            raise RuntimeError(f"pg_dump of {name} failed")
    return copy


@contextmanager
def restored(postgres: Postgres, folder: Path) -> Iterator[Postgres]:
    """A second server on a base backup of the first, which is written to meanwhile: it has come to where the backup ended."""
    beside = Postgres(folder, free_ports(1)[0], postgres._passwords)
    binaries, _ = find_binaries(postgres.data)
    user = user_for(folder, binaries)
    subprocess.run(
        as_user(
            user,
            *(binaries / "pg_basebackup", "-D", beside.data, "-d", postgres.dsn(SUPERUSER)),
            *("-c", "fast", "-X", "stream"),
        ),
        check=True,
    )
    beside.start()
    try:
        yield beside
    finally:
        beside.kill()


def grows(postgres: Postgres, name: str, beyond: str) -> bool:
    """Whether a log becomes longer than its copy while it is waited for."""
    over_at, length = time.monotonic() + GROWN_SECONDS, _asked(postgres, beyond, LENGTH)
    while _asked(postgres, name, LENGTH) <= length:
        if time.monotonic() > over_at:
            return False
        time.sleep(0.1)
    return True


def put_in_place(postgres: Postgres, name: str, copy: str, aside: str) -> None:
    """The copy bears the name from now on, and what bore it is kept aside. Nobody may be at work in either."""
    over_at = time.monotonic() + RENAME_SECONDS
    while True:
        try:
            _administer(
                postgres,
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{name}', '{copy}')",
                f"ALTER DATABASE {name} RENAME TO {aside}",
            )
            break
        except asyncpg.ObjectInUseError:
            if time.monotonic() > over_at:
                raise
            time.sleep(0.05)
    _administer(postgres, f"ALTER DATABASE {copy} RENAME TO {name}")


def drop(postgres: Postgres, name: str) -> None:
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def what_a_restored_log_did(postgres: Postgres, name: str) -> str:
    """Waits until the log is refused, then looks whether it stays as it is; what it did instead, or nothing."""
    over_at = time.monotonic() + REFUSED_SECONDS
    while not _asked(postgres, name, REFUSED):
        if time.monotonic() > over_at:
            return "it was not refused"
        time.sleep(0.1)
    length = _asked(postgres, name, LENGTH)
    time.sleep(STILL_SECONDS)
    grown = _asked(postgres, name, LENGTH) - length
    if grown:
        return f"it took {grown} events after it was refused"
    return "" if _asked(postgres, name, REFUSED) else "it is refused no longer"


def _asked(postgres: Postgres, name: str, query: str) -> int:
    async def work() -> int:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    return in_thread(work())


def _administer(postgres: Postgres, *statements: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    in_thread(work())


def what_a_log_ahead_did(postgres: Postgres, name: str) -> str:
    """Has a log's last record time lie ten days ahead, as after a clock that was; what it took meanwhile, or nothing."""
    position = _dated(postgres, name, "clock_timestamp() + interval '10 days'")
    if position is None:
        return "it was never published whole"
    try:
        time.sleep(STILL_SECONDS)
        taken = _asked(postgres, name, LENGTH) - position
    finally:
        _dated(postgres, name, "clock_timestamp()")
    return f"it took {taken} events while its record time lay ten days ahead" if taken else ""


def _dated(postgres: Postgres, name: str, when: str) -> int | None:
    """The last position, once all is published and its record time is another: nothing is published with a time that is not true."""

    async def work() -> int | None:
        connection = await asyncpg.connect(postgres.dsn(SUPERUSER, name))
        over_at = time.monotonic() + PUBLISHED_SECONDS
        try:
            while time.monotonic() < over_at:
                async with connection.transaction():
                    await connection.execute("SELECT FROM log_head FOR UPDATE")
                    last = int(await connection.fetchval(LENGTH))
                    # The last of a full thousand is digested as it is: another record time would close the log for good.
                    if last % 1_000 and await connection.fetchval(PUBLISHED) == last:
                        await connection.execute(
                            f"UPDATE events SET recorded_at = {when} WHERE position = {last}"
                        )
                        return last
                await asyncio.sleep(0.01)
            return None
        finally:
            await connection.close()

    return in_thread(work())
