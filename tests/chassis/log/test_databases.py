"""Which errors of the driver pass by themselves, asked of a real server that cuts connections."""

import asyncio

import asyncpg

from services.chassis.log.databases import is_transient, open_pool
from tests.chassis.conftest import NewDatabase
from tests.databases import Database

ROUNDS = 60
STATEMENTS = 200


async def test_whatever_a_cut_connection_raises_is_transient(database: NewDatabase) -> None:
    fresh = database("intake", migrated=False)
    raised = [await _cut_in_the_middle(fresh, (n % 20) / 2_000) for n in range(ROUNDS)]
    told = [error for error in raised if error is not None]
    assert len(told) > ROUNDS / 2
    assert [error for error in told if not is_transient(error)] == []


async def test_a_stopped_process_lets_go_of_its_locks(database: NewDatabase) -> None:
    """A member frozen between two statements of its transaction holds rows that another has to take over."""
    fresh = database("intake", migrated=False)
    owner = await asyncpg.connect(fresh.owner_dsn)
    await owner.execute("CREATE TABLE held_rows (n int); INSERT INTO held_rows VALUES (1)")
    await owner.execute("GRANT SELECT, UPDATE ON held_rows TO intake")
    async with open_pool(fresh.dsn, idle_in_transaction_seconds=0.5) as pool, pool.acquire() as frozen:
        transaction = frozen.transaction()
        await transaction.start()
        await frozen.execute("UPDATE held_rows SET n = 2")
        await asyncio.wait_for(pool.execute("UPDATE held_rows SET n = 3"), 10)
        told = None
        try:
            await frozen.execute("UPDATE held_rows SET n = 4")
        except Exception as error:
            told = error
        assert told is not None and is_transient(told)
        assert await pool.fetchval("SELECT n FROM held_rows") == 3
    await owner.close()


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
