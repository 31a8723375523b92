"""Counts the dates of all open dossiers again after the calendar was changed, and records each that moves.

It walks the open dossiers once, in the order of their ids, and then looks again at those that were acted on meanwhile: another
process may have decided by the calendar before. Dossiers whose rows have a running clock are decided clock by clock and moved where
they stand; of the others the histories are read. Ended dossiers are never touched. It can stop between any two lines.
Guarantee: a recount that was broken off goes on where it was and moves nothing twice. Test: test_a_recount_that_died_goes_on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid5

from contracts.calendar import CALENDAR_ID
from services.chassis.log.databases import TRANSIENT
from services.chassis.log.decider import Context, new_events
from services.chassis.log.event_store import Appended, Conflict, Item
from services.chassis.process.ending import end
from services.chassis.process.turning import Loop, turned
from services.processing.calendar import recount_rows
from services.processing.calendar.change import Change, Open, dossier_of, moved, settled
from services.processing.calendar.current import LOOK_SECONDS, Declaring
from services.processing.calendar.recount_by_clock import ACTOR, RunningClocks, counted
from services.processing.calendar.recount_rows import OPEN, Recount
from services.processing.clock.working_days import local_day
from services.processing.desk.carry_out import queue_row
from services.processing.dossier.events import EVENTS, Event
from services.processing.dossier.history import evolve

log = logging.getLogger(__name__)

LOOK_DOSSIERS = 10_000
APPEND_DOSSIERS = 250
SETTLED_SECONDS = 3 * LOOK_SECONDS
"""By then every process counts by what was declared."""
# The unit of a limit is the acceptance's own; it is read only where a changed day falls into the stretch that was counted. The
# row has the first last day of an agency that was asked, and none while the dossier waits for its applicant: here it is the last.
ROWS = """
SELECT d.dossier_id, d.procedure, d.office, d.channel, d.submitted_at, d.own_status, d.accepted_at, d.due_on, d.intake_due_at,
    d.version, CASE WHEN d.due_on >= $1 THEN (
        SELECT e.data -> 'limit' ->> 'unit' FROM events e
        WHERE e.stream_id = d.dossier_id AND e.type = 'DossierAccepted' ORDER BY e.version LIMIT 1
    ) END,
    d.deadline_on, CASE WHEN d.answer_by IS NOT NULL OR d.deadline_on IS NOT NULL THEN (
        SELECT max(e.data ->> 'answer_by') FROM events e
        WHERE e.stream_id = d.dossier_id AND e.type IN ('OpinionRequested', 'OpinionDeadlineChanged')
    )::date END
FROM dossiers d
"""
_STRETCH = f"SELECT dossier_id FROM dossiers WHERE dossier_id > $1 AND own_status IN {OPEN} ORDER BY dossier_id OFFSET $2 LIMIT 1"
_OTHERS = f"""
{ROWS} WHERE d.dossier_id > $2 AND d.dossier_id <= $3 AND d.own_status IN {OPEN} 
    AND (d.clock IS NULL OR d.acted_on > $4 OR d.due_on >= $5)
