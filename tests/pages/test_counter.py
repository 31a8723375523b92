"""Filing for somebody at the counter, by pages alone: as received in person, in the officer's name, once, with a receipt."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader

from contracts.envelope import json_object
from services.processing.pages import counter_files
from tests.intake.papers.sending import JPEG, large
from tests.pages.test_applicant import CODE, example
from tests.pages.test_officer import act
from tests.pages.test_register import readers
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]
COUNTER = f"/counter/{CODE}"
UNIT = "H29.015.00/QLXD"
WHO = {
    "channel": "in_person",
    "name": "Trần Thị Quầy",
    "kind": "cccd",
    "number": "097190000077",
    "phone": "0912345678",
}


async def filled(who: Visitor, path: str = COUNTER, **changes: Any) -> httpx.Response:
    """The answer to the form as an officer fills it in: the step of papers, or what is wrong."""
    page = await who.get(path)
    assert page.status_code == 200, page.text
    fields = [(name, value) for name, value in form_of(page, path) if name in ("csrf", "key")]
    typed = WHO | {name: value for name, value in example(CODE).items() if name != "office"} | changes
    for name, value in typed.items():
        fields += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    return await who.post(path, fields)


async def test_a_form_of_the_counter_files_once(town: Town, visit: Visit) -> None:
    desk, stranger = visit("processing"), visit("processing")
    await desk.log_in("mot-cua")
    listed = (await desk.get("/counter")).text
    assert f'href="{COUNTER}"' in listed and 'aria-current="page">Nhận tại quầy' in listed
    papers = await filled(
        desk, for_another="yes", owner_name="Lê Văn Chủ", owner_kind="cccd", owner_number="097090000078"
    )
    assert papers.status_code == 200 and "Giấy tờ nhận tại quầy" in papers.text, papers.text
    content = large(150_000)
    none = {"file-3": ("", b"")}
    page = await desk.upload(papers, COUNTER, {"file-1": ("../Đơn.PDF", content), **none}, step="upload")
    assert page.status_code == 200 and "Đơn.pdf" in page.text, page.text
    page = await desk.upload(
        page, COUNTER, {"file-2": ("ảnh.jpg", JPEG), "file-0": ("x.exe", b"MZ")}, step="check"
    )
    assert page.status_code == 422 and 'href="#file-0"' in page.text and "theo nội dung" in page.text
    (second,) = (value.split()[0] for name, value in form_of(page, COUNTER) if name == "file-2")
    page = await desk.send(page, COUNTER, remove=second)
    assert "ảnh.jpg" not in page.text and "Đơn.pdf" in page.text
    check = await desk.send(page, COUNTER, step="check")
    for said in ("Trần Thị Quầy", "097190000077", "Lê Văn Chủ", "Trực tiếp", "Đơn.pdf", "Ghi nhận hồ sơ"):
        assert said in check.text, said
    changed = await desk.send(check, COUNTER, change="1")
    assert 'value="Trần Thị Quầy"' in changed.text and "file-1" in changed.text
    done = [await desk.send(check, COUNTER, confirmed="1") for _ in range(2)]
    assert [each.status_code for each in done] == [303, 303], done[0].text
    assert done[0].headers["location"] == done[1].headers["location"], "sent twice, it is filed once"
    path = done[0].headers["location"]
    dossier_id = UUID(path.rpartition("/")[2])
    assert path == f"/counter/filed/{dossier_id}" and str(dossier_id) in (await desk.get(path)).text
    rows = await town.intake_pool.fetch(
        "SELECT actor, data FROM events WHERE stream_id = $1 ORDER BY version", dossier_id
    )
    (filed,) = rows
    told = json_object(filed["data"].encode())
    assert filed["actor"] == "officer/mot-cua" and told["channel"] == "in_person"
    await town.tell()
    shown = (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    for said in ("Trực tiếp", "Trần Thị Quầy", "Lê Văn Chủ", "Đơn.pdf", "+84912345678"):
        assert said in shown, said
    assert (await act(desk, dossier_id, "accept", unit=UNIT)).status_code == 303
    await stranger.log_in("lanh-dao")
    assert (await stranger.get("/counter")).status_code == 403, "intake takes filings from no supervisor"


async def test_a_filing_at_the_counter_has_a_receipt(town: Town, visit: Visit) -> None:
    desk = visit("processing")
    await desk.log_in("chuyen-vien-2")
    check = await desk.send(await filled(desk, channel="postal"), COUNTER, step="check")
    assert "Bưu chính" in check.text
    done = await desk.send(check, COUNTER, confirmed="1")
    dossier_id = UUID(done.headers["location"].rpartition("/")[2])
    answer = await desk.get(f"/counter/filed/{dossier_id}/receipt")
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment")
    text = " ".join(each.extract_text() for each in PdfReader(io.BytesIO(answer.content)).pages)
    for said in (
        "GIẤY BIÊN NHẬN HỒ SƠ",
        str(dossier_id),
        "Trần Thị Quầy",
        "Bưu chính",
        "Chuyên viên thứ hai",
    ):
        assert said in text, text
    assert await readers(town, dossier_id) == [("officer/chuyen-vien-2", "reception")]
    for path in ("", "/receipt"):
        assert (await desk.get(f"/counter/filed/{UUID(int=1)}{path}")).status_code == 404


async def test_what_is_wrong_at_the_counter_is_said_at_its_field(town: Town, visit: Visit) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    empty = await filled(desk, name="", number="", channel="online", **{"content.certificate_class": ""})
    assert empty.status_code == 422
    for field in ("name", "number", "channel", "content.certificate_class"):
        assert f'href="#{field}"' in empty.text and f'id="{field}"' in empty.text, field
    # What people are called and numbered is judged by intake, at the fields of the page.
    check = await desk.send(await filled(desk, number="12", name="http://x.vn"), COUNTER, step="check")
    refused = await desk.send(check, COUNTER, confirmed="1")
    assert refused.status_code == 422 and 'href="#number"' in refused.text and 'href="#name"' in refused.text
    assert 'value="12"' in refused.text and "12 chữ số" in refused.text
    script = await filled(desk, name="<script>" * 20)
    assert "<script>" not in script.text
    for path in ("/counter/9.999999", "/counter/x", "/counter/1.009973"):
        assert (await desk.get(path)).status_code == 404


async def test_the_counter_without_intake_loses_nothing(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    papers = await filled(desk)
    check = await desk.send(papers, COUNTER, step="check")
    with monkeypatch.context() as away:
        away.setattr(town.house.desk.intake, "_url", "")
        answer = await desk.send(check, COUNTER, confirmed="1")
        assert answer.status_code == 503 and "không bị ghi hai lần" in answer.text
        assert 'value="Trần Thị Quầy"' in answer.text
        failed = await desk.upload(papers, COUNTER, {"file-1": ("a.pdf", large(10_000))}, step="upload")
        assert failed.status_code == 422 and "Nơi lưu tệp chưa trả lời" in failed.text
    monkeypatch.setattr(counter_files, "FILE_BYTES_MAX", 5_000)
    big = await desk.upload(papers, COUNTER, {"file-1": ("a.pdf", large(10_000))}, step="upload")
    assert big.status_code == 422 and "không quá 50 MB" in big.text
    monkeypatch.undo()
    again = await desk.send(await desk.send(answer, COUNTER, kind="cccd"), COUNTER, step="check")
    assert (await desk.send(again, COUNTER, confirmed="1")).status_code == 303
