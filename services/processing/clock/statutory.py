"""The statutory clock of one dossier: from when, how long, extended by how much, paused when; and the due date that they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import TypeAdapter

from services.processing.clock.due_date import Limit, Pause, due_date, is_paused, last_day
from services.processing.clock.working_days import ONE_DAY, Calendar, shipped


class Clock(NamedTuple):
    """`given` is a due date that an import brought along: pauses and an extension are added to it. Without it and without a
    limit there is no due date. `extended` is in the limit's own days or months."""

    accepted_on: date
    limit: Limit | None
    given: date | None = None
    extended: int = 0
    pauses: tuple[Pause, ...] = ()

    @property
    def total(self) -> Limit | None:
        """The limit with its extension."""
        return self.limit and Limit(self.limit.amount + self.extended, self.limit.unit)

    @property
    def counted(self) -> bool:
        """Whether the due date follows from the limit: a date that was brought along and equals the counted one is a counted one.

        Guarantee: a pause is added to a date before it moves off days off, and not after. Test: test_a_date_brought_along_moves_once.
        """
        if self.given is None or self.limit is None:
            return self.limit is not None
        return self.given == due_date(self.accepted_on, self.limit, shipped())

    def due_on(self, calendar: Calendar) -> date | None:
        """The due date, None while the clock stands still or where there is none."""
        if is_paused(self.pauses):
            return None
        if self.total is not None and self.counted:
            return due_date(self.accepted_on, self.total, calendar, self.pauses)
        return None if self.given is None else self._shifted(self.given, calendar)

    def _shifted(self, given: date, calendar: Calendar) -> date:
        """A date that was not counted here is not counted again: what paused it is added, or its limit begins anew.

        Its distance to where the limit ends is kept, and it moves off days off once, at the end.
        """
        anew = [p.ended_on for p in self.pauses if p.rule == "restart" and p.ended_on]
        if anew and self.total is not None:
            later = [p for p in self.pauses if p.began_on >= max(anew)]
            return due_date(max(anew), self.total, calendar, later)
        if self.limit is not None and self.limit.unit == "working_days":
            return _after(given, _days(self.pauses, calendar) + self.extended, calendar)
        if not self.pauses and not self.extended:
            return given
        extended = ZERO
        if self.limit is not None and self.total is not None:
            extended = last_day(self.accepted_on, self.total) - last_day(self.accepted_on, self.limit)
        return calendar.next_working(given + extended + timedelta(days=_days(self.pauses, None)))


ZERO = timedelta(0)
_TEXTS = TypeAdapter(Clock)


def text_of(clock: Clock) -> str:
    """As JSON, the same for equal clocks."""
    return _TEXTS.dump_json(clock).decode()


def clock_of(text: str) -> Clock:
    """The inverse of text_of."""
    return _TEXTS.validate_json(text)


def _days(pauses: Sequence[Pause], calendar: Calendar | None) -> int:
    """The days that pauses cover, each once; working days alone where a calendar is given."""
    covered = {
        p.began_on + timedelta(days=n)
        for p in pauses
        if p.ended_on and p.rule != "short_fix"
        for n in range(1, (p.ended_on - p.began_on).days + 1)
    }
    return sum(calendar is None or calendar.is_working(day) for day in covered)


def _after(day: date, amount: int, calendar: Calendar) -> date:
    while amount:
        day += ONE_DAY
        amount -= calendar.is_working(day)
    return day
