"""Kills a process in the middle of a statement: a table is locked against whoever writes it, and who waits for it is killed there."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from deploy.local.postgres.run import SUPERUSER, in_thread
from tests.faults.world import House

TRAP_SECONDS = 60.0
"""Longer than the group waits for a member that was killed, on a busy machine."""
LOOK_SECONDS = 0.02
WAITS = """
SELECT EXISTS (
    SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.usename = $2
        AND (l.relation = $1::regclass OR l.relation IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = $1::regclass))
)
"""


def killed_at(house: House, service: str, table: str) -> bool:
    """Whether the service came to write the table, and was killed there, in time. What it was doing is rolled back, or stands and is not
    known to it. Who starts it again is the caller."""

    async def work() -> bool:
        connection = await asyncpg.connect(house.postgres.dsn(SUPERUSER, service))
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
                over_at = time.monotonic() + TRAP_SECONDS
                while not await connection.fetchval(WAITS, table, service):
                    if time.monotonic() > over_at:
                        return False
                    await asyncio.sleep(LOOK_SECONDS)
                house.kill(service)
                return True
        finally:
            await connection.close()

    sprung: bool = in_thread(work())
    if not sprung:
        house.kill(service)
    return sprung
