"""Officers' words to an applicant: who leaves them, whom they are shown to, and how they go."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from contracts.envelope import json_object
from services.intake.papers import attached
from services.intake.people.store import CONTACTS
from tests.intake.conftest import OFFICE, Front, sealed
from tests.intake.test_acting import REQUEST
from tests.intake.test_following import CODE, delivered, hear
from tests.intake.test_people import person

WORDS = "Bản vẽ tầng 2 thiếu chữ ký của chủ trì thiết kế.\nĐề nghị bổ sung."
AGES = timedelta(days=2)


async def leave(
    front: Front, dossier_id: Any, words: str = WORDS, key: str = "w", role: str = "officer", **claims: Any
) -> httpx.Response:
    subject = claims.pop("subject", "o1")
    headers = front.headers(role, subject, **{"office": OFFICE, **claims}) | {"idempotency-key": key}
    content = json.dumps({"words": words}).encode()
    return await front.client.post(f"/v1/dossiers/{dossier_id}/words", content=content, headers=headers)


async def left(front: Front, dossier_id: Any, words: str = WORDS, key: str = "w") -> str:
    answer = await leave(front, dossier_id, words, key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["commitment"])


async def filed(front: Front, key: str = "k") -> UUID:
    return UUID((await front.file(key=key)).json()["dossier_id"])


async def asked(front: Front, dossier_id: UUID, commitment: str | None, sequence: int = 1) -> None:
    await hear(front, [delivered(dossier_id, sequence, "SupplementRequested", **REQUEST, words=commitment)])


async def told(front: Front) -> Any:
    """What `contacts` says last."""
    (*_, (_, message)) = await CONTACTS.read(front.pool, 0, 100)
    return None if message.value is None else json_object(message.value)


async def kept(admin: asyncpg.Connection[Any]) -> int:
    count: int = await admin.fetchval("SELECT count(*) FROM officer_words WHERE sealed IS NOT NULL")
    return count


async def test_words_sent_again_are_kept_once(front: Front, admin: asyncpg.Connection[Any]) -> None:
    """By one after the other, and by many at once."""
    dossier_id = await filed(front)
    first = await left(front, dossier_id)
    assert await left(front, dossier_id) == first and await kept(admin) == 1
    answers = await asyncio.gather(*(leave(front, dossier_id, key="many") for _ in range(8)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["commitment"] for each in answers}) == 1 and await kept(admin) == 2


async def test_a_key_is_good_for_one_text(front: Front) -> None:
    dossier_id = await filed(front)
    first = await left(front, dossier_id)
    other = await leave(front, dossier_id, "Không thiếu gì.")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    # Somebody else's key, and one for another dossier, are other keys; the same words have another name there.
    assert (await leave(front, dossier_id, subject="o2")).json()["commitment"] != first
    assert await left(front, await filed(front, "k2")) != first


async def test_words_are_sealed_and_named_by_a_salted_hash(
    front: Front, admin: asyncpg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of them lies open in the database, in the log of events or in the service's log."""
    dossier_id = await filed(front)
    with caplog.at_level(logging.DEBUG):
        name = await left(front, dossier_id)
        await leave(front, dossier_id, "chủ trì thiết kế khác")
        await leave(front, dossier_id, "chủ trì thiết kế ở a.vn", key="x")
        await asked(front, dossier_id, name)
        assert (await front.status(dossier_id)).json()["words"] == WORDS
    assert name != hashlib.sha256(WORDS.encode()).hexdigest() and len(name) == 64
    written = "".join(record.getMessage() + str(vars(record)) for record in caplog.records)
    for table in ("events", "steps", "officer_words", "contact_changes", "idempotency_keys", "held"):
        written += str([row[0] for row in await admin.fetch(f"SELECT t::text FROM {table} t")])
    assert name in written and "thiếu chữ ký" not in written and "chủ trì" not in written


@pytest.mark.parametrize(("words", "code"), [("", "string-too-short"), ("xem trang.vn", "words-implausible")])
async def test_what_is_no_words_is_refused_with_its_field(front: Front, words: str, code: str) -> None:
    answer = await leave(front, await filed(front), words)
    told = answer.json()
    assert (answer.status_code, told["field"], told["errors"][0]["code"]) == (422, "words", code)
    assert words not in answer.text or not words


