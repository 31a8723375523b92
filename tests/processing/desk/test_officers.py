"""The register of officers: an operator tells it and log-ins show it; nobody gives a dossier to somebody who is not there."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.http.tokens import Caller
from services.processing import sweeps
from services.processing.desk.officers import TOLD, Officers
from tests.processing.conftest import (
    IMPORTER,
    OFFICER,
    OPERATOR,
    OTHER_UNIT,
    STRANGER,
    SUPERVISOR,
    UNIT,
    House,
    Member,
)

NEW: Member = ("officer", "kim", "", UNIT)


async def tell(house: House, *rows: dict[str, Any], by: Member = OPERATOR) -> httpx.Response:
    return await house.client.post("/v1/officers", json={"officers": list(rows)}, headers=house.headers(by))


async def serving(house: House, on: date = date(2023, 3, 7), unit: str = UNIT) -> dict[str, Any]:
    return dict(await house.desk.officers.of(unit, on))


async def gave(house: House, act: str, officer: str, by: Member = SUPERVISOR) -> tuple[int, str, str]:
    """Gives a fresh dossier of the unit to an officer: status, code and field."""
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept", {"unit": UNIT})
    answer = await house.act(dossier, act, {"officer": officer}, by=by, version=1)
    told = answer.json()
    return answer.status_code, told.get("code", ""), told.get("field", "")


@pytest.mark.parametrize("act", ["assign", "hand-over"])
async def test_nobody_gives_a_dossier_to_an_unknown_officer(fresh_house: House, act: str) -> None:
    """By the unit and the day; whose token was seen is known."""
    refused = (422, "officer-unknown", "officer")
    assert await gave(fresh_house, act, "kim") == refused
    await tell(fresh_house, {"subject": "kim", "unit": OTHER_UNIT, "since": "2020-01-01"})
    assert await gave(fresh_house, act, "kim") == refused
    await tell(fresh_house, {"subject": "kim", "unit": UNIT, "since": "2020-01-01", "until": "2023-03-05"})
    assert await gave(fresh_house, act, "kim") == refused
    await tell(fresh_house, {"subject": "lan", "unit": UNIT, "since": "2023-03-06"})
    assert (await gave(fresh_house, act, "lan"))[0] == 200
    await fresh_house.get("/v1/queues", by=("officer", "moi", "", UNIT))
    assert (await gave(fresh_house, act, "moi"))[0] == 200


async def test_the_bulk_door_asks_the_register_too_and_an_import_tells_what_others_did(house: House) -> None:
    (dossier,) = await house.submitted()
    acts: list[dict[str, Any]] = [{"act": "accept", "unit": UNIT}, {"act": "assign", "officer": "nobody"}]
    item = {"dossier_id": str(dossier), "acts": acts}
    (told,) = await house.bulk([item], by=SUPERVISOR)
    assert (told["outcome"], told["code"], told["field"]) == ("refused", "officer-unknown", "officer")
    at = {"at": "2023-03-06T09:30:00+07:00"}
    told_acts = [act | at for act in acts]
    (told,) = await house.bulk([item | {"source": "test", "case": "o", "acts": told_acts}], by=IMPORTER)
    assert told["outcome"] == "recorded", told


async def test_nobody_stands_in_who_is_no_officer_of_the_unit(fresh_house: House) -> None:
    body = {"substitute": "kim", "first_on": "2023-03-07", "last_on": "2023-03-08"}
    headers = fresh_house.headers(OFFICER) | {"idempotency-key": uuid7().hex}
    refused = await fresh_house.client.post("/v1/absences", json=body, headers=headers)
    told = refused.json()
    assert (refused.status_code, told["code"], told["field"]) == (422, "officer-unknown", "substitute")
    await tell(fresh_house, {"subject": "kim", "unit": UNIT, "since": "2023-03-07"})
    said = await fresh_house.client.post("/v1/absences", json=body, headers=headers)
    assert said.status_code == 200, said.text


async def test_what_an_operator_tells_stands_over_what_is_seen(fresh_house: House) -> None:
    await fresh_house.get("/v1/queues", by=NEW)
    await sweeps.sweep(fresh_house.desk)
    assert "kim" in await serving(fresh_house)
    told = {
        "subject": "kim",
        "name": "Chuyên viên thử",
        "unit": UNIT,
        "since": "2022-01-01",
        "until": "2023-03-01",
    }
    assert (await tell(fresh_house, told)).json() == {"kept": 1}
    assert (await tell(fresh_house, told)).json() == {"kept": 1}
    await fresh_house.get("/v1/queues", by=NEW)
    assert "kim" not in await serving(fresh_house)
    assert (await serving(fresh_house, date(2023, 3, 1)))["kim"] == "Chuyên viên thử"
    again = {name: value for name, value in told.items() if name != "name"}
    assert (await tell(fresh_house, again)).json() == {"kept": 1}
    assert (await serving(fresh_house, date(2023, 3, 1)))["kim"] == "Chuyên viên thử"


async def test_who_has_left_is_not_kept_beside_that(fresh_house: House) -> None:
    """Another process has met them, and keeps that while the operator's word is not committed yet."""
    other = Officers(fresh_house.pool, fresh_house.clock)
    other.met(Caller("kim", "officer", UNIT))
    async with fresh_house.pool.acquire() as connection, connection.transaction():
        left = (date(2020, 1, 1), date(2023, 3, 5))
        await connection.execute(TOLD, ["kim"], [UNIT], [None], *([day] for day in left), "operator/ops")
        keeping = asyncio.create_task(other.keep())
        await asyncio.sleep(0.2)
    await keeping
    assert "kim" not in await serving(fresh_house)


