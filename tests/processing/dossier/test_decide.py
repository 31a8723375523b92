"""Every command of the life: yes where the table has it, quiet on repeats, and refused everywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.chassis.log.decider import Rejected
from services.processing.dossier import events as e
from services.processing.dossier.act import Command
from services.processing.dossier.decide import act_of
from services.processing.dossier.events import (
    Event,
)
from services.processing.dossier.saying import says
from services.processing.dossier.state import Heard
from tests.processing import examples as x
from tests.processing.commands import (
    ForwardDossier,
    RejectDossier,
    ResolveDossier,
    ReturnResult,
    StopProcessing,
)
from tests.processing.examples import (
    ACCEPT,
    ACCEPTED,
    APOLOGISE,
    APOLOGISED,
    CORRECT,
    CORRECTED,
    DAY_AFTER_DUE,
    DUE,
    FORWARD,
    FORWARDED,
    MONDAY,
    OTHER_UNIT,
    REJECT,
    REJECTED,
    RESOLVE,
    RESOLVED,
    RETURN,
    RETURNED,
    STOP,
    STOPPED,
    TUESDAY,
    UNIT,
    given,
    given_heard,
)

STATES: dict[str, list[Event]] = {
    "submitted": [],
    "submitted, supplement requested": [x.SUPPLEMENT_REQUESTED],
    "accepted": [ACCEPTED],
    "in processing": [ACCEPTED, FORWARDED],
    "supplement requested": [ACCEPTED, x.SUPPLEMENT_REQUESTED],
    "payment requested": [ACCEPTED, x.FEE_REQUESTED],
    "rejected": [REJECTED],
    "withdrawn": [ACCEPTED, x.WITHDRAWN],
    "stopped": [ACCEPTED, STOPPED],
    "resolved": [ACCEPTED, RESOLVED],
    "returned": [ACCEPTED, RESOLVED, RETURNED],
}
LAW = replace(STOP, reason="stopped_by_law", by_law=True)
# DOMAIN's table: what each state allows; with what the applicant did and on a day on which it is true.
HELD = (
    FORWARD,
    RESOLVE,
    STOP,
    APOLOGISE,
    x.REQUEST_SUPPLEMENT,
    x.REQUEST_FEE,
    x.ASK_OPINION,
    x.EXTEND,
    x.HAND_OVER,
)
ALLOWED: dict[str, tuple[Command, ...]] = {
    "submitted": (ACCEPT, REJECT, x.REQUEST_SUPPLEMENT),
    "submitted, supplement requested": (x.ACCEPT_SUPPLEMENT, x.on(REJECT, x.LAPSED_ON), x.NOTE_LAPSE),
    "accepted": HELD,
    "in processing": (*HELD[1:], ForwardDossier(TUESDAY, UNIT, "ky_duyet")),
    "supplement requested": (x.ACCEPT_SUPPLEMENT, x.on(STOP, x.LAPSED_ON), LAW, x.NOTE_LAPSE, x.HAND_OVER),
    "payment requested": (x.CONFIRM_FEE, x.WAIVE_FEE, x.on(STOP, x.LAPSED_ON), LAW, x.HAND_OVER),
    "rejected": (CORRECT,),
    "withdrawn": (CORRECT,),
    "stopped": (CORRECT,),
    "resolved": (RETURN,),
    "returned": (CORRECT,),
}


def heard_for(command: Command) -> tuple[Heard, ...]:
    """What the applicant must have done for the command to be possible."""
    if command is x.ACCEPT_SUPPLEMENT:
        return (x.PROVIDED._replace(request=None),)
    return (x.PAID,) if command is x.CONFIRM_FEE else ()


@pytest.mark.parametrize(
    ("status", "command"), [(status, command) for status, all_of in ALLOWED.items() for command in all_of]
)
def test_what_the_table_has_is_done(status: str, command: Command) -> None:
    decided = given_heard(*heard_for(command))(STATES[status]).when(command).decision
    assert isinstance(decided, list) and len(decided) == 1, decided
    assert says(command, decided[0])


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("command", x.COMMANDS, ids=lambda c: type(c).__name__)
def test_what_the_table_lacks_is_refused_by_the_state_with_what_is_allowed(
    status: str, command: Command
) -> None:
    if type(command) in {type(allowed) for allowed in ALLOWED[status]}:
        return
    outcome = given_heard(*heard_for(command))(STATES[status]).when(command)
    if outcome.decision == [] or isinstance(command, x.c.ReverseAct):
        return
    own_code = {
        "withdrawal-not-requested": (x.c.WithdrawDossier, x.c.DenyWithdrawal),
        "opinion-not-asked": (x.c.RecordOpinion,),
    }
    refusal = outcome.decision
    assert isinstance(refusal, Rejected)
    if isinstance(command, own_code.get(refusal.code, ())):
        return
    name = status.removeprefix("submitted, ").replace(" ", "-")
    assert refusal.code == f"not-while-{name}"
    for other in ALLOWED[status]:
        assert act_of(other).name in refusal.detail


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "returned", "stopped"])
def test_what_has_ended_can_be_corrected_again_and_again(status: str) -> None:
    given(STATES[status]).when(CORRECT).then([CORRECTED])
    other = replace(CORRECT, document="1300/QĐ-SXD")
    given([*STATES[status], CORRECTED]).when(other).then([replace(CORRECTED, document="1300/QĐ-SXD")])


@pytest.mark.parametrize(
    ("history", "command"),
    [
        (STATES["accepted"], ACCEPT),
        (STATES["rejected"], REJECT),
        (STATES["in processing"], FORWARD),
        (STATES["resolved"], RESOLVE),
        (STATES["returned"], RETURN),
        (STATES["stopped"], STOP),
        ([ACCEPTED, APOLOGISED], APOLOGISE),
        ([ACCEPTED, APOLOGISED, FORWARDED], APOLOGISE),
        ([*STATES["stopped"], CORRECTED], CORRECT),
        (STATES["supplement requested"], x.REQUEST_SUPPLEMENT),
        ([*STATES["supplement requested"], x.SUPPLEMENT_ACCEPTED], x.ACCEPT_SUPPLEMENT),
        ([*STATES["supplement requested"], x.LAPSED], x.NOTE_LAPSE),
        (STATES["payment requested"], x.REQUEST_FEE),
        ([*STATES["payment requested"], x.FEE_CONFIRMED], x.CONFIRM_FEE),
        ([*STATES["payment requested"], x.FEE_WAIVED], x.WAIVE_FEE),
        ([ACCEPTED, x.OPINION_REQUESTED], x.ASK_OPINION),
        ([ACCEPTED, x.OPINION_REQUESTED, x.OPINION_GIVEN], x.GIVE_OPINION),
        ([ACCEPTED, x.OPINION_REQUESTED, x.CONSENT_DEEMED], x.DEEM_CONSENT),
        ([ACCEPTED, x.EXTENDED], x.EXTEND),
        (STATES["accepted"], x.RECOUNT),
        (STATES["withdrawn"], x.WITHDRAW),
        ([ACCEPTED, x.HANDED_OVER], x.HAND_OVER),
        ([ACCEPTED, x.REVERSED], x.REVERSE),
    ],
)
def test_a_repeat_is_quiet(history: list[Event], command: Command) -> None:
    given(history).when(command).then_nothing()


def test_a_refusal_of_a_withdrawal_repeated_is_quiet() -> None:
    refused = [ACCEPTED, x.WITHDRAWAL_REFUSED]
    given_heard(x.ASKED_BACK)(refused).when(x.REFUSE_WITHDRAWAL).then_nothing()


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
    given(history).when(command).then_rejected(f"not-while-{status.replace(' ', '-')}")


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
        ([ACCEPTED], replace(x.REQUEST_SUPPLEMENT, on=MONDAY)),
        ([ACCEPTED], replace(x.REQUEST_FEE, on=MONDAY)),
        ([ACCEPTED], replace(x.HAND_OVER, on=MONDAY)),
        ([ACCEPTED, RESOLVED], replace(x.REVERSE, on=TUESDAY, sequence=2)),
    ],
)
def test_an_act_on_a_day_before_the_last_one_is_refused(history: list[Event], command: Command) -> None:
    given(history).when(command).then_rejected("earlier-than-last-act")


def test_an_act_on_the_same_day_is_valid_whatever_the_hour() -> None:
    given([ACCEPTED]).when(ResolveDossier(TUESDAY, "granted")).then([replace(RESOLVED, on=TUESDAY)])


def test_an_event_says_what_its_command_asked_for() -> None:
    for command, event in zip(x.COMMANDS, x.EVENTS, strict=True):
        for other in x.COMMANDS:
            assert says(other, event) == (other is command), (other, event)
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
        (replace(x.REQUEST_SUPPLEMENT, papers=(e.Paper(2, "missing"),)), x.SUPPLEMENT_REQUESTED),
        (replace(x.REQUEST_FEE, amount_vnd=1), x.FEE_REQUESTED),
        (replace(x.CONFIRM_FEE, payment=3), x.FEE_CONFIRMED),
        (replace(x.GIVE_OPINION, opinion="disagreed"), x.OPINION_GIVEN),
        (replace(x.EXTEND, amount=6), x.EXTENDED),
        (replace(x.HAND_OVER, officer="chi"), x.HANDED_OVER),
        (replace(x.REVERSE, sequence=2), x.REVERSED),
    ]
    assert not any(says(command, event) for command, event in changed)
