"""The way of a dossier from acceptance to return, and the apology beside it: what each act says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.processing.clock.working_days import shipped
from services.processing.dossier.decide import decide
from services.processing.dossier.events import (
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    Event,
    ResultReturned,
)
from services.processing.dossier.state import new
from tests.processing.commands import ForwardDossier, ResolveDossier
from tests.processing.examples import (
    ACCEPT,
    ACCEPTED,
    APOLOGISE,
    APOLOGISED,
    DAY_AFTER_DUE,
    DUE,
    FILING,
    FORWARD,
    FORWARDED,
    MONDAY,
    REJECT,
    RESOLVE,
    RESOLVED,
    RETURN,
    STOP,
    STOPPED,
    TUESDAY,
    UNIT,
    given,
)


def test_accepting_fixes_what_reports_group_by_and_the_due_date() -> None:
    given([]).when(ACCEPT).then([ACCEPTED])


def test_accepting_without_a_limit_gives_no_due_date() -> None:
    given([]).when(replace(ACCEPT, limit=None)).then([replace(ACCEPTED, due_on=None, limit=None)])


def test_an_import_gives_the_due_date_that_its_source_kept() -> None:
    kept = date(2023, 3, 15)
    given([]).when(replace(ACCEPT, due_on=kept)).then([replace(ACCEPTED, due_on=kept, given=True)])


def test_accepting_for_an_office_that_the_2018_form_cannot_name_is_refused() -> None:
    refused = decide(ACCEPT, new(FILING._replace(office="H29.115.00")), shipped())
    assert getattr(refused, "code", None) == "office-without-code"


def test_rejecting() -> None:
    given([]).when(REJECT).then([DossierRejected(TUESDAY, "incomplete")])


def test_forwarding_step_by_step() -> None:
    given([ACCEPTED]).when(FORWARD).then([FORWARDED])
    signing = ForwardDossier(DUE, UNIT, "ky_duyet")
    given([ACCEPTED, FORWARDED]).when(signing).then([DossierForwarded(DUE, UNIT, "ky_duyet")])


def test_resolving_on_the_due_date_is_in_time() -> None:
    given([ACCEPTED]).when(RESOLVE).then([RESOLVED])
    given([ACCEPTED, FORWARDED]).when(RESOLVE).then([RESOLVED])


def test_a_late_end_needs_its_reason() -> None:
    late = replace(RESOLVE, on=DAY_AFTER_DUE)
    given([ACCEPTED]).when(late).then_rejected("late-reason-missing")
    given([ACCEPTED]).when(replace(late, late_reason="workload")).then(
        [DossierResolved(DAY_AFTER_DUE, "granted", DUE, "workload")]
    )


def test_an_import_may_lack_the_reason_of_a_late_end() -> None:
    late = ResolveDossier(DAY_AFTER_DUE, "granted", proof_may_lack=True)
    given([ACCEPTED]).when(late).then([DossierResolved(DAY_AFTER_DUE, "granted", DUE, None)])


def test_an_end_in_time_keeps_no_reason() -> None:
    given([ACCEPTED]).when(replace(RESOLVE, late_reason="workload")).then([RESOLVED])


def test_returning_the_result() -> None:
    given([ACCEPTED, RESOLVED]).when(RETURN).then([ResultReturned(DAY_AFTER_DUE, "postal")])


def test_stopping_keeps_what_lateness_is_measured_against() -> None:
    given([ACCEPTED]).when(STOP).then([STOPPED])
    given([ACCEPTED, FORWARDED]).when(STOP).then([STOPPED])


@pytest.mark.parametrize(
    ("on", "in_time"),
    [(TUESDAY, True), (date(2023, 3, 24), True), (date(2023, 3, 25), False), (DUE, False)],
)
def test_an_apology_is_in_time_by_the_last_working_day_before_the_due_date(on: date, in_time: bool) -> None:
    """The due date is a Monday: the Friday before is in time, the Saturday is flagged."""
    given([ACCEPTED]).when(replace(APOLOGISE, on=on)).then([replace(APOLOGISED, on=on, in_time=in_time)])


def test_an_apology_after_the_due_date_is_taken_and_flagged() -> None:
    late = replace(APOLOGISE, on=DAY_AFTER_DUE)
    given([ACCEPTED]).when(late).then([replace(APOLOGISED, on=DAY_AFTER_DUE, in_time=False)])


@pytest.mark.parametrize("between", [[], [FORWARDED]])
def test_a_second_apology_is_refused(between: list[Event]) -> None:
    second = replace(APOLOGISE, on=DUE, appointment_on=date(2023, 4, 10))
    refusal = given([ACCEPTED, APOLOGISED, *between]).when(second).then_rejected("apology-already-issued")
    assert "2023-04-03" in refusal.detail


@pytest.mark.parametrize("appointment_on", [MONDAY, TUESDAY, DUE])
def test_an_appointment_comes_after_today_and_after_the_due_date(appointment_on: date) -> None:
    early = replace(APOLOGISE, appointment_on=appointment_on)
    given([ACCEPTED]).when(early).then_rejected("appointment-too-early")
    late = replace(APOLOGISE, on=DAY_AFTER_DUE, appointment_on=DAY_AFTER_DUE)
    given([ACCEPTED]).when(late).then_rejected("appointment-too-early")


def test_without_a_due_date_there_is_no_delay_to_apologise_for() -> None:
    given([replace(ACCEPTED, due_on=None)]).when(APOLOGISE).then_rejected("no-due-date")


def test_an_apology_leaves_the_due_date_as_it_was() -> None:
    given([ACCEPTED, APOLOGISED]).when(replace(RESOLVE, on=DAY_AFTER_DUE)).then_rejected(
        "late-reason-missing"
    )
