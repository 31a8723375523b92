"""A portal's list of its own dossiers: nothing of others, each once, by status, by time, and what has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.intake import own_dossiers
from tests.intake.conftest import Front
from tests.intake.test_following import delivered, hear, life


async def asked(front: Front, subject: str = "s1", role: str = "portal", **query: Any) -> httpx.Response:
    return await front.client.get("/v1/dossiers", params=query, headers=front.headers(role, subject))


async def filed(front: Front, count: int, subject: str = "s1") -> list[UUID]:
    answers = [await front.file(key=f"{subject}-{n}", subject=subject) for n in range(count)]
    return [UUID(answer.json()["dossier_id"]) for answer in answers]


def ids(answer: httpx.Response) -> list[UUID]:
    assert answer.status_code == 200, answer.text
    return [UUID(item["dossier_id"]) for item in answer.json()["items"]]


async def test_a_portal_lists_its_own(front: Front) -> None:
    mine, theirs = await filed(front, 2), await filed(front, 1, "s2")
    answer = await asked(front)
    assert ids(answer) == mine and answer.json()["next"] is None
    assert ids(await asked(front, "s2")) == theirs
    alone = (await front.status(mine[0])).json()
    item = answer.json()["items"][0]
    assert {name: alone[name] for name in item.keys() - {"updated_at"}} == {
        name: told for name, told in item.items() if name != "updated_at"
    }
    for role in ("officer", "operator"):
        assert (await asked(front, role=role)).status_code == 403


async def test_the_cursors_lead_through_all(front: Front) -> None:
    mine, seen, cursor = await filed(front, 5), [], ""
    await filed(front, 1, "s2")
    for _ in range(4):
        answer = await asked(front, limit=2, cursor=cursor)
        seen += ids(answer)
        cursor = answer.json()["next"] or ""
        if not cursor:
            break
    assert seen == mine and not cursor
    assert (await asked(front, cursor="x")).json()["code"] == "cursor-invalid"


async def test_a_status_is_that_of_now(front: Front, monkeypatch: Any) -> None:
    mine = await filed(front, 6)
    await hear(front, [delivered(mine[1], 1, "DossierRejected", reason="incomplete")])
    await hear(front, [delivered(mine[5], 1, "DossierRejected", reason="incomplete")])
    assert ids(await asked(front, status="rejected")) == [mine[1], mine[5]]
    assert ids(await asked(front, status="submitted")) == [mine[0], *mine[2:5]]
    # A page looks at so many: it may be empty, and its cursor goes on.
    monkeypatch.setattr(own_dossiers, "LOOKED_AT_MAX", 2)
    seen, cursor = [], ""
    while True:
        answer = await asked(front, status="rejected", limit=1, cursor=cursor)
        seen += ids(answer)
        if not (cursor := answer.json()["next"] or ""):
            break
    assert seen == [mine[1], mine[5]]


async def test_what_has_changed_since(front: Front) -> None:
    first, second = await filed(front, 2)
    await filed(front, 1, "s2")
    since = datetime.now(UTC)
    assert ids(await asked(front, updated_since=since.isoformat())) == []
    await hear(front, life(second)[:1])
    answer = await asked(front, updated_since=since.isoformat())
    assert ids(answer) == [second] and answer.json()["items"][0]["status"] == "accepted"
    assert datetime.fromisoformat(answer.json()["items"][0]["updated_at"]) >= since
    asked_back = await front.client.post(
        f"/v1/dossiers/{first}/withdrawal",
        json={"reason": "other"},
        headers=front.headers("portal", "s1") | {"idempotency-key": "w"},
    )
    assert asked_back.status_code == 201
    assert ids(await asked(front, updated_since=since.isoformat())) == [first, second]


async def test_a_window_of_submission(front: Front) -> None:
    mine, at = await filed(front, 1), datetime.now(UTC)
    before = (at - timedelta(hours=1)).isoformat()
    assert ids(await asked(front, submitted_from=before)) == mine
    assert ids(await asked(front, submitted_before=before)) == []
    for wrong in (
        {"submitted_from": "yesterday"},
        {"status": "lost"},
        {"office": "H29.015.00"},
        {"limit": 0},
    ):
        assert (await asked(front, **wrong)).json()["code"] == "invalid"


async def test_a_page_reads_its_own_rows_by_their_index(front: Front) -> None:
    await filed(front, 1)
    async with front.pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        args = ("portal/s1", 0, own_dossiers.EARLIEST, own_dossiers.LATEST, 50)
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + own_dossiers.FILED, *args))
        await connection.execute("RESET enable_seqscan")
    assert "events_by_filer" in plan and "Sort" not in plan


async def test_a_caller_with_a_name_has_a_limit_of_its_own(front: Front) -> None:
    """A city behind one address shares the limit of the nameless; a portal does not."""
    code = {"code": "H29.015.00-260302-0001"}
    nameless = [(await front.client.get("/v1/lookup", params=code)).status_code for _ in range(4)]
    named = [
        (await front.client.get("/v1/lookup", params=code, headers=front.headers("portal", who))).status_code
        for who in ("s1", "s1", "s1", "s1", "s2")
    ]
    assert (nameless, named) == ([404, 404, 404, 429], [404, 404, 404, 429, 404])
    wrong = await front.client.get("/v1/lookup", params=code, headers={"authorization": "Bearer x.y.z"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "token-invalid")
