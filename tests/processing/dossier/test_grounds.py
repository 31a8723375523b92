"""Each reason has its fact: to stop, to refuse, to go back, to grant against an opinion; and a day to come is a working day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.dossier import events as e
from services.processing.dossier.asked import Order
from services.processing.dossier.decide import ACTS, stopped_by_law
from services.processing.dossier.ending import RESOLVE, Resolve, ResolveDossier
from services.processing.dossier.history import fold
from services.processing.dossier.holder import ForwardDossier, ReturnToStep
from services.processing.dossier.state import Filing
from services.processing.dossier.stopping import StopProcessing
from tests.processing import examples as x
from tests.processing.examples import (
    ACCEPTED,
    DUE,
    FILING,
    OFFICE,
    OTHER_UNIT,
    TUESDAY,
    UNIT,
    at,
    given,
    given_heard,
)

OFFICER = Caller("an", "officer", OFFICE, UNIT)
IMPORT = Caller("import", "importer")
NO_LAPSE, LAPSED = x.DEADLINE, x.LAPSED_ON


@pytest.mark.parametrize(
    ("history", "reason", "on", "code"),
    [
        ([ACCEPTED], "not_supplemented", DUE, "nothing-lapsed"),
        ([ACCEPTED], "not_paid", DUE, "nothing-lapsed"),
        ([ACCEPTED, x.SUPPLEMENT_REQUESTED], "not_paid", LAPSED, "nothing-lapsed"),
        ([ACCEPTED, x.FEE_REQUESTED], "not_supplemented", LAPSED, "nothing-lapsed"),
        ([ACCEPTED, x.SUPPLEMENT_REQUESTED], "not_supplemented", NO_LAPSE, "deadline-not-passed"),
        ([ACCEPTED, x.FEE_REQUESTED], "not_paid", NO_LAPSE, "deadline-not-passed"),
        ([ACCEPTED], "stopped_by_law", DUE, "not-stopped-by-law"),
        ([ACCEPTED, x.FEE_REQUESTED], "stopped_by_law", DUE, "not-stopped-by-law"),
    ],
)
def test_a_reason_to_stop_has_its_fact(history: list[e.Event], reason: str, on: date, code: str) -> None:
    stop = StopProcessing(on, reason)
    given(history).when(stop).then_rejected(code)
    told = given(history).when(replace(stop, proof_may_lack=True)).decision
    assert isinstance(told, list), "an import tells what was done"


def test_silence_and_the_law_are_reasons() -> None:
    for asked, reason in ((x.SUPPLEMENT_REQUESTED, "not_supplemented"), (x.FEE_REQUESTED, "not_paid")):
        stop = StopProcessing(LAPSED, reason)
        given([ACCEPTED, asked]).when(stop).then([e.ProcessingStopped(LAPSED, reason, None)])
    given_heard(x.PAID)([ACCEPTED, x.FEE_REQUESTED]).when(StopProcessing(LAPSED, "not_paid")).then_rejected(
        "deadline-not-passed"
    )
    stop = StopProcessing(TUESDAY, "stopped_by_law", by_law=True)
    given([ACCEPTED]).when(stop).then([e.ProcessingStopped(TUESDAY, "stopped_by_law", DUE)])


def test_what_the_law_stopped_is_stopped_and_nothing_else() -> None:
    """1.009973 was abolished on 2026-07-01, and open ones stopped."""
    filing = Filing("1.009973", OFFICE, "online", at(date(2026, 6, 1)))
    accepted = replace(ACCEPTED, on=date(2026, 6, 2), procedure="1.009973", due_on=date(2026, 8, 3))
    held, after = fold(filing, [accepted]), date(2026, 7, 1)
    for command in x.COMMANDS:
        on_the_eve = x.on(command, date(2026, 6, 30))
        assert stopped_by_law(on_the_eve, held) is None
        refused = stopped_by_law(x.on(command, after), held)
        act = next(act for act in ACTS if act.command is type(command))
        assert (refused is None) == act.after_stop, act.name
        assert refused is None or refused.code == "stopped-by-law"
    allowed = {act.name for act in ACTS if act.after_stop}
    assert allowed == {"stop", "reject", "withdraw", "refuse-withdrawal", "reverse"}


def test_forward_and_back_are_different_acts() -> None:
    verified = replace(x.FORWARDED, step="tham_tra")
    back = ForwardDossier(DUE, UNIT, "thu_ly")
    given([ACCEPTED, verified]).when(back).then_rejected("step-is-back")
    given([ACCEPTED, verified]).when(replace(back, proof_may_lack=True)).then(
        [e.DossierForwarded(DUE, UNIT, "thu_ly")]
    )
    sent = ReturnToStep(DUE, UNIT, "thu_ly", "wrong_assessment")
    went_back = e.DossierForwarded(DUE, UNIT, "thu_ly", "wrong_assessment")
    given([ACCEPTED, verified]).when(sent).then([went_back])
    given([ACCEPTED, verified, went_back]).when(sent).then_nothing()
    for step in ("tham_tra", "ky_duyet"):
        given([ACCEPTED, verified]).when(replace(sent, step=step)).then_rejected("step-not-back")
    given([ACCEPTED]).when(sent).then_rejected("step-not-back")
    given([ACCEPTED, verified, went_back]).when(ForwardDossier(DUE, OTHER_UNIT, "tham_tra")).then(
        [e.DossierForwarded(DUE, OTHER_UNIT, "tham_tra")]
    )


def test_what_is_resolved_waits_for_no_opinion() -> None:
    granted, refused = ResolveDossier(DUE, "granted"), ResolveDossier(DUE, "refused")
    asked = [ACCEPTED, x.OPINION_REQUESTED]
    for command in (granted, refused):
        given(asked).when(command).then_rejected("opinion-open")
    given(asked).when(replace(granted, proof_may_lack=True)).then(
        [e.DossierResolved(DUE, "granted", DUE, None)]
    )
    against = [*asked, replace(x.OPINION_GIVEN, opinion="disagreed")]
    given(against).when(granted).then_rejected("opinion-disagrees")
    given(against).when(refused).then([e.DossierResolved(DUE, "refused", DUE, None)])
    given(against).when(replace(granted, despite="no_ground_in_law")).then(
        [e.DossierResolved(DUE, "granted", DUE, None, despite="no_ground_in_law")]
    )
    given([*asked, x.CONSENT_DEEMED]).when(replace(granted, despite="no_ground_in_law")).then(
        [e.DossierResolved(DUE, "granted", DUE, None)]
    )


def test_nothing_is_resolved_unsigned() -> None:
    unsigned = ResolveDossier(DUE, "granted", signing=True)
    for history in ([ACCEPTED], [ACCEPTED, x.FORWARDED]):
        given(history).when(unsigned).then_rejected("not-signed")
        for allowed in (replace(unsigned, signing=False), replace(unsigned, proof_may_lack=True)):
            assert isinstance(given(history).when(allowed).decision, list)
    for step in ("ky_duyet", "phat_hanh", "tra_ket_qua"):
        signed = [ACCEPTED, replace(x.FORWARDED, step=step)]
        given(signed).when(unsigned).then([e.DossierResolved(DUE, "granted", DUE, None)])
    back = e.DossierForwarded(DUE, UNIT, "thu_ly", "wrong_assessment")
    given([*signed, back]).when(unsigned).then_rejected("not-signed")


@pytest.mark.parametrize(("filed_on", "signing"), [(date(2026, 6, 30), False), (date(2026, 7, 1), True)])
def test_what_is_filed_since_july_2026_is_signed_first(filed_on: date, signing: bool) -> None:
    for procedure in ("1.009982", "1.009974", "1.006871"):
        filing = Filing(procedure, OFFICE, "online", at(filed_on))
        command = RESOLVE.command_of(Resolve(outcome="granted"), Order(OFFICER, filing, at(filed_on)))
        assert isinstance(command, ResolveDossier) and command.signing == signing


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "refusal-reason-missing"),
        ({"refusal_reason": "against_planning", "document": "12/SXD-QLXD"}, "refusal-reason-unknown"),
        ({"refusal_reason": "test_not_passed"}, "written-answer-missing"),
        ({"refusal_reason": "test_not_passed", "document": "12/SXD-QLXD"}, ""),
        ({"refusal_reason": "false_documents", "document": "12/SXD-QLXD"}, ""),
    ],
)
def test_a_refusal_says_why(body: dict[str, str], code: str) -> None:
    asked = Resolve.model_validate({"outcome": "refused", **body})
    command = RESOLVE.command_of(asked, Order(OFFICER, FILING, at(DUE)))
    assert (command.code if isinstance(command, Rejected) else "") == code
    assert isinstance(RESOLVE.command_of(asked, Order(IMPORT, FILING, at(DUE))), ResolveDossier)
    granted = RESOLVE.command_of(
        asked.model_copy(update={"outcome": "granted"}), Order(OFFICER, FILING, at(DUE))
    )
    assert isinstance(granted, ResolveDossier) and granted.refusal_reason is granted.document is None


def test_an_appointment_is_on_a_working_day() -> None:
    saturday = date(2023, 4, 1)
    off = replace(x.APOLOGISE, appointment_on=saturday)
    refusal = given([ACCEPTED]).when(off).then_rejected("day-off")
    assert refusal.detail == "the next working days are 2023-04-03, 2023-04-04, 2023-04-05"
    given([ACCEPTED]).when(replace(off, proof_may_lack=True)).then(
        [replace(x.APOLOGISED, appointment_on=saturday)]
    )
