"""Papers from the upload to the officer who opens them, through the doors that a portal and a desk have."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.chassis.http.problems import Problem
from services.chassis.log.event_store import RepeatKey
from services.intake.app import now, uploads_of
from services.intake.papers import attached
from services.intake.papers.paper import PaperFiled
from services.intake.papers.sweeping import forget, sweep
from services.intake.settings import IntakeSettings
from tests.intake.conftest import OFFICE, Front, Process, act, body
from tests.intake.papers.sending import JPEG, PDF, PNG, go_on, large, send, sent
from tests.intake.test_acting import filed as awaiting_papers


async def filed(front: Front, *papers: tuple[str, int | None], key: str = "k") -> str:
    told = body() | {"papers": [{"file_id": each, "paper": paper} for each, paper in papers]}
    answer = await front.file(told, key=key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["dossier_id"])


async def opened(front: Front, dossier_id: str, file_id: str, role: str = "portal", **claims: Any) -> Any:
    subject = claims.pop("subject", "s1")
    purpose = claims.pop("purpose", None)
    asked = {"purpose": purpose} if purpose else {}
    headers = front.headers(role, subject, **{"office": OFFICE} | claims)
    return await front.client.get(
        f"/v1/dossiers/{dossier_id}/papers/{file_id}", headers=headers, params=asked
    )


async def test_a_paper_goes_from_the_applicant_to_the_officer(front: Front, settings: IntakeSettings) -> None:
    content = large(200_000)
    file_id = await sent(front, content, name="../../Đơn đề nghị.PDF")
    dossier_id = await filed(front, (file_id, 1))
    headers = front.headers("officer", "o1", office=OFFICE)
    person = (await front.client.get(f"/v1/people/{dossier_id}?purpose=reception", headers=headers)).json()
    (paper,) = person["papers"]
    assert paper["sha256"] == hashlib.sha256(content).hexdigest() and paper["sequence"] == 1
    assert (paper["name"], paper["size"], paper["scanned"]) == ("Đơn đề nghị.pdf", 200_000, False)
    answer = await opened(front, dossier_id, file_id, "officer", subject="o1", purpose="reception")
    assert answer.status_code == 200 and answer.content == content
    assert (await opened(front, dossier_id, file_id)).content == content
    kept = b"".join(each.read_bytes() for each in objects(settings))
    assert len(kept) > 200_000 and b"%PDF" not in kept and b"000000001234" not in kept, "nothing lies open"
    for each in objects(settings):
        assert each.name == hashlib.sha256(each.read_bytes()).hexdigest()


def objects(settings: IntakeSettings) -> list[Any]:
    folder = Path(settings.files_url.removeprefix("file://"))
    return [each for each in folder.rglob("*") if each.is_file()]


async def test_a_paper_is_given_out_to_be_saved(front: Front) -> None:
    file_id = await sent(front, name='a"b\r\nx: y.pdf')
    answer = await opened(front, await filed(front, (file_id, None)), file_id)
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/pdf" and "x" not in answer.headers


async def test_nobody_else_opens_a_paper(front: Front, admin: asyncpg.Connection[Any]) -> None:
    file_id = await sent(front)
    dossier_id = await filed(front, (file_id, 1))
    theirs = [
        await opened(front, dossier_id, file_id, subject="s2"),
        await opened(front, dossier_id, file_id, "officer", office="H29.016.00", purpose="audit"),
        await opened(front, dossier_id, "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"),
    ]
    assert [each.status_code for each in theirs] == [404, 404, 404]
    assert (await opened(front, dossier_id, file_id, "officer")).json()["field"] == "purpose"
    assert await admin.fetchval("SELECT count(*) FROM people_access") == 0
    await opened(front, dossier_id, file_id, "officer", subject="o1", purpose="processing")
    lines = await admin.fetch("SELECT actor, dossier_id::text, purpose, office FROM people_access")
    assert [tuple(line) for line in lines] == [("officer/o1", dossier_id, "processing", OFFICE)]
    listed = await front.client.get(
        f"/v1/dossiers/{dossier_id}/papers", headers=front.headers("portal", "s2")
    )
    assert listed.status_code == 404


async def test_papers_opened_are_bounded_per_officer(process: Process) -> None:
    async with process(paper_reads_per_minute=3) as front:
        file_id = await sent(front)
        dossier_id = await filed(front, (file_id, 1))

        async def reading(subject: str, role: str = "officer") -> int:
            answer = await opened(front, dossier_id, file_id, role, subject=subject, purpose="processing")
            return int(answer.status_code)

        assert [await reading("o1") for _ in range(4)] == [200, 200, 200, 429]
        assert await reading("o2") == 200, "nobody else is kept waiting"
        assert [await reading("s1", "portal") for _ in range(5)] == [200] * 5, "it is their own"


async def test_the_commitment_names_every_paper(front: Front, admin: asyncpg.Connection[Any]) -> None:
    ids = [await sent(front, each, key=f"f{n}") for n, each in enumerate((PDF, JPEG))]
    dossier_id = await filed(front, (ids[0], 1), (ids[1], None))
    row = await admin.fetchrow(
        "SELECT f.salt, f.content, e.data FROM filings f JOIN events e ON e.stream_id = f.dossier_id"
    )
    manifest = json.dumps([[1, hashlib.sha256(PDF).hexdigest()], [None, hashlib.sha256(JPEG).hexdigest()]])
    named = b"\n" + manifest.replace(" ", "").encode()
    event = json.loads(row["data"])
    assert event["content_commitment"] == hashlib.sha256(row["salt"] + row["content"] + named).hexdigest()
    assert hashlib.sha256(PDF).hexdigest() not in row["data"] and ids[0] not in row["data"]
    assert dossier_id


async def test_papers_are_brought_with_a_supplement(front: Front) -> None:
    dossier_id = str(await awaiting_papers(front, "supplements"))
    file_id = await sent(front, PNG, name="anh.png")
    told = {"content": {"papers": {}}, "papers": [{"file_id": file_id, "paper": 2}]}
    first = await act(front, dossier_id, "supplements", told)
    again = await act(front, dossier_id, "supplements", told)
    assert first.status_code == 201 and first.content == again.content
    listed = await front.client.get(f"/v1/dossiers/{dossier_id}/papers", headers=front.headers())
    assert [(each["sequence"], each["paper"]) for each in listed.json()["items"]] == [(2, 2)]
    assert (await act(front, dossier_id, "supplements", told, key="b")).json()["code"] == "file-taken"


async def not_filed(front: Front, admin: asyncpg.Connection[Any], file_id: str) -> dict[str, Any]:
    """What was told in a filing that named the file, and whose event did not come to the log."""
    told = body() | {"papers": [{"file_id": file_id, "paper": 1}]}
    await admin.execute("REVOKE EXECUTE ON FUNCTION submit_v2 FROM intake")
    assert (await front.file(told)).status_code >= 500
    await admin.execute("GRANT EXECUTE ON FUNCTION submit_v2 TO intake")
    return told


async def test_papers_belong_to_a_dossier_from_its_event_on(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    file_id = await sent(front)
    told = await not_filed(front, admin, file_id)
    assert await admin.fetchval("SELECT count(*) FROM papers") == 1, "named, and of no dossier"
    first, again = await front.file(told), await front.file(told)
    assert first.status_code == 201 and first.content == again.content
    dossier_id = first.json()["dossier_id"]
    listed = await front.client.get(f"/v1/dossiers/{dossier_id}/papers", headers=front.headers())
    assert [each["file_id"] for each in listed.json()["items"]] == [file_id]
    refused = await front.file(told, key="another")
    assert (refused.status_code, refused.json()["code"]) == (422, "file-taken")


async def test_what_cannot_be_named_is_refused_by_its_place(front: Front) -> None:
    whole, begun = await sent(front), (await send(front, PDF[:9], key="f2", upload_length=80)).json()
    for papers, field, code in (
        ([{"file_id": begun["file_id"]}], "papers.0.file_id", "file-incomplete"),
        ([{"file_id": whole}, {"file_id": whole}], "papers.1.file_id", "file-unknown"),
        ([{"file_id": "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"}], "papers.0.file_id", "file-unknown"),
        ([{"file_id": whole, "paper": 99}], "papers.0.paper", "paper-unlisted"),
        ([{"file_id": "x"}], "papers.0.file_id", "uuid-parsing"),
    ):
        answer = await front.file(body() | {"papers": papers})
        assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, field, code) or (
            answer.json()["errors"][0]["field"],
            answer.json()["errors"][0]["code"],
        ) == (field, code), answer.text
    stranger = await front.file(body() | {"papers": [{"file_id": whole}]}, subject="s2")
    assert stranger.json()["code"] == "file-unknown"


async def test_a_dossier_holds_two_hundred_megabytes(front: Front, admin: asyncpg.Connection[Any]) -> None:
    ids = [await sent(front, key=f"f{n}") for n in range(6)]
    await admin.execute(
        "UPDATE files SET size = 50 * 1048576 WHERE file_id = ANY($1::text[]::uuid[])", ids[:5]
    )
    answer = await front.file(body() | {"papers": [{"file_id": each} for each in ids[:5]]})
    assert (answer.status_code, answer.json()["code"]) == (413, "papers-too-large")
    assert (await front.file(body() | {"papers": [{"file_id": each} for each in ids[:4]]})).status_code == 201


async def test_nobody_reads_papers_whose_key_was_destroyed(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any]
) -> None:
    """Not under the key of a filing that failed either, which named the same file before."""
    file_id = await sent(front)
    await not_filed(front, admin, file_id)
    dossier_id = await filed(front, (file_id, 1))
    assert await attached.destroy(front.pool, UUID(dossier_id), "operator/o", "by order 7") == 1
    told = await admin.fetchrow(
        "SELECT destroyed_by, reason FROM dossier_keys WHERE destroyed_at IS NOT NULL"
    )
    assert tuple(told) == ("operator/o", "by order 7")
    assert await admin.fetchval("SELECT count(*) FROM papers WHERE key <> ''") == 0
    assert await admin.fetchval("SELECT count(*) FROM files WHERE key IS NOT NULL") == 0
    with pytest.raises(LookupError):
        await attached.destroy(front.pool, UUID(dossier_id), "operator/o", "again")
    answer = await opened(front, dossier_id, file_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "papers-destroyed")
    listed = await front.client.get(f"/v1/dossiers/{dossier_id}/papers", headers=front.headers())
    assert [(each["there"], each["name"]) for each in listed.json()["items"]] == [(False, "")]
    await sweep(uploads_of(settings, front.pool), 0)
    assert objects(settings) == []
    assert (await opened(front, dossier_id, file_id)).status_code == 409


async def test_an_upload_that_no_dossier_names_is_gone_after_a_day(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any]
) -> None:
    uploads = uploads_of(settings, front.pool)
    named, left, young = [await sent(front, key=f"f{n}") for n in range(3)]
    dossier_id = await filed(front, (named, 1))
    old = "UPDATE files SET begun_at = begun_at - interval '25 hours' WHERE file_id = ANY($1::text[]::uuid[])"
    await admin.execute(old, [named, left])
    await admin.execute("UPDATE papers SET named_at = named_at - interval '2 hours'")
    await sweep(uploads, 0)
    states = [
        (await front.client.get(f"/v1/files/{each}", headers=front.headers())).status_code
        for each in (named, left, young)
    ]
    assert states == [200, 404, 200] and len(objects(settings)) == 2
    assert await admin.fetchval("SELECT count(*) FROM files WHERE key IS NOT NULL") == 1
    assert (await opened(front, dossier_id, named)).content == PDF, "under the dossier's key alone"
    await go_on(front, young, 0, b"")


async def test_what_no_event_names_is_let_go_of(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any]
) -> None:
    file_id = await sent(front)
    told = await not_filed(front, admin, file_id)
    uploads = uploads_of(settings, front.pool)
    await sweep(uploads, 0)
    assert await admin.fetchval("SELECT count(*) FROM papers") == 1, "its event may be on its way"
    await admin.execute("UPDATE papers SET named_at = named_at - interval '2 hours'")
    await sweep(uploads, 0)
    assert await admin.fetchval("SELECT count(*) FROM papers") == 0
    assert await admin.fetchval("SELECT count(*) FROM dossier_keys") == 0
    assert (await front.file(told)).status_code == 201


async def test_a_file_that_is_named_meanwhile_stays(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any]
) -> None:
    """Whoever sweeps chose it before it was named; of the two, one is told."""
    file_id, other = await sent(front), await sent(front, key="f2")
    async with admin.transaction():
        await admin.execute(
            "INSERT INTO papers (commitment, place, dossier_id, file_id, key) VALUES ('c', 1, $1, $1, '')",
            UUID(file_id),
        )
        sweeping = asyncio.create_task(forget(front.pool, UUID(file_id)))
        await asyncio.sleep(0.1)
    assert await sweeping == []
    assert await admin.fetchval("SELECT count(*) FROM file_parts WHERE file_id = $1", UUID(file_id)) == 1
    asked = [PaperFiled(file_id=UUID(other))]
    uploads = uploads_of(settings, front.pool)
    named = await attached.asked_for(uploads, "portal/s1", asked, "1.009982", now())
    assert not isinstance(named, Problem) and len(await forget(front.pool, UUID(other))) == 1
    with pytest.raises(Problem) as refused:
        await attached.name(front.pool, UUID(other), "d", named, RepeatKey("portal/s1", "k", b""))
    assert (refused.value.status, refused.value.code) == (422, "file-unknown")


async def test_what_a_process_that_died_was_writing_is_gone_after_a_day(
    front: Front, settings: IntakeSettings
) -> None:
    await sent(front)
    incoming = Path(settings.files_url.removeprefix("file://")) / "incoming"
    for name in ("died#1", "writes#1"):
        (incoming / name).write_bytes(b"x")
    os.utime(incoming / "died#1", (0, 0))
    await sweep(uploads_of(settings, front.pool), 0)
    assert [each.name for each in incoming.iterdir()] == ["writes#1"]
