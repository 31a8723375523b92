"""The second try of what is held: asked for from outside, done by the running reader, which alone knows how to apply it."""

from __future__ import annotations

import logging
from typing import Any, Protocol
from uuid import UUID

import asyncpg

log = logging.getLogger(__name__)


class Redriving(Protocol):
    """The part of an inbox that tries a held stream's queue again."""

    async def redrive(self, stream_id: Any, cluster_id: str) -> int: ...


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


async def redrive_asked(pool: asyncpg.Pool[Any], inbox: Redriving, reader: str, cluster_id: str) -> None:
    """Does what was asked for, each once; the wish is gone when the try is over, so a crash in between tries again.

    Guarantee: what a retry was asked for is tried by the running reader. Test: test_a_running_reader_tries_again_what_it_was_asked_to.
    """
    for row in await pool.fetch("SELECT stream_id, asked_at FROM redrives_asked WHERE reader = $1", reader):
        left = await inbox.redrive(row["stream_id"], cluster_id)
        log.info("%s tried a held stream again: %d messages stay held", reader, left)
        await pool.execute(
            "DELETE FROM redrives_asked WHERE reader = $1 AND stream_id = $2 AND asked_at = $3",
            reader,
            row["stream_id"],
            row["asked_at"],
        )
