"""Papers by pages alone: uploaded without script, shown before they are filed, brought later, opened by the desk and by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import httpx

from tests.intake.papers.sending import JPEG, PDF, large
from tests.pages.test_applicant import CODE, FILE, example, told_back
from tests.pages.test_officer import act as officers_act
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]


async def papers_page(who: Visitor) -> httpx.Response:
    """The step of papers, with the form filled in."""
    page = await who.get(FILE)
    fields = [(name, value) for name, value in form_of(page, FILE) if name in ("csrf", "key")]
    for name, value in example(CODE).items():
        fields += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    return await who.post(FILE, fields)


async def test_papers_go_with_a_filing_and_to_the_desk(town: Town, visit: Visit) -> None:
    applicant, desk, stranger = visit("intake"), visit("processing"), visit("intake")
    await applicant.log_in("nguoi-nop-1")
    await stranger.log_in("nguoi-nop-2")
    await desk.log_in("mot-cua")
    page = await papers_page(applicant)
    assert "50 MB" in page.text and "chưa nối với máy quét" in page.text
    content = large(150_000)
    none = {"file-3": ("", b"")}
    page = await applicant.upload(page, FILE, {"file-1": ("../Đơn.PDF", content), **none}, step="upload")
    assert page.status_code == 200 and "Đơn.pdf" in page.text and "0,1 MB" in page.text
    page = await applicant.upload(
        page, FILE, {"file-2": ("ảnh.jpg", JPEG), "file-0": ("x.exe", b"MZ")}, step="check"
    )
    assert page.status_code == 422 and 'href="#file-0"' in page.text and "ảnh.jpg" in page.text
    check = await applicant.send(page, FILE, step="check")
    assert "Kiểm tra trước khi nộp" in check.text and "Đơn.pdf" in check.text and "ảnh.jpg" in check.text
    again = await applicant.send(check, FILE, step="papers")
    (second,) = (value for name, value in form_of(again, FILE) if name == "file-2")
    again = await applicant.send(again, FILE, remove=second)
    assert "ảnh.jpg" not in again.text and "Đơn.pdf" in again.text
    check = await applicant.upload(again, FILE, {"file-2": ("lại.jpg", JPEG)}, step="check")
    done = [await applicant.send(check, FILE, confirmed="1") for _ in range(2)]
    assert done[0].status_code == 303 and done[0].headers["location"] == done[1].headers["location"]
    dossier_id = UUID(done[0].headers["location"].split("/")[2].split("?")[0])
    own = (await applicant.get(f"/dossiers/{dossier_id}")).text
    link = next(part.partition('"')[0] for part in own.split('href="') if "/papers/" in part)
    saved = await applicant.get(link)
    assert saved.content == content and saved.headers["content-disposition"].startswith("attachment")
    assert (await stranger.get(link)).status_code == 404
    await town.tell()
    shown = (await desk.get(f"/dossiers/{dossier_id}")).text
    assert "Đơn.pdf" not in shown, "only when asked for, for that is written down"
    shown = (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    assert "Đơn.pdf" in shown and "lại.jpg" in shown and "chưa được quét" in shown
    opened = await desk.get(link)
    assert opened.content == content and "sandbox" in opened.headers["content-security-policy"]
    assert opened.headers["content-type"] == "application/pdf"
    absent = await desk.get(link[:-12] + "0" * 12)
    assert absent.status_code == 503 and "paper-unread" in absent.text


async def test_a_file_that_is_gone_is_asked_for_again(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    check = await applicant.upload(
        await papers_page(applicant), FILE, {"file-1": ("a.pdf", PDF)}, step="check"
    )
    (file_id,) = (value for name, value in form_of(check, FILE) if name == "file-1")
    for table in ("draft_files", "files"):
        await town.intake_pool.execute(f"DELETE FROM {table} WHERE file_id = $1", UUID(file_id))
    shown = await applicant.send(check, FILE, step="papers")
    assert "a.pdf" not in shown.text and "Giấy tờ kèm theo" in shown.text


async def test_a_form_that_names_files_wrongly_is_shown_without_them(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    page = await applicant.upload(
        await papers_page(applicant), FILE, {"file-1": ("a.pdf", PDF)}, step="upload"
    )
    fields = form_of(page, FILE)
    (file_id,) = (value for name, value in fields if name == "file-1")
    for name, value in (("file-1", "-" * 36), ("file-99", file_id)):
        kept = [field for field in fields if field[0] != "file-1"]
        shown = await applicant.post(FILE, [*kept, (name, value), ("step", "check")])
        assert shown.status_code == 200 and "a.pdf" not in shown.text


async def test_no_file_of_a_form_of_another_session_is_kept(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-2")
    page = await papers_page(applicant)
    files = town.intake_pool.fetchval("SELECT count(*) FROM files")
    before = await files
    for csrf in ("", "x" * 32):
        answer = await applicant.upload(page, FILE, {"file-1": ("a.pdf", PDF)}, csrf=csrf)
        assert answer.status_code == 403 and "Chưa gửi" in answer.text
    elsewhere = await applicant.http.post(
        town.intake + FILE,
        data=dict(form_of(page, FILE)),
        files={"file-1": ("a.pdf", PDF)},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert elsewhere.status_code == 403
    for body in (b"", b"--x\r\n", b"--b\r\nno header\r\n\r\n", b"--b\r\n" + b"x" * 100_000):
        kind = {"content-type": "multipart/form-data; boundary=b", "sec-fetch-site": "same-origin"}
        answer = await applicant.http.post(town.intake + FILE, content=body, headers=kind)
        assert answer.status_code in (400, 403, 413), answer.text
    assert await town.intake_pool.fetchval("SELECT count(*) FROM files") == before


async def test_a_supplement_brings_files(town: Town, visit: Visit) -> None:
    applicant, desk = visit("intake"), visit("processing")
    await applicant.log_in("nguoi-nop-1")
    await desk.log_in("chuyen-vien-1")
    check = await applicant.send(await papers_page(applicant), FILE, step="check")
    done = await applicant.send(check, FILE, confirmed="1")
    dossier_id = UUID(done.headers["location"].split("/")[2].split("?")[0])
    page = f"/dossiers/{dossier_id}/supplement"
    await town.tell()
    await officers_act(
        desk, dossier_id, "request-supplement", **{"paper-2": "unreadable", "paper-3": "missing"}
    )
    await told_back(town)
    form = await applicant.get(page)
    refused = await applicant.upload(form, page, {"file-2": ("rõ.pdf", PDF), "file-3": ("trống.pdf", b"")})
    assert refused.status_code == 422 and 'href="#file-3"' in refused.text and "rõ.pdf" in refused.text
    for _ in range(2):
        brought = await applicant.upload(refused, page, {"file-3": ("ba.jpg", JPEG)})
        assert brought.status_code == 303, brought.text
    own = (await applicant.get(f"/dossiers/{dossier_id}")).text
    assert own.count("rõ.pdf") == 1 and own.count("ba.jpg") == 1 and own.count("Bạn bổ sung giấy tờ") == 1
    await town.tell()
    shown = (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    assert "rõ.pdf" in shown and "(bổ sung)" in shown
