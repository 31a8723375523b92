"""The calendar: what was declared for 2023 to 2026, by which document."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing.clock.working_days import (
    Calendar,
    Declaration,
    announced,
    local_day,
    read_declarations,
    shipped,
)


def weekdays_off(year: int) -> str:
    return " ".join(f"{day:%m-%d}" for day in sorted(shipped().off) if day.year == year and day.weekday() < 5)


def test_weekdays_off_by_year() -> None:
    assert weekdays_off(2023) == ("01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04")
    assert weekdays_off(2024) == ("01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03")
    assert weekdays_off(2025) == ("01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02")
    assert weekdays_off(2026) == (
        "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24"
    )


def test_worked_saturdays_are_working_days() -> None:
    worked = [date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)]
    assert sorted(shipped().worked) == worked
    assert all(day.weekday() == 5 and shipped().is_working(day) for day in worked)


def test_every_swap_gives_a_day_for_a_day() -> None:
    swaps = [
        (declared, other)
        for declared in read_declarations()
        for other in read_declarations()
        if declared.kind == "worked" and other.document == declared.document and other.kind == "off"
    ]
    assert {declared.document for declared, _ in swaps} == {
        declared.document for declared in read_declarations() if declared.kind == "worked"
    }


def test_every_declaration_names_its_document_and_comes_before_its_day() -> None:
    for declared in read_declarations():
        assert declared.document
        assert declared.announced_on < declared.day


def test_a_day_declared_both_ways_is_refused() -> None:
    day, at = date(2024, 5, 4), announced(date(2024, 4, 12))
    with pytest.raises(ValueError, match="both off and worked"):
        Calendar.of([Declaration(day, "off", "a", at), Declaration(day, "worked", "b", at)])


def test_the_declaration_announced_last_counts() -> None:
    day = date(2024, 5, 4)
    early = Declaration(day, "off", "a", announced(date(2024, 4, 1)))
    late = Declaration(day, "worked", "b", announced(date(2024, 4, 12)))
    assert Calendar.of([late, early]).is_working(day)
    assert Calendar.of([late, early]).documents[day] == "b"


declared = st.builds(
    Declaration,
    st.dates(date(2024, 1, 1), date(2024, 1, 10)),
    st.sampled_from(["off", "worked"]),
    st.sampled_from(["a", "b", "c"]),
    st.dates(date(2023, 1, 1), date(2023, 1, 10)).map(announced),
)


@given(st.lists(declared, unique_by=lambda each: (each.day, each.announced_at), max_size=12), st.randoms())
def test_the_order_of_declarations_does_not_matter(
    declarations: list[Declaration], order: random.Random
) -> None:
    shuffled = order.sample(declarations, len(declarations))
    assert Calendar.of(shuffled) == Calendar.of(declarations)
    assert Calendar.of(shuffled).documents == Calendar.of(declarations).documents


def test_a_year_without_declarations_is_provisional() -> None:
    assert [year for year in range(2022, 2029) if not shipped().is_provisional(year)] == [
        2023,
        2024,
        2025,
        2026,
    ]


def test_a_day_is_a_day_in_vietnam() -> None:
    last_minute = datetime(2023, 3, 6, 16, 59, tzinfo=UTC)
    assert local_day(last_minute) == date(2023, 3, 6)
    assert local_day(last_minute + timedelta(minutes=1)) == date(2023, 3, 7)
