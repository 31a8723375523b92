"""The people store: who may read it, what it leaves behind, and what it says on `contacts`."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from contracts.envelope import json_object, read
from services.chassis.kafka.feeds import read_after
from services.chassis.log.event_store import StoredEvent
from services.intake.outgoing import outgoing as of_intake
from services.intake.people.store import CONTACTS
from tests.filled import filled
from tests.intake.conftest import CODE_KEY, Front, act, body
from tests.intake.test_acting import REQUEST
from tests.intake.test_following import delivered, hear

OFFICE = "H29.015.00"
outgoing = of_intake(CODE_KEY)


async def person(
    front: Front, dossier_id: Any, role: str = "officer", purpose: str = "reception", office: str = OFFICE
) -> httpx.Response:
    headers = front.headers(role, "o1", office=office)
    return await front.client.get(f"/v1/people/{dossier_id}", params={"purpose": purpose}, headers=headers)


async def test_reading_a_person_leaves_a_line(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = (await front.file()).json()["dossier_id"]
    answer = await person(front, dossier_id)
    assert answer.json() == {
        "dossier_id": dossier_id,
        "office": OFFICE,
        "name": "Nguyễn Văn Thử",
        "identifier_kind": "cccd",
        "identifier_number": "097090123456",
        "email": "thu@example.vn",
        "phone": "+84912345678",
        "content": body()["content"],
        "owner": None,
        "supplements": [],
        "papers": [],
        "words": [],
    }
    (line,) = await admin.fetch("SELECT actor, dossier_id, purpose FROM people_access")
    assert tuple(line) == ("officer/o1", UUID(dossier_id), "reception")


OWNER = {
    "name": "Công ty Thử Nghiệm",
    "identifier": {"kind": "tax_code", "number": "0123456789"},
    "phone": "0987654321",
}


async def test_an_officer_sees_the_owner_and_what_was_brought(front: Front) -> None:
    dossier_id = (await front.file(body(owner=OWNER))).json()["dossier_id"]
    await hear(front, [delivered(UUID(dossier_id), 1, "SupplementRequested", **REQUEST)])
    assert (await act(front, dossier_id, "supplements", {"content": {"grade": "III"}})).status_code == 201
    seen = (await person(front, dossier_id)).json()
    assert seen["name"] == "Nguyễn Văn Thử"
    assert seen["owner"] == {
        "name": "Công ty Thử Nghiệm",
        "identifier_kind": "tax_code",
        "identifier_number": "0123456789",
        "email": None,
        "phone": "+84987654321",
    }
    assert seen["supplements"] == [{"sequence": 2, "content": {"grade": "III"}}]


async def test_notices_go_to_the_submitter_and_no_event_names_the_owner(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    await front.file(body(owner=OWNER))
    ((_, contact),) = await CONTACTS.read(front.pool, 0, 10)
    assert contact.value is not None
    assert json_object(contact.value)["name"] == "Nguyễn Văn Thử"
    written = str([dict(row) for row in await admin.fetch("SELECT * FROM events")])
    assert "0123456789" not in written and "Công ty" not in written


async def test_another_owner_is_another_body(front: Front) -> None:
    await front.file(body(owner=OWNER))
    assert (await front.file(body(owner=OWNER))).status_code == 201
    answer = await front.file(body())
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    bad = await front.file(body(owner={"name": "A"}), key="other")
    assert (bad.status_code, bad.json()["field"]) == (422, "owner.identifier")


async def test_nobody_else_reads_a_person(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = (await front.file()).json()["dossier_id"]
    for office in ("H29.016.00", ""):
        assert (await person(front, dossier_id, office=office)).status_code == 404
    for role in ("portal", "importer", "operator"):
        assert (await person(front, dossier_id, role)).status_code == 403
    assert (await person(front, dossier_id, purpose="curiosity")).status_code == 422
    assert (await person(front, UUID(int=1))).status_code == 404
    assert await admin.fetchval("SELECT count(*) FROM people_access") == 0


async def test_the_service_cannot_read_identifiers_or_contents_past_the_access_log(front: Front) -> None:
    await front.file()
    for statement in (
        "SELECT identifier_number FROM applicants",
        "SELECT * FROM applicants",
        "SELECT content FROM filings",
        "SELECT * FROM people_access",
        "SELECT * FROM imported_cases",
        "INSERT INTO people_access (actor, dossier_id, purpose) SELECT 'x', stream_id, 'audit' FROM events",
        "DELETE FROM people_access",
        "UPDATE applicants SET name = 'x'",
        "INSERT INTO contact_changes SELECT 1, stream_id FROM events",
        "DELETE FROM events",
        "UPDATE steps SET status = 'x'",
        "TRUNCATE steps",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await front.pool.execute(statement)


async def test_a_contact_is_published_as_it_is_now(front: Front, admin: asyncpg.Connection[Any]) -> None:
    for key in ("a", "b"):
        await front.file(key=key)
    first, second = await CONTACTS.read(front.pool, 0, 10)
    assert (first[0], second[0]) == (1, 2)
    message = second[1]
    assert message.topic == "contacts"
    assert message.value is not None
    assert json_object(message.value) == {
        "applicant_id": message.key.decode(),
        "change": 2,
        "name": "Nguyễn Văn Thử",
        "email": "thu@example.vn",
        "phone": "+84912345678",
    }
    assert await CONTACTS.read(front.pool, 1, 10) == [second]
    await admin.execute("DELETE FROM applicants WHERE applicant_id = $1", UUID(message.key.decode()))
    (_, erased) = (await CONTACTS.read(front.pool, 1, 10))[0]
    assert (erased.key, erased.value, list(erased.headers)) == (message.key, None, [("change", b"2")])


async def logged(front: Front) -> list[StoredEvent]:
    return await read_after(front.pool, 0, 100)


async def test_every_stored_event_is_one_message(front: Front) -> None:
    await front.file()
    await front.import_cases(
        [
            {
                "source": "old",
                "case": "1",
                "procedure": "1.009982",
                "office": OFFICE,
                "channel": "postal",
                "submitted_at": "2023-01-03T08:00:00+07:00",
            }
        ]
    )
    live, imported = await logged(front)
    for stored, origin, change in ((live, None, 1), (imported, "import", 0)):
        message = outgoing(stored)
        attributes = read(message.headers)
        assert (attributes.type, attributes.source, attributes.sequence) == (
            "DossierSubmitted.v1",
            "intake",
            1,
        )
        assert (attributes.origin, attributes.subject) == (origin, stored.stream_id)
        assert message.key == str(stored.stream_id).encode()
        assert message.value is not None
        value = json_object(message.value)
        assert value["contact_change"] == change
        assert value["content_commitment"] == json.loads(stored.data)["content_commitment"]
        assert outgoing(stored) == message
    assert read(outgoing(imported).headers).time.year == 2023


async def test_no_message_carries_personal_data(front: Front) -> None:
    await front.file(body(content=filled(residence_address="12 đường số 3")))
    (stored,) = await logged(front)
    text = str(outgoing(stored))
    for secret in ("Nguyễn", "097090123456", "thu@example.vn", "912345678", "đường"):
        assert secret not in text
