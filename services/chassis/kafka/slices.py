"""Compares a log with its readers stream by stream, a slice of the ids at a time: what positions and counts say of all of it together.

A relay says on `progress` which version each stream of a slice has as of its position; a reader that has passed it must have at least that.
So neither asks the other, and what comes meanwhile is no difference. It repairs nothing; `motcua reconcile` says the same at once, of all.
"""

from __future__ import annotations

import logging
import struct
import time
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.chassis.process import clock, metrics

log = logging.getLogger(__name__)

STREAMS = 200
SLICE_SECONDS = 10.0
"""A slice of so many streams so often: a million streams are gone through in fourteen hours, by a few rows a second."""
READING_SECONDS = 5.0
LACKING_MOST = 1_000
KEPT_SLICES = 20
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)

_ROW = struct.Struct(">16sI")
# By the order of the key, so that a slice costs the same however long the log is.
_BY_KEY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashagg = off; SET LOCAL enable_sort = off"
_VERSIONS = """
SELECT stream_id, max(version) AS version FROM events
WHERE stream_id > $1 AND position <= $2 AND NOT position <@ $3::text::int8multirange
GROUP BY stream_id ORDER BY stream_id LIMIT $4
"""
_HELD = "SELECT DISTINCT stream_id FROM held WHERE reader = $1 AND stream_id = ANY($2::uuid[])"
_HAS = "SELECT stream_id, version FROM applied_versions WHERE stream_id = ANY($1::uuid[]) AND producer = $2"


class Slice(NamedTuple):
    """The versions of all streams behind `after` up to `up_to`, as of a position of their log."""

    after: UUID
    up_to: UUID
    position: int
    versions: Mapping[UUID, int]


def slice_of(told: Mapping[str, Any]) -> Slice:
    """As a relay says it; ValueError, KeyError or TypeError for anything else."""
    packed = b64decode(told["streams"])
    if len(packed) % _ROW.size:
        raise ValueError("no whole number of streams")
    versions = {UUID(bytes=stream_id): version for stream_id, version in _ROW.iter_unpack(packed)}
    return Slice(UUID(told["after"]), UUID(told["up_to"]), int(told["position"]), versions)


class Slices:
    """A relay's side: slice after slice of its log, and from the beginning again."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._after = FIRST
        self._next_at = 0.0

    async def said(self, published: int, apart: Mapping[str, Any]) -> dict[str, Any]:
        """The member of the relay's word that tells of a slice, every SLICE_SECONDS. `apart` are positions that stand on other topics.

        Guarantee: a slice that cannot be read holds up no publication. Test: test_a_slice_that_cannot_be_read_holds_up_nothing.
        """
        if time.monotonic() < self._next_at:
            return {}
        self._next_at = time.monotonic() + SLICE_SECONDS
        try:
            return {"slice": await self._next(published, apart)}
        except Exception as error:
            log.error("a slice is not said: %s", type(error).__name__)
            return {}

    async def _next(self, published: int, apart: Mapping[str, Any]) -> dict[str, Any]:
        elsewhere = [f"[{one},{last + 1})" for stretches in apart.values() for one, last in stretches]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_BY_KEY)
            where = (self._after, published, "{" + ",".join(elsewhere) + "}", STREAMS)
            rows = await connection.fetch(_VERSIONS, *where, timeout=READING_SECONDS)
        up_to = UUID(int=rows[-1]["stream_id"].int) if len(rows) == STREAMS else LAST
        packed = b"".join(_ROW.pack(row["stream_id"].bytes, row["version"]) for row in rows)
        told = {
            "after": self._after,
            "up_to": up_to,
            "position": published,
            "streams": b64encode(packed).decode(),
        }
        self._after = FIRST if up_to == LAST else up_to
        return told


class _Pass(NamedTuple):
    """How far a pass over one producer's streams has come, and what was found lacking and still is."""

    after: UUID | None
    compared: Slice | None
    lacking: Mapping[UUID, int]


class SliceReader:
    """A reader's side: each slice that is heard is compared once its position was passed."""

    def __init__(self, reader: str, pool: asyncpg.Pool[Any]) -> None:
        self._reader = reader
        self._pool = pool
        self._passes: dict[str, _Pass] = {}

    async def look(self, heard: Mapping[str, Sequence[Slice]], passed: Mapping[str, int]) -> None:
        """`heard`: the last slices of each producer; `passed`: up to which of its positions this reader has everything.

        Guarantee: a stream of which a version lacks is found within a pass, however right all counts are.
        Test: test_a_stream_that_lacks_a_version_is_found.
        Guarantee: a comparison that fails holds up no reading. Test: test_a_slice_that_cannot_be_compared_holds_up_nothing.
        """
        try:
            await self._compare(heard, passed)
        except Exception as error:
            log.error("%s compares no slices: %s", self._reader, type(error).__name__)

    async def _compare(self, heard: Mapping[str, Sequence[Slice]], passed: Mapping[str, int]) -> None:
        for producer, position in passed.items():
            before = self._passes.get(producer, _Pass(None, None, {}))
            said, new = dict(before.lacking), list[Slice]()
            for slice_ in heard.get(producer, ()):
                new = [] if slice_ is before.compared else [*new, slice_]
            new = [slice_ for slice_ in new if slice_.position <= position]
            for slice_ in new:
                said |= slice_.versions
            lacking = await self._lacking(producer, said) if said else {}
            self._tell(producer, lacking, lacking.keys() - before.lacking.keys())
            after, compared = before.after, before.compared
            metrics.RECONCILIATION_PASS_AT.labels(producer)  # 0 until there was one
            for slice_ in new:
                compared = slice_
                # One that was missed has the pass begin again.
                after = slice_.up_to if slice_.after in (FIRST, after) else None
                if after == LAST:
                    metrics.RECONCILIATION_PASS_AT.labels(producer).set(clock.now().timestamp())
            self._passes[producer] = _Pass(after, compared, dict(list(lacking.items())[:LACKING_MOST]))

    def _tell(self, producer: str, lacking: Mapping[UUID, int], new: Collection[UUID]) -> None:
        if new:
            ids = ", ".join(map(str, list(new)[:20]))
            log.critical(
                "%s lacks versions of %d streams of %s: %s", self._reader, len(lacking), producer, ids
            )
        metrics.RECONCILIATION_STREAMS_LACKING.labels(producer).set(len(lacking))

    async def _lacking(self, producer: str, said: Mapping[UUID, int]) -> dict[UUID, int]:
        """Held first, then applied: what goes from one to the other meanwhile is seen in one of them."""
        ids = list(said)
        held = {UUID(int=row[0].int) for row in await self._pool.fetch(_HELD, self._reader, ids)}
        has = {UUID(int=row[0].int): row[1] for row in await self._pool.fetch(_HAS, ids, producer)}
        return {
            stream_id: version
            for stream_id, version in said.items()
            if has.get(stream_id, 0) < version and stream_id not in held
        }
