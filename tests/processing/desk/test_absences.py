"""Who is absent with whose substitute: decided as a pure function, and over HTTP on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.http.tokens import Caller
from services.processing.desk.absences import Absence, DeclareAbsence, decide, decide_end
from tests.processing.conftest import HANDLER, MORNING, OFFICER, STRANGER, SUPERVISOR, House, Member
from tests.processing.examples import AN, BINH, OFFICE, OTHER_UNIT, UNIT

TODAY = date(2023, 3, 7)
FRIDAY = date(2023, 3, 10)
BINH_OF_THE_UNIT: Member = ("officer", BINH, OFFICE, UNIT)
HEAD, SELF = Caller("dung", "supervisor", UNIT, OFFICE), Caller(AN, "officer", UNIT, OFFICE)
SAID = DeclareAbsence(AN, UNIT, BINH, TODAY, FRIDAY)


def day(after: int) -> date:
    return TODAY + timedelta(days=after)


def absent(officer: str = AN, first: int = 0, last: int = 3, back: int | None = None) -> Absence:
    ended = (day(back), "officer/an", MORNING) if back is not None else (None, None, None)
    return Absence(uuid4(), officer, UNIT, "chi", day(first), day(last), "officer/an", MORNING, *ended)


def refusal(command: DeclareAbsence = SAID, caller: Caller = HEAD, known: list[Absence] | None = None) -> Any:
    refused = decide(command, caller, TODAY, known or [])
    return refused and refused.code


def test_the_supervisor_says_it_of_everybody_and_an_officer_of_themselves() -> None:
    assert refusal() is None
    assert refusal(caller=SELF) is None
    assert refusal(SAID._replace(officer="em"), SELF) == "not-the-supervisor"


@pytest.mark.parametrize("caller", [HEAD, SELF])
def test_an_absence_is_said_in_the_own_unit_alone(caller: Caller) -> None:
    assert refusal(SAID._replace(unit=OTHER_UNIT), caller) == "not-your-unit"
    assert refusal(SAID._replace(unit=OFFICE), caller) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"substitute": AN}, "substitute-is-absent"),
        ({"last_on": day(-1)}, "last-day-before-first"),
        ({"first_on": day(-2), "last_on": day(-1)}, "absence-over"),
        ({"first_on": day(-2), "last_on": TODAY}, None),
        ({"last_on": day(365)}, None),
        ({"last_on": day(366)}, "absence-too-long"),
    ],
)
def test_the_days_of_an_absence_have_sense(change: dict[str, Any], code: str | None) -> None:
    assert refusal(SAID._replace(**change)) == code


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (absent(), "absent-already"),
        (absent(first=3, last=9), "absent-already"),
        (absent(first=4, last=9), None),
        (absent(first=-9, last=-1), None),
        (absent(back=2), "absent-already"),
        (absent(back=0), None),
        (absent(first=2, back=1), None),
        (absent(BINH), "substitute-is-absent"),
        (absent("em"), None),
    ],
)
def test_absences_of_an_officer_do_not_overlap(known: Absence, code: str | None) -> None:
    assert refusal(known=[known]) == code


@pytest.mark.parametrize(
    ("absence", "caller", "back", "code"),
    [
        (absent(), HEAD, 2, None),
        (absent(), SELF, 0, None),
        (absent(first=2), SELF, 0, None),
        (absent("em"), SELF, 2, "not-the-supervisor"),
        (absent(), Caller("x", "supervisor", OTHER_UNIT, ""), 2, "not-your-unit"),
        (absent(back=2), HEAD, 2, "absence-ended"),
        (absent(last=-1, first=-2), HEAD, 0, "absence-over"),
        (absent(), HEAD, -1, "back-before-today"),
        (absent(), HEAD, 4, "back-after-last-day"),
    ],
)
def test_an_absence_ends_early_once(absence: Absence, caller: Caller, back: int, code: str | None) -> None:
    refused = decide_end(absence, caller, day(back), TODAY)
    assert (refused and refused.code) == code


async def post(house: House, path: str, body: dict[str, Any], by: Member, key: str = "") -> httpx.Response:
    headers = house.headers(by) | {"idempotency-key": key or uuid7().hex}
    return await house.client.post(path, json=body, headers=headers)


async def say(house: House, by: Member = SUPERVISOR, key: str = "", **change: Any) -> httpx.Response:
    body = {"officer": AN, "substitute": BINH, "first_on": str(TODAY), "last_on": str(FRIDAY)} | change
    return await post(house, "/v1/absences", body, by, key)


async def end(
    house: House, absence: httpx.Response, by: Member = SUPERVISOR, key: str = "", **body: Any
) -> httpx.Response:
    return await post(house, f"/v1/absences/{absence.json()['absence_id']}/end", body, by, key)


async def taken(house: House) -> UUID:
    """A dossier of the unit that the officer `an` has."""
    (dossier,) = await house.submitted()
    assert (await house.act(dossier, "accept")).status_code == 200
    assert (await house.act(dossier, "take", version=1)).status_code == 200
    return dossier


async def code_of_forwarding(house: House, dossier: UUID, by: Member = BINH_OF_THE_UNIT) -> str | None:
    done = await house.act(dossier, "forward", {"unit": UNIT, "step": "thu_ly"}, by=by, version=2)
    return None if done.status_code == 200 else str(done.json()["code"])


async def test_a_substitute_acts_from_the_first_day_to_the_last(fresh_house: House) -> None:
    early, late, within = [await taken(fresh_house) for _ in range(3)]
    assert await code_of_forwarding(fresh_house, within) == "not-the-holder"
    said = await say(fresh_house, first_on=str(day(1)))
    assert said.status_code == 200
    assert said.json() == {
        "absence_id": said.json()["absence_id"],
        "officer": AN,
        "unit": UNIT,
        "substitute": BINH,
        "first_on": "2023-03-08",
        "last_on": "2023-03-10",
        "said_by": "supervisor/dung",
        "said_at": "2023-03-07T09:00:00+07:00",
        "back_on": None,
        "ended_by": None,
        "ended_at": None,
    }
    assert await code_of_forwarding(fresh_house, early) == "not-the-holder"
    fresh_house.clock.forward(days=3)
    assert await code_of_forwarding(fresh_house, within) is None
    fresh_house.clock.forward(days=1)
    assert await code_of_forwarding(fresh_house, late) == "not-the-holder"


async def test_a_substitute_in_one_unit_is_none_in_another(fresh_house: House) -> None:
    """Else a supervisor could open another unit's dossiers to whom they like."""
    dossier = await taken(fresh_house)
    other: Member = ("supervisor", "x", "", OTHER_UNIT)
    assert (await say(fresh_house, by=other)).status_code == 200
    assert await code_of_forwarding(fresh_house, dossier) == "not-the-holder"


