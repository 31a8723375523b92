"""What a declaration would move, told before it is made: counted as the recount would count it, and nothing is recorded.

Which dossiers move is told to who may read them, and to nobody else; how many is told to everybody who may ask.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial, reduce
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import STAFF, units_of
from services.chassis.log.decider import Rejected
from services.processing.calendar.change import Change, Open, dossier_of, moved, moved_by_clock
from services.processing.calendar.confirming import decide
from services.processing.calendar.current import Declaring
from services.processing.calendar.recount import HISTORIES, NOBODY, ROWS, chunks
from services.processing.calendar.recount_by_clock import counted
from services.processing.calendar.recount_rows import OPEN
from services.processing.clock.declaration import (
    Act,
    Command,
    ConfirmProposal,
    Declared,
    DeclareDay,
    WithdrawDeclaration,
    evolve,
)
from services.processing.clock.statutory import clock_of
from services.processing.clock.working_days import Calendar, Declaration, Kind, local_day
from services.processing.desk import queue_rows
from services.processing.desk.queue_rows import DossierRow
from services.processing.dossier.date_events import DueDateChanged
from services.processing.dossier.events import EVENTS, Event

SAYS, CONFIRMS = "-", ""
"""Who would say it and who would confirm it: no token has these subjects."""
STRETCH_ROWS = 1_000
ONE_BY_ONE_MAX = 20_000
"""Dossiers whose histories are needed are looked at up to so many; beyond them the answer says that it is not all."""
ITEMS_MAX = 200
AT_ONCE = 100
"""So many are counted before others have their turn on the event loop."""
# As RunningClocks decides them: all dossiers of one clock and due date move alike.
CLOCKS = f"""
SELECT office, unit, clock, due_on, count(*) AS dossiers FROM dossiers
WHERE own_status IN {OPEN} AND clock IS NOT NULL AND acted_on <= $2 AND due_on >= $1
GROUP BY office, unit, clock, due_on
"""
OTHERS = f"""
{ROWS} WHERE d.dossier_id > $3 AND d.own_status IN {OPEN} AND (d.clock IS NULL OR d.acted_on > $2)
ORDER BY d.dossier_id LIMIT $4
"""
_SEEN = "(office = $1 OR unit = ANY($2::text[]))"
OF_CLOCKS = f"""
SELECT clock, {queue_rows.COLUMNS} FROM dossiers
WHERE own_status IN {OPEN} AND acted_on <= $5 AND (clock, due_on) IN (SELECT * FROM unnest($3::text[], $4::date[])) AND {_SEEN}
ORDER BY due_on, dossier_id LIMIT $6
"""
OF_IDS = (
    f"SELECT NULL, {queue_rows.COLUMNS} FROM dossiers WHERE dossier_id = ANY($3::uuid[]) AND {_SEEN} LIMIT $4"
)


class Moves(NamedTuple):
    """So many dossiers of an office and a unit move from one due date to another."""

    office: str
    unit: str | None
    due_on: date
    new_due_on: date
    dossiers: int


class Foreseen(NamedTuple):
    """`whole`: every open dossier was looked at. `items` are those that the caller may read, each with its new due date."""

    working: bool
    moves: tuple[Moves, ...] = ()
    deadlines: int = 0
    whole: bool = True
    items: tuple[tuple[DossierRow, date], ...] = ()

    @property
    def due_dates(self) -> int:
        return sum(each.dossiers for each in self.moves)


class Asked(NamedTuple):
    """A declaration or a withdrawal that somebody thinks of, or that waits to be confirmed."""

    act: Act
    day: date
    kind: Kind | None = None
    announced_at: datetime | None = None


KIND_MISSING = Rejected("missing", "off or worked, of a declaration")
NOT_DECLARED = Rejected("day-not-declared", "nothing is declared of this day")


def would_be(asked: Asked, declared: Declared, now: datetime) -> Calendar | Rejected:
    """The calendar if it were said and confirmed now, by the rules by which it would be. Pure."""
    announced_at = asked.announced_at
    if asked.act == "withdraw" and announced_at is None:
        of_day = declared.of_day(asked.day)
        if not of_day:
            return NOT_DECLARED
        announced_at = of_day[-1].announced_at
    at, today = announced_at or now, local_day(now)
    if declared.proposed(asked.act, asked.day, at) is None:
        command: Command = WithdrawDeclaration(asked.day, at, SAYS)
        if asked.act == "declare":
            if asked.kind is None:
                return KIND_MISSING
            command = DeclareDay(today, now, Declaration(asked.day, asked.kind, "", at), SAYS)
        said = decide(command, declared)
        if isinstance(said, Rejected):
            return said
        declared = reduce(evolve, said, declared)
    confirmed = decide(ConfirmProposal(today, now, asked.act, asked.day, at, CONFIRMS), declared)
    return confirmed if isinstance(confirmed, Rejected) else reduce(evolve, confirmed, declared).calendar


class Foreseeing:
    """Looks ahead, one question after the other: it reads every open dossier's row."""

    def __init__(self, declaring: Declaring) -> None:
        self.declaring, self._pool = declaring, declaring.desk.pool
        self._turn = asyncio.Lock()

    async def foresee(self, asked: Asked, caller: Caller) -> Foreseen | Rejected:
        """Guarantee: a preview tells the due dates that the recount moves. Test: test_a_preview_tells_what_the_recount_moves."""
        if not self.declaring.version:
            await self.declaring.seed()
        await self.declaring.refresh()
        now, before = self.declaring.desk.clock(), self.declaring.desk.calendar
        after = would_be(asked, self.declaring.declared, now)
        if isinstance(after, Rejected):
            return after
        change = Change.of(before, after)
        if not change.days:
            return Foreseen(after.is_working(asked.day))
        # One snapshot, whatever is done meanwhile.
        async with (
            self._turn,
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await _count(connection, change, caller, local_day(now), after.is_working(asked.day))


async def _count(connection: Any, change: Change, caller: Caller, today: date, working: bool) -> Foreseen:
    decided: dict[tuple[str, date], date | None] = {}
    moves: Counter[tuple[str, str | None, date, date]] = Counter()
    for office, unit, clock, due_on, dossiers in await connection.fetch(CLOCKS, change.since, today):
        if (clock, due_on) not in decided:
            if len(decided) % AT_ONCE == 0:
                await asyncio.sleep(0)
            event = counted(partial(moved_by_clock, change, clock_of(clock), due_on, today))
            decided[clock, due_on] = None if event is None else event.due_on
        if (new_due_on := decided[clock, due_on]) is not None:
            moves[office, unit, due_on, new_due_on] += dossiers
    by_clock = {of: new_due_on for of, new_due_on in decided.items() if new_due_on is not None}
    one_by_one: dict[UUID, date] = {}
    deadlines, looked_at, last = 0, 0, NOBODY
    rows: Sequence[Any] = ()
    while looked_at < ONE_BY_ONE_MAX:
        rows = await connection.fetch(OTHERS, change.since, today, last, STRETCH_ROWS)
        looked_at += len(rows)
        found = [Open(*row) for row in rows]
        for row, held_by, events in await _moved(connection, change, found, today):
            for each in events:
                if isinstance(each, DueDateChanged):
                    one_by_one[row.dossier_id] = each.due_on
                    moves[row.office, held_by, each.old_due_on, each.due_on] += 1
                else:
                    deadlines += 1
        if len(rows) < STRETCH_ROWS:
            break
        last = rows[-1]["dossier_id"]
    told = tuple(Moves(*of, n) for of, n in sorted(moves.items(), key=lambda each: (each[0][2], str(each))))
    items = await _items(connection, caller, today, by_clock, one_by_one) if caller.role in STAFF else ()
    return Foreseen(working, told, deadlines, len(rows) < STRETCH_ROWS, tuple(items))


async def _moved(
    connection: Any, change: Change, found: Sequence[Open], today: date
) -> list[tuple[Open, str | None, Sequence[Event]]]:
    """What each of these dossiers would record, of those that can move."""
    movable, told = [row for row in found if change.can_move(row)], []
    for some in chunks(movable, AT_ONCE):
        histories = {row.dossier_id: list[Event]() for row in some}
        for stream_id, name, schema_version, data in await connection.fetch(HISTORIES, list(histories)):
            histories[stream_id].append(EVENTS.decode(name, schema_version, data))
        for row in some:
            dossier = dossier_of(row, histories[row.dossier_id])
            events = counted(partial(moved, change, dossier, today))
            told.append((row, dossier.held and dossier.held.unit, events or ()))
    return told


async def _items(
    connection: Any,
    caller: Caller,
    today: date,
    by_clock: dict[tuple[str, date], date],
    one_by_one: dict[UUID, date],
) -> Iterable[tuple[DossierRow, date]]:
    """The first of those that move and that the caller may read, the first to be due first."""
    seen = (caller.office, units_of(caller))
    clocks, dates = [clock for clock, _ in by_clock], [due_on for _, due_on in by_clock]
    rows = [
        *await connection.fetch(OF_CLOCKS, *seen, clocks, dates, today, ITEMS_MAX),
        *await connection.fetch(OF_IDS, *seen, list(one_by_one), ITEMS_MAX),
    ]
    items = []
    for clock, *columns in map(tuple, rows):
        row = DossierRow(*columns)
        assert row.due_on is not None
        items.append((row, by_clock[clock, row.due_on] if clock else one_by_one[row.dossier_id]))
    return sorted(items, key=lambda each: (each[0].due_on, each[0].dossier_id))[:ITEMS_MAX]
