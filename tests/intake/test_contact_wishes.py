"""By which of their addresses applicants are told: what they did not want never leaves the people store."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.intake.people import wishes
from services.intake.people.store import CONTACTS
from tests.intake.conftest import Front, body
from tests.intake.test_contact_changes import ERASE


@pytest.mark.parametrize(
    ("wish", "email", "phone"),
    [
        ({}, "thu@example.vn", "+84912345678"),
        ({"told_by": ["email"]}, "thu@example.vn", None),
        ({"told_by": ["sms"]}, None, "+84912345678"),
        ({"told_by": ["email", "sms"]}, "thu@example.vn", "+84912345678"),
        ({"told_by": []}, None, None),
    ],
)
async def test_who_wants_no_text_messages_is_sent_none(
    front: Front, admin: asyncpg.Connection[Any], wish: dict[str, Any], email: str | None, phone: str | None
) -> None:
    """However often the contact is told; an officer sees both all the same."""
    for _ in range(2):
        assert (await front.file(body(**wish))).status_code == 201, "sent twice"
    whose = await admin.fetchval("SELECT applicant_id FROM applicants")
    await admin.execute("SELECT tell_contact_again($1)", [whose])
    told = [json.loads(message.value or b"") for _, message in await CONTACTS.read(front.pool, 0, 9)]
    assert [(each["email"], each["phone"]) for each in told] == [(email, phone)] * 2
    assert tuple(await admin.fetchrow("SELECT email, phone FROM applicants")) == (
        "thu@example.vn",
        "+84912345678",
    )


async def test_what_is_given_later_is_used_whatever_was_wished(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """The same address once more, too: nothing changed but that it is wanted now."""
    dossier_id = (await front.file(body(told_by=[]))).json()["dossier_id"]
    for _ in range(2):
        await front.pool.fetchval(
            "SELECT set_contact($1, 'thu@example.vn', '+84912345678')", UUID(dossier_id)
        )
    told = [json.loads(message.value or b"") for _, message in await CONTACTS.read(front.pool, 0, 9)]
    assert [(each["email"], each["phone"]) for each in told] == [("thu@example.vn", "+84912345678")] * 2
    assert await admin.fetchval("SELECT count(*) FROM contact_wishes") == 0


async def test_a_wish_about_nobody_is_taken_away(front: Front, admin: asyncpg.Connection[Any]) -> None:
    assert (await front.file(body(told_by=["email"]), key="a")).status_code == 201
    assert (await front.file(body(told_by=[]), key="b")).status_code == 201
    first = await admin.fetchval("SELECT applicant_id FROM contact_changes ORDER BY position LIMIT 1")
    await admin.execute(ERASE, first)
    await wishes.sweep(front.pool)
    assert await admin.fetchval("SELECT count(*) FROM contact_wishes") == 2, "its filing may be on its way"
    await admin.execute("UPDATE contact_wishes SET made_at = made_at - interval '2 days'")
    await wishes.sweep(front.pool)
    assert await admin.fetchval("SELECT count(*) FROM contact_wishes WHERE applicant_id <> $1", first) == 1
    assert await admin.fetchval("SELECT count(*) FROM contact_wishes") == 1


async def test_a_wish_that_is_none_is_refused(front: Front) -> None:
    for wish in (["post"], "email", [1], ["email", "sms", "email"]):
        answer = await front.file(body(told_by=wish))
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"].startswith("told_by")