async def test_only_its_desk_and_its_unit_leave_words(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    for role in ("portal", "importer", "operator", "calendar"):
        assert (await leave(front, dossier_id, role=role)).status_code == 403
    elsewhere = {"office": "H29.016.00", "unit": "H29.016.00/QLXD"}
    unit = {"office": "", "unit": "H29.015.00/QLXD"}
    for claims in (elsewhere, unit, {"office": ""}):
        assert (await leave(front, dossier_id, **claims)).status_code == 404
    assert (await leave(front, UUID(int=1))).status_code == 404
    assert await kept(admin) == 0
    accepted = {"due_on": "2026-03-20", "procedure": "1.009982", "unit": unit["unit"]}
    await hear(
        front, [delivered(dossier_id, 1, "DossierAccepted", sealed_code=sealed(CODE, dossier_id), **accepted)]
    )
    first = await leave(front, dossier_id, **unit)
    assert first.status_code == 201
    assert (await leave(front, dossier_id, subject="o2", **elsewhere)).status_code == 404
    await hear(
        front, [delivered(dossier_id, 2, "DossierHandedOver", unit="H29.015.00/TTXD", how="transferred")]
    )
    again = await leave(front, dossier_id, **unit)
    assert (again.status_code, again.json()) == (201, first.json()), "a repeat gets its first answer"
    assert (await leave(front, dossier_id, key="later", **unit)).status_code == 404


async def test_words_are_left_so_often_a_minute(process: Any) -> None:
    async with process(people_reads_per_minute=2) as front:
        dossier_id = await filed(front)
        answers = [(await leave(front, dossier_id, key=f"w{n}")).status_code for n in range(3)]
        assert answers == [201, 201, 429]
        assert (await person(front, dossier_id)).status_code == 200, "reading is counted by itself"


async def test_words_are_shown_of_the_acts_that_stand(front: Front, admin: asyncpg.Connection[Any]) -> None:
    """To who filed it, by the act that names them; to officers with the person, which leaves a line; and not once it is reversed."""
    dossier_id = await filed(front)
    first, second = await left(front, dossier_id), await left(front, dossier_id, "Nhắc lần hai.", "w2")
    assert (await front.status(dossier_id)).json()["words"] is None, "no act has said them yet"
    await asked(front, dossier_id, first)
    seen = (await front.status(dossier_id)).json()
    assert seen["words"] == WORDS
    assert [each["words"] for each in seen["history"]] == [None, WORDS]
    office = (await front.status(dossier_id, "officer", "o1")).json()
    assert office["words"] is None and office["history"][1]["words"] is None
    assert await admin.fetchval("SELECT count(*) FROM people_access") == 0
    told = (await person(front, dossier_id)).json()["words"]
    assert {each["commitment"]: each["words"] for each in told} == {first: WORDS, second: "Nhắc lần hai."}
    assert await admin.fetchval("SELECT count(*) FROM people_access") == 1
    back = {
        "event": "SupplementRequested",
        "reason": "wrong_data",
        "document": "1/QĐ-SXD",
        "status": "submitted",
    }
    await hear(front, [delivered(dossier_id, 2, "DossierReversed", sequence=1, due_on=None, **back)])
    seen = (await front.status(dossier_id)).json()
    assert seen["words"] is None and {each["words"] for each in seen["history"]} == {None}
    await hear(front, [delivered(dossier_id, 3, "DossierRejected", reason="incomplete", words=second)])
    seen = (await front.status(dossier_id)).json()
    assert (seen["reason"]["code"], seen["words"]) == ("incomplete", "Nhắc lần hai.")
    # An act that names what is another dossier's, or nobody's, says nothing.
    other = await filed(front, "k2")
    await asked(front, other, first)
    assert (await front.status(other)).json()["words"] is None


async def test_words_that_no_act_names_are_gone_after_a_day(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    dossier_id = await filed(front)
    named, unnamed = await left(front, dossier_id), await left(front, dossier_id, "Chưa nói.", "w2")
    await asked(front, dossier_id, named)
    now = datetime.now(UTC)

    async def sweep(heard: datetime = now) -> set[str]:
        await front.pool.execute("SELECT forget_words($1)", heard)
        return {row[0] for row in await admin.fetch("SELECT commitment FROM officer_words")}

    assert await sweep() == {named, unnamed}, "its day is not over"
    await admin.execute("UPDATE officer_words SET kept_at = kept_at - $1::interval", AGES)
    assert await sweep(now - AGES) == {named, unnamed}, "what was recorded since may name it"
    record = "'r', $1, 'poison', 'c', 't', 0, 0, '[]'"
    columns = 'reader, stream_id, reason, cluster_id, topic, partition, "offset", headers'
    await admin.execute(f"INSERT INTO held ({columns}) VALUES ({record})", dossier_id)
    assert await sweep() == {named, unnamed}, "what is held may name it"
    await admin.execute("DELETE FROM held")
    assert set((await told(front))["words"].values()) == {WORDS, "Chưa nói."}
    # Asked for once more, as by a process that died before the act, it has another day.
    assert await left(front, dossier_id, "Chưa nói.", "w2") == unnamed
    assert await sweep() == {named, unnamed}
    await admin.execute("UPDATE officer_words SET kept_at = kept_at - $1::interval", AGES)
    assert await sweep() == {named}
    assert (await told(front))["words"] == {named: WORDS}, "nor does notify keep it"
    again = await left(front, dossier_id, "Chưa nói.", "w2")
    assert again != unnamed and await sweep() == {named, again}


async def test_words_travel_with_the_contact(front: Front) -> None:
    dossier_id = await filed(front)
    before = await told(front)
    assert "words" not in before
    names = {await left(front, dossier_id, f"Lần {n}.", f"w{n}"): f"Lần {n}." for n in range(3)}
    after = await told(front)
    assert after == before | {"change": 4, "words": names}
    assert {message.value for _, message in await CONTACTS.read(front.pool, 0, 1)} != {None}
    # Each change says what is held now: a topic that is filled anew has them from the first record on.
    assert json_object((await CONTACTS.read(front.pool, 0, 1))[0][1].value or b"")["words"] == names


async def erased(front: Front, admin: asyncpg.Connection[Any], dossier_id: UUID, commitment: str) -> None:
    """Nothing of the words is left, and whoever asks again is answered."""
    assert await kept(admin) == 0
    shown = (await front.status(dossier_id)).json()
    assert shown["words"] is None and shown["status"] == "supplement_requested"
    assert (await person(front, dossier_id)).json()["words"] == []
    assert await left(front, dossier_id) == commitment, "a repeat gets its first answer"
    answer = await leave(front, dossier_id, key="later")
    assert (answer.status_code, answer.json()["code"]) in ((409, "content-erased"), (409, "papers-destroyed"))
    assert await kept(admin) == 0
    last = await told(front)
    assert last is None or "words" not in last


async def test_words_are_erased_with_the_content(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    name = await left(front, dossier_id)
    await asked(front, dossier_id, name)
    await admin.execute("UPDATE filings SET content = NULL, salt = NULL WHERE dossier_id = $1", dossier_id)
    await erased(front, admin, dossier_id, name)


async def test_words_are_erased_with_the_person(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    name = await left(front, dossier_id)
    await asked(front, dossier_id, name)
    await admin.execute("DELETE FROM applicants")
    await erased(front, admin, dossier_id, name)


async def test_words_go_with_the_papers_key(front: Front, admin: asyncpg.Connection[Any]) -> None:
    dossier_id = await filed(front)
    name = await left(front, dossier_id)
    await asked(front, dossier_id, name)
    assert await attached.destroy(front.pool, dossier_id, "operator/o", "by order 7") == 0
    await erased(front, admin, dossier_id, name)


async def test_words_and_erasure_at_once(front: Front, admin: asyncpg.Connection[Any]) -> None:
    """Whoever is second waits: words that were being kept are erased, and others are not kept."""
    dossier_id = await filed(front)
    async with admin.transaction():
        await admin.execute(
            "UPDATE filings SET content = NULL, salt = NULL WHERE dossier_id = $1", dossier_id
        )
        keeping = asyncio.create_task(leave(front, dossier_id))
        await asyncio.wait([keeping], timeout=0.3)
        assert not keeping.done(), "it waits for the erasure"
    answer = await keeping
    assert (answer.status_code, answer.json()["code"]) == (409, "content-erased")
    other = await filed(front, "k2")
    await left(front, other)
    async with front.pool.acquire() as connection, connection.transaction():
        key = await connection.fetchval("SELECT key FROM dossier_keys WHERE dossier_id = $1", other)
        kept_now = await connection.fetchval("SELECT keep_words($1, 'a', 'b', 'c', 'd', $2)", other, key)
        assert kept_now == "kept"
        erasing = asyncio.create_task(
            admin.execute("UPDATE filings SET content = NULL, salt = NULL WHERE dossier_id = $1", other)
        )
        await asyncio.wait([erasing], timeout=0.3)
        assert not erasing.done(), "it waits for the words"
    await erasing
    assert await kept(admin) == 0


async def test_nobody_is_told_of_words_for_an_imported_dossier(front: Front) -> None:
    """Of whom nothing is known; the officer reads them, and no contact is made of nobody."""
    case = {
        "source": "old", "case": "1", "procedure": "1.009982", "office": OFFICE, "channel": "postal",
        "submitted_at": "2023-01-03T08:00:00+07:00",
    }  # fmt: skip
    dossier_id = (await front.import_cases([case])).json()["answers"][0]["dossier_id"]
    await left(front, dossier_id)
    assert [each["words"] for each in (await person(front, dossier_id)).json()["words"]] == [WORDS]
    assert await CONTACTS.read(front.pool, 0, 10) == []
