"""Owns the clock of working hours: the intake limit and limits in hours, to the instant.

The hours are data, with the day from which they hold; a desk that opens on Saturday mornings has reception hours, which do not
count. Pure: no clock, no zone but Vietnam's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from contracts.hours import RECEPTION_HOURS, WORKING_HOURS
from services.processing.clock.working_days import ONE_DAY, ZONE, Calendar

INTAKE_HOURS = RECEPTION_HOURS
# Beyond any limit of the law; a slip of the hand must not count through centuries.
HOURS_MAX = 8 * 366

Timeliness = Literal["early", "on_time", "late"]


class Hours(NamedTuple):
    """The working hours of every working day from `since` on: from (included) to (included), in order."""

    since: date
    spans: tuple[tuple[time, time], ...]


class Stretch(NamedTuple):
    """Working time without a break in it."""

    begins: datetime
    ends: datetime


OFFICE_HOURS = (Hours(date.min, WORKING_HOURS),)
"""Monday to Friday and declared worked Saturdays, of every office that has none of its own."""


def counted(
    start: datetime, hours: int, calendar: Calendar, office_hours: Sequence[Hours] = OFFICE_HOURS
) -> list[Stretch]:
    """The working time that makes up so many hours from `start` on; it ends when the limit does.

    ValueError for a limit below one hour or beyond any limit of the law, OverflowError beyond the last year that a date can have.
    Guarantee: the time counted equals the limit, and none of it is outside working hours. Test: test_the_hours_counted_equal_the_limit.
    """
    if not 1 <= hours <= HOURS_MAX:
        raise ValueError(f"a limit is from 1 to {HOURS_MAX} hours")
    left = timedelta(hours=hours)
    found = []
    for begins, ends in _spans(start.astimezone(ZONE), calendar, office_hours):
        found.append(Stretch(begins, min(ends, begins + left)))
        left -= found[-1].ends - begins
        if not left:
            break
    return found


def due_at(
    start: datetime, hours: int, calendar: Calendar, office_hours: Sequence[Hours] = OFFICE_HOURS
) -> datetime:
    """The instant at which so many working hours have passed since `start`; deciding at it is still in time. Raises as counted()."""
    return counted(start, hours, calendar, office_hours)[-1].ends


def worked(begins: datetime, ends: datetime, calendar: Calendar) -> list[Stretch]:
    """The working time of a stretch of time; none when it ends before it begins."""
    found = []
    if begins < ends:
        for stretch in _spans(begins.astimezone(ZONE), calendar, OFFICE_HOURS):
            if stretch.begins >= ends:
                break
            found.append(Stretch(stretch.begins, min(stretch.ends, ends.astimezone(ZONE))))
    return found


def passed_at(begins: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    """The instant at which so much working time, more than none, has passed since `begins`."""
    for stretch in _spans(begins.astimezone(ZONE), calendar, OFFICE_HOURS):
        if stretch.ends - stretch.begins >= amount:
            return stretch.begins + amount
        amount -= stretch.ends - stretch.begins
    raise AssertionError("working time has no end")


def next_opening(at: datetime, calendar: Calendar) -> datetime:
    """When work begins on the first working day after the day of this instant."""
    midnight = datetime.combine(at.astimezone(ZONE).date() + ONE_DAY, time(), ZONE)
    return next(_spans(midnight, calendar, OFFICE_HOURS)).begins


def intake_due_at(submitted_at: datetime, calendar: Calendar) -> datetime:
    """Until when the desk must accept or reject what was submitted, or submitted again, at that instant."""
    return due_at(submitted_at, INTAKE_HOURS, calendar)


def timeliness(ended_at: datetime, due: datetime) -> Timeliness:
    """Of a limit in working hours: an earlier day is early, the same day and not after the instant on time, after it late."""
    ended_at, due = ended_at.astimezone(ZONE), due.astimezone(ZONE)
    if ended_at > due:
        return "late"
    return "early" if ended_at.date() < due.date() else "on_time"


def _spans(start: datetime, calendar: Calendar, office_hours: Sequence[Hours]) -> Iterator[Stretch]:
    """The working time from `start` on, without end."""
    day = start.date()
    while True:
        if calendar.is_working(day):
            for opens, closes in _hours_on(day, office_hours):
                begins = max(start, datetime.combine(day, opens, ZONE))
                ends = datetime.combine(day, closes, ZONE)
                if begins < ends:
                    yield Stretch(begins, ends)
        day += ONE_DAY


def _hours_on(day: date, office_hours: Sequence[Hours]) -> tuple[tuple[time, time], ...]:
    return max((hours for hours in office_hours if hours.since <= day), key=lambda hours: hours.since).spans
