"""When an address is left in peace: at once where there is no such mailbox or somebody complained, and after some days of other bounces.

Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from services.notify.returns.reports import Report

SOFT_DAYS_MOST = 4
"""On so many different days a letter may come back from a mailbox that is there."""
ONE_DAY = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=30)


class Rest(NamedTuple):
    """How an address stands: since when it rests and why, on how many days letters came back, and when they last did."""

    rested_at: datetime | None = None
    rested_for: str | None = None
    soft_bounces: int = 0
    soft_bounced_at: datetime | None = None


def after(rest: Rest, report: Report, now: datetime) -> Rest:
    """How it stands after a report of a letter that went to it; the same where it says nothing of the address.

    Guarantee: a mailbox that is full for an hour, however many letters come back, does not rest.
    Test: test_bounces_of_a_mailbox_that_is_there_are_counted_by_day.
    """
    if rest.rested_at is not None and report.state != "complained":
        return rest
    if report.state == "complained":
        return rest._replace(rested_at=rest.rested_at or now, rested_for="complaint")
    if report.state != "failed" or report.reason is None:
        return rest
    if report.hard:
        return rest._replace(rested_at=now, rested_for=report.reason)
    last = rest.soft_bounced_at
    if last is not None and now - last < ONE_DAY:
        return rest
    days = 1 if last is None or now - last > FORGOTTEN_AFTER else rest.soft_bounces + 1
    rested = days >= SOFT_DAYS_MOST
    return Rest(now if rested else None, report.reason if rested else None, days, now)
