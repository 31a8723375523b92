"""An applicant is reached elsewhere from now on: notify is told, once, and nobody else may say so."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import httpx
import pytest

from tests.intake.conftest import OFFICE, Front
from tests.intake.test_contact_changes import ERASE
from tests.intake.test_words import filed, told

NEW = {"email": "moi@example.org", "phone": "0987654321"}


async def put(
    front: Front, dossier_id: Any, body: Any, role: str = "portal", subject: str = "s1", **claims: str
) -> httpx.Response:
    headers = front.headers(role, subject, **claims)
    return await front.client.put(
        f"/v1/dossiers/{dossier_id}/contact", content=json.dumps(body).encode(), headers=headers
    )


async def changes(admin: asyncpg.Connection[Any]) -> int:
    count: int = await admin.fetchval("SELECT count(*) FROM contact_changes")
    return count


async def test_another_address_is_told_once(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    before = await told(front)
    for _ in range(2):
        assert (await put(front, dossier_id, NEW)).status_code == 204
    after = await told(front)
    assert (after["email"], after["phone"]) == ("moi@example.org", "+84987654321")
    assert (after["name"], after["applicant_id"]) == (before["name"], before["applicant_id"])
    assert after["change"] > before["change"] and await changes(admin) == 2
    assert (
        await put(front, dossier_id, NEW | {"email": None}, "officer", "o1", office=OFFICE)
    ).status_code == 204
    assert (await told(front))["email"] is None and await changes(admin) == 3


async def test_nobody_else_says_how_an_applicant_is_reached(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    dossier_id = await filed(front)
    for role, subject, office in (("portal", "other", ""), ("officer", "o1", "H29.016.00")):
        answer = await put(front, dossier_id, NEW, role, subject, office=office)
        assert (answer.status_code, answer.json()["code"]) == (404, "dossier-unknown")
    for role in ("supervisor", "operator", "importer"):
        assert (await put(front, dossier_id, NEW, role, "x", office=OFFICE)).status_code == 403
    assert await changes(admin) == 1


async def test_who_is_erased_is_reached_nowhere(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    await admin.execute(ERASE, await admin.fetchval("SELECT applicant_id FROM applicants"))
    answer = await put(front, dossier_id, NEW)
    assert (answer.status_code, answer.json()["code"]) == (409, "content-erased")
    assert await told(front) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": "moi@example.org"}, "phone"), (NEW | {"email": "nobody"}, "email"), (NEW | {"name": "x"}, "name")],
)  # fmt: skip
async def test_a_wrong_contact_is_refused_with_its_field(front: Front, body: Any, field: str) -> None:
    answer = await put(front, await filed(front), body)
    assert answer.status_code == 422 and field in answer.text and "nobody" not in answer.text
