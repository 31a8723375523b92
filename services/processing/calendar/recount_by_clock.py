"""Moves the due dates that follow from running clocks alone, all dossiers of one clock and due date at once.

The queue's rows say both. What is decided for one of them holds for all, and the database moves them where they stand, each with
its own event: nothing is read of their histories, and nothing of those whose dates stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from services.chassis.process.logs import describe
from services.chassis.process.turning import turned
from services.processing.calendar.change import Change, moved_by_clock
from services.processing.calendar.recount_rows import OPEN
from services.processing.clock.statutory import clock_of
from services.processing.clock.working_days import local_day
from services.processing.dossier.date_events import DueDateChanged
from services.processing.dossier.events import EVENTS

log = logging.getLogger(__name__)

ACTOR = "system/processing"
# A dossier without a clock, or with an act of a day to come, is decided by its history.
_CLOCKS = f"""
SELECT CASE WHEN acted_on <= $4 THEN clock END AS clock, due_on, count(*) AS dossiers FROM dossiers
WHERE dossier_id > $1 AND dossier_id <= $2 AND own_status IN {OPEN} AND (due_on >= $3 OR clock IS NULL)
GROUP BY 1, 2
"""
MOVE = "SELECT move_due_dates($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
MOVED = EVENTS.stored_as(DueDateChanged)
MOVES_AT_ONCE = 2_000
"""Officers wait meanwhile: 60 ms."""
DECIDED_MAX = 50_000

T = TypeVar("T")
Move = tuple[date, str]
"""The due date that follows, and the data of the event that says so."""


def counted(count: Callable[[], T]) -> T | None:
    """None, and a line in the log, for a date that cannot be counted: it must not keep all others from it."""
    try:
        return count()
    except (ValueError, OverflowError) as error:
        log.error("date-not-counted", extra={"fields": describe(error)})
        return None


def portions(weighed: Iterable[tuple[int, T]], most: int) -> Iterator[list[T]]:
    """In order, each of so much weight that one more would be too much."""
    portion, weight = list[T](), 0
    for own, each in weighed:
        if portion and weight + own > most:
            yield portion
            portion, weight = [], 0
        portion.append(each)
        weight += own
    if portion:
        yield portion


class RunningClocks:
    """Decides each clock once for a change and a day, however many stretches have it."""

    def __init__(self, pool: asyncpg.Pool[Any], new_id: Callable[[], UUID]) -> None:
        self._pool, self._new_id = pool, new_id
        self._decided: dict[tuple[str, date], Move | None] = {}
        self._for: tuple[Change, date] | None = None

    async def move(
        self, recount_id: UUID, change: Change, stretch: tuple[UUID, UUID], now: datetime
    ) -> tuple[int, bool]:
        """How many due dates moved of the open dossiers in (first, last], and whether others are left to be looked at one by one.

        Guarantee: each is moved once, event and row in one transaction, and only from where it stood when it was decided on.
        Tests: test_a_recount_that_died_goes_on, test_only_what_still_stands_as_it_was_decided_is_moved.
        """
        today = local_day(now)
        if self._for != (change, today) or len(self._decided) > DECIDED_MAX:
            self._decided, self._for = {}, (change, today)
        moves, others = [], False
        for clock, due_on, dossiers in await self._pool.fetch(_CLOCKS, *stretch, change.since, today):
            if clock is None:
                others = True
                continue
            move = self._decide(change, clock, due_on, today)
            if move is not None:
                moves.append((dossiers, (clock, due_on, *move)))
        moved = 0
        for some in portions(moves, MOVES_AT_ONCE):
            turned()
            columns = [list(column) for column in zip(*some, strict=True)]
            arguments = (*stretch, today, *columns, *MOVED, self._new_id(), now, ACTOR, recount_id)
            moved += await self._pool.fetchval(MOVE, *arguments)
        return moved, others

    def _decide(self, change: Change, clock: str, due_on: date, today: date) -> Move | None:
        key = (clock, due_on)
        if key not in self._decided:
            event = counted(partial(moved_by_clock, change, clock_of(clock), due_on, today))
            self._decided[key] = None if event is None else (event.due_on, EVENTS.encode(event)[2])
        return self._decided[key]
