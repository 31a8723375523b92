"""Decides who is absent and who stands for them, and keeps it: rows that are added and ended, never taken away.

An absence belongs to one unit, whose dossiers alone the substitute may act on. Officers are the subjects of tokens, and none of
this is ever on the wire.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import units_of
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import local_day
from services.processing.desk.carry_out import KEYS, REUSED, Desk
from services.processing.dossier.asked import SUPERVISOR

DAYS_MAX = 366
"""A longer one is a slip of the hand, or no absence."""


class DeclareAbsence(NamedTuple):
    """Days, both included."""

    officer: str
    unit: str
    substitute: str
    first_on: date
    last_on: date


class Absence(NamedTuple):
    """`back_on`, where it ended early, is the first day that no longer counts."""

    absence_id: UUID
    officer: str
    unit: str
    substitute: str
    first_on: date
    last_on: date
    said_by: str
    said_at: datetime
    back_on: date | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def said(self) -> DeclareAbsence:
        return DeclareAbsence(self.officer, self.unit, self.substitute, self.first_on, self.last_on)

    def counts_between(self, first_on: date, last_on: date) -> bool:
        """Whether the officer is absent on any of these days."""
        if self.first_on > last_on or self.last_on < first_on:
            return False
        return self.back_on is None or self.back_on > max(self.first_on, first_on)


def _not_theirs(caller: Caller, officer: str, unit: str) -> Rejected | None:
    """The supervisor of the unit says who is absent there, and each officer of themselves."""
    if unit not in units_of(caller):
        return Rejected("not-your-unit", "the supervisor of the unit says it, or the officer who is absent")
    if caller.role != SUPERVISOR and officer != caller.subject:
        return Rejected("not-the-supervisor", "an officer says it of nobody else")
    return None


def decide(
    command: DeclareAbsence, caller: Caller, today: date, known: Collection[Absence]
) -> Rejected | None:
    """Why this may not be said, or None. `known` are the absences in the unit of the officer and of the substitute. Pure.

    Guarantee: nobody makes a substitute in another unit than their own. Test: test_an_absence_is_said_in_the_own_unit_alone.
    Guarantee: an officer has one substitute a day. Test: test_absences_of_an_officer_do_not_overlap.
    """
    refused = _not_theirs(caller, command.officer, command.unit)
    if refused:
        return refused
    if command.substitute == command.officer:
        return Rejected("substitute-is-absent", "nobody stands for themselves")
    if command.last_on < command.first_on:
        return Rejected("last-day-before-first", "the days go from first_on to last_on, both included")
    if (command.last_on - command.first_on).days >= DAYS_MAX:
        return Rejected("absence-too-long", f"at most {DAYS_MAX} days")
    if command.last_on < today:
        return Rejected("absence-over", "who was absent before today needs no substitute any more")
    # What is already past of it needs no substitute either.
    days = max(command.first_on, today), command.last_on
    for each in known:
        if each.counts_between(*days):
            if each.officer == command.officer:
                return Rejected(
                    "absent-already", f"from {each.first_on} to {each.last_on}, with a substitute"
                )
            if each.officer == command.substitute:
                return Rejected("substitute-is-absent", f"from {each.first_on} to {each.last_on}")
    return None


def decide_end(absence: Absence, caller: Caller, back_on: date, today: date) -> Rejected | None:
    """Why this absence may not end so that the officer is back that day, or None; the past stays as it was. Pure."""
    refused = _not_theirs(caller, absence.officer, absence.unit)
    if refused:
        return refused
    if absence.back_on is not None:
        return Rejected("absence-ended", f"it was said that the officer is back on {absence.back_on}")
    if absence.last_on < today:
        return Rejected("absence-over", f"its last day was {absence.last_on}")
    if back_on < today:
        return Rejected("back-before-today", "what was done by the substitute until now stays done")
    if back_on > absence.last_on:
        return Rejected("back-after-last-day", f"its last day is {absence.last_on} anyway")
    return None


COLUMNS = (
    "absence_id, officer, unit, substitute, first_on, last_on, said_by, said_at, back_on, ended_by, ended_at"
)
FIND = f"SELECT {COLUMNS}, ended_under FROM absences WHERE absence_id = $1"
KNOWN = f"SELECT {COLUMNS} FROM absences WHERE unit = $1 AND last_on >= $2 AND officer = ANY($3::text[])"
SAY = """
INSERT INTO absences (absence_id, officer, unit, substitute, first_on, last_on, said_by, said_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
END = "UPDATE absences SET back_on = $2, ended_by = $3, ended_under = $4, ended_at = $5 WHERE absence_id = $1"
# What two callers say at once is decided one after the other; it is seldom said.
# Guarantee: two at once do not give an officer two substitutes. Test: test_two_at_once_give_one_substitute.
ONE_AFTER_THE_OTHER = "SELECT pg_advisory_xact_lock(hashtextextended('absences', 0))"
LIST = f"""
SELECT {COLUMNS} FROM absences
WHERE unit = ANY($1::text[]) AND last_on >= $2 AND (last_on, absence_id) > ($3, $4)
ORDER BY last_on, absence_id LIMIT $5
"""


async def say(desk: Desk, command: DeclareAbsence, caller: Caller, key: str) -> Absence | Rejected:
    """Says that an officer is absent; a repeat under the same key gets the first answer."""
    now = desk.clock()
    absence_id = uuid5(KEYS, f"{caller.actor}\nabsence\n{key}")
    serving = await desk.officers.of(command.unit, max(command.first_on, local_day(now)))
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute(ONE_AFTER_THE_OTHER)
        before = await _find(connection, absence_id)
        if before is not None:
            first = before[0]._replace(back_on=None, ended_by=None, ended_at=None)
            return first if first.said == command else REUSED
        rows = await connection.fetch(
            KNOWN, command.unit, local_day(now), [command.officer, command.substitute]
        )
        refused = decide(command, caller, local_day(now), [Absence(*row) for row in rows])
        if refused is None and command.substitute not in serving:
            refused = Rejected(
                "officer-unknown", "the register has no such officer in the unit on the first day"
            )
        if refused is not None:
            return refused
        await connection.execute(SAY, absence_id, *command, caller.actor, now)
    return Absence(absence_id, *command, caller.actor, now)


async def end(
    desk: Desk, absence_id: UUID, back_on: date | None, caller: Caller, key: str
) -> Absence | Rejected:
    """Says that the officer is back that day, or today; a repeat under the same key gets the first answer."""
    now = desk.clock()
    command_id = uuid5(KEYS, f"{caller.actor}\nabsence-end\n{key}")
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute(ONE_AFTER_THE_OTHER)
        found = await _find(connection, absence_id)
        if found is None:
            return Rejected("absence-unknown", "nothing was said under this id")
        absence, ended_under = found
        if ended_under == command_id:
            return absence if back_on in (None, absence.back_on) else REUSED
        day = back_on or local_day(now)
        refused = decide_end(absence, caller, day, local_day(now))
        if refused is not None:
            return refused
        await connection.execute(END, absence_id, day, caller.actor, command_id, now)
    return absence._replace(back_on=day, ended_by=caller.actor, ended_at=now)


async def _find(connection: Any, absence_id: UUID) -> tuple[Absence, UUID | None] | None:
    row = await connection.fetchrow(FIND, absence_id)
    if row is None:
        return None
    *columns, ended_under = row
    return Absence(*columns), ended_under


async def listed(
    pool: Any, units: Sequence[str], since: date, after: tuple[date, UUID], limit: int
) -> list[Absence]:
    """Of these units, the absences whose last day is `since` or later, the first to be over first; ended ones too."""
    rows = await pool.fetch(LIST, units, since, *after, limit)
    return [Absence(*row) for row in rows]
