"""Working hours: the intake limit to the minute, limits in hours, and the laws that hold for every instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.hours import reception_due_at
from services.processing.clock.working_days import ZONE, Calendar, shipped
from services.processing.clock.working_hours import (
    OFFICE_HOURS,
    Hours,
    counted,
    due_at,
    intake_due_at,
    timeliness,
)

INTAKE = """
2023-03-03T16:59 2023-03-06T16:59
2023-03-03T17:00 2023-03-06T17:00
2023-03-04T10:00 2023-03-06T17:00
2023-03-06T06:00 2023-03-06T17:00
2023-01-19T16:59 2023-01-27T16:59
2026-01-09T16:59 2026-01-10T16:59
"""
instants = st.integers(0, 1_970_000).map(lambda n: datetime(2023, 1, 1, tzinfo=ZONE) + timedelta(minutes=n))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize("line", INTAKE.split("\n")[1:-1])
def test_golden_vectors_of_the_intake_limit(line: str) -> None:
    submitted, due = line.split()
    assert intake_due_at(instant(submitted), shipped()) == instant(due)


HOURS = """
2026-01-09T15:00+16 2026-01-12T15:00
2024-04-26T10:30+16 2024-05-03T10:30
2026-11-23T16:59+1 2026-11-25T08:29
2026-12-31T16:59+1 2027-01-04T08:29
"""


@pytest.mark.parametrize("line", HOURS.split("\n")[1:-1])
def test_golden_vectors_in_working_hours(line: str) -> None:
    start, due = line.split()
    begins, _, hours = start.partition("+")
    assert due_at(instant(begins), int(hours), shipped()) == instant(due)


@given(instants)
def test_ordinary_weeks_are_counted_alike(submitted: datetime) -> None:
    """What is told where no calendar is kept is what is counted where nothing is declared and no day is off by law."""
    ordinary = Calendar(frozenset(), frozenset(), knows_law=False)
    assert reception_due_at(submitted) == intake_due_at(submitted, ordinary)


def test_the_zone_in_which_an_instant_is_told_does_not_matter() -> None:
    at = instant("2023-03-03T16:59")
    assert intake_due_at(at.astimezone(UTC), shipped()) == intake_due_at(at, shipped())


def test_hours_hold_from_their_day_on() -> None:
    longer = Hours(date(2026, 1, 10), ((time(7), time(11, 30)), (time(13), time(17, 30))))
    due = due_at(instant("2026-01-09T13:00"), 8, shipped(), (*OFFICE_HOURS, longer))
    assert due == instant("2026-01-10T11:00")


@pytest.mark.parametrize("hours", [0, -1, 100_000])
def test_a_limit_without_sense_is_refused(hours: int) -> None:
    with pytest.raises(ValueError, match="a limit is from 1"):
        due_at(instant("2026-01-09T15:00"), hours, shipped())


@pytest.mark.parametrize(
    ("ended", "how"),
    [
        ("2026-01-11T23:59", "early"),
        ("2026-01-12T09:00", "on_time"),
        ("2026-01-12T15:00", "on_time"),
        ("2026-01-12T15:01", "late"),
    ],
)
def test_ends_of_a_limit_in_hours(ended: str, how: str) -> None:
    assert timeliness(instant(ended).astimezone(UTC), instant("2026-01-12T15:00")) == how


@given(instants, st.integers(1, 200))
def test_the_hours_counted_equal_the_limit(start: datetime, hours: int) -> None:
    found = counted(start, hours, shipped())
    assert sum((each.ends - each.begins for each in found), timedelta()) == timedelta(hours=hours)
    assert found[-1].ends == due_at(start, hours, shipped())
    for each in found:
        assert shipped().is_working(each.begins.date())
        assert any(
            opens <= each.begins.time() < each.ends.time() <= closes
            for opens, closes in OFFICE_HOURS[0].spans
        )


@given(instants, instants, st.integers(1, 200))
def test_who_starts_later_is_never_due_earlier(one: datetime, other: datetime, hours: int) -> None:
    earlier, later = sorted((one, other))
    assert due_at(earlier, hours, shipped()) <= due_at(later, hours, shipped())
