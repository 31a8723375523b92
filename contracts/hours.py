"""The working hours of every office, and how far they reach by ordinary weeks alone: what can be told where no calendar is kept.

Days off and worked Saturdays are declared (contracts/calendar.py), and processing counts with them; whoever tells these hours says so.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

WORKING_HOURS = ((time(7, 30), time(11, 30)), (time(13), time(17)))
"""Of Monday to Friday, and of declared worked Saturdays."""
RECEPTION_HOURS = 8
"""Within so many working hours the desk accepts or rejects; after that it is accepted late."""
SATURDAY = 5


def reception_due_at(since: datetime) -> datetime:
    """The end of the reception's working hours since then, `since` in the office's zone. Pure.

    Guarantee: without declared days it is the instant that processing counts. Test: test_ordinary_weeks_are_counted_alike.
    """
    left, day = timedelta(hours=RECEPTION_HOURS), since.date()
    while True:
        for opens, closes in WORKING_HOURS if day.weekday() < SATURDAY else ():
            begins = max(since, datetime.combine(day, opens, since.tzinfo))
            open_for = datetime.combine(day, closes, since.tzinfo) - begins
            if open_for >= left:
                return begins + left
            left -= max(open_for, timedelta(0))
        day += timedelta(days=1)
