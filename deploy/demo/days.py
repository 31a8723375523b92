"""The days of 2023 that the demonstration plays on: which were worked, which hours count, how busy they were.

Promises plain arithmetic over local instants (Asia/Ho_Chi_Minh). Never decides anything for a real dossier: the
law of deadlines lives in processing, this is scenery.
"""

from bisect import bisect
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import accumulate
from random import Random

ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2023, 9, 30)
ONE_DAY = timedelta(days=1)

TET = tuple(date(2023, 1, day) for day in range(20, 27))
# Official days off of 2023, substitute days for those on a weekend included (8054/VPCP-KGVX and the Labour Code, art. 112).
HOLIDAYS = frozenset(
    (
        date(2023, 1, 1),
        date(2023, 1, 2),
        *TET,
        *(date(2023, 4, day) for day in (29, 30)),
        *(date(2023, 5, day) for day in (1, 2, 3)),
        *(date(2023, 9, day) for day in (1, 2, 3, 4)),
    )
)
SHIFTS = ((time(7, 30), time(11, 30)), (time(13), time(17)))
# The intake limit is 8 working hours, which is also what one working day has (DOMAIN: deadlines, rule 3).
DAY_SECONDS = 8 * 3600

# How many people file in each hour of the day: humps at 08–10 and 14–15:30, a night that is quiet but never empty.
HOUR_WEIGHTS_WORKED = (
    4,
    2,
    1,
    1,
    1,
    4,
    12,
    42,
    112,
    108,
    78,
    48,
    26,
    58,
    104,
    88,
    58,
    34,
    24,
    24,
    26,
    22,
    15,
    8,
)
HOUR_WEIGHTS_OFF = (4, 2, 1, 1, 1, 3, 8, 16, 26, 30, 28, 22, 16, 18, 24, 26, 24, 20, 20, 26, 30, 26, 16, 8)


def worked(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZONE)


LAST_WORKED_INSTANT = at(date(2023, 9, 29), time(17))


def busyness(day: date) -> float:
    """How many filings a day draws, beside an ordinary working day's 1."""
    if day in TET:
        return 0.06
    if not worked(day):
        return 0.17
    if date(2023, 1, 9) <= day < TET[0] or TET[-1] < day <= date(2023, 2, 10):
        return 1.7
    weekday = (1.12, 1.05, 1.0, 0.97, 0.9)[day.weekday()]
    return weekday * (1.15 if day.month in (3, 6, 9) else 1.0)


def days(first: date, last: date) -> list[date]:
    return [first + ONE_DAY * n for n in range((last - first).days + 1)]


class Filings:
    """Draws instants at which people file: any hour online, open hours at the desk."""

    def __init__(self, first: date, last: date) -> None:
        self._all = days(first, last)
        self._open = [day for day in self._all if worked(day)]
        self._all_weights = list(accumulate(busyness(day) for day in self._all))
        self._open_weights = list(accumulate(busyness(day) for day in self._open))

    def online(self, random: Random) -> datetime:
        day = _drawn(random, self._all, self._all_weights)
        hours = _HOURS_WORKED if worked(day) else _HOURS_OFF
        hour = bisect(hours, random.random() * hours[-1])
        # The afternoon hump ends at half past three, so that hour leans to its first half.
        minute = random.randrange(30 if hour == 15 and random.random() < 0.7 else 60)
        return at(day, time(hour, minute, random.randrange(60)))

    def desk(self, random: Random) -> datetime:
        """Leaves the last minutes of a shift out: a desk that has just been asked still finishes."""
        day = _drawn(random, self._open, self._open_weights)
        return working_instant(random, day)


def working_instant(random: Random, day: date) -> datetime:
    begin, end = SHIFTS[0] if random.random() < 0.58 else SHIFTS[1]
    width = (at(day, end) - at(day, begin)).seconds
    # Two draws averaged: the middle of a shift is busier than its edges.
    return at(day, begin) + timedelta(seconds=int(width * (random.random() + random.random()) / 2.05))


def add_working(start: datetime, seconds: int) -> datetime:
    """The instant at which `seconds` of working time have passed since `start`."""
    day, left = start.date(), seconds
    while True:
        for begin, end in _shifts(day):
            begin = max(begin, start)
            room = int((end - begin).total_seconds())
            if room > 0 and left <= room:
                return begin + timedelta(seconds=left)
            left -= max(room, 0)
        day += ONE_DAY


def working_seconds(start: datetime, end: datetime) -> int:
    """Working time between two instants, 0 when the second is not later."""
    total = 0
    for day in days(start.date(), end.date()):
        for begin, stop in _shifts(day):
            total += max(0, int((min(stop, end) - max(begin, start)).total_seconds()))
    return total


def add_limit(accepted_on: date, days_limit: int, *, working: bool) -> date:
    """The due date: the first day does not count, a last day off moves to the next working day (Civil Code 147–148)."""
    if not working:
        return next_worked(accepted_on + ONE_DAY * days_limit)
    day = accepted_on
    for _ in range(days_limit):
        day = next_worked(day + ONE_DAY)
    return day


@lru_cache(maxsize=4096)
def next_worked(day: date) -> date:
    return day if worked(day) else next_worked(day + ONE_DAY)


@lru_cache(maxsize=4096)
def worked_days(first: date, last: date) -> tuple[date, ...]:
    return tuple(day for day in days(first, last) if worked(day))


@lru_cache(maxsize=1024)
def _shifts(day: date) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((at(day, begin), at(day, end)) for begin, end in SHIFTS) if worked(day) else ()


def _drawn(random: Random, values: Sequence[date], cumulated: Sequence[float]) -> date:
    return values[bisect(cumulated, random.random() * cumulated[-1])]


_HOURS_WORKED = list(accumulate(HOUR_WEIGHTS_WORKED))
_HOURS_OFF = list(accumulate(HOUR_WEIGHTS_OFF))
