"""Owns the due date: a pure function of the day of acceptance, the procedure's limit, the pauses and the calendar, and why it is
that day.

It never reads a clock or a zone; the same arguments give the same date on every machine. Limits of working hours are working_hours.py's.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

from services.processing.clock.by_law import Holiday, holiday
from services.processing.clock.working_days import ONE_DAY, Calendar, KindOfDay

LimitUnit = Literal["working_days", "calendar_days", "months"]
LIMIT_UNITS: tuple[LimitUnit, ...] = get_args(LimitUnit)
# Beyond any limit of the law; a slip of the hand must not count through centuries.
AMOUNT_MAX = 3_660

PauseRule = Literal["subtract", "restart", "short_fix"]
"""What a request does to the clock: its days do not count; its end is the new day 0 with the full limit; nothing."""
PAUSE_RULES: tuple[PauseRule, ...] = get_args(PauseRule)

Effect = Literal["counted", "skipped", "paused", "dropped", "moved"]
"""What a day does: it counts toward the limit, is skipped as a day off, falls into a pause, had counted before the clock began
anew, or comes after a limit that ended on a day off and moves."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long the authority may take: so many days or months, at least one."""

    amount: int
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a limit is at least one day")
        if self.amount > AMOUNT_MAX:
            raise ValueError(f"a limit is at most {AMOUNT_MAX}")


class Pause(NamedTuple):
    """A request for a supplement or a fee, and what it does to the clock.

    The day on which it began still counts, the day on which it ended does not: what is paused is (began_on, ended_on]. It ends
    when the officer accepts the supplement or the fee is confirmed; None while it lasts. A fee's rule is always "subtract".
    """

    began_on: date
    ended_on: date | None
    rule: PauseRule


class Day(NamedTuple):
    """One day of an explanation; `document` is what makes it a day off or a worked Saturday, None for an ordinary day or weekend.

    `holiday` is what law calls a day off, None where it was exchanged for a worked Saturday or declared for another reason.
    """

    on: date
    effect: Effect
    document: str | None
    kind: KindOfDay = "ordinary"
    holiday: Holiday | None = None


class Explanation(NamedTuple):
    """Every day after the day of acceptance up to the due date. `provisional_years`: those of them that are not declared yet."""

    due_on: date
    days: tuple[Day, ...]
    provisional_years: tuple[int, ...]

    @property
    def provisional(self) -> bool:
        return bool(self.provisional_years)


class Paused(ValueError):
    """The clock stands still: there is no due date, only the one if the pause ended on a given day (`ended`)."""


def is_paused(pauses: Sequence[Pause]) -> bool:
    """Whether the clock stands still now."""
    return any(pause.ended_on is None and pause.rule != "short_fix" for pause in pauses)


def ended(pauses: Sequence[Pause], on: date) -> list[Pause]:
    """The same pauses as if the one that lasts ended on that day."""
    return [pause if pause.ended_on else pause._replace(ended_on=max(on, pause.began_on)) for pause in pauses]


def due_date(accepted_on: date, limit: Limit, calendar: Calendar, pauses: Sequence[Pause] = ()) -> date:
    """The last day of the limit, which ends at 24:00 of it.

    The day of acceptance is not counted (Civil Code 147); working-day limits count working days; a limit in calendar days or
    months whose last day is off moves to the next working day (Civil Code 148). Acceptance on a day off is valid: it is day 0
    all the same. Paused days do not count: working-day limits skip them, the others add them and then move. Raises Paused
    while a pause lasts, OverflowError beyond the last year that a date can have.

    Guarantee: a longer pause never gives an earlier date. Test: test_a_longer_pause_is_never_due_earlier.
    """
    if not pauses and limit.unit == "working_days":
        return calendar.working_after(accepted_on, limit.amount)
    if is_paused(pauses):
        raise Paused("the clock stands still")
    day_0 = _day_0(accepted_on, pauses)
    if limit.unit != "working_days":
        return calendar.next_working(last_day(day_0, limit, pauses))
    return _after(day_0, limit.amount, lambda day: calendar.is_working(day) and not _in_pause(day, pauses))


