"""A reversal of what a published report counted takes two supervisors: the second one asks for the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import json_object
from services.processing.clock.working_days import ZONE
from services.processing.dossier import events as e
from services.processing.dossier.reversal import period_began
from services.processing.dossier.reversal_events import ReversalProposed
from services.processing.outgoing import outgoing
from tests.processing import commands as c
from tests.processing.conftest import CODE_KEY, HANDLER, OFFICER, OTHER_OFFICE, SUPERVISOR, House, Member
from tests.processing.examples import ACCEPTED, OFFICE, OTHER_UNIT, UNIT, given

SECOND: Member = ("supervisor", "em", OFFICE, UNIT)
ELSEWHERE: Member = ("supervisor", "giang", OTHER_OFFICE, "H29.016.00/QLXD")
OF_ANOTHER_UNIT: Member = ("supervisor", "ha", "", OTHER_UNIT)
OVER = date(2023, 3, 15)
"""The first day on which Tuesday, 7 March, lies in an official month that is over."""
FIRST = c.ReverseAct(OVER, 1, "wrong_dossier", "1234/QĐ-SXD", "dung")
PROPOSED = ReversalProposed(OVER, 1, "DossierAccepted", "wrong_dossier", "1234/QĐ-SXD", "dung")
REVERSED = e.DossierReversed(OVER, 1, "DossierAccepted", "wrong_dossier", "1234/QĐ-SXD", "submitted", None)
REVERSAL = {"sequence": 1, "reason": "wrong_dossier", "document": "1234/QĐ-SXD"}
THE_22ND = datetime(2023, 3, 22, 9, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("on", "began"),
    [
        (date(2023, 3, 14), date(2023, 2, 15)),
        (date(2023, 3, 15), date(2023, 3, 15)),
        (date(2023, 1, 3), date(2022, 12, 15)),
        (date(2023, 3, 31), date(2023, 3, 15)),
    ],
)
def test_an_official_month_begins_on_the_15th(on: date, began: date) -> None:
    assert period_began(on) == began


def test_one_supervisor_asks_and_another_one_carries_it_out() -> None:
    given([ACCEPTED]).when(FIRST).then([PROPOSED])
    given([ACCEPTED, PROPOSED]).when(FIRST).then_nothing()
    given([ACCEPTED, PROPOSED]).when(replace(FIRST, by="em")).then([REVERSED])
    given([ACCEPTED, PROPOSED, REVERSED]).when(FIRST).then_nothing()


def test_in_the_period_that_runs_one_supervisor_is_enough() -> None:
    on = date(2023, 3, 14)
    given([ACCEPTED]).when(replace(FIRST, on=on)).then([replace(REVERSED, on=on)])


def test_what_was_decided_elsewhere_is_imported_as_it_was() -> None:
    given([ACCEPTED]).when(replace(FIRST, by=None)).then([REVERSED])


def test_another_reason_or_document_is_another_proposal() -> None:
    other = replace(FIRST, by="em", document="99/QĐ-SXD")
    proposed = replace(PROPOSED, by="em", document="99/QĐ-SXD")
    given([ACCEPTED, PROPOSED]).when(other).then([proposed])
    given([ACCEPTED, PROPOSED, proposed]).when(other).then_nothing()
    given([ACCEPTED, PROPOSED, proposed]).when(replace(other, by="dung")).then(
        [replace(REVERSED, document="99/QĐ-SXD")]
    )


def test_a_proposal_ends_when_anything_changes_where_the_dossier_stands() -> None:
    forwarded = e.DossierForwarded(OVER, UNIT, "thu_ly")
    undone = e.DossierReversed(OVER, 3, "DossierForwarded", "wrong_data", "1/QĐ-SXD", "accepted", None)
    confirming = replace(FIRST, by="em")
    given([ACCEPTED, PROPOSED, forwarded]).when(confirming).then_rejected("not-the-latest-act")
    given([ACCEPTED, PROPOSED, forwarded, undone]).when(confirming).then([replace(PROPOSED, by="em")])


def test_a_proposal_changes_nothing_of_the_dossier() -> None:
    from services.processing.dossier.history import fold
    from tests.processing.examples import FILING

    before, after = (fold(FILING, acts) for acts in ([ACCEPTED], [ACCEPTED, PROPOSED]))
    assert (after.now, after.status, after.due_on) == (before.now, before.status, before.due_on)


async def accepted(house: House) -> UUID:
    (dossier,) = await house.submitted()
    assert (await house.act(dossier, "accept", {"unit": UNIT})).status_code == 200
    house.clock.now = THE_22ND
    return dossier


async def waiting(house: House, by: Member = SECOND) -> list[dict[str, Any]]:
    answer = await house.get("/v1/reversals?limit=200", by=by)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_two_supervisors_reverse_what_was_published(fresh_house: House) -> None:
    house = fresh_house
    dossier = await accepted(house)
    first = await house.act(dossier, "reverse", REVERSAL, by=SUPERVISOR, version=1, key="first")
    told = first.json()
    assert (first.status_code, told["status"], told["version"]) == (200, "accepted", 2)
    assert told["reversal_waits"] is True
    (item,) = await waiting(house)
    assert item == REVERSAL | {
        "dossier_id": str(dossier),
        "version": 2,
        "event": "DossierAccepted",
        "proposed_on": "2023-03-22",
        "proposed_at": "2023-03-22T09:00:00+07:00",
        "proposed_by": "dung",
    }
    assert await waiting(house, ELSEWHERE) == await waiting(house, OF_ANOTHER_UNIT) == []
    alone = (await house.act(dossier, "reverse", REVERSAL, by=SUPERVISOR, version=2)).json()
    assert (alone["status"], alone["version"]) == ("accepted", 2), "said again, it still waits"

    second = (await house.act(dossier, "reverse", REVERSAL, by=SECOND, version=2)).json()
    assert (second["status"], second["version"], second["reversal_waits"]) == ("submitted", 3, False)
    assert await waiting(house) == []
    again = await house.act(dossier, "reverse", REVERSAL, by=SUPERVISOR, version=1, key="first")
    assert again.json() == told
    said = await house.desk.store.load(dossier)
    assert [(stored.type, stored.actor) for stored in said[1:]] == [
        ("ReversalProposed", "supervisor/dung"),
        ("DossierReversed", "supervisor/em"),
    ]
    message = outgoing(CODE_KEY)(said[1]).value
    assert message is not None
    assert "dung" not in message.decode() and json_object(message)["document"] == "1234/QĐ-SXD"


async def test_many_reversals_at_once_take_two_as_well(fresh_house: House) -> None:
    house = fresh_house
    dossier = await accepted(house)
    items = [{"dossier_id": str(dossier), "acts": [{"act": "reverse", **REVERSAL}]}]
    outcomes = [
        [(a["outcome"], a["version"]) for a in await house.bulk(items, by=by)]
        for by in (SUPERVISOR, SUPERVISOR, SECOND)
    ]
    assert outcomes == [[("recorded", 2)], [("repeated", 2)], [("recorded", 3)]]
    assert (await house.get(f"/v1/dossiers/{dossier}")).json()["status"] == "submitted"
    assert await waiting(house) == []


async def test_what_waits_is_paged_and_shown_to_supervisors_alone(fresh_house: House) -> None:
    house = fresh_house
    dossiers = []
    for _ in range(3):
        house.clock.now = datetime(2023, 3, 7, 9, tzinfo=ZONE)
        dossiers.append(await accepted(house))
        await house.act(dossiers[-1], "reverse", REVERSAL, by=SUPERVISOR, version=1)
    found, cursor = [], ""
    while cursor is not None:
        page = (await house.get(f"/v1/reversals?limit=1&cursor={cursor}", by=SECOND)).json()
        found += [each["dossier_id"] for each in page["items"]]
        cursor = page["next"]
    assert found == sorted(str(dossier) for dossier in dossiers)
    for by in (OFFICER, HANDLER):
        assert (await house.get("/v1/reversals", by=by)).status_code == 403
