"""The calendar's doors: who may declare, what is refused and how, and what everybody in the office sees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.calendar import CALENDAR_ID
from services.processing.clock.working_days import Calendar, shipped
from services.processing.metrics import lacks_a_year
from tests.processing.conftest import (
    IMPORTER,
    KEEPER,
    MORNING,
    OFFICER,
    OPERATOR,
    OTHER_KEEPER,
    PORTAL,
    SUPERVISOR,
    House,
    Member,
)
from tests.processing.declaring_days import DOCUMENT, ask, confirm, declare, propose, withdraw

FRIDAY, SATURDAY = date(2023, 3, 10), date(2023, 3, 11)


@pytest.mark.parametrize("by", [OFFICER, SUPERVISOR, IMPORTER, PORTAL, OPERATOR])
async def test_only_who_keeps_the_calendar_declares(house: House, by: Member) -> None:
    for answer in (
        await propose(house, FRIDAY, by=by),
        await ask(house, "withdrawals", {"day": str(FRIDAY), "announced_at": str(MORNING)}, by),
        await confirm(house, "declare", FRIDAY, MORNING, by=by),
        await confirm(house, "declare", FRIDAY, MORNING, by=by, door="refusals"),
        await house.get("/v1/calendar/proposals", by=by),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert house.desk.calendar.is_working(FRIDAY)


async def test_two_persons_declare_and_withdraw(fresh_house: House) -> None:
    """What one person says alone changes no date, and stands in the list of what waits."""
    house = fresh_house

    async def waiting() -> list[tuple[str, str, str]]:
        items = (await house.get("/v1/calendar/proposals", by=OTHER_KEEPER)).json()["items"]
        return [(each["act"], each["day"], each["proposed_by"]) for each in items]

    proposed = (await propose(house, FRIDAY)).json()
    assert (proposed["working"], proposed["waits"]) == (True, True)
    assert await waiting() == [("declare", str(FRIDAY), "lan")]
    alone = await confirm(house, "declare", FRIDAY, MORNING, by=KEEPER)
    assert (alone.status_code, alone.json()["code"]) == (403, "proposed-by-yourself")
    assert house.desk.calendar.is_working(FRIDAY)
    confirmed = (await confirm(house, "declare", FRIDAY, MORNING)).json()
    assert (confirmed["working"], confirmed["waits"], await waiting()) == (False, False, [])

    body = {"day": str(FRIDAY), "announced_at": MORNING.isoformat()}
    assert (await ask(house, "withdrawals", body, OTHER_KEEPER)).json()["working"] is False
    assert await waiting() == [("withdraw", str(FRIDAY), "minh")]
    alone = await confirm(house, "withdraw", FRIDAY, MORNING, by=OTHER_KEEPER)
    assert (alone.status_code, alone.json()["code"]) == (403, "proposed-by-yourself")
    assert (await confirm(house, "withdraw", FRIDAY, MORNING, by=KEEPER)).json()["working"] is True
    said = (await house.desk.store.load(CALENDAR_ID))[-4:]
    assert [(stored.type, stored.actor) for stored in said] == [
        ("DayProposed", "calendar/lan"),
        ("DayDeclared", "calendar/minh"),
        ("WithdrawalProposed", "calendar/minh"),
        ("DeclarationWithdrawn", "calendar/lan"),
    ]


async def test_what_is_refused_waits_no_more(fresh_house: House) -> None:
    house = fresh_house
    await propose(house, FRIDAY)
    refused = await confirm(house, "declare", FRIDAY, MORNING, by=KEEPER, door="refusals")
    assert (refused.status_code, refused.json()["waits"], refused.json()["working"]) == (200, False, True)
    gone = await confirm(house, "declare", FRIDAY, MORNING)
    assert (gone.status_code, gone.json()["code"]) == (409, "proposal-unknown")


async def test_one_document_told_twice_is_one_declaration(fresh_house: House) -> None:
    """The second time has another instant when nobody says when it was announced; one withdrawal undoes both."""
    house = fresh_house
    first = (await declare(house, FRIDAY)).json()
    house.clock.forward(minutes=1)
    again = (await propose(house, FRIDAY, by=OTHER_KEEPER)).json()
    assert again == first
    listed = (await house.get("/v1/calendar")).json()["declarations"]
    assert [each["counts"] for each in listed if each["day"] == str(FRIDAY)] == [True]
    assert (await withdraw(house, FRIDAY, MORNING)).json()["working"] is True


async def test_a_year_is_listed_with_its_documents(fresh_house: House) -> None:
    house = fresh_house
    await declare(house, FRIDAY, announced_at=MORNING - timedelta(days=1))
    await declare(house, FRIDAY, "worked")
    told = (await house.get("/v1/calendar")).json()
    assert (told["year"], told["provisional"], told["version"]) == (2023, False, house.declaring.version)
    of_day = [each for each in told["declarations"] if each["day"] == str(FRIDAY)]
    assert [(each["kind"], each["counts"]) for each in of_day] == [("off", False), ("worked", True)]
    tet = next(each for each in told["declarations"] if each["day"] == "2023-01-20")
    assert (tet["document"], tet["announced_at"]) == (
        "Công văn 8056/VPCP-KGVX; Thông báo 5034/TB-LĐTBXH",
        "2022-12-01T00:00:00+07:00",
    )
    empty = (await house.get("/v1/calendar?year=2031")).json()
    assert (empty["provisional"], empty["declarations"]) == (True, [])
    assert told["by_law"] == []
    assert empty["by_law"][0] == {
        "day": "2031-01-01",
        "document": "Bộ luật Lao động 45/2019/QH14, điều 112",
        "vi": "Tết Dương lịch",
        "en": "New Year's Day",
    }


async def test_a_repeat_gets_the_first_answer_and_a_key_is_good_for_one_command(fresh_house: House) -> None:
    house = fresh_house
    first = await propose(house, FRIDAY, key="k")
    confirmed = await confirm(house, "declare", FRIDAY, MORNING, key="k")
    await withdraw(house, FRIDAY, MORNING)
    again = await propose(house, FRIDAY, key="k", announced_at=MORNING)
    assert (again.status_code, again.json()["version"]) == (200, first.json()["version"])
    again = await confirm(house, "declare", FRIDAY, MORNING, key="k")
    assert (again.status_code, again.json()["version"]) == (200, confirmed.json()["version"])
    for other in (
        await propose(house, SATURDAY, key="k"),
        await confirm(house, "declare", FRIDAY, MORNING, by=KEEPER, key="k"),
        await confirm(house, "withdraw", FRIDAY, MORNING, key="k"),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"kind": "worked"}, 422, "day-not-off", "day"),
        ({"kind": "worked", "day": "2023-03-04"}, 422, "worked-day-not-in-the-future", "day"),
        ({"announced_at": "2023-03-08T09:00:00+07:00"}, 422, "announced-in-the-future", "announced_at"),
        ({"day": "9999-12-31"}, 422, "day-too-far", "day"),
        ({"document": "nghỉ bù cho ông A"}, 422, "invalid", "document"),
        ({"document": "1/QĐ-A\n2/QĐ-B"}, 422, "invalid", "document"),
        ({"day": "2023-W10-5"}, 422, "invalid", "day"),
        ({"announced_at": 1678150000}, 422, "invalid", "announced_at"),
        ({"announced_at": "2023-03-06T09:00:00"}, 422, "invalid", "announced_at"),
        ({"announced_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid", "announced_at"),
        ({"kind": "half"}, 422, "invalid", "kind"),
        ({"about": "free text"}, 422, "invalid", "about"),
    ],
)
async def test_what_is_refused_has_a_code_and_names_its_field(
    house: House, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    body = {
        "day": str(FRIDAY),
        "kind": "off",
        "document": DOCUMENT,
        "announced_at": "2023-03-07T09:00:00+07:00",
    }
    answer = await ask(house, "declarations", {**body, **change}, KEEPER)
    problem = answer.json()
    named = problem.get("field") or problem["errors"][0]["field"]
    assert (answer.status_code, problem["code"], named) == (status, code, field), problem


async def test_what_another_declaration_says_of_the_same_instant_is_a_conflict(fresh_house: House) -> None:
    await declare(fresh_house, SATURDAY)
    answer = await declare(fresh_house, SATURDAY, "worked")
    assert (answer.status_code, answer.json()["code"]) == (409, "declared-otherwise")
    unknown = await withdraw(fresh_house, date(2023, 3, 13), MORNING)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "day-not-declared")


async def test_before_the_first_recount_there_is_none(fresh_house: House) -> None:
    told = (await fresh_house.get("/v1/calendar/recount")).json()
    assert (told["recount_id"], told["version"], told["finished_at"]) == (None, 0, None)


@pytest.mark.parametrize(
    ("on", "lacking"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2027, 1, 1), True),
        (date(2027, 6, 1), True),
    ],
)
def test_a_year_without_declarations_is_an_alarm_from_november_of_the_year_before(
    on: date, lacking: bool
) -> None:
    assert lacks_a_year(shipped(), on) is lacking


def test_the_alarm_ends_when_the_yearly_choices_are_declared() -> None:
    """One day does not make a declared year: Tết and the neighbour of 2 September do."""
    new_year, tet, second = date(2027, 1, 1), date(2027, 2, 8), date(2027, 9, 3)
    december = date(2026, 12, 1)
    assert lacks_a_year(Calendar(shipped().off | {new_year}, shipped().worked), december)
    assert not lacks_a_year(Calendar(shipped().off | {tet, second}, shipped().worked), december)
