"""What a procedure wants of whose dossier it is, by the intake's door; and text as it is kept."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import asyncpg
import pytest

from tests.intake.conftest import Front, body

PASSPORT = {"kind": "passport", "country": "KR", "number": "M12345678"}
REGISTERED = {"kind": "foreign_registration", "country": "DE", "number": "HRB 6684"}
CITIZEN = {"kind": "cccd", "number": "097090123456"}


def filed(procedure: str, identifier: dict[str, str], **changes: Any) -> dict[str, Any]:
    applicant = {"name": "Kim Thu", "identifier": identifier}
    return body(procedure=procedure, applicant=applicant, **changes)


@pytest.mark.parametrize(
    ("procedure", "identifier"), [("1.009987", PASSPORT), ("1.009980", REGISTERED), ("1.009981", REGISTERED)]
)
async def test_foreigners_file_what_is_for_them(
    front: Front, admin: asyncpg.Connection[Any], procedure: str, identifier: dict[str, str]
) -> None:
    answer = await front.file(filed(procedure, identifier))
    assert answer.status_code == 201, answer.text
    kept = await admin.fetchrow("SELECT identifier_kind, identifier_number FROM applicants")
    assert tuple(kept) == (identifier["kind"], f"{identifier['country']} {identifier['number']}")


@pytest.mark.parametrize(
    ("procedure", "identifier"), [("1.009982", PASSPORT), ("1.009987", CITIZEN), ("1.009980", PASSPORT)]
)
async def test_a_procedure_takes_its_own_kinds_of_numbers(
    front: Front, admin: asyncpg.Connection[Any], procedure: str, identifier: dict[str, str]
) -> None:
    answer = await front.file(filed(procedure, identifier))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "identifier-not-taken")
    assert problem["field"] == "applicant.identifier.kind"
    assert identifier["number"] not in answer.text
    assert await admin.fetchval("SELECT count(*) FROM events") == 0


async def test_who_files_for_a_foreigner_may_be_of_here(front: Front) -> None:
    owner = {"name": "Kim Thu", "identifier": PASSPORT}
    assert (await front.file(filed("1.009987", CITIZEN, owner=owner))).status_code == 201
    other = await front.file(filed("1.009982", CITIZEN, owner=owner), key="other")
    assert (other.status_code, other.json()["field"]) == (422, "owner.identifier.kind")


async def test_the_catalogue_says_which_numbers_a_procedure_takes(front: Front) -> None:
    items = (await front.client.get("/v1/procedures")).json()["items"]
    taken = {item["code"]: item["identifiers"] for item in items}
    assert (taken["1.009987"], taken["1.009982"]) == (["passport"], ["cccd", "tax_code"])


async def test_a_name_is_kept_in_one_form(front: Front, admin: asyncpg.Connection[Any]) -> None:
    written = unicodedata.normalize("NFD", json.dumps(body(), ensure_ascii=False)).encode()
    assert (await front.file(written)).status_code == 201
    assert await admin.fetchval("SELECT name FROM applicants") == "Nguyễn Văn Thử"


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u00ad"])
async def test_a_name_with_what_nobody_sees_is_refused(front: Front, unseen: str) -> None:
    applicant = body()["applicant"] | {"name": f"Nguyễn{unseen} Thử"}
    for told in (
        json.dumps(body(applicant=applicant)),
        json.dumps(body(applicant=applicant), ensure_ascii=False),
    ):
        answer = await front.file(told.encode())
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (
            422,
            "text-not-plain",
            "applicant.name",
        )
