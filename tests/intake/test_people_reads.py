"""Reading the people behind dossiers: so many a minute, never unseen, and shown to the supervisor of the office."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.log.migrations import migrate
from tests.databases import Database
from tests.intake.conftest import OFFICE, Front, Process, body

OTHER_OFFICE = "H29.016.00"
NewDatabase = Callable[..., Database]


async def read(front: Front, dossier_id: Any, subject: str = "an", **claims: Any) -> httpx.Response:
    headers = front.headers(claims.pop("role", "officer"), subject, **{"office": OFFICE, **claims})
    path = f"/v1/people/{dossier_id}"
    return await front.client.get(path, params={"purpose": "reception"}, headers=headers)


async def reads(front: Front, office: str = OFFICE, role: str = "supervisor", **query: Any) -> httpx.Response:
    headers = front.headers(role, "em", office=office)
    return await front.client.get("/v1/people-reads", params=query, headers=headers)


async def filed(front: Front, key: str, office: str = OFFICE) -> str:
    told = body(office=office, procedure="1.009974")  # which both offices take
    dossier_id: str = (await front.file(told, key=key)).json()["dossier_id"]
    return dossier_id


async def test_reads_of_people_are_bounded_per_caller(process: Process) -> None:
    async with process(people_reads_per_minute=3) as front:
        dossiers = [await filed(front, f"k{number}") for number in range(2)]
        answers = [await read(front, dossiers[number % 2]) for number in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["code"] == "too-many-requests"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 20
        assert (await read(front, dossiers[0], "binh")).status_code == 200, "nobody else is kept waiting"
        # Whoever has no right is bounded as well: a search for ids costs as much as reading.
        strangers = [
            (await read(front, dossiers[0], "chi", office=OTHER_OFFICE)).status_code for _ in range(4)
        ]
        assert strangers == [404, 404, 404, 429]
        assert len((await reads(front)).json()["items"]) == 4


async def test_the_supervisor_sees_who_read_whom_for_what(front: Front) -> None:
    first, second = [await filed(front, key) for key in ("a", "b")]
    elsewhere = await filed(front, "c", OTHER_OFFICE)
    for dossier_id, subject in ((first, "an"), (second, "an"), (first, "binh")):
        assert (await read(front, dossier_id, subject)).status_code == 200
    assert (await read(front, second, "em", role="supervisor")).status_code == 200
    assert (await read(front, elsewhere, "an", office=OTHER_OFFICE)).status_code == 200

    async def seen(**query: Any) -> list[tuple[str, str]]:
        answer = await reads(front, **query)
        assert answer.status_code == 200, answer.text
        return [(each["actor"], each["dossier_id"]) for each in answer.json()["items"]]

    everything = [
        ("supervisor/em", second),
        ("officer/binh", first),
        ("officer/an", second),
        ("officer/an", first),
    ]
    assert await seen() == everything
    assert await seen(officer="an") == everything[2:]
    assert await seen(officer="em") == everything[:1]
    assert await seen(dossier_id=first) == [everything[1], everything[3]]
    assert await seen(dossier_id=elsewhere) == [], "another office's is as if it were not there"
    assert await seen(office=OTHER_OFFICE) == [("officer/an", elsewhere)]
    assert await seen(office="") == []
    (latest, *_) = (await reads(front)).json()["items"]
    assert latest["purpose"] == "reception"
    today = latest["at"][:10]
    assert await seen(**{"from": today, "to": today}) == everything
    assert await seen(to="2023-01-01") == await seen(**{"from": "2999-01-01"}) == []


async def test_what_was_read_is_paged(front: Front) -> None:
    dossiers = [await filed(front, f"k{number}") for number in range(5)]
    for dossier_id in dossiers:
        await read(front, dossier_id)
    found, cursor = [], ""
    while True:
        page = (await reads(front, cursor=cursor, limit=2)).json()
        found += [each["dossier_id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == dossiers[::-1]
    for wrong in ("x", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        answer = await reads(front, cursor=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


@pytest.mark.parametrize("role", ["portal", "officer", "importer", "operator", "calendar"])
async def test_only_a_supervisor_sees_what_was_read(front: Front, role: str) -> None:
    answer = await reads(front, role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_a_stranger_at_somebody_elses_dossier_leaves_a_line(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    """404, as if it were not there, and yet known to whoever reads the log; one that is not there is no denial."""
    dossier_id = await filed(front, "k")
    with caplog.at_level(logging.WARNING):
        await front.status(dossier_id, subject="another")
        assert (await read(front, dossier_id, office=OTHER_OFFICE)).status_code == 404
        await front.status("01890000-0000-7000-8000-000000000000", subject="another")
    lines: list[Any] = [record for record in caplog.records if record.message == "denied"]
    assert [(line.fields["actor"], line.fields["code"], line.fields["route"]) for line in lines] == [
        ("portal/another", "dossier-unknown", "/v1/dossiers/{dossier_id}"),
        ("officer/an", "dossier-unknown", "/v1/people/{dossier_id}"),
    ]


async def test_what_was_read_before_is_shown_too(database: NewDatabase) -> None:
    """Lines of before bear no office: the migration takes it from the submission."""
    made, dossier_id = database("intake", migrated=False), uuid7()
    await asyncio.to_thread(migrate, "intake", made.owner_dsn, "0007")
    connection = await asyncpg.connect(made.admin_dsn)
    await connection.execute(
        "INSERT INTO events (position, stream_id, version, event_id, command_id, index, type, schema_version, occurred_at, "
        "recorded_at, actor, data) SELECT 1, $1, 1, $1, $1, 0, 'DossierSubmitted', 1, now(), now(), 'portal/p', $2::json",
        dossier_id,
        json.dumps({"office": OFFICE}),
    )
    line = "INSERT INTO people_access (actor, dossier_id, purpose) VALUES ('officer/an', $1, 'audit')"
    await connection.execute(line, dossier_id)
    await asyncio.to_thread(migrate, "intake", made.owner_dsn)
    found = await connection.fetch(
        "SELECT actor, dossier_id FROM people_reads($1, NULL, NULL, NULL, NULL, 99, 9)", OFFICE
    )
    await connection.close()
    assert [tuple(row) for row in found] == [("officer/an", dossier_id)]
