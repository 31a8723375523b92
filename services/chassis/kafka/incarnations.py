"""The incarnations of a log: told by its relay, kept by each reader, and compared, so that a log that lost its end is found though the
broker was begun anew with it. It stops nobody.

A reader that has more of an incarnation than the log says was in it has events that the log lacks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from services.chassis.kafka.progress import Life, Said, lives_of

log = logging.getLogger(__name__)

NOTE = "SELECT note_incarnation()"
POSITION_AND_LIVES = """
SELECT p.*, (SELECT json_agg(json_build_array(l.incarnation, l.began_after) ORDER BY l.number) FROM log_incarnations l) AS lives
FROM log_position() p
"""
KNOWN = "SELECT producer, incarnations, position, said_at FROM reader_logs WHERE reader = $1"
# Members of a group keep one row: whoever heard the later word has it.
KEEP = """
INSERT INTO reader_logs AS r (reader, producer, incarnations, position, said_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (reader, producer) DO UPDATE
SET incarnations = excluded.incarnations, position = excluded.position, said_at = excluded.said_at
WHERE r.said_at < excluded.said_at
"""


class Incarnations:
    """What one reader knows of the logs that it reads."""

    def __init__(self, pool: asyncpg.Pool[Any], reader: str) -> None:
        self._pool = pool
        self._reader = reader
        self._told: set[str] = set()

    async def differences(self, found: Mapping[str, Said]) -> dict[str, int]:
        """Of each producer whose log lost its end, how many messages this reader has beyond it; what agrees is kept.

        Guarantee: a log put back to an older state is told by every reader, though the broker was begun anew at the same time.
        Test: test_a_log_that_lost_its_end_with_the_broker_is_told.
        """
        told = {producer: said for producer, said in found.items() if said.incarnations}
        known = {row["producer"]: row for row in await self._pool.fetch(KNOWN, self._reader)} if told else {}
        differences: dict[str, int] = {}
        for producer, said in told.items():
            row = known.get(producer)
            if row is None:
                await self._keep(producer, said, said.position)
                continue
            if said.complete_up_to <= row["said_at"]:
                continue
            lives = lives_of(orjson.loads(row["incarnations"]))
            lost = lost_of(lives, row["position"], said.incarnations)
            if lost:
                differences[producer] = lost
                self._tell(producer, lost)
            elif said.incarnations != lives or said.position > row["position"]:
                await self._keep(producer, said, max(said.position, row["position"]))
        return differences

    async def _keep(self, producer: str, said: Said, position: int) -> None:
        lives = orjson.dumps(said.incarnations).decode()
        await self._pool.execute(KEEP, self._reader, producer, lives, position, said.complete_up_to)

    def _tell(self, producer: str, lost: int) -> None:
        if producer not in self._told:
            self._told.add(producer)
            log.critical(
                "log-lost-its-end: %s has %d messages that the log of %s lacks; restored from a backup?",
                self._reader,
                lost,
                producer,
            )


def lost_of(kept: Sequence[Life], position: int, said: Sequence[Life]) -> int:
    """How many of the events up to `position`, read from a log of the lives `kept`, are not in one of the lives `said`."""
    common = 0
    while common < min(len(kept), len(said)) and kept[common] == said[common]:
        common += 1
    # Behind where either goes on without the other, the same positions are other events.
    ends = [lives[common][1] for lives in (kept, said) if len(lives) > common]
    if not common:
        ends = [0]
    return max(0, position - min(ends)) if ends else 0
