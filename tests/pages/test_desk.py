"""The desk beside one dossier: many at once, queues cut down, and who is absent."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from services.processing.clock.working_days import local_day
from services.processing.pages import officer
from tests.pages.test_officer import act, file
from tests.pages.test_supervisor import csrf
from tests.pages.town import Town, Visitor

Visit = Callable[[str], Visitor]
UNIT = "H29.015.00/QLXD"


async def many(who: Visitor, dossiers: list[UUID], name: str, **more: str) -> str:
    """From the queue to the answer of each; the last page."""
    token = csrf(await who.get("/"))
    chosen = [
        ("csrf", token),
        ("act", name),
        ("back", "/queues/held"),
        *(("dossier", str(each)) for each in dossiers),
    ]
    asked = await who.post("/many", chosen)
    assert asked.status_code == 200 and f": {len(dossiers)} hồ sơ" in asked.text, asked.text
    done = await who.send(asked, "/many", **more)
    return done.text


async def test_one_act_on_many_is_answered_for_each(town: Town, visit: Visit) -> None:
    desk, handler, supervisor = visit("processing"), visit("processing"), visit("processing")
    await desk.log_in("mot-cua")
    await handler.log_in("chuyen-vien-1")
    await supervisor.log_in("lanh-dao")
    other = visit("processing")
    await other.log_in("chuyen-vien-2")
    await other.get("/")
    dossiers = [await file(town) for _ in range(3)]
    queue = (await desk.get("/queues/waiting-in-time")).text
    assert all(f'name="dossier" value="{each}"' in queue for each in dossiers) and 'action="/many"' in queue
    await act(desk, dossiers[0], "reject", reason="duplicate")
    page = await many(desk, dossiers, "accept", unit=UNIT)
    assert "2 trên 3 hồ sơ đã làm xong" in page and page.count("Đã làm</strong>") == 2
    assert page.count("Không làm được</strong>") == 1 and page.count(">H29.015.00-") == 2
    again = await many(desk, dossiers[1:], "accept", unit=UNIT)
    assert again.count("Đã làm từ trước</strong>") == 2, "sent again, nothing is done twice"
    page = await many(handler, dossiers[1:], "take")
    assert "2 trên 2 hồ sơ" in page
    page = await many(supervisor, dossiers[1:], "assign", officer="chuyen-vien-2")
    assert "2 trên 2 hồ sơ" in page
    page = await many(handler, dossiers[1:], "hand-over", officer="chuyen-vien-1")
    assert "0 trên 2 hồ sơ" in page and "Hồ sơ do đơn vị hoặc cán bộ khác giữ." in page
    missing = await many(supervisor, dossiers[1:], "assign")
    assert "Hãy điền mục này: Cán bộ nhận." in missing and 'href="#officer"' in missing


async def test_a_supervisor_transfers_from_the_unit_and_sees_where_it_went(town: Town, visit: Visit) -> None:
    supervisor, handler = visit("processing"), visit("processing")
    await supervisor.log_in("lanh-dao")
    await handler.log_in("chuyen-vien-1")
    dossiers = [await file(town) for _ in range(2)]
    for each in dossiers:
        await act(handler, each, "accept", unit=UNIT)
    assert f'href="/queues/held?desk={UNIT}"' in (await supervisor.get("/unit")).text
    assert 'value="transfer"' in (await supervisor.get(f"/queues/held?desk={UNIT}")).text
    assert 'value="transfer"' not in (await handler.get(f"/queues/held?desk={UNIT}")).text
    done = await many(supervisor, dossiers, "transfer", unit="H29.015.00/QLCP")
    assert "2 trên 2 hồ sơ đã làm xong" in done
    page = (await supervisor.get(f"/unit/transfers?desk={UNIT}")).text
    for each in dossiers:
        assert f"/dossiers/{each}" in page
    assert "Phòng Quản lý xây dựng" in page and "chưa ai nhận" in page and "Lãnh đạo phòng QLXD" in page
    english = (await supervisor.get(f"/unit/transfers?desk={UNIT}&lang=en")).text
    assert "nobody has taken it" in english


async def test_what_cannot_be_chosen_is_refused(town: Town, visit: Visit) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    (elsewhere,) = await town.house.submitted(office="H29.016.00")
    dossier, token = await file(town), csrf(await desk.get("/"))
    for fields, status, said in (
        ([], 422, "Hãy chọn ít nhất một hồ sơ"),
        ([("dossier", str(dossier))], 422, "Hãy chọn ít nhất một hồ sơ"),
        ([("dossier", str(dossier)), ("act", "reverse")], 422, "Hãy chọn ít nhất một hồ sơ"),
        ([("dossier", str(elsewhere)), ("act", "accept")], 422, "Hãy chọn ít nhất một hồ sơ"),
        ([("dossier", "x"), ("act", "accept")], 404, "not-found"),
        ([("dossier", str(UUID(int=n))) for n in range(201)], 413, "body-too-large"),
        (
            [("dossier", str(dossier)), ("act", "accept"), ("confirmed", "1"), ("unit", "<b>")],
            422,
            "chưa đúng mẫu",
        ),
    ):
        answer = await desk.post("/many", [("csrf", token), *fields])
        assert answer.status_code == status and said in answer.text, (fields, answer.text)
    back = await desk.post(
        "/many", [("csrf", token), ("back", "//evil.example"), ("dossier", str(dossier)), ("act", "take")]
    )
    assert "evil.example" not in back.text


async def test_a_queue_is_cut_down_by_procedure_and_holder(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor, handler = visit("processing"), visit("processing")
    await supervisor.log_in("lanh-dao")
    await handler.log_in("chuyen-vien-2")
    one, other = await file(town, procedure="1.006871"), await file(town)
    for each in (one, other):
        await act(supervisor, each, "accept", unit=UNIT)
    await act(handler, one, "take")
    page = (await supervisor.get(f"/queues/held?desk={UNIT}&procedure=1.006871&officer=chuyen-vien-2")).text
    assert f"/dossiers/{one}" in page and f"/dossiers/{other}" not in page
    assert (
        "Đang lọc trong" in page
        and 'value="1.006871" selected' in page
        and 'value="chuyen-vien-2" selected' in page
    )
    nothing = (await supervisor.get(f"/queues/held?desk={UNIT}&procedure=x")).text
    assert "Không có hồ sơ nào." in nothing
    address, found = f"/queues/held?desk={UNIT}&procedure=1.006871", list[str]()
    monkeypatch.setattr(officer, "PAGE_ITEMS", 1)
    while address:
        page = (await supervisor.get(address)).text
        found += [part[:36] for part in page.split('class="govuk-link" href="/dossiers/')[1:]]
        onward = re.search(r'href="([^"]*)">Trang sau<', page)
        address = html.unescape(onward[1]) if onward else ""
    assert str(one) in found and len(found) == len(set(found))


async def test_an_absence_is_said_and_ended(town: Town, visit: Visit) -> None:
    one, other, supervisor = visit("processing"), visit("processing"), visit("processing")
    await one.log_in("chuyen-vien-1")
    await other.log_in("chuyen-vien-2")
    await supervisor.log_in("lanh-dao")
    for who in (one, other):
        await who.get("/")
    dossier = await file(town)
    await act(one, dossier, "accept", unit=UNIT)
    await act(one, dossier, "take")
    today = local_day(town.house.clock.now)
    page = await one.get("/absences")
    assert "Không ai được ghi vắng mặt." in page.text and 'name="officer"' not in page.text
    wrong = await one.send(page, "/absences", substitute="", first_on="", last_on="")
    assert wrong.status_code == 422 and 'href="#substitute"' in wrong.text
    typed = {"substitute": "chuyen-vien-2", "first_on": str(today)}
    back = await one.send(page, "/absences", last_on=str(today - timedelta(days=1)), **typed)
    assert back.status_code == 422 and 'href="#last_on"' in back.text and f'value="{today}"' in back.text
    done = [await one.send(page, "/absences", last_on=str(today), **typed) for _ in range(2)]
    assert [each.headers["location"] for each in done] == ["/absences?done=say"] * 2
    again = await supervisor.send(
        await supervisor.get("/absences"), "/absences", officer="chuyen-vien-1", last_on=str(today), **typed
    )
    assert again.status_code == 422 and "đã được ghi vắng" in again.text
    assert "request-fee" in (await other.get(f"/dossiers/{dossier}")).text, "who stands in acts on it"
    listed = await supervisor.get("/absences")
    (ends,) = re.findall(r'name="end" value="([0-9a-f-]{36})"', listed.text)
    assert 'name="end"' not in (await other.get("/absences")).text
    token = csrf(listed)
    for bad, status in (("x", 404), (str(UUID(int=5)), 422)):
        answer = await supervisor.post("/absences", {"csrf": token, "end": bad, "key": "e"})
        assert answer.status_code == status
    ended = await supervisor.post("/absences", {"csrf": token, "end": ends, "key": "f"})
    assert ended.headers["location"] == "/absences?done=end"
    assert "trở lại ngày" in (await supervisor.get("/absences?done=end")).text
    assert "request-fee" not in (await other.get(f"/dossiers/{dossier}")).text


async def test_a_dossier_is_found_by_what_people_know_of_it(town: Town, visit: Visit) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    dossier = await file(town)
    await town.intake_pool.fetchval("SELECT index_people(10000)")
    page = await desk.get("/search")
    for by, asked in (
        ("name", "nguyen van thu"),
        ("name", "Thử"),
        ("identifier", "097090123456"),
        ("code", dossier.hex),
    ):
        answer = await desk.send(page, "/search", by=by, asked=asked, purpose="reception")
        assert answer.status_code == 200 and f"/dossiers/{dossier}" in answer.text, (by, asked, answer.text)
        assert "Nguyễn Văn Thử" in answer.text and html.escape(asked) in answer.text
    nothing = await desk.send(page, "/search", by="name", asked="không ai cả", purpose="reception")
    assert "Tìm thấy 0 hồ sơ" in nothing.text
    missing = await desk.send(page, "/search", by="x", asked="a", purpose="")
    assert missing.status_code == 422
    for field in ("by", "asked", "purpose"):
        assert f'href="#{field}"' in missing.text and f'id="{field}"' in missing.text
    script = await desk.send(page, "/search", by="name", asked="<script>" * 20, purpose="audit")
    assert script.status_code == 200 and "<script>" not in script.text
