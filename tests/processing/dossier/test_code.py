"""The official code: both forms, strict when issued, tolerant when read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing.dossier.official_code import NEW_FORM_FROM, OfficialCode, can_issue, issue, parse

days = st.dates(date(2010, 1, 1), date(2099, 12, 31))
provinces = st.from_regex(r"[A-Z][0-9]{2}", fullmatch=True)
offices = st.builds("{}.0{:02d}.{:02d}".format, provinces, st.integers(0, 99), st.integers(0, 99))
numbers = st.integers(1, 10**9)


def test_golden_codes() -> None:
    assert issue("H29.015.00", date(2023, 9, 5), 3) == "000.00.15.H29-230905-0003"
    assert issue("H29.015.00", date(2025, 11, 20), 7) == "H29.015.00-251120-0007"


def test_the_form_changes_with_the_local_day_of_acceptance() -> None:
    assert issue("H29.015.00", NEW_FORM_FROM - timedelta(days=1), 1).startswith("000.00.15.H29-250914")
    assert issue("H29.015.00", NEW_FORM_FROM, 1).startswith("H29.015.00-250915")


def test_the_serial_grows_past_four_digits() -> None:
    assert issue("H29.015.00", NEW_FORM_FROM, 9999).endswith("-9999")
    assert issue("H29.015.00", NEW_FORM_FROM, 10000).endswith("-10000")


@pytest.mark.parametrize(
    ("office", "day", "number"),
    [
        ("H29.015.00", NEW_FORM_FROM, 0),
        ("h29.015.00", NEW_FORM_FROM, 1),
        ("H29.15.00", NEW_FORM_FROM, 1),
        ("H29.015.00\n", NEW_FORM_FROM, 1),
        ("H29.٠15.00", NEW_FORM_FROM, 1),
        ("H29.115.00", NEW_FORM_FROM - timedelta(days=1), 1),
    ],
)
def test_what_the_form_cannot_say_is_never_issued(office: str, day: date, number: int) -> None:
    with pytest.raises(ValueError, match="no code for office"):
        issue(office, day, number)


def test_an_office_of_three_digits_has_no_code_before_the_new_form() -> None:
    assert not can_issue("H29.115.00", NEW_FORM_FROM - timedelta(days=1))
    assert can_issue("H29.115.00", NEW_FORM_FROM)


@given(offices, days, numbers)
def test_what_is_issued_is_read_back(office: str, day: date, number: int) -> None:
    assert parse(issue(office, day, number)) == OfficialCode(office, day, number)


@given(
    offices,
    days,
    numbers,
    st.sampled_from(["-", "–", "—", "_", "/", ".", " - "]),
    st.sampled_from([".", "-", "", " . "]),
    st.booleans(),
    st.sampled_from(["", " ", "\t", "\n"]),
)
def test_deviating_spellings_are_read_as_the_same_code(
    office: str, day: date, number: int, dash: str, dot: str, lower: bool, space: str
) -> None:
    organisation, written_day, serial = issue(office, day, number).split("-")
    text = space + dash.join([organisation.replace(".", dot), written_day, serial]) + space
    assert parse(text.lower() if lower else text) == OfficialCode(office, day, number)


@given(offices, days, numbers)
def test_serials_without_zeros_and_years_in_four_digits_are_read(office: str, day: date, number: int) -> None:
    organisation, _, _ = issue(office, day, number).split("-")
    assert parse(f"{organisation}-{day:%Y%m%d}-{number}") == OfficialCode(office, day, number)


def test_a_part_of_an_organisation_is_not_the_organisation() -> None:
    part = parse("001.00.15.H29-230905-0003")
    assert part is not None
    assert part.office == "001.00.15.H29"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "H29.015.00",
        "H29.015.00-251320-0007",
        "H29.015.00-251120-0000",
        "H29.015.00-251120-",
        "-" * 5000,
    ],
)
def test_what_is_no_code_is_not_read(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_reading_never_fails(text: str) -> None:
    parse(text)


@given(st.tuples(offices, days, numbers), st.tuples(offices, days, numbers))
def test_two_dossiers_never_share_a_code(one: tuple[str, date, int], other: tuple[str, date, int]) -> None:
    assert (issue(*one) == issue(*other)) == (one == other)
