"""What a declaration would move is told before it is made, to whom it concerns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.processing.calendar import foreseen
from tests.processing.conftest import (
    IMPORTER,
    KEEPER,
    MONDAY,
    OFFICER,
    OPERATOR,
    OTHER_KEEPER,
    PORTAL,
    STRANGER,
    House,
    Member,
)
from tests.processing.declaring_days import (
    CALENDAR_DAYS,
    FRIDAY,
    WORKING_DAYS,
    accepted,
    ask,
    confirm,
    declare,
    due_on,
    propose,
    recounter_of,
    without_clocks,
)
from tests.processing.examples import OFFICE, UNIT


async def look(house: House, by: Member = OFFICER, **asked: object) -> Any:
    asked = {"day": FRIDAY, "kind": "off"} | asked
    headers = house.headers(by)
    params = {name: str(value) for name, value in asked.items() if value is not None}
    return await house.client.get("/v1/calendar/preview", params=params, headers=headers)


async def test_a_preview_tells_what_the_recount_moves(
    monday_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Due dates and deadlines, of running clocks and of dossiers whose history is read, and nothing is recorded by looking."""
    house = monday_house
    monkeypatch.setattr(foreseen, "STRETCH_ROWS", 2)
    running = await accepted(house, 3)
    old = await accepted(house, 4)
    await without_clocks(house, old)
    (paused,) = await accepted(house)
    await house.act(paused, "request-fee", {}, version=1)
    (calendar_days,) = await accepted(house, procedure=CALENDAR_DAYS)
    everything = [*running, *old, paused, calendar_days]
    before = {each: await due_on(house, each) for each in everything}
    logged = await house.pool.fetchval("SELECT max(position) FROM events")

    told = (await look(house)).json()
    assert await house.pool.fetchval("SELECT max(position) FROM events") >= logged
    assert house.desk.calendar.is_working(FRIDAY) and not told["working"] and told["whole"]
    assert (told["due_dates"], told["deadlines"]) == (7, 1)
    assert told["moves"] == [
        {
            "office": OFFICE,
            "unit": UNIT,
            "due_on": "2026-03-09",
            "new_due_on": "2026-03-10",
            "dossiers": 7,
        }
    ]

    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    after = {each: await due_on(house, each) for each in everything}
    moved = {each: after[each] for each in everything if after[each] != before[each]}
    assert moved == {UUID(each["dossier_id"]): each["new_due_on"] for each in told["items"]}
    progress = (await house.get("/v1/calendar/recount")).json()
    assert progress["moved"] == told["due_dates"] + told["deadlines"]
    house.clock.forward(minutes=1)
    assert (await look(house)).json()["due_dates"] == 0, "it is so already"

    back = (await look(house, act="withdraw", kind=None)).json()
    assert (back["working"], back["due_dates"], back["deadlines"]) == (True, 7, 1)
    assert {each["new_due_on"] for each in back["items"]} == {"2026-03-09"}


async def test_what_waits_to_be_confirmed_is_looked_at_too(monday_house: House) -> None:
    house = monday_house
    await accepted(house, 2)
    await propose(house, FRIDAY)
    told = await look(house, KEEPER, kind=None, announced_at=house.clock.now.isoformat())
    assert (told.status_code, told.json()["due_dates"]) == (200, 2)
    await confirm(house, "declare", FRIDAY, house.clock.now)
    body = {"day": str(FRIDAY), "announced_at": house.clock.now.isoformat()}
    await ask(house, "withdrawals", body, OTHER_KEEPER)
    await recounter_of(house).catch_up()
    back = await look(house, act="withdraw", kind=None, announced_at=house.clock.now.isoformat())
    assert back.json()["due_dates"] == 2


async def test_which_dossiers_move_is_told_to_who_may_read_them(monday_house: House) -> None:
    house = monday_house
    await accepted(house, 2)
    for by, items in ((OFFICER, 2), (KEEPER, 0), (STRANGER, 0)):
        told = (await look(house, by)).json()
        assert (told["due_dates"], len(told["items"])) == (2, items), by
    for by in (PORTAL, IMPORTER, OPERATOR):
        assert (await look(house, by)).json()["code"] == "role-not-allowed"


@pytest.mark.parametrize(
    ("asked", "status", "code", "field"),
    [
        ({"kind": None}, 422, "missing", "kind"),
        ({"kind": "worked"}, 422, "day-not-off", "day"),
        ({"day": MONDAY.date() - timedelta(days=2), "kind": "worked"}, 422, "worked-day-not-in-the-future", "day"),
        ({"day": "2099-01-05"}, 422, "day-too-far", "day"),
        ({"act": "withdraw", "kind": None}, 409, "day-not-declared", "day"),
        ({"announced_at": "2026-03-03T00:00:00+07:00"}, 422, "announced-in-the-future", "announced_at"),
        ({"day": "x"}, 422, "invalid", "day"),
        ({"kind": "x"}, 422, "invalid", "kind"),
    ],
)  # fmt: skip
async def test_what_would_be_refused_is_refused(
    monday_house: House, asked: dict[str, object], status: int, code: str, field: str
) -> None:
    answer = await look(monday_house, **asked)
    told = answer.json()
    found = told.get("field") or told["errors"][0]["field"].removeprefix("query.")
    assert (answer.status_code, told["code"], found) == (status, code, field)


async def test_more_than_can_be_looked_at_is_said(
    monday_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = monday_house
    await without_clocks(house, await accepted(house, 4, WORKING_DAYS))
    monkeypatch.setattr(foreseen, "STRETCH_ROWS", 2)
    monkeypatch.setattr(foreseen, "ONE_BY_ONE_MAX", 2)
    told = (await look(house)).json()
    assert (told["whole"], told["due_dates"]) == (False, 2)
