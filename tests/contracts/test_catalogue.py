"""The catalogue by the day: what the officials' list says must hold, and a dossier of 30 June stays under the old rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest

from contracts.catalogue.procedure import Abolition, Procedure, StepHours, Version
from contracts.catalogue.shipped import PROCEDURES, find, version_on
from contracts.processing_codes import Step

PAST = date(2023, 6, 1)
EVE, NEW_DAY = date(2026, 6, 30), date(2026, 7, 1)
BEFORE_ALL = date(2010, 10, 1)

CHANGED = {
    "1.009974": (10, "working_days"),
    "1.009977": (9, "working_days"),
    "1.009978": (5, "working_days"),
    "1.009972": (16, "working_days"),
    "1.009984": (5, "working_days"),
    "1.009985": (5, "working_days"),
}
KEPT = {"1.009988", "1.009989", "1.009990", "1.009991", "1.009936"}
STOPPED = {"1.009973"}
PERMITS = {"1.009974": 2, "1.009977": 2, "1.009978": 1}


def version(code: str, day: date) -> Version:
    found = version_on(code, day)
    assert isinstance(found, Version), f"{code} on {day}: {found}"
    return found


def test_in_2023_seventeen_were_full_and_five_partial() -> None:
    levels = [version(code, PAST).level for code in PROCEDURES]
    assert (levels.count("full"), levels.count("partial")) == (17, 5)
    for code in ("1.009974", "1.009977", "1.009978"):
        assert version(code, PAST).partial_reason_en == "site check"
    for code in ("1.009972", "1.009973"):
        assert version(code, PAST).partial_reason_en == "stamped paper drawings"


@pytest.mark.parametrize(
    ("code", "limit", "fee"),
    [
        ("1.009982", (20, "calendar_days"), 300_000),
        ("1.009983", (20, "calendar_days"), 300_000),
        ("1.009984", (10, "calendar_days"), 150_000),
        ("1.009985", (10, "calendar_days"), 0),
        ("1.009986", (20, "calendar_days"), 150_000),
        ("1.009987", (25, "calendar_days"), 300_000),
        ("1.009928", (20, "calendar_days"), 150_000),
        ("1.009988", (20, "calendar_days"), 1_000_000),
        ("1.009989", (10, "calendar_days"), 500_000),
        ("1.009990", (10, "calendar_days"), 0),
        ("1.009991", (20, "calendar_days"), 500_000),
        ("1.009936", (20, "calendar_days"), 500_000),
        ("1.009980", (20, "calendar_days"), 2_000_000),
        ("1.009981", (20, "calendar_days"), 2_000_000),
        ("1.002572", (10, "calendar_days"), 200_000),
        ("1.002625", (10, "calendar_days"), 200_000),
        ("1.006871", (5, "working_days"), 150_000),
        ("1.009974", (20, "calendar_days"), 150_000),
        ("1.009977", (20, "calendar_days"), 150_000),
        ("1.009978", (5, "working_days"), 15_000),
        ("1.009972", (25, "calendar_days"), None),
        ("1.009973", (30, "calendar_days"), None),
    ],
)
def test_limits_and_fees_of_2023(code: str, limit: tuple[int, str], fee: int | None) -> None:
    found = version(code, PAST)
    assert ((found.limit_days, found.limit_unit), found.fee_vnd) == (limit, fee)


def test_appraisals_have_limits_by_class_and_a_share_as_fee() -> None:
    study, design = version("1.009972", PAST), version("1.009973", PAST)
    assert study.limit_days_by_class == {"A": 35, "B": 25, "C": 15}
    assert design.limit_days_by_class == {"I": 40, "II": 30, "III": 20}
    assert (study.fee_basis, design.fee_basis) == ("investment", "construction_cost")
    for found in (study, design):
        assert (found.fee_vnd_min, found.fee_vnd_max) == (500_000, 150_000_000)
        assert found.supplement.request_within_working_days == 5
    later = version("1.009972", NEW_DAY)
    assert later.limit_days_by_class == {"A": 20, "B": 16, "C": 12, "A/I": 25, "B/I": 20, "C/I": 15}
    assert (later.supplement.requests_max, later.supplement.request_within_working_days) == (1, 5)
    assert later.supplement.deadline_working_days == 20


@pytest.mark.parametrize("code", CHANGED)
def test_on_the_first_of_july_2026_limits_change_and_the_eve_keeps_its_own(code: str) -> None:
    later = version(code, NEW_DAY)
    assert (later.limit_days, later.limit_unit) == CHANGED[code]
    assert later.effective_from == NEW_DAY
    assert version(code, EVE) == version(code, BEFORE_ALL) != later


def test_on_the_first_of_july_2026_six_are_abolished() -> None:
    gone = {code: found for code in PROCEDURES if isinstance(found := version_on(code, NEW_DAY), Abolition)}
    assert {code for code, found in gone.items() if found.open_dossiers == "stopped"} == STOPPED
    assert {code for code, found in gone.items() if found.open_dossiers == "kept"} == KEPT
    assert all(isinstance(version_on(code, EVE), Version) for code in gone)


def test_the_others_do_not_change() -> None:
    for code in PROCEDURES.keys() - CHANGED.keys() - KEPT - STOPPED:
        assert version(code, NEW_DAY) == version(code, PAST)


def test_permits_have_a_short_fix_from_july_2026_and_ask_other_agencies() -> None:
    for code, procedure in PROCEDURES.items():
        for found in procedure.versions:
            assert (found.consultation is not None) == (code in PERMITS)
            is_later_permit = code in PERMITS and found.effective_from == NEW_DAY
            assert (found.supplement.policy == "short_fix") == is_later_permit
            if is_later_permit:
                assert found.supplement.short_fix_working_days == PERMITS[code]
            if found.consultation is not None:
                assert found.consultation.answer_within_working_days == 2


def test_what_no_procedure_has_yet() -> None:
    versions = [found for procedure in PROCEDURES.values() for found in procedure.versions]
    assert not any(found.extension_allowed for found in versions)
    assert {found.forwarding_cut_off for found in versions} == {None}
    assert {found.supplement.deadline_working_days for found in versions} == {20}


def test_every_version_names_what_is_unverified() -> None:
    for procedure in PROCEDURES.values():
        for found in procedure.versions:
            assert {"document", "papers", "steps"} <= set(found.unverified), procedure.code
        if procedure.abolition is not None:
            assert "document" in procedure.abolition.unverified


@pytest.mark.parametrize(
    "code", ["1.009984", "1.009985", "1.009986", "1.009987", "1.009989", "1.009990", "1.009991"]
)
def test_names_stand_in_full_and_those_of_no_public_text_are_named(code: str) -> None:
    procedure = PROCEDURES[code]
    assert "hoạt động xây dựng" in procedure.name_vi and "hạng II, " in procedure.name_vi
    found = code in {"1.009986", "1.009987", "1.009989"}
    assert all(("name_vi" in version.unverified) != found for version in procedure.versions)


def test_steps_are_those_of_the_control_slip() -> None:
    assert tuple(StepHours.model_fields) == get_args(Step)


def test_imports_of_any_year_find_a_version() -> None:
    for day in (BEFORE_ALL, date(2012, 1, 31), date(1975, 1, 1)):
        assert all(isinstance(version_on(code, day), Version) for code in PROCEDURES)


def test_a_version_holds_from_its_first_day() -> None:
    first = version("1.009974", PAST)
    procedure = Procedure(
        code="1.000001",
        name_vi="Thủ tục thử",
        name_en="A trial",
        field="Xây dựng",
        field_en="Construction",
        versions=tuple(
            first.model_copy(update={"effective_from": day, "limit_days": days})
            for day, days in ((date(2024, 1, 1), 1), (date(2025, 1, 1), 2))
        ),
        abolition=Abolition(
            effective_from=date(2026, 1, 1), document=None, open_dossiers="kept", unverified=("document",)
        ),
    )
    days = [date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)]
    on_the_day = [procedure.version_on(day) for day in days]
    the_day_before = [procedure.version_on(day - timedelta(days=1)) for day in days]
    assert on_the_day == [*procedure.versions, procedure.abolition]
    assert the_day_before == [None, *procedure.versions]


def test_a_level_that_changes_is_that_of_the_day() -> None:
    known = PROCEDURES["1.009988"]
    partial = known.versions[0].model_copy(update={"effective_from": date(2025, 1, 1), "level": "partial"})
    changed = known.model_copy(update={"versions": (*known.versions, partial)})
    days = [date(2024, 12, 31), date(2025, 1, 1), NEW_DAY]
    assert [changed.level_on(day) for day in days] == ["full", "partial", "partial"]
    assert changed.level == "partial"


def test_find_knows_abolished_ones_and_no_others() -> None:
    abolished = find("1.009973")
    assert abolished is not None and (abolished.level, abolished.field) == ("partial", "Hoạt động xây dựng")
    assert find("1.999999") is None and version_on("1.999999", PAST) is None
