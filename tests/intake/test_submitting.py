"""Submissions against the real database: one dossier per caller and key, whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.chassis.http.problems import Problem
from services.chassis.log.event_store import EventStore, RepeatKey
from services.intake.outgoing import outgoing
from services.intake.settings import IntakeSettings
from services.intake.submitting import ZONE, Intake, Submission, content_bytes, submit
from tests.filled import filled
from tests.intake.conftest import CODE_KEY, Front, Process, body


async def test_a_submission_is_recorded_and_told(front: Front, admin: asyncpg.Connection[Any]) -> None:
    answer = await front.file()
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert answer.headers["location"] == f"/v1/dossiers/{receipt['dossier_id']}"
    assert (receipt["status"], receipt["version"]) == ("submitted", 1)
    assert datetime.fromisoformat(receipt["submitted_at"]).utcoffset() == timedelta(hours=7)
    event = await admin.fetchrow("SELECT * FROM events")
    assert (event["position"], event["version"], event["actor"]) == (1, 1, "portal/s1")
    assert event["stream_id"] == UUID(receipt["dossier_id"])


async def test_no_personal_data_is_in_the_log(front: Front, admin: asyncpg.Connection[Any]) -> None:
    await front.file(body(content=filled(residence_address="12 đường số 3")))
    written = str([dict(row) for row in await admin.fetch("SELECT * FROM events")])
    written += str([dict(row) for row in await admin.fetch("SELECT * FROM idempotency_keys")])
    for secret in ("Nguyễn", "097090123456", "thu@example.vn", "912345678", "đường"):
        assert secret not in written


async def test_the_commitment_matches_what_is_kept(front: Front, admin: asyncpg.Connection[Any]) -> None:
    await front.file()
    row = await admin.fetchrow(
        "SELECT f.content, f.salt, e.data FROM filings f JOIN events e ON e.stream_id = f.dossier_id"
    )
    commitment = json.loads(row["data"])["content_commitment"]
    assert commitment == hashlib.sha256(row["salt"] + row["content"]).hexdigest()
    assert commitment != hashlib.sha256(row["content"]).hexdigest()
    assert json.loads(row["content"]) == body()["content"]


async def test_changes_of_contacts_are_numbered_without_holes(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """The event names the number; whoever cannot be told takes none."""
    nobody = {"source": "old", "case": "1", "submitted_at": "2023-01-03T08:00:00+07:00"}
    told = {name: member for name, member in body().items() if name not in ("applicant", "content")}
    answer = await front.import_cases([told | nobody])
    assert answer.json()["answers"][0]["outcome"] == "recorded", answer.text
    for key in "abc":
        await front.file(key=key)
    rows = await admin.fetch(
        "SELECT c.position, (e.data ->> 'number')::bigint AS number, a.name FROM contact_changes c "
        "JOIN applicants a USING (applicant_id) JOIN events e ON e.position = c.event_position "
        "AND e.data ->> 'applicant_id' = c.applicant_id::text ORDER BY c.position"
    )
    assert [tuple(row) for row in rows] == [(n, n, "Nguyễn Văn Thử") for n in (1, 2, 3)]


async def test_a_repeat_gets_the_same_answer(front: Front, admin: asyncpg.Connection[Any]) -> None:
    first, second = await front.file(), await front.file()
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers["location"] == second.headers["location"]
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


async def test_a_repeat_in_flight_waits_for_the_first(front: Front, admin: asyncpg.Connection[Any]) -> None:
    # The head of the log is held, so that the first is surely on its way when its repeats come.
    async with admin.transaction():
        await admin.execute("SELECT FROM log_head FOR UPDATE")
        first = asyncio.create_task(front.file())
        await asyncio.sleep(0.2)
        repeats = [asyncio.create_task(front.file()) for _ in range(5)]
        other = await front.file(body(content={"grade": "III"}))
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert not first.done()
    answers = {answer.content for answer in await asyncio.gather(first, *repeats)}
    assert len(answers) == 1
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


async def test_two_processes_at_once_make_one_dossier(
    process: Process, admin: asyncpg.Connection[Any]
) -> None:
    async with process() as here, process() as there:
        answers = await asyncio.gather(
            *(front.file(key=f"k{n}") for n in range(20) for front in (here, there))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert [one.content for one in answers[::2]] == [one.content for one in answers[1::2]]
    assert await admin.fetchval("SELECT count(*) FROM events") == 20
    assert await admin.fetchval("SELECT count(*) FROM filings") == 20


async def test_other_body_is_refused(process: Process) -> None:
    async with process() as here, process() as there:
        await here.file()
        for front in (here, there):
            answer = await front.file(body(content={"grade": "III"}))
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_order_of_members_makes_no_other_request(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """Nor do space, escapes and the form of composed letters."""
    filed = body()
    turned = {name: filed[name] for name in reversed(filed)}
    turned["content"] = {name: filed["content"][name] for name in reversed(filed["content"])}
    same = [
        json.dumps(filed).encode(),
        json.dumps(turned, indent=1, ensure_ascii=False).encode(),
        unicodedata.normalize("NFD", json.dumps(filed, ensure_ascii=False)).encode(),
    ]
    answers = [await front.file(told) for told in same]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


async def test_a_key_that_was_recorded_by_the_bytes_of_its_body_is_still_known(
    process: Process, settings: IntakeSettings, admin: asyncpg.Connection[Any]
) -> None:
    told = json.dumps(body(), indent=2).encode()
    async with process() as before:
        first = await before.file(told)
    mark = hmac.digest(settings.hmac_key.get_secret_value().encode(), told, "sha256")
    await admin.execute("UPDATE idempotency_keys SET body_hmac = $1", mark)
    async with process() as after:
        assert (await after.file(told)).content == first.content


async def test_another_callers_key_is_another_key(front: Front, admin: asyncpg.Connection[Any]) -> None:
    first = await front.file()
    other = await front.file(subject="s2")
    desk = await front.file(body(channel="postal"), role="officer")
    assert len({answer.json()["dossier_id"] for answer in (first, other, desk)}) == 3
    assert await admin.fetchval("SELECT count(*) FROM events") == 3


async def test_a_refused_submission_leaves_its_key_free(front: Front, admin: asyncpg.Connection[Any]) -> None:
    refused = await front.file(body(procedure="1.999999"))
    assert (refused.status_code, refused.json()["code"]) == (422, "procedure-unknown")
    assert refused.json()["field"] == "procedure"
    assert await admin.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    assert (await front.file()).status_code == 201


async def test_a_retry_across_midnight_and_the_end_of_the_week_makes_no_second_dossier(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """The first answer stands in last week's partition and was given before midnight by the intake's clock."""
    first_at = datetime(2026, 3, 1, 23, 59, 59, 900_000, tzinfo=ZONE)  # a Sunday
    store = EventStore(front.pool, function="submit_v2", attachment_type="new_filing_v2")
    key = RepeatKey("portal/s1", "night", b"\1" * 32)

    async def at(moment: datetime) -> bytes:
        intake = Intake(store, (b"k" * 32,), lambda: moment, uuid7)
        filed = Submission("portal", "1.009982", "H29.015.00", "online", None, b"{}", moment)
        return (await submit(intake, filed, "portal/s1", key, "")).body

    first = await at(first_at)
    monday = "date_trunc('week', now())::date"
    await admin.execute(f"SELECT keep_idempotency_weeks(({monday} - 7)::date)")
    await admin.execute(f"UPDATE idempotency_keys SET week = {monday} - 7")
    assert await at(first_at + timedelta(seconds=1)) == first
    assert json.loads(first)["submitted_at"].startswith("2026-03-01T23:59:59.9")
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


async def test_a_submission_is_kept_whole_or_not_at_all(front: Front, admin: asyncpg.Connection[Any]) -> None:
    await admin.execute("ALTER TABLE filings ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    assert (await front.file()).status_code == 500
    for table in ("events", "applicants", "filings", "contact_changes", "idempotency_keys"):
        assert await admin.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    await admin.execute("ALTER TABLE filings DROP CONSTRAINT full_up")
    assert (await front.file()).status_code == 201


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 25, "-" + "9" * 25])
async def test_numbers_that_readers_disagree_on_are_refused(front: Front, number: str) -> None:
    filed = json.dumps(body(content={"deep": [{"n": 4711, "nothing": None}]})).replace("4711", number)
    answer = await front.file(filed.encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "number-out-of-range")


def test_content_of_every_plain_kind_is_kept_as_it_is() -> None:
    content: dict[str, Any] = {"a": None, "b": [1, -2.5, True, "ô \\u0000 ["], "c": {"d": {}}, "e": 2**63 - 1}
    assert json.loads(content_bytes(content)) == content


def test_content_beyond_its_limit_is_refused() -> None:
    with pytest.raises(Problem, match="content-too-large"):
        content_bytes({"a": "x" * 40_000})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"procedure": "x"}, "procedure"),
        ({"office": "H29.15.00"}, "office"),
        ({"channel": "fax"}, "channel"),
        ({"applicant": None}, "applicant"),
        ({"content": []}, "content"),
        ({"more": 1}, "more"),
    ],
)
async def test_each_field_of_a_filing_is_checked(front: Front, change: dict[str, Any], field: str) -> None:
    answer = await front.file(body(**change))
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_roles_that_file_nothing_are_refused(front: Front) -> None:
    for role in ("supervisor", "importer", "operator"):
        assert (await front.file(role=role)).status_code == 403


async def test_a_dossier_costs_few_bytes_and_a_share_of_a_commit(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """The content is about 600 bytes; the bound on WAL includes what a checkpoint just before makes it write."""
    content = filled()
    await asyncio.gather(*(front.file(body(content=content), key=f"warm{n}") for n in range(64)))
    written = []
    for measured in range(3):
        await admin.execute("CHECKPOINT")
        before = await admin.fetchval("SELECT pg_current_wal_insert_lsn()")
        for batch in range(16):
            keys = (f"{measured}.{batch}.{n}" for n in range(32))
            await asyncio.gather(*(front.file(body(content=content), key=key) for key in keys))
        written.append(await admin.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", before))
    # The server's other databases are vacuumed at times, and the server has one WAL: that only adds.
    assert float(min(written)) / 512 <= 2_400
    # The events of one commit share their record time.
    commits = await admin.fetchval("SELECT count(DISTINCT recorded_at) FROM events WHERE position > 64")
    assert commits / (3 * 512) <= 0.15


async def test_a_refused_log_takes_no_submission_and_says_so(front: Front) -> None:
    """A log that is not the one that was published: nothing is recorded, readiness names it, repeats are no exception."""
    assert (await front.file(key="before")).status_code == 201
    assert (await front.client.get("/readyz")).status_code == 200
    await front.pool.execute("SELECT refuse_log('a cluster', 'another event')")
    for key in ("before", "after"):
        answer = await front.file(key=key)
        assert (answer.status_code, answer.json()["code"]) == (503, "log-rewound")
    readiness = await front.client.get("/readyz")
    assert readiness.status_code == 503
    assert "log-rewound" in readiness.text
    assert await front.pool.fetchval("SELECT count(*) FROM events") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await front.pool.execute("DELETE FROM log_refusals")


async def test_a_log_ahead_of_the_clock_takes_no_submission_and_says_so(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """Recorded while the clock was ten days ahead: no other event may bear that time."""
    assert (await front.file(key="before")).status_code == 201
    await admin.execute("UPDATE events SET recorded_at = recorded_at + interval '10 days'")
    answer = await front.file(key="after")
    assert (answer.status_code, answer.json()["code"]) == (503, "clock-behind-log")
    readiness = await front.client.get("/readyz")
    assert (readiness.status_code, readiness.json()["log"]) == (503, "clock-behind-log")
    assert await front.pool.fetchval("SELECT count(*) FROM events") == 1
    await admin.execute("UPDATE events SET recorded_at = recorded_at - interval '10 days'")
    assert (await front.file(key="after")).status_code == 201


@pytest.mark.parametrize("way", ["collected", "online", "post", None])
async def test_how_the_result_is_wanted_is_told_and_where_to_is_not(front: Front, way: str | None) -> None:
    """The address by post stands in the people store alone; old clients say nothing."""
    content = filled() | {"result_delivery": way, "delivery_address": "12 đường số 3"}
    if way is None:
        del content["result_delivery"], content["delivery_address"]
    dossier_id = UUID((await front.file(body(content=content))).json()["dossier_id"])
    (stored,) = await EventStore(front.pool).load(dossier_id)
    value = json.loads(outgoing(CODE_KEY)(stored).value or b"")
    assert value.get("result_delivery", "absent") == (way or "absent")
    assert "đường" not in json.dumps(value, ensure_ascii=False) + stored.data
    assert (await front.status(dossier_id)).json()["result_delivery"] == way
