"""A file on its way in: in one part or in several, broken off, sent again, too large, changed on the way, or not what it says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from services.intake.papers import receiving
from services.intake.papers.kinds import PDF as PDF_KIND
from services.intake.papers.kinds import Seen, cleaned, named_as
from services.intake.papers.uploads import Uploads
from services.intake.settings import IntakeSettings
from tests.intake.conftest import Front, Process
from tests.intake.papers.sending import JPEG, PDF, PNG, ZIP, go_on, large, send, sent
from tests.intake.papers.test_papers import filed, objects, opened

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (ZIP, "application/zip"),
        (b"II*\0" + b"\0" * 20, "image/tiff"),
        (b"", "file-empty"),
        (b"MZ\x90\0" + PDF, "file-kind-not-taken"),
        (b"<html><script>alert(1)</script></html>", "file-kind-not-taken"),
        (b" " + PDF, "file-kind-not-taken"),
        (PDF[:-8], "file-truncated"),
        (PNG[:-12], "file-truncated"),
        (JPEG[:-2], "file-truncated"),
        (ZIP[:-22], "file-truncated"),
        (PDF + ZIP, "file-ambiguous"),
        (PNG + ZIP, "file-ambiguous"),
        (PDF.replace(b"/Root", b"/Encrypt 9 0 R/Root"), "file-encrypted"),
        (PDF.replace(b"/Catalog", b"/Catalog/Note(/Encrypt me)"), "application/pdf"),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, found: str) -> None:
    for step in (1, 7, len(content) or 1):
        seen = Seen()
        for begin in range(0, len(content), step):
            seen.feed(content[begin : begin + step])
        kind = seen.kind()
        assert (kind if isinstance(kind, str) else kind.media_type) == found, step
        assert seen.sha256 == hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\giay to\\Đơn.PDF", "Đơn.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("don\u202efdp.exe", "donfdp.exe"),
        ("x" * 300 + ".pdf", "x" * 111 + ".pdf"),
        ("...", "giay-to"),
        ("", "giay-to"),
        (".pdf", "pdf"),
        ("Gia\u0301y.pdf", "Giáy.pdf"),
        ('a"b;c\r\n.pdf', "abc.pdf"),
    ],
)
def test_a_name_is_a_name_and_nothing_else(given: str, name: str) -> None:
    assert cleaned(given) == name
    assert named_as(name, PDF_KIND).endswith(".pdf")


async def test_a_large_file_comes_in_parts(front: Front) -> None:
    content = large(300_001)
    begun = await send(front, content[:100_000], upload_length=len(content))
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "100000")
    file_id = begun.json()["file_id"]
    elsewhere = await go_on(front, file_id, 99_999, b"x")
    assert (elsewhere.status_code, elsewhere.headers["upload-offset"]) == (409, "100000")
    assert elsewhere.json()["code"] == "upload-elsewhere"
    assert (await go_on(front, file_id, 100_000, b"x", subject="s2")).status_code == 404
    await go_on(front, file_id, 100_000, content[100_000:165_536])
    done = await go_on(front, file_id, 165_536, content[165_536:])
    assert done.json()["complete"] and done.json()["sha256"] == hashlib.sha256(content).hexdigest()
    again = await send(front, content[:100_000], upload_length=len(content))
    assert (again.status_code, again.json()) == (201, done.json())
    assert (await opened(front, await filed(front, (file_id, 1)), file_id)).content == content


async def test_of_two_parts_at_once_one_counts(front: Front, settings: IntakeSettings) -> None:
    content = large(200_000)
    file_id = (await send(front, content[:10], upload_length=len(content))).json()["file_id"]
    answers = await asyncio.gather(*(go_on(front, file_id, 10, content[10:150_000]) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    await go_on(front, file_id, 150_000, content[150_000:])
    assert len(objects(settings)) == 3
    assert (await opened(front, await filed(front, (file_id, 1)), file_id)).content == content


async def test_a_broken_upload_goes_on_where_it_was(front: Front) -> None:
    content = large(200_000)
    headers = front.headers() | {"idempotency-key": "broken", "content-length": "200000"}
    told: list[dict[str, Any]] = [
        {"type": "http.request", "body": content[:150_000], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return told.pop(0) if len(told) > 1 else told[0]

    async def send_nowhere(_: Any) -> None:
        return None

    application: Any = front.client._transport.app  # type: ignore[attr-defined]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/files", "raw_path": b"/v1/files", "scheme": "http",
        "query_string": b"name=x.pdf", "client": ("1.2.3.4", 5), "server": ("intake", 80), "extensions": {},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await application(scope, receive, send_nowhere)
    begun = (await send(front, content, key="broken", name="x.pdf")).json()
    assert (begun["received"], begun["complete"]) == (150_000, False)
    done = await go_on(front, begun["file_id"], 150_000, content[150_000:])
    assert done.json()["sha256"] == hashlib.sha256(content).hexdigest()


async def test_what_came_within_its_time_stays(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "UPLOAD_SECONDS_MAX", 0.5)
    content, ends = large(200_000), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield content[:150_000]
        await ends.wait()

    headers = front.headers() | {"idempotency-key": "slow", "upload-length": "200000"}
    answer = await front.client.post("/v1/files", content=slowly(), headers=headers)
    assert (answer.status_code, answer.json()["received"]) == (201, 150_000)
    done = await go_on(front, answer.json()["file_id"], 150_000, content[150_000:])
    assert done.json()["sha256"] == hashlib.sha256(content).hexdigest()


async def test_an_upload_that_lost_a_part_is_refused(front: Front, settings: IntakeSettings) -> None:
    content = large(200_000)
    file_id = (await send(front, content[:100_000], upload_length=len(content))).json()["file_id"]
    (part,) = objects(settings)
    part.unlink()
    for _ in range(2):
        answer = await go_on(front, file_id, 100_000, content[100_000:])
        assert (answer.status_code, answer.json()["code"]) == (422, "file-changed")
    assert objects(settings) == []


async def test_a_file_is_judged_whoever_sent_its_end(front: Front, admin: asyncpg.Connection[Any]) -> None:
    file_id = await sent(front)
    await admin.execute("UPDATE files SET sha256 = NULL, kind = NULL, name = 'don', scanned = NULL")
    told = (await front.client.get(f"/v1/files/{file_id}", headers=front.headers())).json()
    assert (told["complete"], told["media_type"], told["name"]) == (True, "application/pdf", "don.pdf")


async def test_what_is_not_as_announced_is_refused(front: Front) -> None:
    right = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
    assert (await send(front, repr_digest=f"sha-256=:{right}:")).status_code == 201
    for given, (status, code) in {
        "changed": ({"repr_digest": f"sha-256=:{wrong}:"}, (422, "file-changed")),
        "no digest": ({"repr_digest": "sha-256=x"}, (422, "invalid")),
        "longer": ({"upload_length": 9}, (422, "file-changed")),
        "far too long": ({"upload_length": 50 * 1_048_576 + 1}, (413, "file-too-large")),
        "negative": ({"upload_length": -1}, (422, "greater-than-equal")),
    }.values():
        answer = await send(front, key=f"k{given}"[:40], **given)
        told = answer.json()
        assert (answer.status_code, told["errors"][0]["code"] if told.get("errors") else told["code"]) == (
            status,
            code,
        ), answer.text
    other = await send(front, PDF, upload_length=len(PDF) + 1)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")

    async def without_length() -> AsyncIterator[bytes]:
        yield PDF

    answer = await front.client.post(
        "/v1/files", content=without_length(), headers=front.headers() | {"idempotency-key": "n"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "length-missing")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh", PDF[:-8], PDF + ZIP])
async def test_what_is_not_taken_is_not_kept(front: Front, settings: IntakeSettings, content: bytes) -> None:
    answers = [await send(front, content) for _ in range(2)]
    assert [each.status_code for each in answers] == [422, 422]
    assert answers[0].json()["code"] == answers[1].json()["code"]
    assert objects(settings) == []


async def test_without_a_store_nothing_is_taken(process: Process) -> None:
    async with process(files_url="") as front:
        answer = await send(front)
        assert (answer.status_code, answer.json()["code"]) == (503, "files-not-set-up")
        assert (await front.file()).status_code == 201


async def test_nobody_fills_the_store_with_what_no_dossier_names(process: Process) -> None:
    async with process(files_waiting_megabytes=100) as front:
        for number in range(2):
            answer = await send(front, PDF[:20], key=f"k{number}", upload_length=50_000_000)
            assert answer.status_code == 201
        assert (await send(front, PDF[:20], key="k1", upload_length=50_000_000)).status_code == 201
        full = await send(front, key="one more")
        assert (full.status_code, full.json()["code"]) == (429, "uploads-waiting")
        assert (await send(front, subject="s2")).status_code == 201


async def test_what_was_changed_in_the_store_is_not_given_out(front: Front, settings: IntakeSettings) -> None:
    file_id = await sent(front)
    dossier_id = await filed(front, (file_id, 1))
    (kept,) = objects(settings)
    changed = bytearray(kept.read_bytes())
    for spoilt in (bytes(changed[:-1]), bytes([*changed[:-1], changed[-1] ^ 1]), b""):
        kept.write_bytes(spoilt)
        assert (await opened(front, dossier_id, file_id)).json()["code"] == "paper-damaged"
    kept.unlink()
    assert (await opened(front, dossier_id, file_id)).json()["code"] == "paper-damaged"


async def _scanner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks as clamd does: INSTREAM, and finds the one thing that every scanner finds."""
    assert await reader.readexactly(10) == b"zINSTREAM\0"
    content = b""
    while size := int.from_bytes(await reader.readexactly(4), "big"):
        content += await reader.readexactly(size)
    writer.write(b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0")
    await writer.drain()
    writer.close()


async def test_a_file_is_opened_once_it_is_scanned(process: Process) -> None:
    server = await asyncio.start_server(_scanner, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with process(clamd=f"127.0.0.1:{port}") as front:
        infected = await send(front, PDF.replace(b"/Catalog", b"/Catalog" + EICAR), key="eicar")
        assert (infected.status_code, infected.json()["code"]) == (422, "file-infected")
        clean = await send(front)
        assert clean.json()["scanned"] is True
        server.close()
        await server.wait_closed()
        late = await send(front, key="late")
        assert (late.status_code, late.json()["scanned"]) == (201, None)
        file_id = late.json()["file_id"]
        dossier_id = await filed(front, (clean.json()["file_id"], 1), (file_id, 2))
        assert (await opened(front, dossier_id, clean.json()["file_id"])).status_code == 200
        closed = await opened(front, dossier_id, file_id)
        assert (closed.status_code, closed.json()["code"]) == (503, "not-scanned-yet")
    server = await asyncio.start_server(_scanner, "127.0.0.1", port)
    async with process(clamd=f"127.0.0.1:{port}") as front:
        assert (await opened(front, dossier_id, file_id)).content == PDF
    server.close()


async def test_a_part_is_on_the_disk_before_it_is_recorded(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_down: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (put_down.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd))
    )
    record = Uploads.record

    async def recorded(*given: Any) -> None:
        assert put_down, "nothing was put down yet"
        await record(*given)

    monkeypatch.setattr(Uploads, "record", recorded)
    await sent(front)
    (kept,) = objects(settings)
    assert {str(kept), str(kept.parent), str(kept.parent.parent)} <= set(put_down)
