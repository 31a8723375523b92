"""`motcua reconcile`: whether every reader has of every dossier all that its log says, dossier by dossier and version by version.

One pass over each side gives a digest of each of 256 ranges; only ranges that differ are looked into. It changes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from contracts import calendar
from contracts.topics import SERVICES
from deploy.command.portal_file import compare_with_portal
from deploy.command.reach import dsn
from deploy.local.home import Home
from services.chassis.log.databases import open_pool
from services.chassis.process import clock

READERS = {"intake": ("processing", "notify", "reporting"), "processing": ("intake", "notify", "reporting")}
"""Of each log that tells of dossiers, who reads it."""
SETTLED = timedelta(seconds=10)
"""What was recorded since is on its way."""
LISTED_MOST = 20

# Each side as (dossier, version), with the range that the dossier falls into: ids are random at their end.
_LOG = """
SELECT stream_id, max(version) AS version FROM events
WHERE stream_id <> $1 AND recorded_at <= $2 GROUP BY stream_id
"""
_READ = "SELECT stream_id, version FROM applied_versions WHERE stream_id <> $1 AND producer = $2"
_DIGESTS = """
SELECT get_byte(uuid_send(stream_id), 15) AS range, count(*) AS dossiers,
       bit_xor(('x' || left(md5(stream_id || '/' || version), 16))::bit(64)) AS digest
FROM ({side}) side GROUP BY 1
"""
_IN_RANGES = (
    "SELECT stream_id, version FROM ({side}) side WHERE get_byte(uuid_send(stream_id), 15) = ANY($3::int[])"
)
_SINCE = "SELECT min(recorded_at) FROM events WHERE stream_id = $1 AND version > $2"
_HELD = "SELECT min(held_id) FROM held WHERE stream_id = $1"


class Lacks(NamedTuple):
    """A dossier of which a reader does not have what the log says. `held_id`: it waits in the reader, under this number."""

    dossier_id: UUID
    said: int
    has: int
    since: datetime | None
    held_id: int | None

    def told(self, log: str, reader: str) -> str:
        since = f"since {self.since:%Y-%m-%d %H:%M:%S%z}" if self.since else "beyond its log"
        way_out = f"motcua held retry {reader} {self.held_id}" if self.held_id else f"motcua republish {log}"
        return f"  {self.dossier_id}  {log} says {self.said}, {reader} has {self.has}  {since}  {way_out}"


class Compared(NamedTuple):
    """One log beside one reader: how many dossiers each has, and those that differ."""

    log: str
    reader: str
    dossiers: int
    read: int
    lacking: list[Lacks]

    @property
    def proves(self) -> bool:
        """Guarantee: a check of an empty side is no proof. Test: test_an_empty_side_is_no_proof."""
        return bool(self.dossiers and self.read and not self.lacking)

    def told(self) -> list[str]:
        if not self.dossiers or not self.read:
            side = self.log if not self.dossiers else self.reader
            return [f"{self.log} and {self.reader}: {side} is EMPTY, which proves nothing"]
        found = (
            f"{self.log} and {self.reader}: {self.dossiers:,} dossiers compared, {len(self.lacking):,} differ"
        )
        return [found, *(each.told(self.log, self.reader) for each in self.lacking[:LISTED_MOST])]


async def compare(
    log: str, reader: str, written: asyncpg.Pool[Any], read: asyncpg.Pool[Any], now: datetime
) -> Compared:
    """What a reader has beside what the log says.

    Guarantee: a dossier of which a reader lacks a version is named, whatever else agrees.
    Test: test_a_reader_that_lacks_a_version_is_named.
    """
    here, there = (calendar.CALENDAR_ID, now - SETTLED), (calendar.CALENDAR_ID, log)
    sides = await asyncio.gather(
        written.fetch(_DIGESTS.format(side=_LOG), *here), read.fetch(_DIGESTS.format(side=_READ), *there)
    )
    digests = [{row["range"]: (row["dossiers"], row["digest"]) for row in rows} for rows in sides]
    differ = [n for n in range(256) if digests[0].get(n) != digests[1].get(n)]
    told: dict[UUID, int] = {}
    has: dict[UUID, int] = {}
    if differ:
        told, has = (
            {row["stream_id"]: row["version"] for row in rows}
            for rows in (
                await written.fetch(_IN_RANGES.format(side=_LOG), *here, differ),
                await read.fetch(_IN_RANGES.format(side=_READ), *there, differ),
            )
        )
    lacking = []
    for dossier_id in sorted(told.keys() | has.keys()):
        said, known = told.get(dossier_id, 0), has.get(dossier_id, 0)
        if known < said or (known > said and not await _is_written(written, dossier_id, known)):
            since = await written.fetchval(_SINCE, dossier_id, known)
            held = await read.fetchval(_HELD, dossier_id)
            lacking.append(Lacks(dossier_id, said, known, since, held))
    counts = [sum(dossiers for dossiers, _ in side.values()) for side in digests]
    return Compared(log, reader, counts[0], counts[1], lacking)


async def _is_written(log: asyncpg.Pool[Any], dossier_id: UUID, version: int) -> bool:
    """Whether what the reader has beyond the settled part of the log is in the log at all."""
    query = "SELECT EXISTS (SELECT FROM events WHERE stream_id = $1 AND version >= $2)"
    return bool(await log.fetchval(query, dossier_id, version))


async def reconcile(dsns: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Compares every log with every reader of it; the exit code, 0 when all agree."""
    async with AsyncExitStack() as opened:
        pools = {name: await opened.enter_async_context(open_pool(dsns[name], size=2)) for name in SERVICES}
        code = 0
        for log, readers in READERS.items():
            for reader in readers:
                found = await compare(log, reader, pools[log], pools[reader], clock.now())
                code = code if found.proves else 1
                for line in found.told():
                    say(line)
        return code


async def run(home: Home, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    if options.portal:
        async with open_pool(dsn(home, "intake"), size=1) as pool:
            return await compare_with_portal(pool, options.portal, say)
    return await reconcile({name: dsn(home, name) for name in SERVICES}, say)
