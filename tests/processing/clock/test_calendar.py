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


def test_law_takes_nothing_from_what_was_declared() -> None:
    """Of the years that ship, everything off by law is declared: no date of theirs depends on the table."""
    for year in range(2023, 2027):
        assert [day for day in shipped().by_law(year) if day.weekday() < 5] == []


def weekdays_off_by_law(calendar: Calendar, year: int) -> str:
    return " ".join(f"{day:%m-%d}" for day in sorted(calendar.by_law(year)) if day.weekday() < 5)


def test_days_off_by_law_of_years_that_nobody_declared() -> None:
    """With the lunar calendar of Vietnam, which in 2030 has its Tết a day before China's, and substitutes of weekends."""
    assert weekdays_off_by_law(shipped(), 2027) == (
        "01-01 02-04 02-05 02-08 02-09 02-10 04-16 04-30 05-03 09-02 09-03 11-24"
    )
    assert weekdays_off_by_law(shipped(), 2028) == (
        "01-03 01-24 01-25 01-26 01-27 01-28 04-04 05-01 05-02 09-01 09-04 11-24"
    )
    assert weekdays_off_by_law(shipped(), 2030).startswith("01-01 01-31 02-01 02-04 02-05 02-06 04-12")
    assert weekdays_off_by_law(shipped(), 2090) == "", "beyond the table"
    assert shipped().is_provisional(2090)


def declaring(*days: str) -> Calendar:
    at = announced(date(2026, 10, 1))
    more = [Declaration(date.fromisoformat(day), "off", "d", at) for day in days]
    return Calendar.of([*read_declarations(), *more])


def test_a_declaration_replaces_what_was_provisional() -> None:
    """Tết is declared as a whole, 2 September with the day before; what law fixes stays, whoever declares what."""
    tet = declaring(*(f"2027-02-0{day}" for day in (3, 4, 5, 8, 9)))
    assert [tet.is_working(date(2027, 2, day)) for day in (3, 10)] == [False, True]
    assert weekdays_off_by_law(tet, 2027) == "01-01 04-16 04-30 05-03 09-02 09-03 11-24"
    assert tet.is_provisional(2027), "2 September is not declared"
    whole = declaring("2027-02-05", "2027-02-08", "2027-02-09", "2027-09-01")
    assert [whole.is_working(date(2027, 9, day)) for day in (1, 2, 3)] == [False, False, True]
    assert not whole.is_provisional(2027)
    assert [whole.is_provisional(year) for year in (2026, 2028)] == [False, True]
    assert declaring("2027-01-04").differs_from(shipped()) == {date(2027, 1, 4)}
    assert whole.differs_from(shipped()) == {
        *(date(2027, 2, day) for day in (4, 10)),
        *(date(2027, 9, day) for day in (1, 3)),
    }


def test_a_day_is_a_day_in_vietnam() -> None:
    last_minute = datetime(2023, 3, 6, 16, 59, tzinfo=UTC)
    assert local_day(last_minute) == date(2023, 3, 6)
    assert local_day(last_minute + timedelta(minutes=1)) == date(2023, 3, 7)
