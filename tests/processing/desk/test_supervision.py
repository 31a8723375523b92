"""What a unit's supervisor looks at: who has how much, what waits for a signature, what lapsed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.processing.clock.working_days import Calendar
from services.processing.desk import queue_routes
from services.processing.desk.supervision import days_left_of_week
from tests.processing.conftest import OFFICER, STRANGER, SUPERVISOR, House
from tests.processing.declaring_days import CALENDAR_DAYS, WORKING_DAYS, accepted
from tests.processing.examples import OTHER_UNIT, UNIT

MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 8)


def test_the_rest_of_a_week_is_its_working_days() -> None:
    calendar = Calendar(frozenset({date(2026, 3, 6)}), frozenset({date(2026, 3, 7)}), knows_law=False)
    assert [days_left_of_week(MONDAY + timedelta(days=n), calendar) for n in range(7)] == [
        4,
        3,
        2,
        1,
        1,
        0,
        0,
    ]


async def load_of(house: House) -> dict[str, Any]:
    told = (await house.get("/v1/workload", by=SUPERVISOR)).json()
    assert told["until"] == str(SUNDAY)
    found: dict[str, Any] = next(each for each in told["units"] if each["unit"] == UNIT)
    return found


async def test_loads_add_up_to_the_units(monday_house: House) -> None:
    house = monday_house
    mine, theirs, _, elsewhere = await accepted(house, 4, WORKING_DAYS)
    await house.act(mine, "take", {}, version=1)
    await house.act(theirs, "assign", {"officer": "em"}, by=SUPERVISOR, version=1)
    await house.act(elsewhere, "transfer", {"unit": OTHER_UNIT}, by=SUPERVISOR, version=1)

    async def counts() -> dict[str, tuple[int, int, int]]:
        unit = await load_of(house)
        lines = {each["officer"]: each for each in unit["officers"]} | {"": unit["nobody"], "all": unit}
        told = {who: (each["held"], each["this_week"], each["overdue"]) for who, each in lines.items()}
        summed = [sum(column) for column in zip(*(told[who] for who in told if who != "all"), strict=True)]
        assert tuple(summed) == told["all"]
        return {who: load for who, load in told.items() if load[0]}

    assert await counts() == {"an": (1, 0, 0), "em": (1, 0, 0), "": (1, 0, 0), "all": (3, 0, 0)}
    house.clock.forward(days=-7)
    early = await accepted(house, 2, WORKING_DAYS)
    house.clock.forward(days=7)
    await house.act(early[0], "take", {}, version=1)
    told = await counts()
    assert told["an"] == (2, 1, 0) and told[""] == (2, 1, 0) and told["all"] == (5, 2, 0)
    soon = (await house.get(f"/v1/queues/due-soon?desk={UNIT}&soon_days=4", by=SUPERVISOR)).json()
    assert soon["count"] == 2, "this week's are those that are due within its working days"
    house.clock.forward(days=1)
    assert (await counts())["an"] == (2, 0, 1)


async def test_what_waits_for_a_signature_is_listed(monday_house: House) -> None:
    house = monday_house
    at_signer, sent_back, reversed_, resolved, handled = await accepted(house, 5)
    for each in (at_signer, sent_back, reversed_, resolved):
        step = await house.act(each, "forward", {"unit": UNIT, "step": "ky_duyet"}, version=1)
        assert step.status_code == 200, step.text
    await house.act(handled, "forward", {"unit": UNIT, "step": "thu_ly"}, version=1)

    async def listed(**asked: str) -> list[str]:
        query = "&".join(f"{name}={value}" for name, value in ({"desk": UNIT} | asked).items())
        told = (await house.get(f"/v1/signatures?{query}", by=SUPERVISOR)).json()
        if not asked:
            assert told["count"] == len(told["items"]) == (await load_of(house))["to_sign"]
        return [each["dossier_id"] for each in told["items"]]

    assert len(await listed()) == 4
    first = (await house.get(f"/v1/signatures?desk={UNIT}&limit=3", by=SUPERVISOR)).json()
    rest = await listed(cursor=first["next"], limit="3")
    assert len(first["items"]) == 3 and len(rest) == 1
    back = {"unit": UNIT, "step": "thu_ly", "reason": "incomplete_file"}
    undone = {"sequence": 2, "reason": "wrong_decision", "document": "1/QĐ-SXD"}
    for answer in (
        await house.act(sent_back, "send-back", back, version=2),
        await house.act(reversed_, "reverse", undone, by=SUPERVISOR, version=2),
        await house.act(resolved, "resolve", {"outcome": "granted"}, version=2),
    ):
        assert answer.status_code == 200, answer.text
    assert await listed() == [str(at_signer)]
    await house.act(at_signer, "request-fee", {}, version=2)
    assert await listed() == [], "it waits for the applicant"


async def test_what_lapsed_is_listed(monday_house: House) -> None:
    house = monday_house
    paid_late, _ = await accepted(house, 2)
    await house.act(paid_late, "request-fee", {}, version=1)
    empty = (await house.get(f"/v1/lapsed?desk={UNIT}", by=SUPERVISOR)).json()
    assert (empty["count"], empty["items"]) == (0, [])
    house.clock.forward(days=60)
    told = (await house.get(f"/v1/lapsed?desk={UNIT}", by=SUPERVISOR)).json()
    assert (told["count"], [each["dossier_id"] for each in told["items"]]) == (1, [str(paid_late)])


@pytest.mark.parametrize("door", ["signatures", "lapsed"])
async def test_a_list_of_another_desk_is_refused(monday_house: House, door: str) -> None:
    for by in (STRANGER, OFFICER):
        answer = await monday_house.get(f"/v1/{door}?desk={OTHER_UNIT}", by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-desk")


async def test_a_queue_is_cut_down_to_what_is_asked_for(
    monday_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = monday_house
    ids = [await accepted(house, 2, each) for each in (WORKING_DAYS, CALENDAR_DAYS, WORKING_DAYS)]
    for each in (ids[0][0], ids[1][0], ids[2][1]):
        await house.act(each, "take", {}, version=1)
    monkeypatch.setattr(queue_routes, "PAGE_ITEMS_MAX", 2)
    monkeypatch.setattr(queue_routes, "STRETCHES_MAX", 2)

    async def walk(**asked: str) -> list[str]:
        found, after = list[str](), ""
        while after is not None:
            query = "&".join(f"{name}={value}" for name, value in (asked | {"cursor": after}).items())
            page = (await house.get(f"/v1/queues/held?desk={UNIT}&limit=1&{query}")).json()
            assert page["count"] == 6 and len(page["items"]) <= 1
            found += [each["dossier_id"] for each in page["items"]]
            after = page["next"]
        return found

    everything = await walk()
    wanted = {str(each) for each in (*ids[0], *ids[2])}
    assert await walk(procedure=WORKING_DAYS) == [each for each in everything if each in wanted]
    assert set(await walk(procedure=WORKING_DAYS, officer="an")) == {str(ids[0][0]), str(ids[2][1])}
    assert await walk(procedure="1.002625") == [] and len(await walk(officer="an")) == 3