async def test_an_early_end_counts_from_its_day_on_and_keeps_who_said_it(fresh_house: House) -> None:
    before, after = await taken(fresh_house), await taken(fresh_house)
    said = await say(fresh_house)
    ended = await end(fresh_house, said, by=OFFICER, back_on=str(day(1)))
    assert ended.json() == said.json() | {
        "back_on": "2023-03-08",
        "ended_by": "officer/an",
        "ended_at": "2023-03-07T09:00:00+07:00",
    }
    assert await code_of_forwarding(fresh_house, before) is None
    fresh_house.clock.forward(days=1)
    assert await code_of_forwarding(fresh_house, after) == "not-the-holder"
    assert (await fresh_house.get("/v1/absences")).json()["items"] == [ended.json()]
    assert (await say(fresh_house, first_on=str(day(1)))).status_code == 200, "the days are free again"


async def test_an_absence_is_taken_back_before_it_began(fresh_house: House) -> None:
    dossier = await taken(fresh_house)
    said = await say(fresh_house, first_on=str(day(1)))
    back = await end(fresh_house, said)
    assert (back.status_code, back.json()["back_on"]) == (200, str(TODAY))
    fresh_house.clock.forward(days=1)
    assert await code_of_forwarding(fresh_house, dossier) == "not-the-holder"


