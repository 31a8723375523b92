"""Files in pieces, as the pages' script sends them, and the receipt as a PDF."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.http.page_routes import MARK_HEADER
from tests.intake.papers.sending import PDF, large
from tests.pages.test_applicant import FILE, file
from tests.pages.test_papers import papers_page
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]


@pytest.fixture
async def applicant(visit: Visit) -> Visitor:
    who = visit("intake")
    await who.log_in("nguoi-nop-1")
    return who


async def token_of(who: Visitor) -> str:
    return dict(form_of(await who.get(FILE), FILE))["csrf"]


async def begin(
    who: Visitor, size: int, *, key: str = "", content: bytes = b"", **headers: Any
) -> httpx.Response:
    said = {
        "idempotency-key": key or uuid7().hex,
        "upload-length": str(size),
        "sec-fetch-site": "same-origin",
    }
    url = f"{who.origin}/uploads?name=%C4%90%C6%A1n.pdf"
    return await who.http.post(
        url, content=content, headers=said | {n.replace("_", "-"): v for n, v in headers.items()}
    )


async def go_on(who: Visitor, file_id: str, offset: int, content: bytes, token: str) -> httpx.Response:
    said = {"upload-offset": str(offset), MARK_HEADER: token, "sec-fetch-site": "same-origin"}
    return await who.http.patch(f"{who.origin}/uploads/{file_id}", content=content, headers=said)


async def test_a_file_in_pieces_goes_with_a_filing(applicant: Visitor) -> None:
    """Begun twice under one key it is one file; a piece that comes elsewhere is told where the file ends."""
    content, token, key = large(200_000), await token_of(applicant), uuid7().hex
    begun = [await begin(applicant, 200_000, key=key, x_session_mark=token) for _ in range(2)]
    assert [each.status_code for each in begun] == [201, 201]
    states = [each.json() for each in begun]
    assert states[0] == states[1] and (states[0]["received"], states[0]["complete"]) == (0, False)
    file_id = states[0]["file_id"]
    first = await go_on(applicant, file_id, 0, content[:120_000], token)
    assert (first.status_code, first.json()["received"]) == (200, 120_000)
    elsewhere = await go_on(applicant, file_id, 0, content, token)
    assert (elsewhere.status_code, elsewhere.headers["upload-offset"]) == (409, "120000")
    last = (await go_on(applicant, file_id, 120_000, content[120_000:], token)).json()
    assert last["complete"] and last["media_type"] == "application/pdf" and last["name"] == "Đơn.pdf"
    check = await applicant.send(await papers_page(applicant), FILE, step="check", **{"file-1": file_id})
    assert "Đơn.pdf" in check.text
    done = await applicant.send(check, FILE, confirmed="1")
    own = (await applicant.get(done.headers["location"])).text
    link = next(part.partition('"')[0] for part in own.split('href="') if "/papers/" in part)
    assert (await applicant.get(link)).content == content


async def test_a_piece_of_another_session_is_not_taken(town: Town, visit: Visit, applicant: Visitor) -> None:
    """Nor one from another site, of a session that is over, or of somebody else's file; each is answered with data and no page."""
    token, other = await token_of(applicant), visit("intake")
    await other.log_in("nguoi-nop-2")
    theirs, files = await token_of(other), await town.intake_pool.fetchval("SELECT count(*) FROM files")
    for headers in ({}, {MARK_HEADER: theirs}, {MARK_HEADER: token, "sec-fetch-site": "cross-site"}):
        refused = await begin(applicant, len(PDF), content=PDF, **headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "form-from-elsewhere")
    assert await town.intake_pool.fetchval("SELECT count(*) FROM files") == files
    file_id = (await begin(other, len(PDF), **{MARK_HEADER: theirs})).json()["file_id"]
    strange = await go_on(applicant, file_id, 0, PDF, token)
    assert (strange.status_code, strange.json()["code"]) == (404, "file-unknown")
    await town.intake_pool.execute("UPDATE sessions SET seen_at = seen_at - interval '31 minutes'")
    for late in (
        await begin(other, 9, **{MARK_HEADER: theirs}),
        await go_on(other, file_id, 0, PDF, theirs),
    ):
        assert (late.status_code, late.json()["code"]) == (401, "log-in-missing")


async def test_what_is_wrong_with_a_file_in_pieces_is_told_by_its_code(applicant: Visitor) -> None:
    token = await token_of(applicant)
    for size, content, status, code in (
        (50 * 1_048_576 + 1, b"", 413, "file-too-large"),
        (0, b"", 422, "file-empty"),
        (6, b"GIF89a", 422, "file-kind-not-taken"),
        (2, b"%PDF-", 422, "file-changed"),
    ):
        answer = await begin(applicant, size, content=content, **{MARK_HEADER: token})
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_only_pages_that_file_run_a_script_and_it_is_their_own(town: Town, applicant: Visitor) -> None:
    for page, runs in (
        (await applicant.get(FILE), True),
        (await papers_page(applicant), True),
        (await applicant.get("/dossiers"), False),
        (await applicant.get("/"), False),
    ):
        policy = page.headers["content-security-policy"]
        assert ("script-src 'self'; connect-src 'self'" in policy) is runs and "unsafe" not in policy
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert (
            len(scripts) == runs
            and " on" not in "".join(re.findall(r"<form[^>]*>", page.text)).partition("data-said")[0]
        )
        for script in scripts:
            (path,) = re.findall(r'^<script src="(/assets/filing-[0-9a-f]{16}\.js)" defer>$', script)
            got = await applicant.get(path)
            assert got.status_code == 200 and got.headers["content-type"].startswith("text/javascript")
            assert "immutable" in got.headers["cache-control"]


async def test_the_receipt_is_a_pdf_for_who_filed_alone(town: Town, visit: Visit, applicant: Visitor) -> None:
    dossier_id = await file(applicant)
    path, other = f"/dossiers/{dossier_id}/receipt", visit("intake")
    await other.log_in("nguoi-nop-2")
    assert (await other.get(path)).status_code == 404
    assert f'href="{path}"' in (await applicant.get(f"/dossiers/{dossier_id}?filed=1")).text
    for lang in ("vi", "en"):
        made, told = await asyncio.gather(applicant.get(f"{path}?lang={lang}"), applicant.get("/dossiers"))
        assert made.status_code == 200, made.text
        assert told.status_code == 200 and made.content.startswith(b"%PDF-")
        assert made.headers["content-type"] == "application/pdf"
        assert made.headers["content-disposition"] == f'attachment; filename="bien-nhan-{dossier_id}.pdf"'
