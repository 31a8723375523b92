"""What a change of the calendar does to one open dossier: whether it can touch its date, and the date that follows. Pure.

`before` is the calendar by which the dates stand, `after` the one that is declared now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.chassis.log.decider import Rejected
from services.processing.clock.statutory import Clock
from services.processing.clock.working_days import ONE_DAY, Calendar, local_day
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier.date_events import DueDateChanged
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.state import Dossier, Ended, Filing, Held, Submitted
from services.processing.dossier.told_dates import RecountDeadlines, RecountDueDate

DAYS_OFF_MAX = timedelta(days=30)
"""No stretch without a working day is longer."""


class Open(NamedTuple):
    """An open dossier's row, as far as a recount looks at it; `unit` is that of its limit, None where it has none of its own.

    `answer_by` is the last day of the last agency that was asked.
    """

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
    deadline_on: date | None = None
    answer_by: date | None = None

    @property
    def filing(self) -> Filing:
        return Filing(self.procedure, self.office, self.channel, self.submitted_at)


@dataclass(frozen=True, slots=True)
class Change:
    """From one calendar to another: the days that are counted otherwise, and the due dates that can move off or onto them.

    `settled` are years that are declared now and were not, or the other way; their newly declared days are among `days`, counted
    otherwise or not.
    """

    before: Calendar
    after: Calendar
    days: tuple[date, ...]
    due: frozenset[date]
    settled: frozenset[int] = frozenset()

    @staticmethod
    def of(before: Calendar, after: Calendar) -> Change:
        declared = after.off ^ before.off
        settled = frozenset(
            year
            for year in {day.year for day in declared}
            if before.is_provisional(year) != after.is_provisional(year)
        )
        days = after.differs_from(before) | {day for day in declared if day.year in settled}
        # A limit in calendar days or months ends on the first working day from its last day on. That is another one only if
        # it is no working day any more, or if a day before it, off until now, has become one.
        due = {day if before.is_working(day) else before.next_working(day) for day in days}
        return Change(before, after, tuple(sorted(days)), frozenset(due), settled)

    @property
    def since(self) -> date:
        """No date before it has anything to do with a day that changed."""
        return self.days[0] - DAYS_OFF_MAX

    def within(self, after: date, to: date) -> tuple[date, ...]:
        """The changed days of (after, to]."""
        return tuple(day for day in self.days if after < day <= to)

    def can_move(self, row: Open) -> bool:
        """Whether it can move the due date or a deadline: known from the row alone, so that nothing else of the others is read.

        Guarantee: a date that moves is never passed over. Test: test_every_date_that_moves_is_looked_at.
        """
        return self._can_move_due_date(row) or self._can_move_deadline(row) or self._can_settle(row)

    def _can_settle(self, row: Open) -> bool:
        return row.due_on is not None and row.due_on.year in self.settled

    @property
    def settled_from(self) -> date | None:
        """Due dates from that day on can be settled."""
        return date(min(self.settled), 1, 1) if self.settled else None

    def _can_move_due_date(self, row: Open) -> bool:
        if row.due_on is None or row.accepted_at is None or row.own_status == "submitted":
            return False
        if row.unit != "working_days":
            return row.due_on in self.due
        last = row.due_on
        if self.days and last <= self.days[-1]:
            # The days off that follow it too: of one that an import brought along, a pause may have ended there.
            last = self.before.next_working(last + ONE_DAY) - ONE_DAY
        return bool(self.within(local_day(row.accepted_at), last))

    def _can_move_deadline(self, row: Open) -> bool:
        """It is counted in working days from a request on, which came after the submission."""
        last = max((day for day in (row.deadline_on, row.answer_by) if day is not None), default=None)
        return last is not None and bool(self.within(local_day(row.submitted_at), last))

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
    """The events that move the due date and the deadlines, each naming the days that made it move; none where all stay."""
    # An act may bear a later day than the recount: no event of a dossier goes back.
    day, events = max(on, dossier.since), list[Event]()
    for command in (RecountDueDate(day, change.days), RecountDeadlines(day, change.days)):
        decided = decide(command, dossier, change.after)
        events += [] if isinstance(decided, Rejected) else decided
    return [_with_its_days(change, dossier, event) for event in events]


def settled(change: Change, dossier: Dossier, moves: Sequence[Event], on: date) -> Sequence[Event]:
    """Says of a due date that none of `moves` moves whether it is provisional, where it was told otherwise last.

    Guarantee: nobody goes on reading that a date is provisional once its year is declared. Test: test_a_date_that_stays_is_settled.
    """
    due_on, held = dossier.due_on, dossier.held
    if due_on is None or held is None or due_on.year not in change.settled or not held.clock.counted:
        return []
    if any(isinstance(event, DueDateChanged) for event in moves):
        return []
    day = max(on, dossier.since)
    told = next((act for act in reversed(dossier.acts) if getattr(act, "due_on", None) == due_on), None)
    provisional = bool(change.after.provisional_years(day, due_on))
    if isinstance(dossier.now, Ended) or getattr(told, "provisional", provisional) == provisional:
        return []
    days = change.within(held.clock.accepted_on, due_on)
    return [DueDateChanged(day, due_on, due_on, days, provisional)]


def _with_its_days(change: Change, dossier: Dossier, event: Event) -> Event:
    held = dossier.held
    if not isinstance(event, DueDateChanged) or held is None:
        return event
    touching = change.within(held.clock.accepted_on, max(event.old_due_on, event.due_on))
    return replace(event, days=touching)


def moved_by_clock(change: Change, clock: Clock, due_on: date, on: date) -> DueDateChanged | None:
    """What moves the due date of every dossier with this running clock whose latest act was not after `on`.

    Guarantee: it is what the dossier's whole history leads to. Test: test_a_running_clock_decides_as_the_history_does.
    """
    for event in moved(change, Dossier(_ANY, on, Held("", None, clock, due_on)), on):
        assert isinstance(event, DueDateChanged)
        return event
    return None


_ANY = Filing("", "", "", datetime.min.replace(tzinfo=UTC))


def dossier_of(row: Open, events: Sequence[Event]) -> Dossier:
    return fold(row.filing, events)
