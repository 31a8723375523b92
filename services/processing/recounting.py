"""What a change of the calendar does to one open dossier: whether it can touch its date, and the date that follows. Pure.

`before` is the calendar by which the dates stand, `after` the one that is declared now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.chassis.decider import Rejected
from services.processing.calendar import ONE_DAY, Calendar, local_day
from services.processing.commands import RecountDueDate
from services.processing.events import DueDateChanged, Event
from services.processing.history import fold
from services.processing.hours import intake_due_at
from services.processing.life import Dossier, Filing, Submitted
from services.processing.review import decide


class Open(NamedTuple):
    """An open dossier's row, as far as a recount looks at it; `unit` is that of its limit, None where it has none of its own."""

    dossier_id: UUID
    procedure: str
    office: str
    channel: str
    submitted_at: datetime
    own_status: str
    accepted_at: datetime | None
    due_on: date | None
    intake_due_at: datetime | None
    version: int
    unit: str | None

    @property
    def filing(self) -> Filing:
        return Filing(self.procedure, self.office, self.channel, self.submitted_at)


@dataclass(frozen=True, slots=True)
class Change:
    """From one calendar to another: the days that are counted otherwise, and the due dates that can move off or onto them."""

    before: Calendar
    after: Calendar
    days: tuple[date, ...]
    due: frozenset[date]

    @staticmethod
    def of(before: Calendar, after: Calendar) -> Change:
        days = after.differs_from(before)
        # A limit in calendar days or months ends on the first working day from its last day on. That is another one only if
        # it is no working day any more, or if a day before it, off until now, has become one.
        due = {day if before.is_working(day) else before.next_working(day) for day in days}
        return Change(before, after, tuple(sorted(days)), frozenset(due))

    def within(self, after: date, to: date) -> tuple[date, ...]:
        """The changed days of (after, to]."""
        return tuple(day for day in self.days if after < day <= to)

    def can_move(self, row: Open) -> bool:
        """Whether it can move the due date: known from the row alone, so that nothing else of the others is read.

        Guarantee: a date that moves is never passed over. Test: test_every_date_that_moves_is_looked_at.
        """
        if row.due_on is None or row.accepted_at is None or row.own_status == "submitted":
            return False
        if row.unit != "working_days":
            return row.due_on in self.due
        last = row.due_on
        if self.days and last <= self.days[-1]:
            # The days off that follow it too: of one that an import brought along, a pause may have ended there.
            last = self.before.next_working(last + ONE_DAY) - ONE_DAY
        return bool(self.within(local_day(row.accepted_at), last))

    def can_move_intake(self, row: Open) -> bool:
        """Whether it can move the time until which a waiting dossier is to be accepted."""
        if row.own_status != "submitted" or row.intake_due_at is None:
            return False
        eve = local_day(row.submitted_at) - ONE_DAY
        return bool(self.within(eve, local_day(row.intake_due_at)))

    def intake_due_at(self, dossier: Dossier) -> datetime | None:
        """That time by the calendar of now, None where nobody waits."""
        return intake_due_at(dossier.now.since_at, self.after) if isinstance(dossier.now, Submitted) else None


def moved(change: Change, dossier: Dossier, on: date) -> Sequence[Event]:
    """The event that moves the due date, naming the days that made it move; none where it stays."""
    held, old = dossier.held, dossier.due_on
    if held is None or old is None:
        return []
    # An act may bear a later day than the recount: no event of a dossier goes back.
    decided = decide(RecountDueDate(max(on, dossier.since), change.days), dossier, change.after)
    if isinstance(decided, Rejected):
        return []
    return [
        replace(event, days=change.within(held.clock.accepted_on, max(old, event.due_on)))
        for event in decided
        if isinstance(event, DueDateChanged)
    ]


def dossier_of(row: Open, events: Sequence[Event]) -> Dossier:
    return fold(row.filing, events)
