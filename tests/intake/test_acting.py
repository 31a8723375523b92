"""What applicants do after the submission: kept whole, answered the same at each repeat, by nobody for somebody else's dossier."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from contracts.envelope import json_object, read
from services.chassis.kafka.feeds import read_after
from services.intake.outgoing import outgoing as of_intake
from tests.intake.conftest import CODE_KEY, Front, Process, act
from tests.intake.test_following import delivered, hear, life

DOORS = {
    "supplements": {"content": {"grade": "III"}},
    "withdrawal": {"reason": "no_longer_needed"},
    "payments": {"amount": 300_000},
}
WHAT = {"supplements": "SupplementProvided", "withdrawal": "WithdrawalRequested", "payments": "FeePaid"}


REQUEST = {
    "papers": [{"paper": 1, "fault": "missing"}],
    "deadline_on": "2026-04-01",
    "clock": "paused",
    "due_on": None,
}


async def filed(front: Front, door: str = "", key: str = "k") -> UUID:
    """A dossier, and for the door of supplements one of which papers are asked for: processing's first act."""
    dossier_id = UUID((await front.file(key=key)).json()["dossier_id"])
    if door == "supplements":
        await hear(front, [delivered(dossier_id, 1, "SupplementRequested", **REQUEST)])
    return dossier_id


def role_of(door: str) -> str:
    return "officer" if door == "payments" else "portal"


@pytest.mark.parametrize("door", DOORS)
async def test_an_act_is_recorded_and_told(front: Front, door: str) -> None:
    dossier_id = await filed(front, door)
    answer = await act(front, dossier_id, door, DOORS[door], role=role_of(door))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["dossier_id"], told["what"]) == (str(dossier_id), WHAT[door])
    assert (told["outcome"], told["sequence"]) == ("recorded", 2)
    stored = (await read_after(front.pool, 1, 10))[0]
    message = of_intake(CODE_KEY)(stored)
    assert read(message.headers).type == f"{WHAT[door]}.v1"
    assert message.value is not None
    value = json_object(message.value)
    expected: dict[str, dict[str, Any]] = {
        "supplements": {"request": 1},
        "withdrawal": {"reason": "no_longer_needed"},
        "payments": {"amount": 300_000, "currency": "VND", "method": "in_person"},
    }
    assert expected[door].items() <= value.items()
    assert "ended" not in value


@pytest.mark.parametrize("door", DOORS)
async def test_a_repeated_act_gets_the_first_answer(process: Process, door: str) -> None:
    """Also from another process, after the dossier has ended, and when both come at once."""
    async with process() as here, process() as there:
        dossier_id = await filed(here, door)
        role = role_of(door)
        first, second = await asyncio.gather(
            act(here, dossier_id, door, DOORS[door], role=role),
            act(there, dossier_id, door, DOORS[door], role=role),
        )
        await hear(here, [delivered(dossier_id, 2, "DossierRejected", reason="incomplete")])
        third = await act(there, dossier_id, door, DOORS[door], role=role)
    assert first.status_code == 201
    assert first.content == second.content == third.content


@pytest.mark.parametrize("door", DOORS)
async def test_a_key_is_good_for_one_act(front: Front, admin: asyncpg.Connection[Any], door: str) -> None:
    dossier_id, role = await filed(front, door), role_of(door)
    other = await filed(front, door, key="other")
    await act(front, dossier_id, door, DOORS[door], role=role)
    bodies = {
        "supplements": {"content": {}},
        "withdrawal": {"reason": "other"},
        "payments": {"amount": 1},
    }
    for target, told in ((dossier_id, bodies[door]), (other, DOORS[door])):
        answer = await act(front, target, door, told, role=role)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await admin.fetchval("SELECT count(*) FROM events") == 3


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("end", ["DossierRejected", "DossierWithdrawn", "DossierResolved"])
async def test_an_act_on_an_ended_dossier_is_kept(front: Front, door: str, end: str) -> None:
    dossier_id = await filed(front, door)
    said = {"reason": "incomplete", "request": None, "due_on": None}
    await hear(front, [delivered(dossier_id, 2, end, **said)])
    before = (await front.status(dossier_id)).json()
    answer = await act(front, dossier_id, door, DOORS[door], role=role_of(door))
    assert (answer.status_code, answer.json()["outcome"]) == (201, "already_ended")
    after = (await front.status(dossier_id)).json()
    assert [one["what"] for one in after["history"]].count(WHAT[door]) == 1
    assert {**after, "history": []} == {**before, "history": []}


