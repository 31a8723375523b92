"""The due date: golden vectors, and the laws that hold for every date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing.clock.due_date import (
    PAUSE_RULES,
    Limit,
    Pause,
    Paused,
    PauseRule,
    due_date,
    ended,
    explain,
    is_paused,
)
from services.processing.clock.working_days import Calendar, shipped

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
2023-01-19+8 2023-02-07
2024-02-02+5 2024-02-16
2024-04-17+8 2024-05-03
2025-04-22+5 2025-04-28
2025-12-12+20 2026-01-12
2024-04-15+10 2024-05-03
2026-12-20+10 2027-01-04
2026-11-27+25 2027-01-04
2027-02-01+5 2027-02-15
2027-08-30+5 2027-09-08
"""
CALENDAR_DAYS = """
2023-01-02+20 2023-01-27
2023-08-14+20 2023-09-05
2024-04-14+20 2024-05-04
2025-12-13+20 2026-01-05
2026-11-04+20 2026-11-25
2023-04-10+20 2023-05-04
2024-08-14+20 2024-09-04
2026-08-02+20 2026-08-22
2026-12-12+20 2027-01-04
"""
# The corresponding day, else the last day of the month, then off a day off: 28 February 2026 is a Saturday.
MONTHS = """
2026-01-31+1 2026-03-02
2024-01-31+1 2024-02-29
2025-11-30+3 2026-03-02
2023-03-15+12 2024-03-15
2023-03-31+1 2023-05-04
2026-01-16+1 2026-02-23
2026-03-27+1 2026-04-28
2026-10-24+1 2026-11-25
"""

# Acceptance and limit, when the request was made and its supplement accepted, the rule, and the day that is due then.
PAUSES: list[tuple[str, Limit, str, str, PauseRule, str]] = [
    ("2026-04-20", Limit(5, "working_days"), "2026-04-22", "2026-05-05", "subtract", "2026-05-08"),
    ("2026-04-20", Limit(5, "working_days"), "2026-04-22", "2026-05-05", "restart", "2026-05-12"),
    ("2026-04-20", Limit(5, "working_days"), "2026-04-22", "2026-05-05", "short_fix", "2026-04-28"),
    ("2023-04-10", Limit(20, "calendar_days"), "2023-04-12", "2023-04-20", "subtract", "2023-05-08"),
    ("2023-04-10", Limit(20, "calendar_days"), "2023-04-12", "2023-04-20", "restart", "2023-05-10"),
    ("2024-04-15", Limit(10, "working_days"), "2024-04-17", "2024-05-06", "subtract", "2024-05-16"),
    ("2024-04-15", Limit(10, "working_days"), "2024-04-17", "2024-05-06", "restart", "2024-05-20"),
    ("2024-04-15", Limit(10, "working_days"), "2024-04-17", "2024-05-06", "short_fix", "2024-05-03"),
    ("2026-01-30", Limit(1, "months"), "2026-02-10", "2026-02-25", "subtract", "2026-03-16"),
    ("2026-01-30", Limit(1, "months"), "2026-02-10", "2026-02-25", "restart", "2026-03-25"),
    ("2026-08-19", Limit(10, "working_days"), "2026-08-21", "2026-08-24", "subtract", "2026-09-08"),
]

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


@pytest.mark.parametrize(("accepted", "limit", "began", "end", "rule", "due"), PAUSES)
def test_golden_vectors_with_a_pause(
    accepted: str, limit: Limit, began: str, end: str, rule: PauseRule, due: str
) -> None:
    pause = Pause(date.fromisoformat(began), date.fromisoformat(end), rule)
    assert due_date(date.fromisoformat(accepted), limit, shipped(), [pause]) == date.fromisoformat(due)


def test_two_pauses_of_a_limit_in_calendar_days() -> None:
    pauses = [
        Pause(date(2023, 8, 31), date(2023, 9, 12), "subtract"),
        Pause(date(2023, 9, 15), date(2023, 9, 20), "subtract"),
    ]
    limit = Limit(20, "calendar_days")
    assert due_date(date(2023, 8, 30), limit, shipped(), pauses) == date(2023, 10, 6)


def test_while_a_pause_lasts_there_is_only_the_date_if_it_ended_today() -> None:
    accepted_on, limit = date(2026, 4, 20), Limit(5, "working_days")
    lasting = [Pause(date(2026, 4, 22), None, "subtract")]
    assert is_paused(lasting)
    with pytest.raises(Paused):
        due_date(accepted_on, limit, shipped(), lasting)
    assert due_date(accepted_on, limit, shipped(), ended(lasting, date(2026, 5, 5))) == date(2026, 5, 8)
    fix = [Pause(date(2026, 4, 22), None, "short_fix")]
    assert not is_paused(fix)
    assert due_date(accepted_on, limit, shipped(), fix) == date(2026, 4, 28)


