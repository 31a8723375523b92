"""A dossier is found by its code, a name or an identifier, by its own office alone, and whoever looks is written down."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from services.intake.people import searching
from tests.intake.conftest import OFFICE, Front, Process, body
from tests.intake.test_people_reads import OTHER_OFFICE, reads


async def filed(
    front: Front, name: str, number: str, office: str = OFFICE, index: bool = True, **more: Any
) -> str:
    told = body(office=office, procedure="1.009974", **more)
    told["applicant"] = {"identifier": {"kind": "cccd", "number": number}, "name": name}
    answer = await front.file(told, key=f"{number} {office}")
    assert answer.status_code == 201, answer.text
    if index:
        await front.pool.fetchval("SELECT index_people(500)")
    return str(answer.json()["dossier_id"])


async def look(front: Front, by: str, asked: str, office: str = OFFICE, **more: Any) -> Any:
    headers = front.headers(more.pop("role", "officer"), more.pop("subject", "an"), office=office)
    told = {"by": by, "asked": asked, "purpose": "reception"} | more
    return await front.client.post("/v1/people-searches", json=told, headers=headers)


async def found(front: Front, by: str, asked: str, office: str = OFFICE) -> list[str]:
    answer = await look(front, by, asked, office)
    assert answer.status_code == 200, answer.text
    return [each["dossier_id"] for each in answer.json()["items"]]


async def test_people_are_found_by_any_word_of_their_name(front: Front) -> None:
    first = await filed(front, "Đặng Thị Ánh Nguyệt", "097190000001")
    second = await filed(front, "Đặng Văn Thử", "097090000002")
    for asked, ids in (
        ("Đặng", [second, first]),
        ("dang thi", [first]),
        ("ĐẶNG  THỊ", [first]),
        ("anh nguyet", [first]),
        ("Nguyệt", [first]),
        ("nguye", [first]),
        ("Đặng Thị Ánh Nguyệt", [first]),
        ("thi nguyet", []),
        ("ang", []),
        ("#0", []),
        ("%_", []),
        ("--", []),
    ):
        assert await found(front, "name", asked) == ids, asked
    assert await found(front, "identifier", "0971 9000 0001") == [first]
    assert await found(front, "identifier", "09719000000") == [], "a whole one alone"
    assert await found(front, "name", "097190000001") == []


async def test_an_owner_and_a_foreigner_are_found_too(front: Front) -> None:
    owner = {"identifier": {"kind": "tax_code", "number": "0301234567"}, "name": "Công ty Thử Nghiệm"}
    dossier = await filed(front, "Lê Văn Thử", "097090000003", owner=owner)
    answer = (await look(front, "name", "thu nghiem")).json()
    assert answer == {
        "items": [{"dossier_id": dossier, "name": "Lê Văn Thử", "owner_name": "Công ty Thử Nghiệm"}],
        "more": False,
    }
    assert await found(front, "identifier", "0301234567") == [dossier]


async def test_nobody_finds_another_offices_people(front: Front) -> None:
    own = await filed(front, "Trần Văn Thử", "097090000004")
    elsewhere = await filed(front, "Trần Văn Thử", "097090000004", OTHER_OFFICE)
    assert await found(front, "name", "tran van thu") == [own]
    assert await found(front, "identifier", "097090000004", OTHER_OFFICE) == [elsewhere]
    assert await found(front, "code", elsewhere) == [] and await found(
        front, "code", own.replace("-", "")
    ) == [own]
    assert await found(front, "name", "tran van thu", "") == []
    for role in ("portal", "operator", "importer"):
        assert (await look(front, "name", "tran", role=role)).json()["code"] == "role-not-allowed"


async def test_a_search_leaves_a_line_for_each_that_it_finds(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    dossiers = {await filed(front, "Phạm Thị Thử", f"09719000000{n}") for n in range(2)}
    await filed(front, "Ai Khác", "097190000009")
    await look(front, "name", "pham", purpose="complaint", subject="binh")
    lines = (await reads(front)).json()["items"]
    assert {(each["dossier_id"], each["purpose"], each["actor"]) for each in lines} == {
        (dossier, "complaint", "officer/binh") for dossier in dossiers
    }


async def test_searches_are_bounded_per_caller(process: Process) -> None:
    async with process(people_reads_per_minute=2) as front:
        answers = [(await look(front, "name", "nobody")).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


async def test_who_was_erased_or_renamed_is_not_found(front: Front, admin: asyncpg.Connection[Any]) -> None:
    erased = await filed(front, "Hồ Văn Thử", "097090000005")
    renamed = await filed(front, "Hồ Thị Thử", "097190000006")
    of = "(SELECT applicant_id FROM filings WHERE dossier_id = $1::text::uuid)"
    await admin.execute(f"DELETE FROM applicants WHERE applicant_id = {of}", erased)
    await admin.execute(f"UPDATE applicants SET name = 'Khác' WHERE applicant_id = {of}", renamed)
    assert await found(front, "name", "ho") == []
    assert await found(front, "name", "khac") == [renamed] == await found(front, "identifier", "097190000006")
    assert await admin.fetchval("SELECT count(*) FROM people_index WHERE term LIKE '%thu%'") == 0


@pytest.mark.parametrize("change", ["DELETE FROM applicants", "UPDATE applicants SET name = 'Khác'"])
async def test_who_is_erased_while_indexed_is_not_found(
    front: Front, admin: asyncpg.Connection[Any], change: str
) -> None:
    await filed(front, "Hồ Văn Thử", "097090000005", index=False)
    async with front.pool.acquire() as indexing:
        async with indexing.transaction():
            await indexing.fetchval("SELECT index_people(500)")
            changing = asyncio.create_task(admin.execute(change))
            waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
            async with asyncio.timeout(10):
                while not await indexing.fetchval(waits):  # noqa: ASYNC110  the database tells it by nothing else
                    await asyncio.sleep(0.01)
        await changing
    assert await found(front, "name", "ho") == []


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"asked": "a"}, "string-too-short"),
        ({"asked": " a "}, "string-too-short"),
        ({"asked": "a" * 201}, "string-too-long"),
        ({"purpose": "curiosity"}, "literal-error"),
        ({"by": "phone"}, "literal-error"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused(front: Front, told: dict[str, str], code: str) -> None:
    answer = await look(front, **({"by": "name", "asked": "ab"} | told))
    assert answer.status_code == 422 and "curiosity" not in answer.text
    assert [each["code"] for each in answer.json()["errors"]] == [code]


async def test_more_than_a_page_is_said(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FOUND_MAX", 1)
    await filed(front, "Vũ Văn Thử", "097090000007")
    last = await filed(front, "Vũ Văn Thử", "097090000008")
    answer = (await look(front, "name", "vu van")).json()
    assert ([each["dossier_id"] for each in answer["items"]], answer["more"]) == ([last], True)
