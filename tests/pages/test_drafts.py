"""Drafts by pages alone: kept at each step, taken up on another device, told of in lists, deleted, and never overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from services.chassis.http.pages import utc_now
from services.chassis.http.sessions import WHOLE
from tests.intake.papers.sending import PDF
from tests.pages.test_applicant import CODE, FILE, example
from tests.pages.test_papers import papers_page
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]
SAVE = f"/procedures/{CODE}/draft"
ADDRESS = "content.residence_address"
WHO = "nguoi-nop-2"


@pytest.fixture(autouse=True)
async def none_before(town: Town) -> None:
    await town.intake_pool.execute("DELETE FROM drafts")


@pytest.fixture
async def phone(visit: Visit) -> Visitor:
    """Somebody on one device; the same person on another one is another visitor."""
    who = visit("intake")
    await who.log_in(WHO)
    return who


def key_of(page: httpx.Response, action: str = FILE) -> str:
    return dict(form_of(page, action))["key"]


def fields_of(page: httpx.Response, **changes: str) -> list[tuple[str, str]]:
    """The page's form with what somebody typed into it."""
    return [*((name, value) for name, value in form_of(page, FILE) if name not in changes), *changes.items()]


async def begun(who: Visitor, **changes: str) -> tuple[httpx.Response, str]:
    """A draft as the script keeps it while somebody types: the empty form's page, and the draft's id."""
    page = await who.get(FILE)
    answer = await who.post(SAVE, fields_of(page, change="1", **changes))
    assert (answer.status_code, answer.headers["draft-version"]) == (204, "1"), answer.text
    return page, key_of(page)


async def test_a_draft_is_taken_up_on_another_device_where_it_was_left(
    town: Town, visit: Visit, phone: Visitor
) -> None:
    """Half a form, then its papers with a file, then the check; each page says until when it is kept."""
    desk = visit("intake")
    await desk.log_in(WHO)
    _, draft_id = await begun(phone, **{ADDRESS: "12 đường số 3"})
    assert f'href="/drafts/{draft_id}"' in (await desk.get(FILE)).text, "told of before a second one is begun"
    listed = (await desk.get("/dossiers")).text
    assert f'href="/drafts/{draft_id}"' in listed and "còn được giữ" in listed and "Sắp bị xóa" not in listed
    form = await desk.get(f"/drafts/{draft_id}")
    assert (
        form.status_code == 200
        and 'value="12 đường số 3"' in form.text
        and "Bản nháp đã lưu lúc" in form.text
    )
    assert "govuk-error-summary" not in form.text, "what is not typed yet is no fault yet"
    fields = form_of(form, FILE)
    kept = [each for each in fields if each[0] in ("csrf", "key", "draft")]
    for name, value in example(CODE).items():
        kept += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    papers = await desk.post(FILE, kept)
    papers = await desk.upload(papers, FILE, {"file-1": ("Đơn.pdf", PDF)}, step="upload")
    resumed = await phone.get(f"/drafts/{draft_id}")
    assert "Giấy tờ kèm theo" in resumed.text and "Đơn.pdf" in resumed.text
    check = await phone.send(resumed, FILE, step="check")
    assert "Kiểm tra trước khi nộp" in check.text and "Bản nháp đã lưu lúc" in check.text
    assert "Kiểm tra trước khi nộp" in (await desk.get(f"/drafts/{draft_id}")).text
    done = await phone.send(check, FILE, confirmed="1")
    assert done.status_code == 303
    assert draft_id not in (await desk.get("/dossiers")).text