async def test_a_repeat_gets_the_first_answer_and_another_body_is_refused(fresh_house: House) -> None:
    said = await say(fresh_house, key="k")
    ended = await end(fresh_house, said, key="k")
    fresh_house.clock.forward(days=30)
    again, end_again = await say(fresh_house, key="k"), await end(fresh_house, said, key="k")
    assert (again.status_code, again.json()) == (200, said.json())
    assert (end_again.status_code, end_again.json()) == (200, ended.json())
    other, other_end = (
        await say(fresh_house, key="k", substitute="em"),
        await end(fresh_house, said, key="k", back_on="2023-03-09"),
    )
    for refused in (other, other_end):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await fresh_house.get("/v1/absences?since=2023-01-01")).json()["items"]) == 1


async def test_two_at_once_give_one_substitute(fresh_house: House) -> None:
    answers = await asyncio.gather(*[say(fresh_house, substitute=name) for name in ("binh", "chi", "em")])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


@pytest.mark.parametrize(
    ("by", "change", "status", "code", "field"),
    [
        (OFFICER, {"officer": "em"}, 403, "not-the-supervisor", "officer"),
        (STRANGER, {"unit": UNIT}, 403, "not-your-unit", "unit"),
        (("officer", "nowhere", "", ""), {"officer": None}, 403, "not-your-unit", "unit"),
        (SUPERVISOR, {"substitute": AN}, 422, "substitute-is-absent", "substitute"),
        (SUPERVISOR, {"last_on": "2023-03-06"}, 422, "last-day-before-first", "last_on"),
        (SUPERVISOR, {"last_on": "2025-03-06"}, 422, "absence-too-long", "last_on"),
        (SUPERVISOR, {"first_on": "2023-01-01", "last_on": "2023-03-06"}, 409, "absence-over", "last_on"),
        (SUPERVISOR, {"officer": "no spaces"}, 422, "invalid", "officer"),
        (SUPERVISOR, {"first_on": "07/03/2023"}, 422, "invalid", "first_on"),
        (SUPERVISOR, {"reason": "ill"}, 422, "invalid", "reason"),
    ],
)
async def test_a_refusal_names_its_code_and_field(
    house: House, by: Member, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    refused = await say(house, by=by, **change)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["field"]) == (code, field)
    assert await house.pool.fetchval("SELECT count(*) FROM absences") == 0


async def test_what_is_unknown_or_without_a_key_is_refused(house: House) -> None:
    unknown = await post(house, f"/v1/absences/{uuid4()}/end", {}, SUPERVISOR)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "absence-unknown")
    bare = await house.client.post("/v1/absences", json={}, headers=house.headers(SUPERVISOR))
    assert (bare.status_code, bare.json()["code"]) == (400, "idempotency-key-missing")


async def test_the_list_shows_the_own_units_page_by_page(fresh_house: House) -> None:
    for n in range(3):
        assert (await say(fresh_house, officer=f"o{n}", last_on=str(day(3 - n)))).status_code == 200
    await say(fresh_house, by=("supervisor", "x", "", OTHER_UNIT))
    first = (await fresh_house.get("/v1/absences?limit=2")).json()
    rest = (await fresh_house.get(f"/v1/absences?limit=2&cursor={first['next']}")).json()
    assert [item["officer"] for item in first["items"] + rest["items"]] == ["o2", "o1", "o0"]
    assert rest["next"] is None
    assert [item["unit"] for item in (await fresh_house.get("/v1/absences", by=HANDLER)).json()["items"]] == [
        OTHER_UNIT
    ]
    later = (await fresh_house.get(f"/v1/absences?since={day(3)}")).json()["items"]
    assert [item["officer"] for item in later] == ["o0"]
    for cursor in ("x", f"2023-02-30/{uuid4()}"):
        refused = await fresh_house.get(f"/v1/absences?cursor={cursor}")
        assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


async def test_an_absence_is_never_taken_away_or_rewritten(fresh_house: House) -> None:
    await say(fresh_house)
    for statement in (
        "DELETE FROM absences",
        "UPDATE absences SET substitute = 'em'",
        "UPDATE absences SET last_on = first_on",
        "UPDATE absences SET said_by = 'x'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fresh_house.pool.execute(statement)