@pytest.mark.parametrize("door", DOORS)
async def test_nobody_acts_on_anothers_dossier(
    front: Front, admin: asyncpg.Connection[Any], door: str
) -> None:
    dossier_id, told = await filed(front), DOORS[door]
    unknown = await act(front, uuid7(), door, told, role="officer")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "dossier-unknown")
    elsewhere = await act(front, dossier_id, door, told, role="officer", office="H29.016.00")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "dossier-unknown")
    stranger = await act(front, dossier_id, door, told, subject="s2")
    assert stranger.status_code == (403 if door == "payments" else 404)
    for role in ("supervisor", "importer", "operator"):
        assert (await act(front, dossier_id, door, told, role=role)).status_code == 403
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


@pytest.mark.parametrize("door", DOORS)
async def test_the_desk_of_the_office_acts_for_who_comes(front: Front, door: str) -> None:
    answer = await act(front, await filed(front, door), door, DOORS[door], role="officer", subject="o1")
    assert answer.status_code == 201
    assert (await read_after(front.pool, 1, 10))[0].actor == "officer/o1"


@pytest.mark.parametrize(
    ("door", "told", "field"),
    [
        ("supplements", {"content": []}, "content"),
        ("supplements", {}, "content"),
        ("withdrawal", {"reason": "because"}, "reason"),
        ("withdrawal", {"reason": "other", "text": "free"}, "text"),
        ("payments", {"amount": 0}, "amount"),
        ("payments", {"amount": "1"}, "amount"),
        ("payments", {"amount": 1, "currency": "dong"}, "currency"),
    ],
)
async def test_each_field_of_an_act_is_checked(
    front: Front, door: str, told: dict[str, Any], field: str
) -> None:
    answer = await act(front, await filed(front), door, told, role="officer")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_act_needs_a_key(front: Front) -> None:
    answer = await act(front, await filed(front), "withdrawal", DOORS["withdrawal"], key="")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


async def test_a_supplement_names_the_request_that_is_open(front: Front) -> None:
    dossier_id = await filed(front)
    await hear(front, [life(dossier_id)[0], delivered(dossier_id, 2, "SupplementRequested", **REQUEST)])
    await act(front, dossier_id, "supplements", DOORS["supplements"], key="1")
    back = {"status": "accepted", "due_on": "2026-04-20"}
    await hear(front, [delivered(dossier_id, 3, "SupplementAccepted", **back)])
    await act(front, dossier_id, "supplements", DOORS["supplements"], key="2")
    events = await read_after(front.pool, 1, 10)
    assert [json.loads(stored.data)["request"] for stored in events] == [2, None]


@pytest.mark.parametrize(
    "after", [[], ["DossierAccepted"], ["DossierAccepted", "DossierForwarded", "DossierResolved"]]
)
async def test_what_nobody_asked_for_is_refused(front: Front, after: list[str]) -> None:
    """Whatever became of the dossier meanwhile; and taken as soon as it is asked for, under the same key."""
    dossier_id, told = await filed(front), {"content": {}}
    if after:
        await hear(front, life(dossier_id)[: len(after)])
    for role in ("portal", "officer"):
        answer = await act(front, dossier_id, "supplements", told, role=role)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing-asked")
    assert len(await read_after(front.pool, 0, 10)) == 1
    await hear(front, [delivered(dossier_id, len(after) + 1, "SupplementRequested", **REQUEST)])
    assert (await act(front, dossier_id, "supplements", told)).status_code == 201


async def test_the_commitment_matches_what_was_brought(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front, "supplements")
    for key, content in (("1", {"grade": "III"}), ("2", {"address": "12 đường số 3"})):
        await act(front, dossier_id, "supplements", {"content": content}, key=key)
    rows = await admin.fetch(
        "SELECT s.sequence, s.content, s.salt, e.data FROM supplements s "
        "JOIN events e ON e.stream_id = s.dossier_id AND e.version = s.sequence ORDER BY s.sequence"
    )
    assert [row["sequence"] for row in rows] == [2, 3]
    for row in rows:
        assert (
            json.loads(row["data"])["content_commitment"]
            == hashlib.sha256(row["salt"] + row["content"]).hexdigest()
        )
        assert "đường" not in row["data"]


async def test_a_supplement_is_kept_whole_or_not_at_all(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front, "supplements")
    await admin.execute("ALTER TABLE supplements ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    assert (await act(front, dossier_id, "supplements", DOORS["supplements"])).status_code == 500
    assert await admin.fetchval("SELECT count(*) FROM events") == 1
    assert await admin.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    await admin.execute("ALTER TABLE supplements DROP CONSTRAINT full_up")
    assert (await act(front, dossier_id, "supplements", DOORS["supplements"])).status_code == 201


async def test_the_service_reads_no_supplement_past_the_access_log(front: Front) -> None:
    for statement in (
        "SELECT content FROM supplements",
        "SELECT owner_name FROM filings",
        "DELETE FROM supplements",
        "INSERT INTO payments SELECT 'x', stream_id, 1, '' FROM events",
        "DELETE FROM payments",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await front.pool.execute(statement)
