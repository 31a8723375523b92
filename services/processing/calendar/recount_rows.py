"""The table of recounts: which change of the calendar is to be counted again, how far that is, and who does it.

One process at a time holds a recount; a second one would do no harm, for what is recorded twice is recorded once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from contracts.calendar import CALENDAR_ID

HOLD = timedelta(seconds=15)
OPEN = "('submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested')"
"""As the index dossiers_open says it: a statement that says it otherwise does not use it."""

BY_WEEKENDS = -1
"""The from_version of the one recount that follows from no declaration: of dates that a release before counted without days off by
law. Its row is written when it is over, so that a process of that release never takes it up."""

IS_OUTSTANDING = f"""
((SELECT coalesce(max(e.version), 0) FROM events e WHERE e.stream_id = '{CALENDAR_ID}')
    > (SELECT coalesce(max(r.to_version), 0) FROM recounts r WHERE r.finished_at IS NOT NULL)
 OR NOT EXISTS (SELECT FROM recounts r WHERE r.from_version = {BY_WEEKENDS} AND r.finished_at IS NOT NULL))
"""
"""Whether a calendar is declared by which not every date was counted yet: from the declaration itself on, begun or not."""
OUTSTANDING = f"SELECT {IS_OUTSTANDING}"

_COLUMNS = (
    "recount_id, from_version, to_version, days, began_at, total, done, moved, last_dossier, finished_at"
)
_LAST = f"SELECT {_COLUMNS} FROM recounts ORDER BY from_version DESC LIMIT 1"
_COUNT = f"SELECT count(*) FROM dossiers WHERE own_status IN {OPEN}"
_LAW_IS_COUNTED = f"""
SELECT EXISTS (SELECT FROM recounts WHERE from_version = {BY_WEEKENDS}), EXISTS (SELECT FROM recounts WHERE finished_at IS NULL)
"""
_COUNT_LAW = f"""
INSERT INTO recounts (recount_id, from_version, to_version, days, total, done, moved, finished_at)
VALUES ($1, {BY_WEEKENDS}, $2, $3, $4, $4, $5, clock_timestamp()) ON CONFLICT DO NOTHING
"""
_BEGIN = """
INSERT INTO recounts (recount_id, from_version, to_version, days, total, finished_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN cardinality($4::date[]) = 0 THEN clock_timestamp() END)
ON CONFLICT ON CONSTRAINT one_recount_per_change DO NOTHING
"""
_HOLD = f"""
UPDATE recounts SET holder = $1, held_until = clock_timestamp() + $2
WHERE recount_id = (SELECT recount_id FROM recounts WHERE finished_at IS NULL ORDER BY from_version LIMIT 1)
  AND (holder IS NULL OR holder = $1 OR held_until < clock_timestamp())
RETURNING {_COLUMNS}
"""
_ADVANCE = """
UPDATE recounts SET last_dossier = $3, done = $4, moved = $5, held_until = clock_timestamp() + $6
WHERE recount_id = $1 AND holder = $2 AND finished_at IS NULL RETURNING true
"""
# What was moved is what the log says was moved: a process that died may not have told of its last batch.
_FINISH = """
UPDATE recounts SET finished_at = clock_timestamp(), done = total, holder = NULL, moved = (
    SELECT count(*) FROM events WHERE position > $3 AND correlation_id = $1
)
WHERE recount_id = $1 AND holder = $2 AND finished_at IS NULL
"""
_LET_GO = "UPDATE recounts SET holder = NULL WHERE holder = $1 AND finished_at IS NULL"


class Recount(NamedTuple):
    """What follows from the calendar's versions (from_version, to_version]; `done` of `total` open dossiers were looked at."""

    recount_id: UUID
    from_version: int
    to_version: int
    days: list[date]
    began_at: datetime
    total: int
    done: int
    moved: int
    last_dossier: UUID
    finished_at: datetime | None


class LostHold(TimeoutError):
    """Another process does it by now."""


async def last(pool: Any) -> Recount | None:
    row = await pool.fetchrow(_LAST)
    return row and Recount(*row)


async def law_is_counted(pool: Any) -> tuple[bool, bool]:
    """Whether the dates from before days off by law were known have been counted again, and whether another recount goes on."""
    counted, going_on = await pool.fetchrow(_LAW_IS_COUNTED)
    return counted, going_on


async def count_law(pool: Any, recount: Recount) -> None:
    """Writes down that they have been; the second of two processes that did it finds it written."""
    place = (recount.to_version, recount.days, recount.done, recount.moved)
    await pool.execute(_COUNT_LAW, recount.recount_id, *place)


async def begin(pool: Any, from_version: int, to_version: int, days: list[date]) -> None:
    """Writes down that it is to be done; one that changes nothing has been done. Two processes at once begin one."""
    total = await pool.fetchval(_COUNT) if days else 0
    recount_id = uuid5(CALENDAR_ID, f"recount/{from_version}/{to_version}")
    await pool.execute(_BEGIN, recount_id, from_version, to_version, days, total)


async def hold(pool: Any, holder: UUID) -> Recount | None:
    """The oldest that is not finished, if nobody else does it."""
    row = await pool.fetchrow(_HOLD, holder, HOLD)
    return row and Recount(*row)


async def advance(pool: Any, holder: UUID, recount: Recount) -> None:
    """Keeps how far it is, and the hold; LostHold."""
    place = (recount.last_dossier, min(recount.done, recount.total), recount.moved)
    if not await pool.fetchval(_ADVANCE, recount.recount_id, holder, *place, HOLD):
        raise LostHold


async def finish(pool: Any, holder: UUID, recount: Recount, position: int) -> None:
    """`position`: of the log before the change."""
    await pool.execute(_FINISH, recount.recount_id, holder, position)


async def let_go(pool: Any, holder: UUID) -> None:
    await pool.execute(_LET_GO, holder)
