"""A log that tells otherwise than before, brought in by reversals with their reason and document."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.processing.clock.working_days import ZONE
from services.processing.desk.carry_out import event_of
from services.processing.dossier.events import DossierReversed
from services.processing.dossier.history import fold
from tests.processing.conftest import OFFICER, House
from tests.processing.desk.test_bulk import at, item
from tests.processing.examples import FILING, OTHER_UNIT, UNIT

DOCUMENT = {"reason": "wrong_data", "document": "12/QĐ-SXD"}
FILED = datetime(2023, 2, 27, 8, tzinfo=ZONE)
ACCEPT = {"act": "accept", "at": at("2023-02-28T09:00"), "unit": UNIT, "due_on": "2023-03-03"}
FORWARD = {"act": "forward", "at": at("2023-03-01T10:00"), "unit": OTHER_UNIT, "step": "thu_ly"}
RESOLVE = {"act": "resolve", "at": at("2023-03-02T16:00"), "outcome": "granted"}
RETURN = {"act": "return", "at": at("2023-03-02T16:30"), "method": "postal"}
SUPERVISOR = ("supervisor", "dung", OFFICER[2], OTHER_UNIT)
ASK = {
    "act": "request-supplement",
    "at": at("2023-03-06T11:00"),
    "papers": [{"paper": 1, "fault": "missing"}],
}


def correcting(dossier: UUID, acts: list[Any]) -> dict[str, Any]:
    return item(dossier, acts) | {"correction": DOCUMENT}


STANDING = "SELECT status, unit, officer, accepted_at, due_on, deadline_on, intake_due_at FROM dossiers WHERE dossier_id = $1"


async def stands(house: House, dossier: UUID) -> Any:
    """Where the log leads, without how it came there; and the row of the queue."""
    stored = await house.desk.store.load(dossier)
    events = [event_of(each) for each in stored]
    struck = {event.sequence for event in events if isinstance(event, DossierReversed)}
    told = [
        (event, each.occurred_at)
        for each, event in zip(stored, events, strict=True)
        if each.version not in struck and not isinstance(event, DossierReversed)
    ]
    return told, tuple(await house.pool.fetchrow(STANDING, dossier))


@pytest.mark.parametrize(
    "now",
    [
        [ACCEPT, FORWARD, RESOLVE | {"at": at("2023-03-03T16:00")}, RETURN | {"at": at("2023-03-04T08:00")}],
        [ACCEPT, FORWARD, RESOLVE | {"outcome": "refused"}],
        [ACCEPT, FORWARD],
        [ACCEPT | {"at": at("2023-02-27T09:00"), "due_on": "2023-03-02"}, FORWARD, RESOLVE],
        [{"act": "reject", "at": at("2023-02-27T15:00"), "reason": "not_eligible"}],
        [ACCEPT, ASK],
    ],
    ids=["later", "otherwise", "no-end", "earlier", "rejected", "asked"],
)
async def test_a_correction_leads_to_where_the_log_leads(house: House, now: list[Any]) -> None:
    """Beside it a dossier to which the log as it is now was told at once."""
    dossier, fresh = await house.submitted(2, at=FILED)
    await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE, RETURN])])
    corrected, recorded = await house.bulk([correcting(dossier, now), item(fresh, now)])
    assert (corrected["outcome"], recorded["outcome"]) == ("corrected", "recorded"), (corrected, recorded)
    assert await stands(house, dossier) == await stands(house, fresh)
    (again,) = await house.bulk([item(dossier, now)])
    assert (again["outcome"], again["version"]) == ("repeated", corrected["version"])
    reversed_ = [
        e for s in await house.desk.store.load(dossier) if isinstance(e := event_of(s), DossierReversed)
    ]
    assert {(e.reason, e.document) for e in reversed_} == {("wrong_data", "12/QĐ-SXD")}


async def test_a_reversal_that_the_log_tells_is_no_correction(house: House) -> None:
    dossier, fresh = await house.submitted(2, at=FILED)
    reversal = {"act": "reverse", "at": at("2023-03-02T17:00"), "sequence": 3} | DOCUMENT
    again = RESOLVE | {"at": at("2023-03-03T09:00")}
    told = [ACCEPT, FORWARD, RESOLVE, reversal, again]
    (first,) = await house.bulk([item(dossier, told)])
    (same,) = await house.bulk([item(dossier, told)])
    (more,) = await house.bulk([item(dossier, [*told, RETURN | {"at": at("2023-03-03T10:00")}])])
    assert [first["outcome"], same["outcome"], more["outcome"]] == ["recorded", "repeated", "recorded"]
    later = [ACCEPT, FORWARD, RESOLVE, reversal, RESOLVE | {"at": at("2023-03-04T09:00")}]
    corrected, _ = await house.bulk([correcting(dossier, later), item(fresh, later)])
    assert corrected["outcome"] == "corrected"
    assert await stands(house, dossier) == await stands(house, fresh)


async def test_a_corrected_case_goes_on_and_is_corrected_again(house: House) -> None:
    dossier, fresh = await house.submitted(2, at=FILED)
    await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE])])
    later = [ACCEPT, FORWARD, RESOLVE | {"at": at("2023-03-03T16:00")}]
    await house.bulk([correcting(dossier, later)])
    returned = [*later, RETURN | {"at": at("2023-03-04T08:00")}]
    (goes_on,) = await house.bulk([item(dossier, returned)])
    assert goes_on["outcome"] == "recorded"
    earlier = [ACCEPT, FORWARD, RESOLVE, RETURN]
    (refused,) = await house.bulk([item(dossier, earlier)])
    assert refused["code"] == "differs-from-record"
    (back,) = await house.bulk([correcting(dossier, earlier)])
    assert back["outcome"] in ("corrected", "recorded"), back
    await house.bulk([item(fresh, earlier)])
    assert await stands(house, dossier) == await stands(house, fresh)


async def test_a_correction_comes_behind_a_reversal_that_was_done_here(house: House) -> None:
    dossier, fresh = await house.submitted(2, at=FILED)
    await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE])])
    answer = await house.act(dossier, "reverse", {"sequence": 3} | DOCUMENT, by=SUPERVISOR, version=3)
    assert answer.status_code == 200, answer.text
    now = [ACCEPT, FORWARD, RESOLVE | {"outcome": "refused"}]
    (refused,) = await house.bulk([item(dossier, now)])
    assert refused["code"] == "earlier-than-last-act"
    (recorded,) = await house.bulk([correcting(dossier, now)])
    assert recorded["outcome"] == "recorded"
    await house.bulk([item(fresh, now)])
    assert (await stands(house, dossier))[0] == (await stands(house, fresh))[0]
    (again,) = await house.bulk([correcting(dossier, now)])
    assert again["outcome"] == "repeated"


APOLOGISE = {
    "act": "apologise",
    "at": at("2023-03-04T09:00"),
    "reason": "workload",
    "appointment_on": "2023-03-10",
}
END = RESOLVE | {"at": at("2023-03-06T16:00"), "late_reason": "other"}
BACK = RETURN | {"at": at("2023-03-06T16:30")}
PUT_RIGHT = {"act": "correct", "at": at("2023-03-06T17:00"), "reason": "wrong_data", "document": "3/QĐ-SXD"}


@pytest.mark.parametrize(
    ("before", "now", "reversals"),
    [
        ([ACCEPT, APOLOGISE], [ACCEPT | {"due_on": "2023-03-02"}], 1),
        ([ACCEPT, FORWARD, APOLOGISE, END], [ACCEPT, FORWARD, END], 3),
        ([ACCEPT, APOLOGISE, END], [ACCEPT, APOLOGISE | {"reason": "complex_case"}, END], 2),
        ([ACCEPT, APOLOGISE, END], [ACCEPT, APOLOGISE, END | {"outcome": "refused"}], 1),
        ([ACCEPT, END, BACK, PUT_RIGHT], [ACCEPT, END | {"at": at("2023-03-06T16:10")}, BACK, PUT_RIGHT], 2),
        ([ACCEPT, END, BACK, PUT_RIGHT], [ACCEPT, END, BACK], 2),
    ],
    ids=["acceptance", "no-apology", "apology", "end-behind-it", "end-before-it", "no-correction"],
)
async def test_what_cannot_be_reversed_falls_with_what_it_rests_on(
    house: House, before: list[Any], now: list[Any], reversals: int
) -> None:
    """No more is struck out than must be. Beside it a dossier to which the log as it is now was told at once."""
    dossier, fresh = await house.submitted(2, at=FILED)
    (first,) = await house.bulk([item(dossier, before)])
    assert first["outcome"] == "recorded", first.get("detail")
    corrected, recorded = await house.bulk([correcting(dossier, now), item(fresh, now)])
    assert (corrected["outcome"], recorded["outcome"]) == ("corrected", "recorded"), corrected.get("detail")
    events = [event_of(each) for each in await house.desk.store.load(dossier)]
    assert sum(isinstance(event, DossierReversed) for event in events) == reversals
    assert (await stands(house, dossier))[1] == (await stands(house, fresh))[1]
    states = [fold(FILING, map(event_of, await house.desk.store.load(i))).now for i in (dossier, fresh)]
    assert states[0] == states[1]
    (again,) = await house.bulk([item(dossier, now)])
    assert (again["outcome"], again["version"]) == ("repeated", corrected["version"])
    (twice,) = await house.bulk([correcting(dossier, now)])
    assert twice["outcome"] == "repeated"
    (back,) = await house.bulk([correcting(dossier, before)])
    assert back["outcome"] in ("corrected", "recorded"), back


async def test_what_the_applicant_did_here_since_then_is_no_hindrance(house: House) -> None:
    """A payment and papers that nobody had asked for stay heard; the case is corrected as if they had come to it as it is now."""
    now = [ACCEPT | {"due_on": "2023-03-02"}, FORWARD, RESOLVE]
    dossier, fresh = await house.submitted(2, at=FILED)
    await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE])])
    for each in (dossier, fresh):
        await house.heard(each, "SupplementProvided", sequence=2, request=None)
        await house.heard(each, "FeePaid", sequence=3, amount=300_000, currency="VND")
    corrected, recorded = await house.bulk([correcting(dossier, now), item(fresh, now)])
    assert (corrected["outcome"], recorded["outcome"]) == ("corrected", "recorded"), corrected.get("detail")
    assert await stands(house, dossier) == await stands(house, fresh)
    assert await house.pool.fetchval("SELECT count(*) FROM heard WHERE dossier_id = $1", dossier) == 2


async def test_nothing_that_was_done_here_is_struck_out(house: House) -> None:
    (dossier,) = await house.submitted(at=FILED)
    await house.bulk([item(dossier, [ACCEPT])])
    assert (
        await house.act(dossier, "forward", {"unit": OTHER_UNIT, "step": "thu_ly"}, by=OFFICER, version=1)
    ).status_code == 200
    (answer,) = await house.bulk([correcting(dossier, [ACCEPT | {"due_on": "2023-03-02"}])])
    assert (answer["outcome"], answer["code"]) == ("refused", "acted-on-here")
    assert len(await house.desk.store.load(dossier)) == 2


async def test_only_an_import_corrects(house: House) -> None:
    (dossier,) = await house.submitted(at=FILED)
    told = {"dossier_id": str(dossier), "acts": [{"act": "accept"}], "correction": DOCUMENT}
    (answer,) = await house.bulk([told], by=OFFICER)
    assert (answer["outcome"], answer["code"]) == ("refused", "correction-not-allowed")
