"""The control slip: whose time each step was, when it was due, and how late it came. Given the acts, when it is read, then that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from services.processing.clock.working_days import ZONE, Calendar, shipped
from services.processing.desk.control_slip import Act, Slip, Terms, slip_of
from services.processing.desk.control_slip_answers import duration, form_number, sentence
from services.processing.desk.control_slip_terms import step_terms
from services.processing.dossier import events as e
from services.processing.dossier.events import Event
from services.processing.dossier.state import Filing
from tests.processing.examples import (
    ACCEPTED,
    FILING,
    FORWARDED,
    OFFICE,
    OTHER_UNIT,
    PAPERS,
    RESOLVED,
    TUESDAY,
    UNIT,
)

TERMS = Terms(
    {"tiep_nhan": 4, "thu_ly": 60, "tham_tra": 24, "ky_duyet": 16, "phat_hanh": 4, "tra_ket_qua": 4}, None
)
TAKEN = e.DossierHandedOver(TUESDAY, UNIT, "taken", "an")
TRANSFERRED = e.DossierHandedOver(TUESDAY, OTHER_UNIT, "transferred", None)
VERIFYING = e.DossierForwarded(TUESDAY, UNIT, "tham_tra")
ASKED = e.SupplementRequested(TUESDAY, 1, PAPERS, TUESDAY, "restart", "paused", False, None)
FEE = e.FeeRequested(TUESDAY, 300_000, TUESDAY, "paused", None)
WAIVED = e.FeeWaived(TUESDAY, "exempt_by_law", "in_processing", TUESDAY)


def at(text: str) -> datetime:
    """A day and hour of March 2023, such as "7 09:00"."""
    day, hour = text.split()
    return datetime.combine(date(2023, 3, int(day)), time.fromisoformat(hour), ZONE)


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)


def slip(
    told: Sequence[tuple[str, Event]],
    now: str,
    *,
    terms: Terms = TERMS,
    calendar: Calendar | None = None,
    filing: Filing = FILING,
) -> Slip:
    acts = [Act(event, at(when), "officer/an") for when, event in told]
    return slip_of(filing, acts, terms, calendar or shipped(), at(now))


def test_every_step_has_its_time_its_limit_and_its_end() -> None:
    read = slip(
        [
            ("6 15:00", ACCEPTED),
            ("7 09:00", replace(FORWARDED, step="thu_ly")),
            ("8 17:00", replace(FORWARDED, step="ky_duyet")),
            ("10 09:30", RESOLVED),
            ("10 10:00", e.ResultReturned(TUESDAY, "postal")),
        ],
        "20 09:00",
    )
    told = [(s.step, s.unit, s.limit_hours, s.due_at, s.timeliness, s.worked) for s in read.steps]
    assert told == [
        ("intake", OFFICE, 8, at("7 09:00"), "early", hours(4.5)),
        ("tiep_nhan", UNIT, 4, at("7 09:30"), "on_time", hours(3.5)),
        ("thu_ly", OTHER_UNIT, 60, at("16 14:30"), "early", hours(14.5)),
        ("ky_duyet", OTHER_UNIT, 16, at("10 17:00"), "on_time", hours(10)),
        ("tra_ket_qua", OFFICE, 4, at("10 15:00"), "on_time", hours(0.5)),
    ]
    assert all(s.ended_by == "an" for s in read.steps)
    assert read.worked == hours(33)


@pytest.mark.parametrize(
    ("ended", "timeliness", "late_by"),
    [
        ("7 09:30", "on_time", 0),
        ("7 09:31", "late", 1 / 60),
        ("7 13:00", "late", 2),
        ("8 07:00", "late", 6),
    ],
)
def test_a_step_is_late_by_the_working_time_after_its_due_instant(
    ended: str, timeliness: str, late_by: float
) -> None:
    step = slip([("6 15:00", ACCEPTED), (ended, FORWARDED)], "20 09:00").steps[1]
    assert (step.due_at, step.timeliness, step.late_by) == (at("7 09:30"), timeliness, hours(late_by))


def test_an_open_step_is_late_once_its_limit_has_passed() -> None:
    open_now, late = slip([("6 15:00", ACCEPTED)], "7 09:30"), slip([("6 15:00", ACCEPTED)], "7 10:30")
    assert (open_now.steps[1].timeliness, late.steps[1].timeliness) == ("running", "late")
    assert (late.steps[1].ended_at, late.steps[1].late_by) == (None, hours(1))


def test_hand_overs_share_a_step_and_its_limit_goes_on() -> None:
    read = slip(
        [
            ("6 15:00", ACCEPTED),
            ("6 16:00", replace(FORWARDED, unit=UNIT, step="thu_ly")),
            ("7 08:30", TAKEN),
            ("7 11:30", replace(TAKEN, officer="binh")),
            ("8 11:30", TRANSFERRED),
        ],
        "9 11:30",
    )
    step = read.steps[2]
    assert [(s.unit, s.officer, s.worked) for s in step.spells] == [
        (UNIT, None, hours(2)),
        (UNIT, "an", hours(3)),
        (UNIT, "binh", hours(8)),
        (OTHER_UNIT, None, hours(8)),
    ]
    assert step.due_at == at("16 10:30")
    times = {(person.unit, person.officer): person.worked for person in read.people}
    assert times == {
        (OFFICE, None): hours(4.5),
        (UNIT, None): hours(3),
        (UNIT, "an"): hours(3),
        (UNIT, "binh"): hours(8),
        (OTHER_UNIT, None): hours(8),
    }


def test_what_is_taken_at_once_waited_for_nobody() -> None:
    step = slip([("6 15:00", ACCEPTED), ("6 15:00", TAKEN)], "6 16:00").steps[1]
    assert [(s.officer, s.worked) for s in step.spells] == [("an", hours(1))]


def test_a_pause_is_nobodys_time_and_moves_the_due_instant() -> None:
    verifying = [("6 15:00", ACCEPTED), ("7 07:30", VERIFYING), ("7 07:30", TAKEN)]
    asked = [*verifying, ("8 07:30", ASKED)]
    waiting = slip(asked, "10 07:30")
    assert (waiting.steps[2].due_at, waiting.steps[2].timeliness) == (None, "paused")
    back = e.SupplementAccepted(TUESDAY, at("10 07:30"), "in_processing", TUESDAY, False)
    read = slip([*asked, ("10 07:30", back)], "10 17:00")
    step = read.steps[2]
    assert (step.worked, step.paused, step.due_at) == (hours(16), hours(16), at("13 17:00"))
    assert [(p.pause, p.begins, p.ends) for p in read.pauses] == [
        ("supplement", at("8 07:30"), at("10 07:30"))
    ]
    assert next(p.worked for p in read.people if p.officer == "an") == hours(16)


def test_a_request_that_does_not_stop_the_clock_is_no_pause() -> None:
    runs = [("6 15:00", ACCEPTED), ("7 07:30", replace(ASKED, rule="short_fix", clock="runs"))]
    read = slip(runs, "8 07:30")
    assert (read.pauses, read.steps[1].paused, read.steps[1].timeliness) == ([], hours(0), "late")


def test_a_hand_over_within_a_pause_leaves_it_one_pause() -> None:
    read = slip([("6 15:00", ACCEPTED), ("7 07:30", FEE), ("7 09:00", TAKEN), ("8 07:30", WAIVED)], "8 08:30")
    assert [(p.pause, p.begins, p.ends) for p in read.pauses] == [("fee", at("7 07:30"), at("8 07:30"))]
    assert [(p.officer, p.worked) for p in read.people if p.unit == UNIT] == [
        (None, hours(2)),
        ("an", hours(1)),
    ]


def test_papers_asked_for_before_acceptance_begin_the_intake_anew() -> None:
    back = e.SupplementAccepted(TUESDAY, at("9 07:30"), "submitted", None, False)
    read = slip([("6 16:00", ASKED), ("9 07:30", back), ("9 17:00", ACCEPTED)], "9 17:00")
    assert [(s.step, s.worked, s.timeliness) for s in read.steps] == [
        ("intake", hours(5.5), "on_time"),
        ("intake", hours(8), "on_time"),
        ("tiep_nhan", hours(0), "running"),
    ]


def test_a_reversed_step_is_as_if_it_had_not_been() -> None:
    accepted, forwarded = ("6 15:00", ACCEPTED), ("6 16:00", FORWARDED)
    reversal = e.DossierReversed(
        TUESDAY, 2, "DossierForwarded", "wrong_dossier", "1/QĐ-SXD", "accepted", TUESDAY
    )
    with_it = slip([accepted, forwarded, ("7 09:00", reversal)], "7 10:00")
    assert with_it.steps == slip([accepted], "7 10:00").steps


def test_a_step_that_comes_again_has_its_limit_anew() -> None:
    signing = replace(FORWARDED, step="ky_duyet")
    read = slip(
        [("6 15:00", ACCEPTED), ("7 07:30", FORWARDED), ("8 07:30", signing), ("9 07:30", FORWARDED)],
        "9 17:00",
    )
    assert [s.step for s in read.steps[2:]] == ["tham_tra", "ky_duyet", "tham_tra"]
    assert read.steps[4].due_at == at("13 17:00")


def test_who_fetches_a_result_late_makes_no_officer_late() -> None:
    signed = [("6 15:00", ACCEPTED), ("7 09:00", RESOLVED)]
    assert slip(signed, "20 09:00").steps[2].timeliness is None
    fetched = slip([*signed, ("15 09:00", e.ResultReturned(TUESDAY, "in_person"))], "20 09:00")
    posted = slip([*signed, ("15 09:00", e.ResultReturned(TUESDAY, "postal"))], "20 09:00")
    assert (fetched.steps[2].timeliness, posted.steps[2].timeliness) == (None, "late")


@pytest.mark.parametrize(
    "end",
    [
        e.ProcessingStopped(TUESDAY, "not_competent", None),
        e.DossierWithdrawn(TUESDAY, None, None),
    ],
)
def test_an_end_without_a_result_is_the_last_step(end: Event) -> None:
    read = slip([("6 15:00", ACCEPTED), ("7 09:00", end)], "20 09:00")
    assert [s.ended_at for s in read.steps] == [at("6 15:00"), at("7 09:00")]
    assert read.steps == slip([("6 15:00", ACCEPTED), ("7 09:00", end)], "27 09:00").steps


def test_what_is_forwarded_after_the_cut_off_is_taken_the_next_working_day() -> None:
    cut = TERMS._replace(cut_off=time(15))
    at_it = slip([("6 15:00", ACCEPTED)], "7 09:00", terms=cut).steps[1]
    after_it = slip([("6 15:01", ACCEPTED)], "7 09:00", terms=cut).steps[1]
    on_friday = slip([("10 16:00", ACCEPTED)], "10 17:00", terms=cut).steps[1]
    assert [s.due_at for s in (at_it, after_it, on_friday)] == [
        at("7 09:30"),
        at("7 11:30"),
        at("13 11:30"),
    ]


def test_without_a_version_nothing_has_a_limit_but_the_intake() -> None:
    read = slip([("6 15:00", ACCEPTED)], "7 09:00", terms=Terms({}, None))
    assert [(s.limit_hours, s.timeliness) for s in read.steps] == [(8, "early"), (None, None)]


def test_acts_that_are_told_out_of_their_hours_lose_no_time() -> None:
    read = slip([("6 15:00", ACCEPTED), ("6 10:00", FORWARDED)], "6 16:00")
    assert [s.worked for s in read.steps] == [hours(4.5), hours(0), hours(1)]


@pytest.mark.parametrize(("project_class", "whole"), [("A", 200), ("B", 140), ("C", 84), (None, 140)])
def test_an_appraisals_steps_are_those_of_the_class_it_was_accepted_with(
    project_class: str | None, whole: int
) -> None:
    appraisal = FILING._replace(procedure="1.009972")
    found = step_terms(appraisal, [replace(ACCEPTED, project_class=project_class)])
    assert sum(found.hours.values()) == whole
    assert step_terms(FILING._replace(procedure="9.999999"), []).hours == {}


def test_an_appraisal_accepted_again_with_another_class_has_the_steps_of_that_one() -> None:
    appraisal = FILING._replace(procedure="1.009972")
    wrong, right = replace(ACCEPTED, project_class="A"), replace(ACCEPTED, project_class="C")
    reversal = e.DossierReversed(TUESDAY, 1, "DossierAccepted", "wrong_data", "1/QĐ-SXD", "submitted", None)
    assert sum(step_terms(appraisal, [wrong, reversal, right]).hours.values()) == 84


def test_the_form_has_the_number_of_the_day_of_acceptance() -> None:
    def number(submitted: datetime, accepted: datetime | None) -> str:
        acts = [Act(ACCEPTED, accepted, "officer/an")] if accepted else []
        now = datetime(2025, 9, 16, 9, tzinfo=ZONE)
        return form_number(slip_of(FILING._replace(submitted_at=submitted), acts, TERMS, shipped(), now))

    before, since = datetime(2025, 9, 14, 23, 59, tzinfo=ZONE), datetime(2025, 9, 15, 0, 0, tzinfo=ZONE)
    assert (number(before, before), number(before, since), number(before, None)) == ("05", "06", "06")


def test_a_step_says_what_became_of_it_in_both_languages() -> None:
    late = slip([("6 15:00", ACCEPTED), ("7 15:00", FORWARDED)], "20 09:00").steps[1]
    assert sentence(late).vi == "Tiếp nhận: 4 giờ làm việc, hạn 09:30 ngày 07/03/2023, quá hạn 4 giờ 0 phút"
    assert sentence(late).en == "Reception: 4 working hours, due at 09:30 on 7 March 2023, late by 4 h 0 min"
    filed = datetime(2026, 12, 31, 16, 59, tzinfo=ZONE)
    waits = slip_of(FILING._replace(submitted_at=filed), [], TERMS, shipped(), filed).steps[0]
    assert sentence(waits).vi == (
        "Chờ tiếp nhận: 8 giờ làm việc, hạn 16:59 ngày 04/01/2027, đang xử lý, trong hạn. Tạm tính: lịch nghỉ Tết, Quốc khánh"
        " năm 2027 chưa được công bố, tạm lấy ngày nghỉ theo luật."
    )
    assert duration(timedelta(minutes=61, seconds=59)).vi == "1 giờ 1 phút"
