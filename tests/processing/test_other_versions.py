"""What no version that ships has yet, tried at the doors by a copy of the catalogue: an extension, and papers that SUBTRACT."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from contracts.catalogue import shipped as catalogue
from contracts.catalogue.file import SHIPPED, read
from services.processing.clock.working_days import ZONE
from tests.processing.conftest import House

EXTENDED, SUBTRACTED = "1.009974", "1.006871"
PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue's file with one procedure that may be extended and one whose pauses are subtracted, read as it is read."""
    content: dict[str, Any] = json.loads(SHIPPED.read_bytes())
    by_code = {each["code"]: each for each in content["procedures"]}
    for version in by_code[EXTENDED]["versions"]:
        version["extension_allowed"] = True
    (version,) = by_code[SUBTRACTED]["versions"]
    version |= {"limit_days": 10, "supplement": {"policy": "subtract", "request_within_working_days": 5}}
    found = read(json.dumps(content).encode())
    assert found.faults == ()
    monkeypatch.setattr(catalogue, "PROCEDURES", {each.code: each for each in found.procedures})


def morning(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=ZONE)


@pytest.mark.usefixtures("copied")
async def test_an_extension_moves_the_due_date_once(house: House) -> None:
    """20 calendar days from 15 April 2024, and 5 more."""
    house.clock.now = morning("2024-04-15")
    (dossier,) = await house.submitted(procedure=EXTENDED, at=house.clock.now)
    assert (await house.act(dossier, "accept")).json()["due_on"] == "2024-05-06"
    house.clock.now = morning("2024-04-23")
    longer = {"reason": "site_check", "amount": 5}
    done = await house.act(dossier, "extend", longer, version=1)
    assert (done.status_code, done.json()["due_on"]) == (200, "2024-05-10")
    again = await house.act(dossier, "extend", longer | {"amount": 6}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "already-extended")
    told = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert (told["due_on"], told["extended_by"]) == ("2024-05-10", 5)


@pytest.mark.usefixtures("copied")
async def test_days_of_a_pause_are_subtracted_and_those_of_a_second_one_are_not(house: House) -> None:
    """10 working days from 15 April 2024; papers asked for on 17 April, taken in on 6 May, and asked for once more."""
    house.clock.now = morning("2024-04-15")
    (dossier,) = await house.submitted(procedure=SUBTRACTED, at=house.clock.now)
    assert (await house.act(dossier, "accept")).status_code == 200
    house.clock.now = morning("2024-04-17")
    asked = await house.act(dossier, "request-supplement", PAPERS, version=1)
    assert asked.json()["due_on"] is None
    house.clock.now = morning("2024-05-06")
    await house.heard(dossier, "SupplementProvided", sequence=2, request=2)
    taken = await house.act(dossier, "accept-supplement", version=2)
    assert (taken.status_code, taken.json()["due_on"]) == (200, "2024-05-16")
    told = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert [each["rule"] for each in told["pauses"]] == ["subtract"]
