"""An officer's commands over HTTP, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from services.processing.dossier.official_code import parse
from tests.processing.conftest import DESK, HANDLER, OFFICER, STRANGER, SUPERVISOR, House, open_house
from tests.processing.examples import OFFICE, OTHER_UNIT, UNIT


async def test_a_dossier_from_acceptance_to_return(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    accepted = await fresh_house.act(dossier, "accept")
    assert accepted.status_code == 200
    assert accepted.headers["etag"] == '"1"'
    assert accepted.json() == {
        "dossier_id": str(dossier),
        "status": "accepted",
        "version": 1,
        "code": "000.00.15.H29-230307-0001",
        "due_on": "2023-03-27",
        "reversal_waits": False,
        "warnings": [],
    }
    handing = {"unit": OTHER_UNIT, "step": "thu_ly"}
    forwarded = await fresh_house.act(dossier, "forward", handing, version=1)
    assert (forwarded.json()["status"], forwarded.json()["version"]) == ("in_processing", 2)
    resolved = await fresh_house.act(dossier, "resolve", {"outcome": "granted"}, version=2, by=HANDLER)
    assert (resolved.json()["status"], resolved.json()["version"]) == ("resolved", 3)
    returned = await fresh_house.act(dossier, "return", {"method": "postal"}, version=3, by=DESK)
    assert returned.json() == accepted.json() | {"status": "returned", "version": 4}


async def test_a_dossier_from_apology_to_stop_and_correction(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    accepted = await fresh_house.act(dossier, "accept")
    early = {"reason": "workload", "appointment_on": "2023-03-27"}
    refused = await fresh_house.act(dossier, "apologise", early, version=1)
    assert (refused.status_code, refused.json()["code"]) == (422, "appointment-too-early")
    assert refused.json()["field"] == "appointment_on"
    sorry = {"reason": "workload", "appointment_on": "2023-04-03"}
    apologised = await fresh_house.act(dossier, "apologise", sorry, version=1)
    assert apologised.json() == accepted.json() | {"version": 2}
    stopped = await fresh_house.act(dossier, "stop", {"reason": "not_competent"}, version=2)
    assert stopped.json() == accepted.json() | {"status": "stopped", "version": 3}
    queue = await fresh_house.get("/v1/dossiers?status=stopped")
    assert [item["dossier_id"] for item in queue.json()["items"]] == [str(dossier)]
    corrected = {"reason": "clerical_error", "document": "1234/QĐ-SXD"}
    again = await fresh_house.act(dossier, "correct", corrected, version=3)
    assert (again.json()["status"], again.json()["version"]) == ("stopped", 4)


async def test_the_queue_row_moves_with_the_log(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    before = (await fresh_house.get(f"/v1/dossiers/{dossier}")).json()
    assert (before["status"], before["version"], before["code"], before["unit"]) == (
        "submitted",
        0,
        None,
        None,
    )
    await fresh_house.act(dossier, "accept")
    item = await fresh_house.get(f"/v1/dossiers/{dossier}")
    assert item.headers["etag"] == '"1"'
    assert item.json() == before | {
        "status": "accepted",
        "version": 1,
        "unit": UNIT,
        "accepted_at": "2023-03-07T09:00:00+07:00",
        "code": "000.00.15.H29-230307-0001",
        "intake_due_at": None,
        "due_on": "2023-03-27",
    }


async def test_a_rejection_is_the_end(house: House) -> None:
    (dossier,) = await house.submitted()
    rejected = await house.act(dossier, "reject", {"reason": "incomplete"})
    assert rejected.json() == {
        "dossier_id": str(dossier),
        "status": "rejected",
        "version": 1,
        "code": None,
        "due_on": None,
        "reversal_waits": False,
        "warnings": [],
    }
    refused = await house.act(dossier, "accept", version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-while-rejected")
    assert "allowed there: correct" in refused.json()["detail"]


async def test_an_unknown_dossier_is_told(house: House) -> None:
    refused = await house.act(uuid4(), "accept")
    assert (refused.status_code, refused.json()["code"]) == (404, "dossier-unknown")
    assert (await house.get(f"/v1/dossiers/{uuid4()}")).status_code == 404


async def test_a_stale_version_is_refused(house: House) -> None:
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept")
    refused = await house.act(dossier, "resolve", {"outcome": "granted"}, version=0)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale-version")


@pytest.mark.parametrize("header", ["abc", '"1", "2"', "*", 'W/"1"', "-1", '"9999999999"', "٣"])
async def test_a_version_that_is_none_is_refused(house: House, header: str) -> None:
    (dossier,) = await house.submitted()
    headers = {**house.headers(OFFICER), "if-match": header, "idempotency-key": "k"}
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    refused = await house.client.post(f"/v1/dossiers/{dossier}/accept", json={}, headers=encoded)
    assert (refused.status_code, refused.json()["code"]) == (400, "if-match-invalid")


async def test_version_and_key_are_required(house: House) -> None:
    (dossier,) = await house.submitted()
    url = f"/v1/dossiers/{dossier}/accept"
    without_version = house.headers(OFFICER) | {"idempotency-key": "k"}
    refused = await house.client.post(url, json={}, headers=without_version)
    assert (refused.status_code, refused.json()["code"]) == (428, "if-match-missing")
    without_key = house.headers(OFFICER) | {"if-match": '"0"'}
    refused = await house.client.post(url, json={}, headers=without_key)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-missing")


async def test_a_repeat_gets_the_first_answer_before_the_version_is_compared(house: House) -> None:
    (dossier,) = await house.submitted()
    first = await house.act(dossier, "accept", key="k1")
    handing = {"unit": OTHER_UNIT, "step": "thu_ly"}
    forwarded = await house.act(dossier, "forward", handing, version=1, key="k2")
    await house.act(dossier, "resolve", {"outcome": "granted"}, version=2, by=HANDLER)
    house.clock.forward(days=30)
    again = await house.act(dossier, "accept", key="k1")
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), '"1"')
    again = await house.act(dossier, "forward", handing, version=1, key="k2")
    assert (again.status_code, again.json()) == (200, forwarded.json())
    assert (await house.get(f"/v1/dossiers/{dossier}")).json()["version"] == 3


async def test_a_key_is_good_for_one_command(house: House) -> None:
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept", key="k")
    for command, body in [
        ("accept", {"unit": OTHER_UNIT}),
        ("reject", {"reason": "incomplete"}),
        ("resolve", {"outcome": "granted"}),
    ]:
        refused = await house.act(dossier, command, body, version=1, key="k")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused"), command


async def test_a_key_is_one_callers_own(house: House) -> None:
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept", key="k")
    other = await house.act(dossier, "resolve", {"outcome": "granted"}, version=1, by=SUPERVISOR, key="k")
    assert (other.status_code, other.json()["version"]) == (200, 2)


async def test_already_so_is_success_and_writes_nothing(house: House) -> None:
    (dossier,) = await house.submitted()
    await house.act(dossier, "reject", {"reason": "incomplete"})
    quiet = await house.act(dossier, "reject", {"reason": "incomplete"}, version=1)
    assert (quiet.status_code, quiet.json()["version"]) == (200, 1)


async def test_a_late_end_asks_for_its_reason(house: House) -> None:
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept")
    house.clock.forward(days=60)
    refused = await house.act(dossier, "resolve", {"outcome": "granted"}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (422, "late-reason-missing")
    assert refused.json()["field"] == "late_reason"
    body = {"outcome": "granted", "late_reason": "workload"}
    assert (await house.act(dossier, "resolve", body, version=1)).status_code == 200


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("reject", {}, "reason"),
        ("reject", {"reason": "because"}, "reason"),
        ("reject", {"reason": "incomplete", "note": "x"}, "note"),
        ("forward", {"unit": "lower case", "step": "thu_ly"}, "unit"),
        ("forward", {"unit": UNIT, "step": "x"}, "step"),
        ("resolve", {"outcome": "maybe"}, "outcome"),
        ("resolve", {"outcome": "granted", "late_reason": "x"}, "late_reason"),
        ("return", {"method": "pigeon"}, "method"),
        ("accept", {"unit": 5}, "unit"),
        ("stop", {"reason": "tired"}, "reason"),
        ("apologise", {"reason": "workload"}, "appointment_on"),
        ("apologise", {"reason": "workload", "appointment_on": "03/04/2023"}, "appointment_on"),
        ("apologise", {"reason": "workload", "appointment_on": 20}, "appointment_on"),
        ("apologise", {"reason": "workload", "appointment_on": "2023-W14-1"}, "appointment_on"),
        ("correct", {"reason": "wrong_data", "document": "because it was wrong"}, "document"),
    ],
)
async def test_a_body_is_checked_strictly(
    house: House, command: str, body: dict[str, object], field: str
) -> None:
    refused = await house.act(uuid4(), command, body)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


async def test_a_procedure_that_the_catalogue_lacks_cannot_be_accepted(house: House) -> None:
    (dossier,) = await house.submitted(procedure="9.999999")
    refused = await house.act(dossier, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "procedure-unknown")


async def test_a_unit_that_the_contract_cannot_say_is_never_stored(house: House) -> None:
    (dossier,) = await house.submitted()
    refused = await house.act(dossier, "accept", by=("officer", "an", OFFICE, "phòng một"))
    assert (refused.status_code, refused.json()["code"]) == (401, "token-unit-unknown")
    assert await house.desk.store.load(dossier) == []


async def test_two_officers_at_once_one_is_told(house: House) -> None:
    (dossier,) = await house.submitted()
    answers = await asyncio.gather(
        house.act(dossier, "accept", by=OFFICER),
        house.act(dossier, "reject", {"reason": "duplicate"}, by=SUPERVISOR),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_codes_are_dense_under_concurrent_officers_and_processes(
    fresh_house: House, tmp_path: Path
) -> None:
    """Several processes accept at once, some of their commands are refused: the serials have no hole and no double."""
    dossiers = await fresh_house.submitted(90)
    async with (
        open_house(fresh_house.database, tmp_path) as second,
        open_house(fresh_house.database, tmp_path) as third,
    ):
        houses = [fresh_house, second, third]
        answers = await asyncio.gather(
            *(
                houses[(n + twice) % 3].act(dossier, command, body)
                for n, dossier in enumerate(dossiers)
                for twice, (command, body) in enumerate(
                    [
                        ("accept", {}),
                        ("reject", {"reason": "duplicate"}) if n % 3 else ("accept", {"unit": OFFICE}),
                    ]
                )
            )
        )
    assert {answer.status_code for answer in answers} <= {200, 412}
    codes = [answer.json()["code"] for answer in answers if answer.status_code == 200]
    numbers = [parsed.number for code in codes if code and (parsed := parse(code))]
    assert len(numbers) >= 30
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


async def test_serials_restart_each_local_day_and_office(fresh_house: House) -> None:
    one, two, three = await fresh_house.submitted(3)
    fresh_house.clock.now = fresh_house.clock.now.replace(hour=23, minute=59)
    assert (await fresh_house.act(one, "accept")).json()["code"] == "000.00.15.H29-230307-0001"
    assert (await fresh_house.act(two, "accept")).json()["code"] == "000.00.15.H29-230307-0002"
    fresh_house.clock.forward(minutes=2)
    assert (await fresh_house.act(three, "accept")).json()["code"] == "000.00.15.H29-230308-0001"
    (elsewhere,) = await fresh_house.submitted(office="H29.016.00")
    assert (await fresh_house.act(elsewhere, "accept", by=STRANGER)).json()[
        "code"
    ] == "000.00.16.H29-230308-0001"
