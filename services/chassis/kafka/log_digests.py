"""Digests of a log by the thousand, each with the one before: an event that says something else than when it was published is found.

One stretch is looked at again every few seconds, from the newest to the first and again. It knows nothing of what events mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

STRETCHES_AT_ONCE = 20

# A stretch is digested once it is full: nothing is ever added to it.
NEXT = """
INSERT INTO log_digests (up_to, digest)
SELECT b.up_to + 1000, digest_of_events(b.up_to + 1000, b.digest)
FROM (
    SELECT up_to, digest FROM log_digests UNION ALL SELECT 0, ''::bytea ORDER BY up_to DESC LIMIT 1
) b
WHERE EXISTS (SELECT FROM events WHERE position = b.up_to + 1000)
ON CONFLICT DO NOTHING RETURNING up_to
"""
BEFORE = """
SELECT d.up_to, d.digest = digest_of_events(
    d.up_to, coalesce((SELECT b.digest FROM log_digests b WHERE b.up_to = d.up_to - 1000), ''::bytea)
) AS same
FROM log_digests d WHERE d.up_to < $1 ORDER BY d.up_to DESC LIMIT 1
"""
AT = "SELECT up_to, encode(digest, 'hex') AS digest FROM log_digests WHERE up_to <= $1 ORDER BY up_to DESC LIMIT 1"
NEWEST = 2**62


class Digests:
    """The digests of one database's log."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._looked_at = NEWEST

    async def look(self, compares: bool = True) -> str | None:
        """Digests what is full by now, and compares one stretch if it `compares`; what differs, or None.

        Guarantee: a published event that says something else is found, and the log refused.
        Test: test_an_event_that_says_something_else_closes_the_log.
        """
        for _ in range(STRETCHES_AT_ONCE):
            if await self._pool.fetchval(NEXT) is None:
                break
        if not compares:
            return None
        row = await self._pool.fetchrow(BEFORE, self._looked_at)
        self._looked_at = row["up_to"] if row else NEWEST
        if row is None or row["same"]:
            return None
        return f"an event of the thousand up to {row['up_to']} says something else than when it was recorded"

    async def said(self, published: int) -> dict[str, Any]:
        """What `progress` says of the last full stretch that is published."""
        row = await self._pool.fetchrow(AT, published)
        return {"digested_to": row["up_to"], "digest": row["digest"]} if row else {}

    async def differs(self, said: Mapping[str, Any]) -> str | None:
        """How the log differs from what `progress` says of it; None when it does not, or says nothing."""
        up_to = said.get("digested_to")
        if up_to is None:
            return None
        row = await self._pool.fetchrow(AT, int(up_to))
        if row is None or row["up_to"] != up_to:
            return None  # not digested yet; positions and ids are compared in any case
        if row["digest"] == said.get("digest"):
            return None
        return f"what the events up to {up_to} say is not what they said when they were published"
