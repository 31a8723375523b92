"""Every command of the review: yes, no and quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.processing.life import (
    Command,
    CorrectResult,
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    Event,
    ForwardDossier,
    IssueApology,
    RejectDossier,
    ResolveDossier,
    ResultReturned,
    ReturnResult,
    StopProcessing,
)
from services.processing.review import says
from tests.processing.examples import (
    ACCEPT,
    ACCEPTED,
    APOLOGISED,
    APPOINTMENT,
    CORRECTED,
    DAY_AFTER_DUE,
    DUE,
    FILING,
    FORWARDED,
    MONDAY,
    OTHER_UNIT,
    REJECTED,
    RESOLVED,
    RETURNED,
    STOPPED,
    TUESDAY,
    UNIT,
    given,
)

REJECT = RejectDossier(TUESDAY, "incomplete")
FORWARD = ForwardDossier(TUESDAY, OTHER_UNIT, "tham_tra")
RESOLVE = ResolveDossier(DUE, "granted")
RETURN = ReturnResult(DAY_AFTER_DUE, "postal")
STOP = StopProcessing(DUE, "not_competent")
APOLOGISE = IssueApology(TUESDAY, "workload", APPOINTMENT)
CORRECT = CorrectResult(APPOINTMENT, "clerical_error", "1234/QĐ-SXD")

STATES: dict[str, list[Event]] = {
    "submitted": [],
    "accepted": [ACCEPTED],
    "in-processing": [ACCEPTED, FORWARDED],
    "rejected": [REJECTED],
    "resolved": [ACCEPTED, RESOLVED],
    "returned": [ACCEPTED, RESOLVED, RETURNED],
    "stopped": [ACCEPTED, STOPPED],
}
ALLOWED = {
    "submitted": (ACCEPT, REJECT),
    "accepted": (FORWARD, RESOLVE, STOP, APOLOGISE),
    "in-processing": (ForwardDossier(TUESDAY, UNIT, "ky_duyet"), RESOLVE, STOP, APOLOGISE),
    "rejected": (CORRECT,),
    "resolved": (RETURN,),
    "returned": (CORRECT,),
    "stopped": (CORRECT,),
}


def test_accepting_fixes_what_reports_group_by_and_the_due_date() -> None:
    given([]).when(ACCEPT).then([ACCEPTED])


def test_accepting_without_a_limit_gives_no_due_date() -> None:
    given([]).when(replace(ACCEPT, limit=None)).then([replace(ACCEPTED, due_on=None)])


def test_an_import_gives_the_due_date_that_its_source_kept() -> None:
    kept = date(2023, 3, 15)
    given([]).when(replace(ACCEPT, due_on=kept)).then([replace(ACCEPTED, due_on=kept)])


def test_accepting_for_an_office_that_the_2018_form_cannot_name_is_refused() -> None:
    from services.processing.calendar import shipped
    from services.processing.life import Submitted
    from services.processing.review import decide

    refused = decide(ACCEPT, Submitted(replace(FILING, office="H29.115.00")), shipped())
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
    late = ResolveDossier(DAY_AFTER_DUE, "granted", reason_may_lack=True)
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


@pytest.mark.parametrize("status", ["rejected", "returned", "stopped"])
def test_what_has_ended_can_be_corrected_again_and_again(status: str) -> None:
    given(STATES[status]).when(CORRECT).then([CORRECTED])
    other = replace(CORRECT, document="1300/QĐ-SXD")
    given([*STATES[status], CORRECTED]).when(other).then([replace(CORRECTED, document="1300/QĐ-SXD")])


@pytest.mark.parametrize(
    ("history", "command"),
    [
        (STATES["accepted"], ACCEPT),
        (STATES["rejected"], REJECT),
        (STATES["in-processing"], FORWARD),
        (STATES["resolved"], RESOLVE),
        (STATES["returned"], RETURN),
        (STATES["stopped"], STOP),
        ([ACCEPTED, APOLOGISED], APOLOGISE),
        ([ACCEPTED, APOLOGISED, FORWARDED], APOLOGISE),
        ([*STATES["stopped"], CORRECTED], CORRECT),
    ],
)
def test_a_repeat_is_quiet(history: list[Event], command: Command) -> None:
    given(history).when(command).then_nothing()


@pytest.mark.parametrize(
    ("history", "command"),
    [
        (STATES["accepted"], replace(ACCEPT, unit=OTHER_UNIT)),
        (STATES["rejected"], RejectDossier(TUESDAY, "duplicate")),
        (STATES["resolved"], ResolveDossier(DUE, "refused")),
        (STATES["returned"], ReturnResult(DAY_AFTER_DUE, "online")),
        (STATES["stopped"], StopProcessing(DUE, "not_paid")),
    ],
)
def test_another_command_where_one_of_its_kind_stands_is_not_quiet(
    history: list[Event], command: Command
) -> None:
    (status,) = (status for status, events in STATES.items() if events == history)
    given(history).when(command).then_rejected(f"not-while-{status}")


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize(
    "command",
    [ACCEPT, REJECT, FORWARD, RESOLVE, RETURN, STOP, APOLOGISE, CORRECT],
    ids=lambda c: type(c).__name__,
)
def test_what_the_table_lacks_is_refused_by_the_state_with_what_is_allowed(
    status: str, command: Command
) -> None:
    outcome = given(STATES[status]).when(command)
    if type(command) in {type(allowed) for allowed in ALLOWED[status]} or outcome.decision == []:
        return
    refusal = outcome.then_rejected(f"not-while-{status}")
    allowed = {"AcceptDossier": "accept", "RejectDossier": "reject", "ForwardDossier": "forward"}
    allowed |= {"ResolveDossier": "resolve", "ReturnResult": "return", "StopProcessing": "stop"}
    allowed |= {"IssueApology": "apologise", "CorrectResult": "correct"}
    for other in ALLOWED[status]:
        assert allowed[type(other).__name__] in refusal.detail


@pytest.mark.parametrize(
    ("history", "command"),
    [
        ([], replace(ACCEPT, on=date(2023, 3, 5))),
        ([], replace(REJECT, on=date(2023, 3, 5))),
        ([ACCEPTED], replace(FORWARD, on=MONDAY)),
        ([ACCEPTED], replace(RESOLVE, on=MONDAY)),
        ([ACCEPTED, RESOLVED], replace(RETURN, on=TUESDAY)),
        ([ACCEPTED], replace(STOP, on=MONDAY)),
        ([ACCEPTED], replace(APOLOGISE, on=MONDAY)),
        ([ACCEPTED, STOPPED], replace(CORRECT, on=TUESDAY)),
    ],
)
def test_an_act_on_a_day_before_the_last_one_is_refused(history: list[Event], command: Command) -> None:
    given(history).when(command).then_rejected("earlier-than-last-act")


def test_an_act_on_the_same_day_is_valid_whatever_the_hour() -> None:
    given([ACCEPTED]).when(ResolveDossier(TUESDAY, "granted")).then([replace(RESOLVED, on=TUESDAY)])


def test_an_event_says_what_its_command_asked_for() -> None:
    pairs: list[tuple[Command, Event]] = [
        (ACCEPT, ACCEPTED),
        (REJECT, REJECTED),
        (FORWARD, FORWARDED),
        (RESOLVE, RESOLVED),
        (RETURN, RETURNED),
        (STOP, STOPPED),
        (APOLOGISE, APOLOGISED),
        (CORRECT, CORRECTED),
    ]
    for command, event in pairs:
        for other_command, _ in pairs:
            assert says(other_command, event) == (other_command is command)
    changed: list[tuple[Command, Event]] = [
        (replace(ACCEPT, unit=OTHER_UNIT), ACCEPTED),
        (replace(ACCEPT, due_on=MONDAY), ACCEPTED),
        (replace(REJECT, reason="duplicate"), REJECTED),
        (replace(FORWARD, step="ky_duyet"), FORWARDED),
        (replace(RESOLVE, outcome="refused"), RESOLVED),
        (replace(RETURN, method="online"), RETURNED),
        (replace(STOP, reason="not_paid"), STOPPED),
        (replace(APOLOGISE, reason="other"), APOLOGISED),
        (replace(APOLOGISE, appointment_on=DAY_AFTER_DUE), APOLOGISED),
        (replace(CORRECT, document="1/QĐ-SXD"), CORRECTED),
    ]
    assert not any(says(command, event) for command, event in changed)
