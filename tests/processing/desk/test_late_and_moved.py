"""What a supervisor answers for beside the queues: papers asked for late, papers that came late, and transfers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.processing.conftest import HANDLER, OFFICER, STRANGER, SUPERVISOR, House
from tests.processing.declaring_days import accepted
from tests.processing.desk.test_supervision import UNIT
from tests.processing.examples import OTHER_UNIT

PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}


async def listed(house: House, door: str, **asked: Any) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in ({"desk": UNIT} | asked).items())
    told = (await house.get(f"/v1/{door}?{query}", by=SUPERVISOR)).json()
    if not asked:
        units = (await house.get("/v1/workload", by=SUPERVISOR)).json()["units"]
        count = next(each for each in units if each["unit"] == UNIT)[door.replace("-", "_")]
        assert told.get("count", len(told["items"])) == len(told["items"]) == count
    return [each["dossier_id"] for each in told["items"]]


async def test_what_was_asked_for_late_is_listed(monday_house: House) -> None:
    house = monday_house
    late, in_time, other = await accepted(house, 3)
    assert (await house.act(in_time, "request-supplement", PAPERS, version=1)).status_code == 200
    assert await listed(house, "asked-late") == []
    house.clock.forward(days=7)
    refused = await house.act(late, "request-supplement", PAPERS, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "supplement-too-late")
    for each in (late, other):
        done = await house.act(each, "request-supplement", PAPERS, by=SUPERVISOR, version=1)
        assert done.status_code == 200, done.text
    assert set(await listed(house, "asked-late")) == {str(late), str(other)}
    first = (await house.get(f"/v1/asked-late?desk={UNIT}&limit=1", by=SUPERVISOR)).json()
    assert len(first["items"]) == 1 and len(await listed(house, "asked-late", cursor=first["next"])) == 1
    await house.heard(late, "SupplementProvided", request=2, content_commitment="0" * 64)
    assert set(await listed(house, "asked-late")) == {str(late), str(other)}, "until it is settled"
    assert (await house.act(late, "accept-supplement", {}, version=2)).status_code == 200
    assert await listed(house, "asked-late") == [str(other)]


async def test_what_came_late_is_listed(monday_house: House) -> None:
    house = monday_house
    late, in_time = await accepted(house, 2)
    for each in (late, in_time):
        assert (await house.act(each, "request-supplement", PAPERS, version=1)).status_code == 200
    await house.heard(in_time, "SupplementProvided", request=2, content_commitment="0" * 64)
    assert await listed(house, "came-late") == []
    house.clock.forward(days=60)
    await house.heard(late, "SupplementProvided", request=2, content_commitment="0" * 64)
    assert await listed(house, "came-late") == [str(late)]
    assert (await house.act(late, "accept-supplement", {}, version=2)).status_code == 200
    assert await listed(house, "came-late") == []


async def test_a_transfer_is_seen_on_both_sides(monday_house: House) -> None:
    house = monday_house
    moved, taken, stays = await accepted(house, 3)
    await house.act(taken, "take", {}, version=1)
    for each, version in ((moved, 1), (taken, 2)):
        done = await house.act(each, "transfer", {"unit": OTHER_UNIT}, by=SUPERVISOR, version=version)
        assert done.status_code == 200, done.text
    assert set(await listed(house, "transfers")) == {str(moved), str(taken)}
    told = (await house.get("/v1/transfers", by=HANDLER)).json()
    assert told["desk"] == OTHER_UNIT and len(told["items"]) == 2
    (one,) = [each for each in told["items"] if each["dossier_id"] == str(moved)]
    assert (one["from_unit"], one["to_unit"], one["unit"], one["officer"]) == (
        UNIT,
        OTHER_UNIT,
        OTHER_UNIT,
        None,
    )
    assert one["by"] == "dung" and one["code"] and one["status"] == "accepted"
    assert UUID(one["dossier_id"]) != stays
    house.clock.forward(days=31)
    assert await listed(house, "transfers") == []


@pytest.mark.parametrize("door", ["asked-late", "came-late", "transfers"])
async def test_a_list_of_another_desk_is_refused(monday_house: House, door: str) -> None:
    for by in (STRANGER, OFFICER):
        answer = await monday_house.get(f"/v1/{door}?desk={OTHER_UNIT}", by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-desk")