async def test_a_draft_that_was_filed_leads_to_its_dossier(town: Town, visit: Visit, phone: Visitor) -> None:
    """From another tab, from another device, and where the process died before it deleted the draft."""
    papers = await papers_page(phone)
    draft_id = key_of(papers)
    check = await phone.send(papers, FILE, step="check")
    row = await town.intake_pool.fetchrow("SELECT * FROM drafts")
    done = await phone.send(check, FILE, confirmed="1")
    dossier = done.headers["location"]
    for changes in ({}, {"content.degree_subject": "khác"}, {"confirmed": "1"}):
        again = await phone.send(papers, FILE, step="check", **changes)
        assert (again.status_code, again.headers["location"]) == (303, dossier)
    assert await town.intake_pool.fetchval("SELECT count(*) FROM drafts") == 0
    await town.intake_pool.execute("INSERT INTO drafts VALUES ($1, $2, $3, $4, $5, $6, $7)", *row)
    resumed = await phone.get(f"/drafts/{draft_id}")
    assert (resumed.status_code, resumed.headers["location"]) == (303, dossier)
    assert (await phone.get(f"/drafts/{draft_id}")).headers["location"] == dossier


async def test_what_another_tab_saved_is_shown_before_it_is_overwritten(town: Town, phone: Visitor) -> None:
    page, draft_id = await begun(phone, email="mot@example.vn")
    other = await phone.get(f"/drafts/{draft_id}")
    saved = await phone.send(other, FILE, email="hai@example.vn", change="1")
    assert saved.status_code == 200
    told = await phone.post(SAVE, fields_of(page, email="ba@example.vn"))
    assert told.status_code == 409, "the script stops"
    changed = await phone.send(page, FILE, email="ba@example.vn", change="1")
    assert changed.status_code == 409 and "Bản nháp đã được sửa ở nơi khác" in changed.text
    assert "hai@example.vn" in changed.text and "ba@example.vn" in changed.text, "both are told"
    opened = await phone.get(f"/drafts/{draft_id}")
    assert 'value="hai@example.vn"' in opened.text
    mine = await phone.send(changed, FILE, change="1")
    assert mine.status_code == 200 and 'value="ba@example.vn"' in mine.text
    assert 'value="ba@example.vn"' in (await phone.get(f"/drafts/{draft_id}")).text


async def test_nothing_is_filed_from_a_tab_that_is_behind(phone: Visitor) -> None:
    check = await phone.send(await papers_page(phone), FILE, step="check")
    draft_id = key_of(check)
    form = await phone.send(check, FILE, change="1")
    await phone.send(form, FILE, email="moi@example.vn", change="1")
    behind = await phone.send(check, FILE, confirmed="1")
    assert (
        behind.status_code == 409 and "Chưa có gì được nộp" in behind.text and "moi@example.vn" in behind.text
    )
    again = await phone.send(behind, FILE, step="check")
    assert "Kiểm tra trước khi nộp" in again.text and "moi@example.vn" not in again.text, (
        "shown whole once more"
    )
    assert key_of(again) == draft_id
    assert (await phone.send(again, FILE, confirmed="1")).status_code == 303


