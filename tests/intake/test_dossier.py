from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from contracts.catalogue.offices import Offices, load
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.log.decider import Rejected
from services.intake.dossier import (
    EVENTS,
    INITIAL,
    Command,
    Dossier,
    DossierSubmitted,
    Event,
    FeePaid,
    PayFee,
    ProvideSupplement,
    RequestWithdrawal,
    SubmitDossier,
    SupplementProvided,
    WithdrawalRequested,
    decide,
    fold,
)
from tests.deciding import deciding

APPLICANT = UUID(int=7)
OFFICES = load()
MONDAY = date(2026, 3, 2)
EVE, NEW_DAY = date(2026, 6, 30), date(2026, 7, 1)
SUBMIT = SubmitDossier(MONDAY, "portal", "1.009982", "H29.015.00", "online", APPLICANT, True, "ab" * 32)
SUBMITTED = DossierSubmitted("1.009982", "H29.015.00", "online", APPLICANT, True, "ab" * 32)


def decided(command: Command, state: Dossier) -> Sequence[Event] | Rejected:
    return decide(command, state, PROCEDURES, OFFICES)


given = deciding(fold, decided)


ACTS: list[tuple[Command, Event]] = [
    (ProvideSupplement(3, "cd" * 32), SupplementProvided(3, "cd" * 32)),
    (ProvideSupplement(None, "cd" * 32, ended=True), SupplementProvided(None, "cd" * 32, ended=True)),
    (RequestWithdrawal("other"), WithdrawalRequested("other")),
    (RequestWithdrawal("other", ended=True), WithdrawalRequested("other", ended=True)),
    (PayFee(300_000, "VND", "online"), FeePaid(300_000, "VND", "online")),
    (PayFee(1, "USD", "in_person", ended=True), FeePaid(1, "USD", "in_person", ended=True)),
]


@pytest.mark.parametrize(("command", "event"), ACTS)
def test_an_act_follows_a_submission(command: Command, event: Event) -> None:
    given([SUBMITTED]).when(command).then([event])


@pytest.mark.parametrize(("command", "event"), ACTS)
def test_an_act_on_no_dossier_is_rejected(command: Command, event: Event) -> None:
    given([]).when(command).then_rejected("dossier-unknown")
    with pytest.raises(ValueError, match="before the submission"):
        fold([event])


def test_the_same_supplement_again_is_quiet() -> None:
    brought = SupplementProvided(3, "cd" * 32)
    given([SUBMITTED, brought]).when(ProvideSupplement(3, "cd" * 32)).then_nothing()
    given([SUBMITTED, brought]).when(ProvideSupplement(3, "ef" * 32)).then([SupplementProvided(3, "ef" * 32)])


def test_a_submission_is_the_same_after_other_acts() -> None:
    given([SUBMITTED, *(event for _, event in ACTS)]).when(SUBMIT).then_nothing()


def test_a_dossier_is_submitted() -> None:
    given([]).when(SUBMIT).then([SUBMITTED])


def test_the_same_submission_again_is_quiet() -> None:
    given([SUBMITTED]).when(SUBMIT).then_nothing()


def test_other_content_on_a_submitted_dossier_is_rejected() -> None:
    given([SUBMITTED]).when(replace(SUBMIT, content_commitment="cd" * 32)).then_rejected("already-submitted")


def test_an_unknown_procedure_is_rejected() -> None:
    given([]).when(replace(SUBMIT, procedure="1.999999")).then_rejected("procedure-unknown")


def test_an_abolished_procedure_is_refused_from_its_day_on() -> None:
    for code in ("1.009973", "1.009988"):
        last = replace(SUBMIT, procedure=code, on=EVE)
        given([]).when(last).then([replace(SUBMITTED, procedure=code)])
        given([]).when(replace(last, on=NEW_DAY)).then_rejected("procedure-abolished")
        # An import tells it of a day on which it could be filed.
        imported = replace(last, door="import")
        given([]).when(imported).then([replace(SUBMITTED, procedure=code)])


def test_a_dossier_is_filed_at_an_office_that_takes_it() -> None:
    """And on a day on which it is an office that takes the procedure."""
    given([]).when(replace(SUBMIT, office="H29.999.99")).then_rejected("office-unknown")
    given([]).when(replace(SUBMIT, office="H29.016.00")).then_rejected("procedure-not-here")
    given([]).when(replace(SUBMIT, office="H29.999.99", door="import")).then_rejected("office-unknown")
    (office,) = (each for each in OFFICES.offices if each.code == SUBMIT.office)
    (taken,) = (each for each in office.procedures if each.code == SUBMIT.procedure)
    short = [
        office.model_copy(update={"since": NEW_DAY}),
        office.model_copy(update={"until": EVE}),
        office.model_copy(update={"procedures": (taken.model_copy(update={"since": NEW_DAY}),)}),
    ]
    told = [
        [
            answer.code if isinstance(answer := _filed(on, Offices([each], [])), Rejected) else "taken"
            for on in (EVE, NEW_DAY)
        ]
        for each in short
    ]
    assert told == [["office-unknown", "taken"], ["taken", "office-unknown"], ["procedure-not-here", "taken"]]


def _filed(on: date, offices: Offices) -> Sequence[Event] | Rejected:
    return decide(replace(SUBMIT, on=on), INITIAL, PROCEDURES, offices)


def test_a_procedure_is_refused_until_its_first_day() -> None:
    known = PROCEDURES["1.009982"]
    later = known.versions[0].model_copy(update={"effective_from": NEW_DAY})
    procedures = {known.code: known.model_copy(update={"versions": (later,)})}
    refused = decide(replace(SUBMIT, on=EVE), INITIAL, procedures, OFFICES)
    assert isinstance(refused, Rejected)
    assert (refused.code, "2026-07-01" in refused.detail) == ("procedure-not-yet-in-force", True)
    assert decide(replace(SUBMIT, on=NEW_DAY), INITIAL, procedures, OFFICES) == [SUBMITTED]


def test_each_door_has_its_channels() -> None:
    for channel in ("in_person", "postal"):
        given([]).when(replace(SUBMIT, channel=channel)).then_rejected("channel-not-allowed")
        given([]).when(replace(SUBMIT, door="desk", channel=channel)).then(
            [replace(SUBMITTED, channel=channel)]
        )
        given([]).when(replace(SUBMIT, door="import", channel=channel)).then(
            [replace(SUBMITTED, channel=channel)]
        )
    given([]).when(replace(SUBMIT, door="desk")).then_rejected("channel-not-allowed")
    given([]).when(replace(SUBMIT, door="import")).then([SUBMITTED])


def test_what_is_stored_is_read_back() -> None:
    name, version, data = EVENTS.encode(SUBMITTED)
    assert (name, version) == ("DossierSubmitted", 1)
    assert EVENTS.decode(name, version, data) == SUBMITTED
