"""Every command's own door over HTTP: done once, the same again, on an older version, and refused with its code."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from contracts.catalogue import shipped as catalogue
from services.processing.dossier.decide import BY_NAME
from tests.processing.conftest import DESK, OFFICER, PROCEDURE, STRANGER, SUPERVISOR, House, Member
from tests.processing.examples import OTHER_UNIT, UNIT

AGENCY = "H29.020.00"
CONSULTING = "1.009974"
"""A building permit: other agencies are asked, and the test's own version of it may be extended."""
DOCUMENT = "1234/QĐ-SXD"
PAPER = {"paper": 1, "fault": "missing"}
CAME: dict[str, dict[str, Any]] = {
    "SupplementProvided": {"request": 2},
    "WithdrawalRequested": {},
    "FeePaid": {"amount": 300_000, "currency": "VND"},
}
Step = tuple[str, dict[str, Any]]
ACCEPTED: Step = ("accept", {"unit": UNIT})
RESOLVED: Step = ("resolve", {"outcome": "granted"})
STOPPED: Step = ("stop", {"reason": "not_competent"})
ASKED: Step = ("request-supplement", {"papers": [PAPER]})
FEE: Step = ("request-fee", {})
CONSULTED: Step = ("ask-opinion", {"agency": AGENCY})


class Refusal(NamedTuple):
    """What is refused in the same place: by whom, another body where it is the body, and how."""

    status: int
    code: str
    by: Member = OFFICER
    body: dict[str, Any] | None = None
    field: str | None = None


class Walk(NamedTuple):
    """How a dossier comes to where the command is given, the command's body, who gives it, and where that leads."""

    before: tuple[Step, ...]
    body: dict[str, Any]
    status: str
    refused: Refusal
    by: Member = OFFICER
    heard: str | None = None


NOT_THE_DESK = Refusal(404, "dossier-unknown", by=STRANGER)
NOT_THE_HOLDER = Refusal(403, "not-the-holder", by=DESK)
NOT_THE_SUPERVISOR = Refusal(403, "not-the-supervisor", by=OFFICER)
APPOINTMENT = {"reason": "workload", "appointment_on": "2023-04-03"}
REVERSAL = {"sequence": 1, "reason": "wrong_dossier", "document": DOCUMENT}
WALKS: dict[str, Walk] = {
    "accept": Walk((), {"unit": UNIT}, "accepted", NOT_THE_DESK),
    "reject": Walk((), {"reason": "incomplete"}, "rejected", NOT_THE_DESK),
    "forward": Walk((ACCEPTED,), {"unit": UNIT, "step": "thu_ly"}, "in_processing", NOT_THE_HOLDER),
    "send-back": Walk(
        (ACCEPTED, ("forward", {"unit": UNIT, "step": "thu_ly"})),
        {"unit": UNIT, "step": "tiep_nhan", "reason": "wrong_step"},
        "in_processing",
        Refusal(409, "step-not-back", body={"unit": UNIT, "step": "ky_duyet", "reason": "wrong_step"}),
    ),
    "resolve": Walk((ACCEPTED,), {"outcome": "granted"}, "resolved", NOT_THE_HOLDER),
    "return": Walk((ACCEPTED, RESOLVED), {"method": "postal"}, "returned", NOT_THE_DESK, DESK),
    "stop": Walk((ACCEPTED,), {"reason": "not_competent"}, "stopped", NOT_THE_HOLDER),
    "apologise": Walk(
        (ACCEPTED,),
        APPOINTMENT,
        "accepted",
        Refusal(
            422,
            "appointment-too-early",
            body=APPOINTMENT | {"appointment_on": "2023-03-27"},
            field="appointment_on",
        ),
    ),
    "correct": Walk(
        (ACCEPTED, STOPPED), {"reason": "wrong_data", "document": DOCUMENT}, "stopped", NOT_THE_HOLDER
    ),
    "request-supplement": Walk(
        (ACCEPTED,),
        {"papers": [PAPER]},
        "supplement_requested",
        Refusal(422, "paper-unknown", body={"papers": [PAPER | {"paper": 50}]}, field="papers"),
    ),
    "accept-supplement": Walk((ACCEPTED, ASKED), {}, "accepted", NOT_THE_HOLDER, heard="SupplementProvided"),
    "request-fee": Walk(
        (ACCEPTED,),
        {},
        "payment_requested",
        Refusal(422, "fee-not-of-the-version", body={"amount_vnd": 1}, field="amount_vnd"),
    ),
    "confirm-fee": Walk(
        (ACCEPTED, FEE),
        {"payment": 2},
        "accepted",
        Refusal(422, "payment-unknown", body={"payment": 9}, field="payment"),
        heard="FeePaid",
    ),
    "waive-fee": Walk(
        (ACCEPTED, FEE), {"reason": "exempt_by_law"}, "accepted", NOT_THE_SUPERVISOR, SUPERVISOR
    ),
    "ask-opinion": Walk((ACCEPTED,), {"agency": AGENCY}, "accepted", NOT_THE_HOLDER),
    "give-opinion": Walk(
        (ACCEPTED, CONSULTED),
        {"agency": AGENCY, "opinion": "agreed"},
        "accepted",
        Refusal(422, "opinion-not-asked", body={"agency": "OTHER", "opinion": "agreed"}, field="agency"),
    ),
    "extend": Walk(
        (ACCEPTED,),
        {"reason": "site_check", "amount": 5},
        "accepted",
        Refusal(422, "extension-too-long", body={"reason": "site_check", "amount": 21}, field="amount"),
    ),
    "withdraw": Walk((ACCEPTED,), {}, "withdrawn", NOT_THE_HOLDER, heard="WithdrawalRequested"),
    "refuse-withdrawal": Walk(
        (ACCEPTED,), {"reason": "not_the_owner"}, "accepted", NOT_THE_HOLDER, heard="WithdrawalRequested"
    ),
    "take": Walk((ACCEPTED,), {}, "accepted", NOT_THE_HOLDER),
    "assign": Walk((ACCEPTED,), {"officer": "an"}, "accepted", NOT_THE_SUPERVISOR, SUPERVISOR),
    "hand-over": Walk((ACCEPTED,), {"officer": "binh"}, "accepted", NOT_THE_HOLDER),
    "transfer": Walk((ACCEPTED,), {"unit": OTHER_UNIT}, "accepted", NOT_THE_SUPERVISOR, SUPERVISOR),
    "reverse": Walk(
        (ACCEPTED,),
        REVERSAL,
        "submitted",
        Refusal(422, "not-the-latest-act", SUPERVISOR, REVERSAL | {"sequence": 9}, "sequence"),
        SUPERVISOR,
    ),
}


