"""The due date: golden vectors, and the laws that hold for every date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing.calendar import Calendar, shipped
from services.processing.deadline import Limit, due_date, explain

WORKING_DAYS = """
2023-01-13+20 2023-02-17
2023-04-24+5 2023-05-04
2023-08-28+5 2023-09-06
2023-09-05+20 2023-10-03
2024-02-05+5 2024-02-19
2024-04-22+10 2024-05-08
2025-01-22+7 2025-02-07
2025-04-25+3 2025-04-29
2025-12-30+7 2026-01-10
2026-02-12+5 2026-02-26
2026-04-24+3 2026-05-04
2026-08-20+7 2026-08-28
2026-11-20+3 2026-11-26
2026-04-20+5 2026-04-28
"""
CALENDAR_DAYS = """
2023-01-02+20 2023-01-27
2023-08-14+20 2023-09-05
2024-04-14+20 2024-05-04
2025-12-13+20 2026-01-05
2026-11-04+20 2026-11-25
2023-04-10+20 2023-05-04
"""
# The corresponding day, else the last day of the month, then off a day off: 28 February 2026 is a Saturday.
MONTHS = """
2026-01-31+1 2026-03-02
2024-01-31+1 2024-02-29
2025-11-30+3 2026-03-02
2023-03-15+12 2024-03-15
"""

days = st.dates(date(2023, 1, 1), date(2026, 10, 31))
limits = st.builds(Limit, st.integers(1, 60), st.sampled_from(["working_days", "calendar_days"]))
any_limits = limits | st.builds(Limit, st.integers(1, 3), st.just("months"))


def vectors(lines: str) -> list[tuple[str, int, str]]:
    rows = []
    for line in lines.split("\n")[1:-1]:
        start, due = line.split()
        accepted, amount = start.split("+")
        rows.append((accepted, int(amount), due))
    return rows


@pytest.mark.parametrize(("accepted", "amount", "due"), vectors(WORKING_DAYS))
def test_golden_vectors_in_working_days(accepted: str, amount: int, due: str) -> None:
    limit = Limit(amount, "working_days")
    assert due_date(date.fromisoformat(accepted), limit, shipped()) == date.fromisoformat(due)


@pytest.mark.parametrize(("accepted", "amount", "due"), vectors(CALENDAR_DAYS))
def test_golden_vectors_in_calendar_days(accepted: str, amount: int, due: str) -> None:
    limit = Limit(amount, "calendar_days")
    assert due_date(date.fromisoformat(accepted), limit, shipped()) == date.fromisoformat(due)


@pytest.mark.parametrize(("accepted", "amount", "due"), vectors(MONTHS))
def test_golden_vectors_in_months(accepted: str, amount: int, due: str) -> None:
    limit = Limit(amount, "months")
    assert due_date(date.fromisoformat(accepted), limit, shipped()) == date.fromisoformat(due)


def test_an_explanation_names_what_was_skipped_and_the_move_apart() -> None:
    told = explain(date(2023, 8, 14), Limit(20, "calendar_days"), shipped())
    assert [day.on.day for day in told.days if day.effect == "moved"] == [4, 5]
    told = explain(date(2025, 12, 30), Limit(7, "working_days"), shipped())
    documents = {day.on: day.document for day in told.days if day.effect == "skipped"}
    assert documents[date(2026, 1, 2)] == "Công văn 12729/VPCP-KGVX"
    assert documents[date(2026, 1, 3)] is None


def test_a_date_that_reaches_an_undeclared_year_is_provisional() -> None:
    assert explain(date(2026, 12, 30), Limit(5, "working_days"), shipped()).provisional
    assert not explain(date(2025, 12, 30), Limit(5, "working_days"), shipped()).provisional


@given(days, limits)
def test_an_explanation_counts_the_limit_and_ends_on_the_due_date(accepted_on: date, limit: Limit) -> None:
    told = explain(accepted_on, limit, shipped())
    assert told.due_on == due_date(accepted_on, limit, shipped()) == told.days[-1].on
    assert sum(day.effect == "counted" for day in told.days) == limit.amount
    assert [day.on for day in told.days] == [
        accepted_on + timedelta(days=n) for n in range(1, len(told.days) + 1)
    ]


def test_acceptance_on_a_day_off_is_day_zero() -> None:
    sunday = date(2023, 3, 5)
    assert due_date(sunday, Limit(1, "working_days"), shipped()) == date(2023, 3, 6)


def test_a_limit_is_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Limit(0, "working_days")
    with pytest.raises(ValueError, match="at most"):
        Limit(10_000, "working_days")


@given(days, any_limits)
def test_a_due_date_is_a_working_day_after_acceptance(accepted_on: date, limit: Limit) -> None:
    due = due_date(accepted_on, limit, shipped())
    assert due > accepted_on
    assert shipped().is_working(due)


@given(days, st.integers(1, 60))
def test_the_working_days_counted_equal_the_limit(accepted_on: date, amount: int) -> None:
    due = due_date(accepted_on, Limit(amount, "working_days"), shipped())
    counted = [accepted_on + timedelta(days=n) for n in range(1, (due - accepted_on).days + 1)]
    assert sum(map(shipped().is_working, counted)) == amount


@given(days, any_limits, st.lists(days, max_size=10))
def test_a_day_off_more_never_shortens(accepted_on: date, limit: Limit, declared: list[date]) -> None:
    calendar = shipped()
    off = frozenset(declared) - calendar.worked
    more = Calendar(off=calendar.off | off, worked=calendar.worked)
    assert due_date(accepted_on, limit, more) >= due_date(accepted_on, limit, calendar)


@given(days, any_limits)
def test_a_longer_limit_is_never_due_earlier(accepted_on: date, limit: Limit) -> None:
    longer = Limit(limit.amount + 1, limit.unit)
    assert due_date(accepted_on, longer, shipped()) >= due_date(accepted_on, limit, shipped())
