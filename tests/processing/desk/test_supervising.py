"""Extension, withdrawal, reversal, hand-over and the recount of a due date: the acts that stand outside the way from step to step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.chassis.http.tokens import Caller
from services.processing.clock.working_days import Calendar, shipped
from services.processing.desk import rights
from services.processing.dossier import events as e
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.holder import Redirect
from tests.processing import examples as x
from tests.processing.examples import (
    ACCEPTED,
    DAY_AFTER_DUE,
    DUE,
    FILING,
    FORWARDED,
    OFFICE,
    RESOLVED,
    STOPPED,
    TUESDAY,
    UNIT,
    given,
    given_heard,
)

AND_A_HOLIDAY = Calendar(shipped().off | {DUE}, shipped().worked)


def test_an_extension_moves_the_date_once_and_is_no_lateness() -> None:
    given([ACCEPTED]).when(x.EXTEND).then([x.EXTENDED])
    given([ACCEPTED, x.EXTENDED]).when(replace(x.EXTEND, amount=3)).then_rejected("already-extended")
    in_time = replace(x.RESOLVE, on=date(2023, 4, 3))
    given([ACCEPTED, x.EXTENDED]).when(in_time).then([replace(RESOLVED, on=in_time.on, due_on=in_time.on)])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"allowed": False}, "extension-not-allowed"),
        ({"amount": 21}, "extension-too-long"),
        ({"on": DUE}, "due-date-passed"),
    ],
)
def test_an_extension_is_bounded(change: dict[str, object], code: str) -> None:
    given([ACCEPTED]).when(replace(x.EXTEND, **change)).then_rejected(code)  # type: ignore[arg-type]


def test_a_declared_day_moves_a_running_date() -> None:
    moved = decide(x.RECOUNT, fold(FILING, [ACCEPTED]), AND_A_HOLIDAY)
    assert moved == [x.CHANGED]
    assert decide(x.RECOUNT, fold(FILING, [ACCEPTED, x.CHANGED]), AND_A_HOLIDAY) == []


@pytest.mark.parametrize(
    "history", [[], [x.REJECTED], [ACCEPTED, STOPPED], [ACCEPTED, RESOLVED], [ACCEPTED, x.FEE_REQUESTED]]
)
def test_an_ended_clock_is_never_touched(history: list[Event]) -> None:
    """Nor one that has not begun, or stands still: the end of its pause will count by the calendar of then."""
    assert decide(x.RECOUNT, fold(FILING, history), AND_A_HOLIDAY) == []


def test_a_date_that_an_import_brought_is_not_counted_again() -> None:
    brought = replace(ACCEPTED, given=True, due_on=DUE + timedelta(days=1))
    assert decide(x.RECOUNT, fold(FILING, [brought]), AND_A_HOLIDAY) == []
    equals = replace(ACCEPTED, given=True)
    assert len(decide(x.RECOUNT, fold(FILING, [equals]), AND_A_HOLIDAY)) == 1, "it is a counted one"  # type: ignore[arg-type]


def test_a_withdrawal_is_confirmed_or_refused_and_nothing_else_is_done_meanwhile() -> None:
    asked = given_heard(x.ASKED_BACK)
    asked([ACCEPTED]).when(x.WITHDRAW).then([x.WITHDRAWN])
    asked([ACCEPTED]).when(x.REFUSE_WITHDRAWAL).then([x.WITHDRAWAL_REFUSED])
    for command in (x.RESOLVE, x.FORWARD, x.REVERSE, x.HAND_OVER, x.REQUEST_FEE):
        refusal = asked([ACCEPTED]).when(command).then_rejected("not-while-withdrawal-requested")
        assert refusal.detail.endswith("withdraw, refuse-withdrawal")
    given([ACCEPTED]).when(x.WITHDRAW).then_rejected("withdrawal-not-requested")


def test_a_refused_withdrawal_restores_the_state_before() -> None:
    waiting = [ACCEPTED, x.SUPPLEMENT_REQUESTED]
    asked = given_heard(x.ASKED_BACK)
    refused = replace(x.WITHDRAWAL_REFUSED, status="supplement_requested")
    asked(waiting).when(x.REFUSE_WITHDRAWAL).then([refused])
    after = fold(FILING, [*waiting, refused], (x.ASKED_BACK,))
    assert (after.status, after.due_on) == ("supplement_requested", None)


def test_a_request_on_an_ended_dossier_changes_nothing() -> None:
    """Not even once the end is reversed."""
    ended = fold(FILING, [ACCEPTED, STOPPED], (x.ASKED_BACK,))
    assert ended.status == "stopped"
    decided = decide(replace(x.REVERSE, sequence=2), ended, shipped())
    assert isinstance(decided, list)
    assert fold(FILING, [*ended.acts, *decided], (x.ASKED_BACK,)).status == "accepted"


@pytest.mark.parametrize(
    ("history", "sequence", "status", "due_on"),
    [
        ([ACCEPTED], 1, "submitted", None),
        ([ACCEPTED, FORWARDED], 2, "accepted", DUE),
        ([ACCEPTED, FORWARDED, RESOLVED], 3, "in_processing", DUE),
        ([ACCEPTED, x.SUPPLEMENT_REQUESTED], 2, "accepted", DUE),
        ([ACCEPTED, x.SUPPLEMENT_REQUESTED, x.SUPPLEMENT_ACCEPTED], 3, "supplement_requested", None),
        ([ACCEPTED, x.FEE_REQUESTED, x.FEE_CONFIRMED], 3, "payment_requested", None),
        ([x.REJECTED], 1, "submitted", None),
        ([ACCEPTED, FORWARDED, x.APOLOGISED], 2, "accepted", DUE),
    ],
)
def test_the_latest_act_is_reversed(
    history: list[Event], sequence: int, status: str, due_on: date | None
) -> None:
    on = max(DUE, history[-1].on)
    decided = given(history).when(replace(x.REVERSE, on=on, sequence=sequence)).decision
    assert isinstance(decided, list)
    (said,) = decided
    assert isinstance(said, e.DossierReversed)
    assert (said.event, said.status, said.due_on) == (type(history[sequence - 1]).__name__, status, due_on)
    assert fold(FILING, [*history, said]).status == status


def test_an_apology_survives_the_reversal_of_a_step() -> None:
    history = [ACCEPTED, FORWARDED, x.APOLOGISED]
    said = replace(x.REVERSED, sequence=2, event="DossierForwarded", status="accepted", due_on=DUE)
    second = replace(x.APOLOGISE, on=DUE, appointment_on=date(2023, 4, 10))
    given([*history, said]).when(second).then_rejected("apology-already-issued")


def test_only_the_latest_act_can_be_reversed_and_once() -> None:
    given([ACCEPTED, FORWARDED]).when(x.REVERSE).then_rejected("not-the-latest-act")
    given([]).when(x.REVERSE).then_rejected("not-while-submitted")
    other = replace(x.REVERSE, document="9/QĐ-SXD")
    given([ACCEPTED, x.REVERSED]).when(other).then_rejected("already-reversed")


def test_a_reversal_counts_by_the_calendar_of_its_own_day() -> None:
    decided = decide(replace(x.REVERSE, sequence=2), fold(FILING, [ACCEPTED, RESOLVED]), AND_A_HOLIDAY)
    assert isinstance(decided, list) and isinstance(decided[0], e.DossierReversed)
    assert decided[0].due_on == DAY_AFTER_DUE


def test_a_dossier_is_handed_from_officer_to_officer() -> None:
    given([ACCEPTED]).when(x.HAND_OVER).then([x.HANDED_OVER])
    elsewhere = replace(x.HAND_OVER, how="transferred", unit=x.OTHER_UNIT, officer=None)
    given([ACCEPTED, x.HANDED_OVER]).when(elsewhere).then(
        [e.DossierHandedOver(TUESDAY, x.OTHER_UNIT, "transferred", None)]
    )
    held = fold(FILING, [ACCEPTED, x.HANDED_OVER, FORWARDED]).held
    assert held and (held.unit, held.officer) == (x.OTHER_UNIT, None)


def test_only_the_holder_or_a_substitute_acts() -> None:
    held = fold(FILING, [ACCEPTED, x.HANDED_OVER])
    holder, colleague = Caller(x.AN, "officer", UNIT, OFFICE), Caller(x.BINH, "officer", UNIT, OFFICE)
    assert rights.refusal(holder, x.FORWARD, held) is None
    refused = rights.refusal(colleague, x.FORWARD, held)
    assert refused is not None and refused.code == "not-the-holder"
    assert rights.refusal(colleague, x.FORWARD, held, stands_for=[x.AN]) is None


@pytest.mark.parametrize("command", [x.REVERSE, x.WAIVE_FEE, Redirect(TUESDAY, "transferred", UNIT, None)])
def test_what_the_supervisor_does_no_officer_does(command: object) -> None:
    held = fold(FILING, [ACCEPTED])
    supervisor = Caller("dung", "supervisor", UNIT, OFFICE)
    assert rights.refusal(supervisor, command, held) is None  # type: ignore[arg-type]
    refused = rights.refusal(replace(supervisor, role="officer"), command, held)  # type: ignore[arg-type]
    assert refused is not None and refused.code == "not-the-supervisor"