def test_no_command_lacks_its_walk() -> None:
    assert set(WALKS) == set(BY_NAME)


@pytest.fixture
def extensible(monkeypatch: pytest.MonkeyPatch) -> None:
    """No version that ships allows an extension: here, those of the building permit do."""
    found = catalogue.PROCEDURES[CONSULTING]
    versions = tuple(each.model_copy(update={"extension_allowed": True}) for each in found.versions)
    changed = found.model_copy(update={"versions": versions})
    monkeypatch.setattr(catalogue, "PROCEDURES", {**catalogue.PROCEDURES, CONSULTING: changed})


async def arrived(house: House, name: str) -> UUID:
    """A dossier where the command is given."""
    walk = WALKS[name]
    consulting = name in ("ask-opinion", "give-opinion", "extend")
    (dossier,) = await house.submitted(procedure=CONSULTING if consulting else PROCEDURE)
    for version, (command, body) in enumerate(walk.before):
        done = await house.act(dossier, command, body, version=version)
        assert done.status_code == 200, done.text
    if walk.heard:
        await house.heard(dossier, walk.heard, **CAME[walk.heard])
    return dossier


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.usefixtures("extensible")
async def test_a_command_is_refused_stale_done_and_repeated(house: House, name: str) -> None:
    walk, refusal = WALKS[name], WALKS[name].refused
    dossier = await arrived(house, name)
    version = len(walk.before)

    body = refusal.body if refusal.body is not None else walk.body
    refused = await house.act(dossier, name, body, by=refusal.by, version=version)
    assert (refused.status_code, refused.json()["code"]) == (refusal.status, refusal.code), refused.text
    assert refused.json().get("field") == refusal.field

    stale = await house.act(dossier, name, walk.body, by=walk.by, version=version + 1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version"), stale.text
    assert len(await house.desk.store.load(dossier)) == version, "neither left anything behind"

    done = await house.act(dossier, name, walk.body, by=walk.by, version=version, key="k")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["version"]) == (walk.status, version + 1)

    house.clock.forward(days=1)
    again = await house.act(dossier, name, walk.body, by=walk.by, version=version, key="k")
    assert (again.status_code, again.json(), again.headers["etag"]) == (
        200,
        done.json(),
        done.headers["etag"],
    )
    assert len(await house.desk.store.load(dossier)) == version + 1, "the repeat wrote nothing"


@pytest.mark.parametrize("name", [name for name, walk in WALKS.items() if walk.before])
@pytest.mark.usefixtures("extensible")
async def test_a_version_that_others_have_left_is_refused(house: House, name: str) -> None:
    """Decided on what the dossier was before a colleague's act."""
    walk = WALKS[name]
    dossier = await arrived(house, name)
    stale = await house.act(dossier, name, walk.body, by=walk.by, version=len(walk.before) - 1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version"), stale.text


async def test_a_payment_or_an_amount_that_is_not_named_is_asked_for(house: House) -> None:
    """A payment is one of the applicant's; a fee that is a share has no amount of its own."""
    paid = await arrived(house, "confirm-fee")
    refused = await house.act(paid, "confirm-fee", {}, version=2)
    assert (refused.status_code, refused.json()["code"]) == (422, "payment-missing"), refused.text
    (share,) = await house.submitted(procedure="1.009972")
    assert (await house.act(share, "accept", {"project_class": "A"}, version=0)).status_code == 200
    refused = await house.act(share, "request-fee", {}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (422, "amount-missing"), refused.text
