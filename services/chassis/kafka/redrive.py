"""The second try of what is held: asked for from outside, done by the running reader, which alone knows how to apply it."""

from __future__ import annotations

import logging
import time
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from services.chassis.kafka.ordering import Arrival
from services.chassis.kafka.records import Dialect, Keyed, Record, unpacked

log = logging.getLogger(__name__)


# As the index says it, or PostgreSQL does not use it.
NEXT_FAULT = """
SELECT held_id, stream_id, topic, partition, "offset", key, value, headers FROM held
WHERE reader = $1 AND held_id > $2 AND reason IN ('poison', 'unknown-type') AND stream_id IS NOT NULL
ORDER BY held_id LIMIT 1
"""
AT_ONCE_SECONDS = 0.5
"""Of each second of a reader, so that many second tries do not keep it from looking after itself."""


class Redriving(Protocol):
    """The part of an inbox that tries a held stream's queue again."""

    async def redrive(self, stream_id: Any, cluster_id: str) -> int: ...


class SecondTries:
    """One reader's second tries: at its start what it understands by now, then what it is asked for."""

    def __init__(
        self, pool: asyncpg.Pool[Any], inbox: Redriving, reader: str, dialect: Dialect | Keyed
    ) -> None:
        self._pool, self._inbox, self._reader, self._dialect = pool, inbox, reader, dialect
        self._looked = 0
        self._done = False

    async def go_on(self, cluster_id: str) -> None:
        """Tries for AT_ONCE_SECONDS, and then goes on at the next call."""
        until = time.monotonic() + AT_ONCE_SECONDS
        while not self._done and time.monotonic() < until:
            await self._try_known(cluster_id)
        while time.monotonic() < until and await self._try_asked(cluster_id):
            pass

    async def _try_known(self, cluster_id: str) -> None:
        """The next of what was poison, or of an unknown type, when it was held.

        Guarantee: what a release did not understand is tried again by the next one at its start.
        Test: test_an_upgraded_reader_tries_again_what_it_knows_by_now.
        """
        rows = await self._pool.fetch(NEXT_FAULT, self._reader, self._looked)
        self._done = not rows
        for held_id, stream_id, topic, partition, offset, key, value, headers in rows:
            arrival = self._dialect.arrival(
                Record(topic, partition, offset, key, value, unpacked(headers)), held_id
            )
            if isinstance(arrival, Arrival) and arrival.fault is None:
                left = await self._inbox.redrive(stream_id, cluster_id)
                log.info("%s knows by now what it held: %d messages stay held", self._reader, left)
            self._looked = held_id

    async def _try_asked(self, cluster_id: str) -> bool:
        """The next that was asked for, once; the wish is gone when the try is over, so a crash in between tries again.

        Guarantee: what a retry was asked for is tried by the running reader. Test: test_a_running_reader_tries_again_what_it_was_asked_to.
        """
        row = await self._pool.fetchrow(
            "SELECT stream_id, asked_at FROM redrives_asked WHERE reader = $1 ORDER BY stream_id LIMIT 1",
            self._reader,
        )
        if row is None:
            return False
        left = await self._inbox.redrive(row["stream_id"], cluster_id)
        log.info("%s tried a held stream again: %d messages stay held", self._reader, left)
        await self._pool.execute(
            "DELETE FROM redrives_asked WHERE reader = $1 AND stream_id = $2 AND asked_at = $3",
            self._reader,
            row["stream_id"],
            row["asked_at"],
        )
        return True


async def ask_redrive(pool: Any, reader: str, stream_id: UUID) -> None:
    """The reader tries that stream's queue again within a second or two, if it runs. `pool`: or a connection."""
    await pool.execute(
        "INSERT INTO redrives_asked (reader, stream_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        reader,
        stream_id,
    )


async def ask_redrive_of(pool: asyncpg.Pool[Any], held_id: int) -> UUID:
    """The stream of one held message; LookupError when none is held under that id, or it has no stream."""
    row = await pool.fetchrow("SELECT reader, stream_id FROM held WHERE held_id = $1", held_id)
    if row is None:
        raise LookupError(f"nothing is held under {held_id}")
    stream_id: UUID | None = row["stream_id"]
    if stream_id is None:
        raise LookupError(f"what is held under {held_id} belongs to no stream: it can only be discarded")
    await ask_redrive(pool, row["reader"], stream_id)
    return stream_id


async def ask_redrive_of_all(pool: asyncpg.Pool[Any]) -> int:
    """Every held stream of every reader of this database; how many they are."""
    return int(
        await pool.fetchval(
            "WITH asked AS (INSERT INTO redrives_asked (reader, stream_id) "
            "SELECT DISTINCT reader, stream_id FROM held WHERE stream_id IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1) "
            "SELECT count(DISTINCT (reader, stream_id)) FROM held WHERE stream_id IS NOT NULL"
        )
    )