def explain(accepted_on: date, limit: Limit, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Explanation:
    """The due date with its reasons, day by day; raises as due_date does.

    Guarantee: the explanation ends on the due date, and in limits of days the counted days equal the limit.
    Test: test_an_explanation_counts_the_limit_and_ends_on_the_due_date.
    """
    due_on = due_date(accepted_on, limit, calendar, pauses)
    provisional = calendar.provisional_years(accepted_on, due_on)
    day_0 = _day_0(accepted_on, pauses)
    last = due_on if limit.unit == "working_days" else last_day(day_0, limit, pauses)
    if not pauses:
        days = _plain_days(accepted_on, last, limit.unit == "working_days", calendar)
        moved = (last + timedelta(days=n) for n in range(1, (due_on - last).days + 1))
        days += [_day(day, "moved", calendar) for day in moved]
        return Explanation(due_on, tuple(days), provisional)

    def effect(day: date) -> Effect:
        if _in_pause(day, pauses):
            return "paused"
        if day > last:
            return "moved"
        if limit.unit == "working_days" and not calendar.is_working(day):
            return "skipped"
        return "counted" if day > day_0 else "dropped"

    stretch = (accepted_on + timedelta(days=n) for n in range(1, (due_on - accepted_on).days + 1))
    return Explanation(due_on, tuple(_day(day, effect(day), calendar) for day in stretch), provisional)


def _day(day: date, effect: Effect, calendar: Calendar) -> Day:
    kind = calendar.kind(day)
    return Day(day, effect, calendar.document(day), kind, holiday(day) if kind == "off" else None)


def _plain_days(after: date, to: date, skips: bool, calendar: Calendar) -> list[Day]:
    """The days of (after, to] where nothing pauses: a limit in working days skips days off, another one counts them all.

    Made once for each year of a calendar, for they are the same for every dossier.
    """
    found: list[Day] = []
    for year in range(after.year, to.year + 1):
        days = calendar.made.get((year, skips))
        if days is None:
            each = (
                date.fromordinal(n)
                for n in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            )
            days = calendar.made[year, skips] = [
                _day(day, "skipped" if skips and not calendar.is_working(day) else "counted", calendar)
                for day in each
            ]
        new_year = date(year, 1, 1)
        begin = (after - new_year).days + 1 if after.year == year else 0
        found += days[begin : (to - new_year).days + 1]
    return found


def _day_0(accepted_on: date, pauses: Sequence[Pause]) -> date:
    """The day from which the limit counts: of acceptance, or of the latest end that made the clock begin anew."""
    return max([accepted_on, *(p.ended_on for p in pauses if p.rule == "restart" and p.ended_on)])


def _in_pause(day: date, pauses: Sequence[Pause]) -> bool:
    return any(p.ended_on and p.began_on < day <= p.ended_on for p in pauses if p.rule != "short_fix")


def _after(day: date, amount: int, counts: Callable[[date], bool]) -> date:
    """The day on which the amount is reached, counting only the days that count."""
    while amount:
        day += ONE_DAY
        amount -= counts(day)
    return day


def last_day(day_0: date, limit: Limit, pauses: Sequence[Pause] = ()) -> date:
    """Where a limit in calendar days or months ends, before a day off moves it. A month ends on the corresponding day, else on
    the last day of the month (Civil Code 147)."""
    if limit.unit == "calendar_days":
        amount = limit.amount
    else:
        months = day_0.month - 1 + limit.amount
        year, month = day_0.year + months // 12, months % 12 + 1
        amount = (date(year, month, min(day_0.day, monthrange(year, month)[1])) - day_0).days
    if not pauses:
        return day_0 + timedelta(days=amount)
    return _after(day_0, amount, lambda day: not _in_pause(day, pauses))
