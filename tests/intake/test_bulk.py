"""The importer's door: one dossier per case for ever, each item answered by itself."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from tests.intake.conftest import Front, Process, body


def case(number: int | str, **changes: Any) -> dict[str, Any]:
    return {
        "source": "old",
        "case": str(number),
        "procedure": "1.009982",
        "office": "H29.015.00",
        "channel": "online",
        "submitted_at": "2023-01-03T08:00:00+07:00",
    } | changes


async def answers(front: Front, items: list[Any]) -> list[dict[str, Any]]:
    answer = await front.import_cases(items)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["answers"]
    assert len(told) == len(items)
    return told


async def test_cases_are_recorded_at_their_own_time(front: Front, admin: asyncpg.Connection[Any]) -> None:
    told = await answers(front, [case(1), case(2, applicant=body()["applicant"])])
    assert [one["outcome"] for one in told] == ["recorded", "recorded"]
    for row in await admin.fetch("SELECT occurred_at, actor FROM events"):
        assert row["occurred_at"] == datetime(2023, 1, 3, 1, 0, tzinfo=UTC)
        assert row["actor"] == "importer/i1"
    assert await admin.fetchval("SELECT count(*) FROM applicants") == 1
    assert tuple(await admin.fetchrow("SELECT position, event_position FROM contact_changes")) == (1, 2)


async def test_a_case_is_one_dossier_for_ever(process: Process, admin: asyncpg.Connection[Any]) -> None:
    async with process() as here, process() as there:
        items = [case(n) for n in range(40)]
        first, second = await asyncio.gather(answers(here, items), answers(there, items))
        later = await answers(
            here, [case(n, submitted_at="2024-05-06T07:08:09Z", channel="postal") for n in range(40)]
        )
    ids = [one["dossier_id"] for one in first]
    assert len(set(ids)) == 40
    assert ids == [one["dossier_id"] for one in second] == [one["dossier_id"] for one in later]
    assert {(one["outcome"], one["code"]) for one in later} == {("refused", "differs-from-record")}
    outcomes = [one["outcome"] for one in (*first, *second)]
    assert (outcomes.count("recorded"), outcomes.count("repeated")) == (40, 40)
    assert await admin.fetchval("SELECT count(*) FROM events") == 40


@pytest.mark.parametrize("name", ["Hồ-1", "№ 7 (bis)", "案件一", "-1"])
async def test_a_case_has_any_name(front: Front, name: str) -> None:
    (first,) = await answers(front, [case(name)])
    (again,) = await answers(front, [case(unicodedata.normalize("NFD", name))])
    assert (first["outcome"], first["case"]) == ("recorded", name)
    assert again == first | {"outcome": "repeated"}


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"channel": "postal"}, "channel", "channel is postal, the record has online"),
        ({"procedure": "1.009983"}, "procedure", "procedure is 1.009983, the record has 1.009982"),
        (
            {"submitted_at": "2023-01-02T17:59:00Z"},
            "submitted_at",
            "submitted_at is 2023-01-03T00:59:00+07:00",
        ),
        ({"acts": []}, "acts", "act 0 is told no longer, the record has SupplementProvided"),
        (
            {"acts": "later"},
            "acts",
            "act 1 is told otherwise, the record has FeePaid at 2023-01-05T08:00:00+07:00",
        ),
        ({"acts": "dearer"}, "acts", "act 1 is told otherwise, the record has FeePaid"),
    ],
)
async def test_a_case_that_is_told_otherwise_now_is_refused(
    front: Front, admin: asyncpg.Connection[Any], change: dict[str, Any], field: str, told: str
) -> None:
    """And nothing of it is recorded; the same instant in another zone is no other one."""
    other = {"later": {"at": "2023-01-05T09:00:00+07:00"}, "dearer": {"amount": 300_001}}
    if isinstance(which := change.get("acts"), str):
        change = {"acts": [acts()[0], acts()[1] | other[which], acts()[2]]}
    first = await answers(front, [case(1, acts=acts(2)), case(2)])
    again = await answers(
        front, [case(1, acts=acts(3)) | change, case(2, submitted_at="2023-01-03T01:00:00Z")]
    )
    assert [one["outcome"] for one in again] == ["refused", "repeated"]
    assert (again[0]["code"], again[0]["field"]) == ("differs-from-record", field)
    assert told in again[0]["detail"]
    assert again[0]["dossier_id"] == first[0]["dossier_id"]
    assert await admin.fetchval("SELECT count(*) FROM events") == 4


async def test_two_equal_cases_in_one_call_are_one(front: Front) -> None:
    first, second = await answers(front, [case(1), case(1)])
    assert (first["outcome"], second["outcome"]) == ("recorded", "repeated")
    assert first["dossier_id"] == second["dossier_id"]


async def test_the_same_case_of_another_source_is_another(front: Front) -> None:
    first, second = await answers(front, [case(1), case(1, source="new")])
    assert first["dossier_id"] != second["dossier_id"]


async def test_a_claim_without_its_event_is_gone_on_with(front: Front) -> None:
    """A crash between the claim and the append leaves just this."""
    claimed = uuid7()
    await front.pool.fetch("SELECT FROM claim_cases($1, $2, $3)", ["old"], ["1"], [claimed])
    (told,) = await answers(front, [case(1)])
    assert (told["outcome"], UUID(told["dossier_id"])) == ("recorded", claimed)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"procedure": "1.999999"}, "procedure", "procedure-unknown"),
        ({"procedure": "x"}, "procedure", "procedure-implausible"),
        ({"office": "x"}, "office", "office-implausible"),
        ({"channel": "fax"}, "channel", "literal-error"),
        ({"case": ""}, "case", "import-name-implausible"),
        ({"case": "a\u202eb"}, "case", "text-not-plain"),
        ({"case": " a"}, "case", "import-name-implausible"),
        ({"case": "a" * 101}, "case", "import-name-implausible"),
        ({"source": "a\nb"}, "source", "import-name-implausible"),
        ({"submitted_at": "2023-01-03T08:00:00"}, "submitted_at", "timezone-aware"),
        ({"submitted_at": "yesterday"}, "submitted_at", "datetime-parsing"),
        (
            {"submitted_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
            "submitted_at",
            "in-the-future",
        ),
        ({"submitted_at": "0001-01-01T00:00:00+14:00"}, "submitted_at", "too-long-ago"),
        (
            {"procedure": "1.009973", "submitted_at": "2026-07-01T00:00:00+07:00"},
            "procedure",
            "procedure-abolished",
        ),
        ({"applicant": {"name": "A"}}, "applicant.identifier", "missing"),
        ({"status": "resolved"}, "status", "unknown-field"),
    ],
)
async def test_a_bad_case_is_refused_and_its_neighbours_are_taken(
    front: Front, admin: asyncpg.Connection[Any], change: dict[str, Any], field: str, code: str
) -> None:
    told = await answers(front, [case(1), case(2, **change), case(3)])
    assert [one["outcome"] for one in told] == ["recorded", "refused", "recorded"]
    assert (told[1]["field"], told[1]["code"]) == (field, code)
    assert [one["case"] for one in told if one["outcome"] == "recorded"] == ["1", "3"]
    assert await admin.fetchval("SELECT count(*) FROM imported_cases") == 2


async def test_a_refused_case_can_be_corrected(front: Front) -> None:
    (refused,) = await answers(front, [case(1, procedure="1.999999")])
    (taken,) = await answers(front, [case(1)])
    assert (refused["outcome"], taken["outcome"]) == ("refused", "recorded")


async def test_five_hundred_cases_are_few_transactions(front: Front, admin: asyncpg.Connection[Any]) -> None:
    told = await answers(front, [case(n) for n in range(500)])
    assert {one["outcome"] for one in told} == {"recorded"}
    # The events of one append share their record time.
    assert await admin.fetchval("SELECT count(DISTINCT recorded_at) FROM events") <= 2


async def test_more_than_five_hundred_are_refused_whole(front: Front, admin: asyncpg.Connection[Any]) -> None:
    answer = await front.import_cases([case(n) for n in range(501)])
    assert (answer.status_code, answer.json()["field"]) == (422, "items")
    assert await admin.fetchval("SELECT count(*) FROM events") == 0


async def test_an_empty_batch_is_answered(front: Front) -> None:
    assert await answers(front, []) == []


async def test_the_bulk_door_is_the_importers(front: Front) -> None:
    for role in ("portal", "officer", "supervisor", "operator"):
        assert (await front.import_cases([case(1)], role)).status_code == 403


async def test_a_body_beyond_the_limit_is_refused(front: Front) -> None:
    huge = json.dumps({"items": [case(1, case="x" * 1_100_000)]}).encode()
    answer = await front.client.post("/v1/bulk", content=huge, headers=front.headers("importer"))
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def acts(count: int = 3) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"act": "provide_supplement", "at": "2023-01-04T08:00:00+07:00"},
        {"act": "pay", "amount": 300_000, "method": "online", "at": "2023-01-05T08:00:00+07:00"},
        {"act": "request_withdrawal", "reason": "other", "at": "2023-01-06T08:00:00+07:00"},
    ]
    return told[:count]


async def of_the_log(admin: asyncpg.Connection[Any]) -> list[tuple[str, int, int]]:
    rows = await admin.fetch(
        "SELECT type, version, occurred_at FROM events"
        " ORDER BY min(position) OVER (PARTITION BY stream_id), version"
    )
    return [(row["type"], row["version"], row["occurred_at"].day) for row in rows]


WHOLE = [
    ("DossierSubmitted", 1, 3),
    ("SupplementProvided", 2, 4),
    ("FeePaid", 3, 5),
    ("WithdrawalRequested", 4, 6),
]


async def test_a_case_tells_what_the_applicant_did(front: Front, admin: asyncpg.Connection[Any]) -> None:
    told = await answers(front, [case(1, acts=acts()), case(2)])
    assert [one["outcome"] for one in told] == ["recorded", "recorded"]
    assert await of_the_log(admin) == [*WHOLE, WHOLE[0]]
    assert await admin.fetchval("SELECT sequence FROM supplements") == 2
    assert await admin.fetchval("SELECT count(*) FROM events WHERE actor <> 'importer/i1'") == 0


async def test_acts_sent_again_with_more_go_on(process: Process, admin: asyncpg.Connection[Any]) -> None:
    async with process() as here, process() as there:
        (first,) = await answers(here, [case(1, acts=acts(1))])
        pairs = await asyncio.gather(
            *(answers(front, [case(1, acts=acts())]) for front in (here, there, here))
        )
        (last,) = await answers(there, [case(1, acts=acts())])
    outcomes = [pair[0]["outcome"] for pair in pairs]
    assert (outcomes.count("recorded"), outcomes.count("repeated")) == (1, 2)
    assert (first["outcome"], last["outcome"]) == ("recorded", "repeated")
    assert await of_the_log(admin) == WHOLE


async def test_the_acts_of_many_cases_are_few_transactions(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    await answers(front, [case(n, acts=acts()) for n in range(500)])
    assert await admin.fetchval("SELECT count(*) FROM events") == 2000
    assert await admin.fetchval("SELECT count(DISTINCT recorded_at) FROM events") <= 4


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"act": "dance"}, "acts.0", "union-tag-invalid"),
        ({"at": "2023-01-02T08:00:00+07:00"}, "acts", "before-submission"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "acts", "before-submission"),
        ({"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "acts", "in-the-future"),
        ({"content": {}}, "acts.0.provide_supplement.content", "unknown-field"),
    ],
)
async def test_a_case_with_a_bad_act_is_refused_whole(
    front: Front, admin: asyncpg.Connection[Any], change: dict[str, Any], field: str, code: str
) -> None:
    told = await answers(front, [case(1), case(2, acts=[acts(1)[0] | change])])
    assert [one["outcome"] for one in told] == ["recorded", "refused"]
    assert (told[1]["field"], told[1]["code"]) == (field, code)
    assert await admin.fetchval("SELECT count(*) FROM events") == 1
