"""When an address rests: a table of days."""

from datetime import timedelta

import pytest

from services.notify.returns.reports import Report
from services.notify.returns.rest import SOFT_DAYS_MOST, Rest, after
from tests.notify.examples import NOW

FULL, GONE = Report("failed", "mailbox_full"), Report("failed", "no_such_mailbox")
COMPLAINT = Report("complained")


def told(*hours: float) -> Rest:
    """After a full mailbox at each of these hours."""
    stands = Rest()
    for hour in hours:
        stands = after(stands, FULL, NOW + timedelta(hours=hour))
    return stands


def test_no_such_mailbox_and_a_complaint_rest_at_once():
    assert after(Rest(), GONE, NOW) == Rest(NOW, "no_such_mailbox")
    assert after(Rest(), COMPLAINT, NOW) == Rest(NOW, "complaint")


def test_what_says_nothing_of_the_address_leaves_it_as_it_was():
    assert after(told(0), Report("delivered"), NOW) == told(0)
    assert after(Rest(), Report("failed"), NOW) == Rest()


@pytest.mark.parametrize(
    ("hours", "days", "rests"),
    [
        ((0,), 1, False),
        ((0, 0.1, 0.2, 5, 23), 1, False),
        ((0, 24, 48), 3, False),
        ((0, 24, 48, 72), 4, True),
        ((0, 25, 26, 50, 75, 75.5), 4, True),
        ((0, 24, 48, 48 + 31 * 24), 1, False),
    ],
)
def test_bounces_of_a_mailbox_that_is_there_are_counted_by_day(
    hours: tuple[float, ...], days: int, rests: bool
):
    stands = told(*hours)
    assert (stands.soft_bounces, stands.rested_at is not None) == (days, rests)
    assert stands.rested_for == ("mailbox_full" if rests else None)
    assert SOFT_DAYS_MOST == 4


def test_a_rest_keeps_its_beginning_and_a_complaint_its_reason():
    rested = after(Rest(), GONE, NOW)
    later = NOW + timedelta(days=3)
    assert after(rested, FULL, later) == rested
    assert after(rested, COMPLAINT, later) == Rest(NOW, "complaint")
    assert after(after(rested, COMPLAINT, later), GONE, later) == Rest(NOW, "complaint")