def test_an_explanation_tells_pauses_and_what_a_new_beginning_dropped() -> None:
    pause = Pause(date(2026, 4, 22), date(2026, 5, 5), "restart")
    told = explain(date(2026, 4, 20), Limit(5, "working_days"), shipped(), [pause])
    assert [day.on.day for day in told.days if day.effect == "dropped"] == [21, 22]
    assert {day.on for day in told.days if day.effect == "paused"} == {
        date(2026, 4, 22) + timedelta(days=n) for n in range(1, 14)
    }
    assert [day.on.day for day in told.days if day.effect == "counted"] == [6, 7, 8, 11, 12]


def test_an_explanation_names_what_was_skipped_and_the_move_apart() -> None:
    told = explain(date(2023, 8, 14), Limit(20, "calendar_days"), shipped())
    assert [day.on.day for day in told.days if day.effect == "moved"] == [4, 5]
    told = explain(date(2025, 12, 30), Limit(7, "working_days"), shipped())
    skipped = {day.on: day for day in told.days if day.effect == "skipped"}
    swapped, saturday, new_year = (skipped[date(2026, 1, day)] for day in (2, 3, 1))
    assert (swapped.document, swapped.kind, swapped.holiday) == ("Công văn 12729/VPCP-KGVX", "off", None)
    assert (saturday.document, saturday.kind) == (None, "weekend")
    assert new_year.holiday == ("Tết Dương lịch", "New Year's Day")
    assert (told.days[-1].on, told.days[-1].kind) == (date(2026, 1, 10), "worked")


def test_a_date_that_reaches_an_undeclared_year_is_provisional() -> None:
    assert explain(date(2026, 12, 30), Limit(5, "working_days"), shipped()).provisional
    assert not explain(date(2025, 12, 30), Limit(5, "working_days"), shipped()).provisional


def test_a_day_off_by_law_is_explained_by_its_name_and_its_law() -> None:
    told = explain(date(2026, 12, 20), Limit(10, "working_days"), shipped())
    (new_year,) = [day for day in told.days if day.holiday]
    assert (new_year.on, new_year.effect) == (date(2027, 1, 1), "skipped")
    assert new_year.document == "Bộ luật Lao động 45/2019/QH14, điều 112"
    assert told.provisional_years == (2027,)


@st.composite
def pauses_after(draw: st.DrawFn, accepted_on: date) -> list[Pause]:
    """Up to three pauses in order, each begun after the end of the one before."""
    found, day = [], accepted_on
    for _ in range(draw(st.integers(0, 3))):
        began_on = day + timedelta(days=draw(st.integers(0, 5)))
        day = began_on + timedelta(days=draw(st.integers(0, 30)))
        found.append(Pause(began_on, day, draw(st.sampled_from(PAUSE_RULES))))
    return found


@given(days, limits, st.data())
def test_an_explanation_counts_the_limit_and_ends_on_the_due_date(
    accepted_on: date, limit: Limit, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(accepted_on))
    told = explain(accepted_on, limit, shipped(), pauses)
    assert told.due_on == due_date(accepted_on, limit, shipped(), pauses) == told.days[-1].on
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


@given(days, any_limits, st.data(), st.integers(1, 20))
def test_a_longer_pause_is_never_due_earlier(
    accepted_on: date, limit: Limit, data: st.DataObject, more: int
) -> None:
    *before, last = data.draw(pauses_after(accepted_on).filter(bool))
    assert last.ended_on is not None
    longer = last._replace(ended_on=last.ended_on + timedelta(days=more))
    was = due_date(accepted_on, limit, shipped(), [*before, last])
    assert due_date(accepted_on, limit, shipped(), [*before, longer]) >= was


@given(days, any_limits, st.data())
def test_declaring_a_day_off_and_withdrawing_it_changes_nothing(
    accepted_on: date, limit: Limit, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(accepted_on))
    day = data.draw(days.filter(lambda each: each not in shipped().off | shipped().worked))
    declared = Calendar(off=shipped().off | {day}, worked=shipped().worked)
    withdrawn = Calendar(off=declared.off - {day}, worked=declared.worked)
    before = explain(accepted_on, limit, shipped(), pauses)
    assert explain(accepted_on, limit, withdrawn, pauses).due_on == before.due_on
    assert due_date(accepted_on, limit, declared, pauses) >= before.due_on


@given(
    st.dates(date(1990, 1, 1), date(2110, 1, 1)),
    st.integers(1, 400),
    st.sets(st.dates(date(2023, 1, 1), date(2027, 1, 1)), max_size=30),
)
def test_a_date_looked_up_is_the_date_counted(day: date, amount: int, off: set[date]) -> None:
    """Within the two years whose worked days are kept, at their edges and beyond them."""
    calendar = Calendar(frozenset(off), frozenset())
    counted, left = day, amount
    while left:
        counted += timedelta(days=1)
        left -= calendar.is_working(counted)
    assert calendar.working_after(day, amount) == counted
