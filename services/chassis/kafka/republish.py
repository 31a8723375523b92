"""Publishes a whole log again, by hand: for a topic that was deleted, or records that a broker lost.

Readers recognise what they have; nothing has its effect twice.
"""

from __future__ import annotations

from typing import Any

import asyncpg


async def republish(pool: asyncpg.Pool[Any]) -> int:
    """Puts every cursor back to the beginning under a new epoch; how many events the running relay will send again.

    Guarantee: a relay that is publishing meanwhile cannot put its old cursor back. Test: test_a_log_is_published_again_when_asked.
    """
    async with pool.acquire() as connection, connection.transaction():
        return await begin_again(connection)


async def begin_again(connection: Any) -> int:
    """The same inside a transaction of the caller's."""
    # The lease first, as the relay takes it: its owner learns at its next write that another epoch has begun.
    epoch = await connection.fetchval(
        "UPDATE relay_lease SET owner = NULL, epoch = epoch + 1, expires_at = '-infinity' RETURNING epoch"
    )
    await connection.execute("UPDATE relay_cursors SET position = 0, offsets = '{}', epoch = $1", epoch)
    return int(await connection.fetchval("SELECT coalesce(max(position), 0) FROM events"))
