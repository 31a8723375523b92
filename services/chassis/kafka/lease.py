"""Who publishes a database's log: one process at a time, by a row that must be renewed. No session lock, which a pooler would lose."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.log.databases import TRANSIENT
from services.chassis.process.turning import turned

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=4)
LOOK_SECONDS = 1.0


class LostLease(Exception):
    """Another process owns the lease by now."""


class Lease:
    """One process's hold on the lease. Each acquisition is a new epoch, and every write of the owner compares it."""

    def __init__(self, pool: asyncpg.Pool[Any], owner: UUID) -> None:
        self._pool = pool
        self._owner = owner

    async def acquire(self) -> int:
        """Waits until the lease is free or ours and takes it: the new epoch.

        Guarantee: two relays never both advance a cursor, since each write compares the epoch. Test: test_two_relays_take_turns.
        """
        while True:
            turned()
            epoch: int | None = await self._pool.fetchval(
                "UPDATE relay_lease SET owner = $1, epoch = epoch + 1, expires_at = clock_timestamp() + $2 "
                "WHERE expires_at < clock_timestamp() OR owner = $1 RETURNING epoch",
                self._owner,
                LEASE,
            )
            if epoch is not None:
                return epoch
            await asyncio.sleep(LOOK_SECONDS)

    async def keep(self, epoch: int) -> None:
        """Renews it; LostLease when it is another's."""
        kept = await self._pool.fetchval(
            "UPDATE relay_lease SET expires_at = clock_timestamp() + $3 WHERE owner = $1 AND epoch = $2 RETURNING true",
            self._owner,
            epoch,
            LEASE,
        )
        if not kept:
            raise LostLease

    async def release(self, epoch: int) -> None:
        """Lets the next one in at once; without a database it runs out by itself."""
        try:
            await self._pool.execute(
                "UPDATE relay_lease SET owner = NULL, expires_at = '-infinity' WHERE owner = $1 AND epoch = $2",
                self._owner,
                epoch,
            )
        except TRANSIENT:
            log.warning("the lease runs out by itself")