async def test_what_was_typed_outlives_the_longest_session(
    town: Town, phone: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve hours after the log-in the form is asked for once more, with all that was typed, and goes on after the next log-in."""
    page = await phone.get(FILE)
    monkeypatch.setattr(town.intake_application.pages.sessions, "_clock", lambda: utc_now() + WHOLE)
    assert (await phone.get("/dossiers")).headers["location"].startswith("/log-in")
    typed = fields_of(page, email="con@example.vn", change="1")
    answer = await phone.post(FILE, typed)
    assert answer.status_code == 401 and 'value="con@example.vn"' in answer.text
    assert (await phone.post(SAVE, typed)).status_code == 401
    assert await town.intake_pool.fetchval("SELECT count(*) FROM drafts") == 0, (
        "nothing is done for a session that is over"
    )
    await phone.log_in(WHO)
    again = await phone.send(await phone.post(FILE, form_of(answer, FILE)), FILE)
    assert again.status_code == 200 and 'value="con@example.vn"' in again.text


async def test_fields_behind_a_file_outlive_the_session_too(town: Town, phone: Visitor) -> None:
    papers = await phone.upload(await papers_page(phone), FILE, {"file-1": ("a.pdf", PDF)}, step="upload")
    files = await town.intake_pool.fetchval("SELECT count(*) FROM files")
    await town.intake_pool.execute("UPDATE sessions SET seen_at = seen_at - interval '31 minutes'")
    fields = form_of(papers, FILE)
    body = [(name, (None, value)) for name, value in fields] + [
        ("file-2", ("b.pdf", PDF)),
        ("step", (None, "check")),
    ]
    sent = await phone.http.post(phone.origin + FILE, files=body, headers={"sec-fetch-site": "same-origin"})
    assert sent.status_code == 401 and 'name="step" value="check"' in sent.text
    assert await town.intake_pool.fetchval("SELECT count(*) FROM files") == files, "no file of it is kept"
    await phone.log_in(WHO)
    again = await phone.send(await phone.post(FILE, form_of(sent, FILE)), FILE)
    assert "a.pdf" in again.text and 'href="#file-2"' in again.text, "and the one to bring again is named"


async def test_a_draft_is_deleted_after_a_question(town: Town, visit: Visit, phone: Visitor) -> None:
    _, draft_id = await begun(phone)
    path, stranger = f"/drafts/{draft_id}/delete", visit("intake")
    await stranger.log_in("nguoi-nop-1")
    for page in (path, f"/drafts/{draft_id}", f"/drafts/{UUID(int=1)}", f"/drafts/{UUID(int=1)}/delete"):
        assert (await stranger.get(page)).status_code == 404
    own = await stranger.get(FILE)
    await stranger.post(path, [each for each in form_of(own, FILE) if each[0] == "csrf"])
    asked = await phone.get(path)
    assert "không lấy lại được" in asked.text
    for _ in range(2):
        gone = await phone.send(asked, path)
        assert (gone.status_code, gone.headers["location"]) == (303, "/dossiers?done=draft")
    shown = (await phone.get("/dossiers?done=draft")).text
    assert "Đã xóa bản nháp" in shown and draft_id not in shown
    assert (await phone.get(f"/drafts/{draft_id}")).status_code == 404


async def test_the_last_week_of_a_draft_is_told(town: Town, phone: Visitor) -> None:
    _, draft_id = await begun(phone)
    age = "UPDATE drafts SET saved_at = saved_at - $1 * interval '1 day'"
    await town.intake_pool.execute(age, 24)
    listed = (await phone.get("/dossiers")).text
    assert "Sắp bị xóa" in listed and "còn được giữ 6 ngày" in listed
    await town.intake_pool.execute(age, 6)
    assert draft_id not in (await phone.get("/dossiers")).text
    assert (await phone.get(f"/drafts/{draft_id}")).status_code == 404


async def test_whoever_has_too_many_drafts_files_all_the_same(town: Town, phone: Visitor) -> None:
    for _ in range(20):
        await begun(phone)
    papers = await papers_page(phone)
    assert "Đã có 20 bản nháp" in papers.text
    answer = await phone.post(SAVE, form_of(papers, FILE))
    assert (answer.status_code, answer.headers["draft-version"]) == (204, "0")
    done = await phone.send(await phone.send(papers, FILE, step="check"), FILE, confirmed="1")
    assert done.status_code == 303


async def test_a_form_whose_key_is_none_of_ours_keeps_no_draft(town: Town, phone: Visitor) -> None:
    page = await phone.get(FILE)
    for key, version in (("x" * 300, "1"), ("", "-1"), (str(UUID(int=10)).upper(), "9" * 400)):
        assert (await phone.post(SAVE, fields_of(page, key=key, draft=version))).status_code == 204
    assert await town.intake_pool.fetchval("SELECT count(*) FROM drafts") == 0
    assert (await phone.post(SAVE, fields_of(page, draft="²"))).status_code == 204


async def test_a_draft_of_a_procedure_that_is_over_can_be_deleted(town: Town, phone: Visitor) -> None:
    _, draft_id = await begun(phone)
    await town.intake_pool.execute("UPDATE drafts SET procedure = '1.009988'")
    listed = (await phone.get("/dossiers")).text
    assert "không còn nhận hồ sơ" in listed and f'href="/drafts/{draft_id}"' not in listed
    assert (await phone.get(f"/drafts/{draft_id}")).status_code == 404
    assert (
        await phone.send(await phone.get(f"/drafts/{draft_id}/delete"), f"/drafts/{draft_id}/delete")
    ).status_code == 303