"""
_THESE = f"{ROWS} WHERE d.dossier_id = ANY($2::uuid[]) AND d.own_status IN {OPEN}"
_WAITING = "SELECT dossier_id FROM dossiers WHERE own_status = 'submitted'"
HISTORIES = """
SELECT stream_id, type, schema_version, data FROM events WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id, version
"""
_ACTED_ON = """
SELECT DISTINCT stream_id FROM events
WHERE position > $1 AND stream_id <> $2 AND correlation_id IS DISTINCT FROM $3
"""
_UNSETTLED = "SELECT extract(epoch FROM $1::timestamptz + $2::interval - clock_timestamp())::float8"
NOBODY, EVERYBODY = UUID(int=0), UUID(int=2**128 - 1)
T = TypeVar("T")


class Recounter:
    """The recounts of one process. `holder` names it among others."""

    def __init__(
        self, declaring: Declaring, holder: UUID, *, settled_seconds: float = SETTLED_SECONDS
    ) -> None:
        self._declaring, self._desk, self._holder = declaring, declaring.desk, holder
        self._settled = timedelta(seconds=settled_seconds)
        self._clocks = RunningClocks(self._desk.pool, self._desk.new_id)
        self._law_is_counted = False
        self._changed = asyncio.Event()
        declaring.on_change(self._changed.set)

    async def run(self) -> None:
        """Does what is to be done as soon as the calendar changes, and looks every second for what others left undone."""
        try:
            with Loop("recounts"):
                await self._catch_up_for_ever()
        finally:
            with suppress(*TRANSIENT):
                await asyncio.shield(recount_rows.let_go(self._desk.pool, self._holder))

    async def _catch_up_for_ever(self) -> None:
        while True:
            turned()
            self._changed.clear()
            with suppress(recount_rows.LostHold):
                await self.catch_up()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()

    async def catch_up(self) -> None:
        """Recounts until nothing is left that nobody else does."""
        while self._declaring.version:
            await self._begin()
            recount = await recount_rows.hold(self._desk.pool, self._holder)
            if recount is None:
                break
            await self._walk(recount)
        if self._declaring.version and not self._law_is_counted:
            self._law_is_counted, going_on = await recount_rows.law_is_counted(self._desk.pool)
            if not self._law_is_counted and not going_on:
                await self._count_law()

    async def _begin(self) -> None:
        """Derives from the log what is to be recounted: a declaration is enough, whoever dies after it.

        Guarantee: a declaration is recounted even if its process dies at once. Test: test_a_declaration_is_recounted_by_whoever_lives.
        """
        version, declaring = self._declaring.version, self._declaring
        last = await recount_rows.last(self._desk.pool)
        since = last.to_version if last else 0
        if since < version:
            change = Change.of(declaring.calendar_at(since), declaring.calendar_at(version))
            await recount_rows.begin(self._desk.pool, since, version, list(change.days))

    async def _count_law(self) -> None:
        """Once for each database: what a release before counted by declarations and weekends alone is counted again.

        It keeps no place: one that is broken off begins again, and what was moved stays moved.
        Guarantee: a date of before moves with an event, and once. Test: test_dates_of_a_release_before_are_counted_again.
        """
        version, calendar = self._declaring.version, self._desk.calendar
        change = Change.of(replace(calendar, knows_law=False, made={}), calendar)
        recount_id = uuid5(CALENDAR_ID, "days off by law")
        began_at = self._desk.clock()
        recount = Recount(
            recount_id, recount_rows.BY_WEEKENDS, version, list(change.days), began_at, 0, 0, 0, NOBODY, None
        )
        while recount.last_dossier != EVERYBODY:
            recount = await self._stretch(recount, change)
        await recount_rows.count_law(self._desk.pool, recount)

    async def _walk(self, recount: Recount) -> None:
        pool = self._desk.pool
        while recount.last_dossier != EVERYBODY:
            recount = await self._stretch(recount, await self._change(recount))
            await recount_rows.advance(pool, self._holder, recount)
        await asyncio.sleep(max(0.0, await pool.fetchval(_UNSETTLED, recount.began_at, self._settled)))
        await self._look_again(recount)
        await recount_rows.finish(pool, self._holder, recount, self._position(recount))

    async def _stretch(self, recount: Recount, change: Change) -> Recount:
        """Counts the next open dossiers again: how far the recount is then."""
        turned()
        pool, after, now = self._desk.pool, recount.last_dossier, self._desk.clock()
        up_to = await pool.fetchval(_STRETCH, after, LOOK_DOSSIERS - 1) or EVERYBODY
        moves, others = 0, False
        if change.days:
            moves, others = await self._clocks.move(recount.recount_id, change, (after, up_to), now)
        if others or change.settled:
            rows = await self._rows(_OTHERS, change, after, up_to, local_day(now), change.settled_from)
            moves += await self._recount(recount.recount_id, "", change, rows)
        return recount._replace(
            last_dossier=up_to, done=recount.done + LOOK_DOSSIERS, moved=recount.moved + moves
        )

    async def _change(self, recount: Recount) -> Change:
        """From the calendar before the recount to that of now: what was declared meanwhile is not counted out again."""
        await self._declaring.refresh()
        return Change.of(self._declaring.calendar_at(recount.from_version), self._desk.calendar)

    def _position(self, recount: Recount) -> int:
        """Where the log stood before the change."""
        return self._declaring.positions[recount.from_version] - 1

    async def _look_again(self, recount: Recount) -> None:
        """Those that were acted on since the declaration, and all that wait for acceptance."""
        pool, change = self._desk.pool, await self._change(recount)
        acted_on = await pool.fetch(_ACTED_ON, self._position(recount), CALENDAR_ID, recount.recount_id)
        waiting = await pool.fetch(_WAITING)
        for ids in chunks([row[0] for row in (*acted_on, *waiting)], LOOK_DOSSIERS):
            await self._recount(recount.recount_id, "again", change, await self._rows(_THESE, change, ids))
            await recount_rows.advance(pool, self._holder, recount)

    async def _rows(self, query: str, change: Change, *arguments: Any) -> list[Open]:
        if not change.days:
            return []
        return [Open(*row) for row in await self._desk.pool.fetch(query, change.since, *arguments)]

    async def _recount(self, recount_id: UUID, which: str, change: Change, rows: Sequence[Open]) -> int:
        """How many dates of these dossiers moved, deadlines too. The next are read and decided while the database records the last."""
        await self._move_intake_limits(change, [row for row in rows if change.can_move_intake(row)])
        moves, recorded = 0, None
        try:
            for some in chunks([row for row in rows if change.can_move(row)], APPEND_DOSSIERS):
                turned()
                items = await self._items(recount_id, which, change, some)
                if recorded is not None:
                    moves += await recorded
                recorded = asyncio.create_task(self._record(recount_id, which, change, items))
            return moves + (await recorded if recorded is not None else 0)
        finally:
            if recorded is not None:
                await end([recorded])

    async def _histories(self, rows: Sequence[Open]) -> dict[UUID, list[Event]]:
        histories: dict[UUID, list[Event]] = {row.dossier_id: [] for row in rows}
        for stream_id, name, schema_version, data in await self._desk.pool.fetch(HISTORIES, list(histories)):
            histories[stream_id].append(EVENTS.decode(name, schema_version, data))
        return histories

    async def _items(
        self, recount_id: UUID, which: str, change: Change, rows: Sequence[Open]
    ) -> list[tuple[Open, Item]]:
        """What is to be recorded of those whose dates move."""
        histories = await self._histories(rows)
        now, items = self._desk.clock(), []
        for row in rows:
            history = histories[row.dossier_id]
            dossier = dossier_of(row, history)
            events = counted(partial(moved, change, dossier, local_day(now)))
            events = [*(events or ()), *settled(change, dossier, events or (), local_day(now))]
            if not events:
                continue
            for event in events:
                dossier = evolve(dossier, event)
            context = Context(uuid5(recount_id, f"{row.dossier_id}{which}"), ACTOR, now)
            item = Item(
                row.dossier_id,
                len(history),
                context.command_id,
                new_events(EVENTS, events, context, self._desk.new_id),
                ACTOR,
                correlation_id=recount_id,
                attachment=[queue_row(dossier, None, change.after)],
            )
            items.append((row, item))
        return items

    async def _record(
        self, recount_id: UUID, which: str, change: Change, items: Sequence[tuple[Open, Item]]
    ) -> int:
        """Where an officer was quicker, that dossier is decided again, as often as it takes."""
        moves = 0
        while items:
            answers = await asyncio.gather(*(self._desk.store.append(item) for _, item in items))
            moves += sum(
                len(item.events)
                for (_, item), answer in zip(items, answers, strict=True)
                if isinstance(answer, Appended)
            )
            slower = [
                row for (row, _), answer in zip(items, answers, strict=True) if isinstance(answer, Conflict)
            ]
            items = await self._items(recount_id, which, change, slower) if slower else []
        return moves

    async def _move_intake_limits(self, change: Change, rows: Sequence[Open]) -> None:
        """Until when desks are to accept: a column and no event, for nothing was told of it."""
        told = [row for row in rows if row.version]
        histories = await self._histories(told) if told else {}
        moves = []
        for row in rows:
            # One that was acted on since its row was read is looked at again.
            limit = change.intake_due_at(dossier_of(row, histories.get(row.dossier_id, [])))
            if limit not in (None, row.intake_due_at):
                moves.append((row.dossier_id, row.version, limit))
        if moves:
            columns = [list(column) for column in zip(*moves, strict=True)]
            await self._desk.pool.execute("SELECT move_intake_limits($1, $2, $3)", *columns)


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]
