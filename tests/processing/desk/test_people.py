"""Who has a dossier: taken, assigned, handed over, transferred, one by one and many at once, on the real PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.processing.conftest import HANDLER, OFFICER, STRANGER, SUPERVISOR, House, Member
from tests.processing.examples import BINH, OFFICE, OTHER_UNIT, UNIT

COLLEAGUE: Member = ("officer", BINH, OFFICE, UNIT)
HEAD_OF_THE_OTHER: Member = ("supervisor", "em", "", OTHER_UNIT)
THU_LY = {"unit": UNIT, "step": "thu_ly"}


async def accepted(house: House, count: int = 1) -> list[UUID]:
    dossiers = await house.submitted(count)
    for dossier in dossiers:
        assert (await house.act(dossier, "accept", {"unit": UNIT})).status_code == 200
    return dossiers


async def holder(house: House, dossier: UUID) -> tuple[str, str | None]:
    row = await house.pool.fetchrow("SELECT unit, officer FROM dossiers WHERE dossier_id = $1", dossier)
    return row["unit"], row["officer"]


def code(answer: httpx.Response) -> str | None:
    return None if answer.status_code == 200 else str(answer.json()["code"])


async def test_who_takes_a_dossier_acts_on_it_and_no_colleague_does(house: House) -> None:
    (dossier,) = await accepted(house)
    assert code(await house.act(dossier, "take", by=COLLEAGUE, version=1)) is None
    assert await holder(house, dossier) == (UNIT, BINH)
    for command, body in (("forward", THU_LY), ("take", {}), ("hand-over", {"officer": "an"})):
        refused = await house.act(dossier, command, body, by=OFFICER, version=2)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-the-holder"), command
    assert code(await house.act(dossier, "forward", THU_LY, by=COLLEAGUE, version=2)) is None


async def test_what_the_caller_has_already_is_taken_quietly(house: House) -> None:
    (dossier,) = await accepted(house)
    for version in (1, 2):
        taken = await house.act(dossier, "take", version=version)
        assert (taken.status_code, taken.json()["version"]) == (200, 2)


async def test_a_dossier_that_is_handed_over_is_the_colleagues(house: House) -> None:
    (dossier,) = await accepted(house)
    await house.act(dossier, "take", version=1)
    assert code(await house.act(dossier, "hand-over", {"officer": BINH}, version=2)) is None
    assert await holder(house, dossier) == (UNIT, BINH)
    assert code(await house.act(dossier, "forward", THU_LY, version=3)) == "not-the-holder"


async def test_the_supervisor_assigns_whoever_has_it(house: House) -> None:
    (dossier,) = await accepted(house)
    await house.act(dossier, "take", version=1)
    assigned = await house.act(dossier, "assign", {"officer": BINH}, by=SUPERVISOR, version=2)
    assert code(assigned) is None
    assert await holder(house, dossier) == (UNIT, BINH)
    for by, refused in (
        (OFFICER, (403, "not-the-supervisor")),
        (HEAD_OF_THE_OTHER, (404, "dossier-unknown")),
        (STRANGER, (404, "dossier-unknown")),
    ):
        answer = await house.act(dossier, "assign", {"officer": "an"}, by=by, version=3)
        assert (answer.status_code, code(answer)) == refused


async def test_a_transferred_dossier_is_the_other_units_and_its_step_goes_on(house: House) -> None:
    (dossier,) = await accepted(house)
    await house.act(dossier, "forward", THU_LY, version=1)
    await house.act(dossier, "take", version=2)
    moved = await house.act(dossier, "transfer", {"unit": OTHER_UNIT}, by=SUPERVISOR, version=3)
    assert (moved.json()["status"], moved.json()["version"]) == ("in_processing", 4)
    assert await holder(house, dossier) == (OTHER_UNIT, None)
    assert code(await house.act(dossier, "take", version=4)) == "not-the-holder"
    assert code(await house.act(dossier, "take", by=HANDLER, version=4)) is None
    slip = (await house.get(f"/v1/dossiers/{dossier}/control-slip")).json()
    assert [step["step"] for step in slip["steps"]] == ["intake", "tiep_nhan", "thu_ly"]


@pytest.mark.parametrize("command", ["take", "assign", "hand-over", "transfer"])
async def test_nobody_has_what_is_not_accepted_or_has_ended(house: House, command: str) -> None:
    body: dict[str, Any] = {"take": {}, "transfer": {"unit": OTHER_UNIT}}.get(command, {"officer": BINH})
    (waiting,) = await house.submitted()
    (ended,) = await accepted(house)
    await house.act(ended, "resolve", {"outcome": "granted"}, version=1)
    by = SUPERVISOR if command in ("assign", "transfer") else OFFICER
    assert code(await house.act(waiting, command, body, by=by)) == "not-while-submitted"
    assert code(await house.act(ended, command, body, by=by, version=2)) == "not-while-resolved"


async def test_a_key_is_good_for_one_holder(house: House) -> None:
    (dossier,) = await accepted(house)
    await house.act(dossier, "assign", {"officer": BINH}, by=SUPERVISOR, version=1, key="k")
    other = await house.act(dossier, "assign", {"officer": "chi"}, by=SUPERVISOR, version=1, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def items(dossiers: list[UUID], act: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"dossier_id": str(dossier), "acts": [act]} for dossier in dossiers]


async def test_many_are_accepted_and_the_refused_one_holds_nobody_up(house: House) -> None:
    first, last = await house.submitted(2)
    (elsewhere,) = await house.submitted(office="H29.016.00")
    answers = await house.bulk(items([first, elsewhere, last], {"act": "accept", "unit": UNIT}), by=OFFICER)
    assert [a["dossier_id"] for a in answers] == [str(first), str(elsewhere), str(last)]
    assert [(a["outcome"], a.get("code"), a.get("version")) for a in answers] == [
        ("recorded", None, 1),
        ("refused", "not-yet-known", None),
        ("recorded", None, 1),
    ]
    assert await house.desk.store.load(elsewhere) == []


async def test_many_are_assigned_and_the_refused_one_holds_nobody_up(house: House) -> None:
    first, moved, last = await accepted(house, 3)
    await house.act(moved, "transfer", {"unit": OTHER_UNIT}, by=SUPERVISOR, version=1)
    asked = items([first, moved, last], {"act": "assign", "officer": BINH})
    answers = await house.bulk(asked, by=SUPERVISOR)
    assert [(a["outcome"], a.get("code")) for a in answers] == [
        ("recorded", None),
        ("refused", "not-the-holder"),
        ("recorded", None),
    ]
    assert [await holder(house, d) for d in (first, moved, last)] == [
        (UNIT, BINH),
        (OTHER_UNIT, None),
        (UNIT, BINH),
    ]
    again = await house.bulk(asked, by=SUPERVISOR)
    assert [a["outcome"] for a in again] == ["repeated", "refused", "repeated"]
    assert {a["code"] for a in await house.bulk(asked[:1], by=OFFICER)} == {"not-the-supervisor"}


async def test_many_are_forwarded_and_the_refused_one_holds_nobody_up(house: House) -> None:
    first, of_a_colleague, last = await accepted(house, 3)
    await house.act(of_a_colleague, "take", by=COLLEAGUE, version=1)
    forward = {"act": "forward", **THU_LY}
    answers = await house.bulk(items([first, of_a_colleague, last], forward), by=OFFICER)
    assert [(a["outcome"], a.get("code"), a.get("version")) for a in answers] == [
        ("recorded", None, 2),
        ("refused", "not-the-holder", None),
        ("recorded", None, 2),
    ]
    rows = [(await house.get(f"/v1/dossiers/{d}")).json()["status"] for d in (first, of_a_colleague, last)]
    assert rows == ["in_processing", "accepted", "in_processing"]


async def test_one_item_accepts_and_assigns_or_does_nothing(house: House) -> None:
    dossier, other = await house.submitted(2)
    accept, assign = {"act": "accept", "unit": UNIT}, {"act": "assign", "officer": BINH}
    (refused,) = await house.bulk([{"dossier_id": str(other), "acts": [accept, assign]}], by=OFFICER)
    assert (refused["outcome"], refused["code"]) == ("refused", "not-the-supervisor")
    assert await house.desk.store.load(other) == []
    (done,) = await house.bulk([{"dossier_id": str(dossier), "acts": [accept, assign]}], by=SUPERVISOR)
    assert (done["outcome"], done["version"]) == ("recorded", 2)
    assert await holder(house, dossier) == (UNIT, BINH)
