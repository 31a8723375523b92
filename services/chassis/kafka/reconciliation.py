"""Compares, end to end: the positions of each producer's log that were published must all be applied or held by the reader.

A relay says on `progress` up to which position it has published before which offsets. A reader that has passed those offsets must
have those positions. It repairs nothing and stops nobody; a difference is told, and what is complete is then not known.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from services.chassis.kafka import marks
from services.chassis.kafka.incarnations import Incarnations
from services.chassis.kafka.positions import Place, passed_on
from services.chassis.kafka.progress import Complete, Progress, Said, complete_of, passed_said
from services.chassis.kafka.slices import SliceReader
from services.chassis.process import clock, metrics

log = logging.getLogger(__name__)

COUNT_SECONDS = 300.0
"""Counting reads a row for each stream: it is done at the start, and then as often."""
AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "unknown"


def reconciliation_state() -> str:
    """`agrees`, `differs` or `unknown`, as the last comparison of this process found it."""
    found = [s.value for metric in metrics.RECONCILIATION_DIFFERENCE.collect() for s in metric.samples]
    return UNKNOWN if not found else DIFFERS if any(found) else AGREES


class Reconciler:
    """One reader's comparison with what the relays say of themselves, and up to when it is complete by that."""

    def __init__(
        self,
        reader: str,
        pool: asyncpg.Pool[Any],
        topics: Collection[str],
        producers: Collection[str],
        progress: Progress | None,
    ) -> None:
        self._reader = reader
        self._pool = pool
        self._topics = topics
        self._producers = producers
        self._progress = progress
        self._incarnations = Incarnations(pool, reader)
        self._slices = SliceReader(reader, pool)
        self._adopts = True
        self._told: dict[str, int] = {}
        self._agreed: dict[str, Said] = {}
        self._miscounted: dict[str, int] = {}
        self._count_at = 0.0
        self._complete_at = clock.now()

    async def complete_up_to(self, cluster_id: str, topic_ids: Mapping[str, str]) -> Complete | None:
        """Up to when all members of the group together have everything; None when that is not known, or when anything is missing.

        Guarantee: nothing is called complete from which a message is missing. Test: test_a_message_lost_before_the_reader_is_told.
        """
        if self._progress is None:
            return None
        passed = await passed_on(self._pool, self._reader, cluster_id, topic_ids)
        if not passed:
            return None
        found = self._passed_said(cluster_id, passed, topic_ids)
        if found is None or any(self._told.values()):
            return None
        newer = {name: said for name, said in found.items() if self._is_newer(name, said)}
        if any((await self._differences(newer)).values()) or await self._incarnations.differences(newer):
            return None
        found_at = complete_of(found)
        return found_at._replace(up_to=min(found_at.up_to, clock.now()))

    async def look(self, cluster_id: str, topic_ids: Mapping[str, str], lost: bool) -> None:
        """Every second: compares, tells, and merges the marks. With `lost` positions there is no word to compare with.

        Guarantee: a sound system never differs, through rebalances and restarts too. Test: test_a_sound_system_never_differs.
        """
        if self._progress is None:
            return
        await marks.merge(self._pool, self._reader)
        passed = None if lost else await passed_on(self._pool, self._reader, cluster_id, topic_ids)
        found = self._passed_said(cluster_id, passed, topic_ids) if passed else None
        if found:
            await self._adopt(found)
            differences = await self._differences(found)
            await self._count(found)
            for more in (self._miscounted, await self._incarnations.differences(found)):
                for producer, by in more.items():
                    differences[producer] = differences.get(producer, 0) + by
            self._tell(differences)
            self._agreed = {name: said for name, said in found.items() if not differences.get(name)}
            passed_to = {name: said.position for name, said in found.items()}
            await self._slices.look(self._progress.slices, passed_to)
            if not any(differences.values()):
                self._complete_at = min(complete_of(found).up_to, clock.now())
        metrics.COMPLETE_UP_TO_AGE_SECONDS.set((clock.now() - self._complete_at).total_seconds())

    def _passed_said(
        self, cluster_id: str, passed: Mapping[Place, int], topic_ids: Mapping[str, str]
    ) -> dict[str, Said] | None:
        assert self._progress is not None
        return passed_said(self._progress.said, self._producers, cluster_id, passed, topic_ids)

    async def _adopt(self, found: Mapping[str, Said]) -> None:
        if self._adopts:
            up_to = {producer: said.position for producer, said in found.items() if said.position}
            self._adopts = await marks.adopt(self._pool, self._reader, up_to) or len(up_to) < len(found)

    async def _differences(self, found: Mapping[str, Said]) -> dict[str, int]:
        """Of each producer that says where its messages are, how many of them are missing here, or other ones than it says."""
        wanted = {
            producer: wanted_of(said, self._topics)
            for producer, said in found.items()
            if said.unplaced_to is not None
        }
        if not wanted:
            return {}
        missing = await marks.missing(self._pool, self._reader, wanted)
        lasts = await marks.last_ids(self._pool, self._reader)
        return {
            producer: missing.get(producer, 0) + self._is_other(producer, *lasts.get(producer, (0, "")))
            for producer in wanted
        }

    async def _count(self, found: Mapping[str, Said]) -> None:
        """Compares how many events were applied with how many are marked, of producers all of whose messages bear a position.

        Guarantee: nothing is called complete while the events that were applied are not as many as their relays say.
        Test: test_events_that_are_not_as_many_as_their_marks_are_told.
        """
        if time.monotonic() < self._count_at:
            return
        among = {
            producer: counted_of(said, self._topics)
            for producer, said in found.items()
            if said.unplaced_to == 0 and said.position
        }
        self._miscounted = await marks.counted(self._pool, self._reader, among) if among else {}
        if among and not any(self._miscounted.values()):  # what differs is looked at each time
            self._count_at = time.monotonic() + COUNT_SECONDS

    def _is_newer(self, producer: str, said: Said) -> bool:
        agreed = self._agreed.get(producer)
        return agreed is None or said.position > agreed.position or said.incarnations != agreed.incarnations

    def _is_other(self, producer: str, position: int, event_id: str) -> bool:
        """Whether the relay says of the last position that is marked here that another event stands there."""
        assert self._progress is not None
        said = self._progress.said.get(producer, ())
        ids = {each.event_id for each in said if each.position == position and each.event_id}
        return bool(position and ids) and event_id not in ids

    def _tell(self, differences: Mapping[str, int]) -> None:
        for producer, difference in differences.items():
            metrics.RECONCILIATION_DIFFERENCE.labels(producer).set(difference)
            if difference and self._told.get(producer) != difference:
                log.critical("%s lacks %d messages of %s", self._reader, difference, producer)
            self._told[producer] = difference


def wanted_of(said: Said, topics: Collection[str]) -> str:
    """The positions that a reader of `topics` must have, as PostgreSQL writes a multirange: all up to the published one, but for
    those of before messages bore them and those that stand on other topics.
    """
    first, beyond, stretches = (said.unplaced_to or 0) + 1, said.position + 1, list[str]()
    apart = sorted(
        (start, end) for topic, found in said.apart.items() if topic not in topics for start, end in found
    )
    for start, end in (*apart, (beyond, beyond)):
        if first < min(start, beyond):
            stretches.append(f"[{first},{min(start, beyond)})")
        first = max(first, end + 1)
    return "{" + ",".join(stretches) + "}"


def counted_of(said: Said, topics: Collection[str]) -> str:
    """The positions that a reader of `topics` may have: those that it must have, and what was published since then."""
    wanted = wanted_of(said, topics).strip("{}")
    return "{" + ",".join([*([wanted] if wanted else []), f"[{said.position + 1},)"]) + "}"