async def test_a_register_is_told_whole_or_not_at_all(fresh_house: House) -> None:
    good = {"subject": "kim", "unit": UNIT, "since": "2022-01-01"}
    for change, code, field in (
        ({"unit": "H29.015.00/QLXDD"}, "unit-unknown", "officers.1.unit"),
        ({"until": "2021-12-31"}, "last-day-before-first", "officers.1.until"),
    ):
        refused = await tell(fresh_house, good, good | change)
        told = refused.json()
        assert (refused.status_code, told["code"], told["field"]) == (422, code, field)
    assert (await tell(fresh_house, good, by=SUPERVISOR)).status_code == 403
    assert "kim" not in await serving(fresh_house)


async def test_names_are_shown_to_colleagues_and_stand_in_no_event(fresh_house: House) -> None:
    name = "Trần Thị Thử"
    row = {"subject": "kim", "name": name, "unit": UNIT, "since": "2022-01-01"}
    await tell(
        fresh_house, row, {"subject": "xa", "name": "Xa", "unit": "H29.016.00/QLXD", "since": "2022-01-01"}
    )
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept", {"unit": UNIT})
    await fresh_house.act(dossier, "assign", {"officer": "kim"}, by=SUPERVISOR, version=1)
    one = (await fresh_house.get(f"/v1/dossiers/{dossier}")).json()
    assert (one["officer"], one["officer_name"]) == ("kim", name)
    queue = (await fresh_house.get(f"/v1/queues/held?desk={UNIT}", by=SUPERVISOR)).json()
    assert [each["officer_name"] for each in queue["items"]] == [name]
    rows = await fresh_house.pool.fetch("SELECT data FROM events")
    assert not any(name in json.dumps(json.loads(each["data"]), ensure_ascii=False) for each in rows)

    async def listed(by: Member) -> set[str]:
        found, cursor = set(), ""
        while True:
            page = (await fresh_house.get(f"/v1/officers?limit=2&cursor={cursor}", by=by)).json()
            found |= {each["subject"] for each in page["items"]}
            if not (cursor := page["next"] or ""):
                return found

    assert {"kim"} <= await listed(SUPERVISOR) and "xa" not in await listed(SUPERVISOR)
    assert "xa" in await listed(STRANGER) and "kim" not in await listed(STRANGER)
    assert {"kim", "xa"} <= await listed(OPERATOR)
