"""Which errors of the driver pass by themselves, asked of a real server that cuts connections."""

import asyncio

import asyncpg

from services.chassis.databases import is_transient, open_pool
from tests.chassis.conftest import NewDatabase
from tests.databases import Database

ROUNDS = 60
STATEMENTS = 60


async def test_whatever_a_cut_connection_raises_is_transient(database: NewDatabase) -> None:
    fresh = database("intake", migrated=False)
    raised = [await _cut_in_the_middle(fresh, (n % 20) / 2_000) for n in range(ROUNDS)]
    told = [error for error in raised if error is not None]
    assert len(told) > ROUNDS / 2
    assert [error for error in told if not is_transient(error)] == []


async def _cut_in_the_middle(fresh: Database, after_seconds: float) -> Exception | None:
    """What one of many statements raises when the server ends their connection, in a statement or between two."""
    admin = await asyncpg.connect(fresh.admin_dsn)
    try:
        async with open_pool(fresh.dsn, size=1) as pool:
            pid = await pool.fetchval("SELECT pg_backend_pid()")

            async def work() -> Exception | None:
                for number in range(STATEMENTS):
                    try:
                        await pool.fetch(f"SELECT {number} + $1::int", 1)
                    except Exception as error:
                        return error
                return None

            busy = asyncio.create_task(work())
            await asyncio.sleep(after_seconds)
            await admin.execute("SELECT pg_terminate_backend($1)", pid)
            return await busy
    finally:
        await admin.close()
