"""A day at the desk, by pages alone: queues, one dossier, each act with its consequence before it is done."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.processing.pages import officer
from tests.intake.conftest import body as filing
from tests.pages.town import Town, Visitor, form_of
from tests.processing.desk.test_registers import without
from tests.processing.examples import OTHER_UNIT

Visit = Callable[[str], Visitor]
UNIT = "H29.015.00/QLXD"


@pytest.fixture
async def filed(town: Town) -> UUID:
    """A dossier that a portal has just filed, and processing has heard of."""
    return await file(town)


async def file(town: Town, **more: Any) -> UUID:
    token = town.house.issuer.token("portal", subject="p1")
    headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid7().hex}
    async with httpx.AsyncClient(base_url=town.intake) as client:
        answer = await client.post("/v1/dossiers", json=filing(**more), headers=headers)
    assert answer.status_code == 201, answer.text
    await town.tell()
    return UUID(answer.json()["dossier_id"])


async def act(who: Visitor, dossier_id: UUID, name: str, **typed: str) -> httpx.Response:
    """From the form to the end, as somebody clicks through it; the last answer."""
    path = f"/dossiers/{dossier_id}/{name}"
    page = await who.get(path)
    assert page.status_code == 200, page.text
    if 'name="confirmed"' not in page.text:
        page = await who.send(page, path, **typed)
        assert page.status_code == 200, page.text
    return await who.send(page, path)


async def acts(who: Visitor, dossier_id: UUID) -> list[str]:
    """What the dossier's page lets its visitor do."""
    page = (await who.get(f"/dossiers/{dossier_id}")).text
    marked = f'role="button" href="/dossiers/{dossier_id}/'
    return [part.partition('"')[0] for part in page.split(marked)[1:]]


async def test_a_dossier_from_the_queue_to_its_result(town: Town, visit: Visit, filed: UUID) -> None:
    desk, handler = visit("processing"), visit("processing")
    await desk.log_in("mot-cua")
    await handler.log_in("chuyen-vien-1")
    queue = await desk.get("/queues/waiting-in-time")
    assert f"/dossiers/{filed}" in queue.text and "Chưa có mã" in queue.text
    page = await desk.get(f"/dossiers/{filed}")
    assert "Chờ tiếp nhận" in page.text and "Nguyễn Văn Thử" not in page.text
    assert "Sở Xây dựng Thành phố Hồ Chí Minh" in page.text and "H29.015.00<" not in page.text
    assert "Nhận trực tiếp tại bộ phận một cửa" in page.text
    form = await desk.get(f"/dossiers/{filed}/accept")
    check = await desk.send(form, f"/dossiers/{filed}/accept", unit=UNIT)
    assert "Hạn trả kết quả" in check.text and "<strong>Phòng Quản lý xây dựng</strong>" in check.text
    assert "Đã tiếp nhận" in check.text
    done = await desk.send(check, f"/dossiers/{filed}/accept")
    assert done.headers["location"] == f"/dossiers/{filed}?done=accept"
    page = await desk.get(f"/dossiers/{filed}?done=accept")
    assert "Đã xong" in page.text and "H29.015.00-" in page.text and "Vì sao hạn là ngày đó?" in page.text
    held = (await handler.get(f"/queues/held?desk={UNIT}")).text
    assert f"/dossiers/{filed}" in held and "Phòng Quản lý xây dựng</span>" in held
    assert "Phòng Quản lý xây dựng</h2>" in (await handler.get("/")).text
    assert (await act(handler, filed, "take")).status_code == 303
    assert (await act(handler, filed, "forward", unit=UNIT, step="ky_duyet")).status_code == 303
    for lang, reason in (("en", "The person does not meet"), ("vi", "Cá nhân không đáp ứng điều kiện")):
        assert reason in (await handler.get(f"/dossiers/{filed}/resolve?lang={lang}")).text
    assert (await act(handler, filed, "resolve", outcome="granted")).status_code == 303
    assert await acts(handler, filed) == ["return"]
    assert (await act(desk, filed, "return", method="in_person")).status_code == 303
    page = await desk.get(f"/dossiers/{filed}?lang=en")
    for text in (
        "Result returned",
        "Submitted by the applicant",
        "Accept",
        "Forward",
        "Chuyên viên phòng QLXD",
    ):
        assert text in page.text


async def test_what_is_shown_can_be_done_and_nothing_else(town: Town, visit: Visit, filed: UUID) -> None:
    """By state and by person, as the law has it."""
    people = {}
    for name in ("mot-cua", "chuyen-vien-1", "chuyen-vien-2", "lanh-dao"):
        people[name] = visit("processing")
        await people[name].log_in(name)
    waiting = ["accept", "reject", "request-supplement"]
    for name in people:
        assert await acts(people[name], filed) == waiting, name
    await act(people["mot-cua"], filed, "accept", unit=UNIT)
    held = ["forward", "stop", "apologise", "request-supplement", "request-fee"]
    assert await acts(people["mot-cua"], filed) == []
    assert await acts(people["chuyen-vien-1"], filed) == [*held, "take", "hand-over"]
    assert await acts(people["lanh-dao"], filed) == [
        *held,
        "take",
        "assign",
        "hand-over",
        "transfer",
        "reverse",
    ]
    await act(people["chuyen-vien-1"], filed, "take")
    assert await acts(people["chuyen-vien-2"], filed) == []
    assert await acts(people["chuyen-vien-1"], filed) == [*held, "hand-over"]
    assert await acts(people["lanh-dao"], filed) == ["assign", "transfer", "reverse"]
    await act(people["chuyen-vien-1"], filed, "request-fee")
    assert await acts(people["chuyen-vien-1"], filed) == ["hand-over"]
    assert await acts(people["lanh-dao"], filed) == ["waive-fee", "assign", "transfer", "reverse"]
    # A payment of less cannot be confirmed: the supervisor is offered to waive the rest of it, and nobody else.
    await town.house.heard(filed, "FeePaid", amount=7_000, currency="VND", method="online")
    assert await acts(people["chuyen-vien-1"], filed) == ["hand-over"]
    offered = await people["lanh-dao"].get(f"/dossiers/{filed}/waive-fee")
    assert "7.000 đồng" in offered.text and "Miễn toàn bộ" in offered.text
    await act(people["lanh-dao"], filed, "waive-fee", reason="exempt_by_law", payment="2")
    assert await acts(people["chuyen-vien-1"], filed) == [*held, "hand-over"]
    page = await people["chuyen-vien-1"].get(f"/dossiers/{filed}")
    assert "Khoản đã nộp" in page.text and "7.000 đồng" in page.text
    # Forward leads ahead alone, and back an act of its own; once it is with the signer, it can be resolved.
    await act(people["chuyen-vien-1"], filed, "forward", unit=UNIT, step="ky_duyet")
    signed = ["forward", "send-back", "resolve", *held[1:]]
    assert await acts(people["chuyen-vien-1"], filed) == [*signed, "take", "hand-over"]
    ahead, back = [
        (await people["chuyen-vien-1"].get(f"/dossiers/{filed}/{name}")).text
        for name in ("forward", "send-back")
    ]
    for step, leads in (("thu_ly", "back"), ("tham_tra", "back"), ("phat_hanh", "ahead")):
        marked = f'value="{step}"'
        assert (marked in ahead, marked in back) == (leads == "ahead", leads == "back")
    await act(
        people["chuyen-vien-1"], filed, "send-back", unit=UNIT, step="thu_ly", reason="wrong_assessment"
    )
    assert "resolve" not in await acts(people["chuyen-vien-1"], filed)
    # What is not shown is not done either, whoever sends it.
    refused = await people["mot-cua"].get(f"/dossiers/{filed}/resolve")
    assert refused.status_code == 409 and "not-now" in refused.text


async def test_a_fault_names_its_field_and_keeps_what_was_typed(visit: Visit, filed: UUID) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    for name, typed, field, said in (
        ("reject", {}, "reason", "Hãy điền mục này: Lý do."),
        ("reject", {"reason": "no such"}, "reason", "Hãy chọn một mục: Lý do."),
        ("accept", {"unit": "<b>không phải mã</b>"}, "unit", "Mục này viết chưa đúng mẫu: Đơn vị xử lý."),
        ("accept", {"unit": "A" * 10_000}, "unit", "Mục này viết chưa đúng mẫu: Đơn vị xử lý."),
        ("request-supplement", {}, "papers", "Hãy chọn ít nhất một giấy tờ cần bổ sung."),
        ("request-supplement", {"paper-1": "x"}, "papers", "Hãy chọn một mục: Giấy tờ cần bổ sung."),
    ):
        path = f"/dossiers/{filed}/{name}"
        answer = await desk.send(await desk.get(path), path, **typed)
        assert answer.status_code == 422
        assert f'<a href="#{field}">{said}</a>' in answer.text and f'id="{field}"' in answer.text
        for value in typed.values():
            assert (
                name == "reject"
                or name == "request-supplement"
                or value.replace("<", "&lt;").replace(">", "&gt;") in answer.text
            )


async def test_a_form_sent_twice_acts_once(town: Town, visit: Visit, filed: UUID) -> None:
    """A double click, the back button, and the same form in two tabs."""
    desk = visit("processing")
    await desk.log_in("mot-cua")
    path = f"/dossiers/{filed}/reject"
    check = await desk.send(await desk.get(path), path, reason="duplicate")
    first, second = await desk.send(check, path), await desk.send(check, path)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert len(await town.house.desk.store.load(filed)) == 1
    again = await desk.post(path, [(n, "other" if n == "asked" else v) for n, v in form_of(check, path)])
    assert again.status_code == 200 or again.status_code == 409


async def test_a_page_that_others_have_overtaken_says_what_they_did(visit: Visit, filed: UUID) -> None:
    desk, colleague = visit("processing"), visit("processing")
    await desk.log_in("mot-cua")
    await colleague.log_in("chuyen-vien-1")
    await act(desk, filed, "accept", unit=UNIT)
    path = f"/dossiers/{filed}/forward"
    form = await colleague.get(path)
    check = await colleague.send(form, path, unit=UNIT, step="tham_tra")
    supervisor = visit("processing")
    await supervisor.log_in("lanh-dao")
    await act(supervisor, filed, "forward", unit=UNIT, step="thu_ly")
    for answer, status in (
        (await colleague.send(form, path, unit=UNIT, step="tham_tra"), 200),
        (await colleague.send(check, path), 412),
    ):
        assert answer.status_code == status
        assert "Hồ sơ đã thay đổi" in answer.text and "(Lãnh đạo phòng QLXD)" in answer.text
        assert 'value="tham_tra" checked' in answer.text and f'value="{UNIT}"' in answer.text
    assert (await colleague.send(await colleague.send(answer, path), path)).status_code == 303


async def test_the_person_is_read_when_asked_for_and_that_is_written_down(
    town: Town, visit: Visit, filed: UUID
) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    page = await desk.get(f"/dossiers/{filed}?people=1")
    assert "Nguyễn Văn Thử" in page.text and "097090123456" in page.text
    token = town.house.issuer.token("supervisor", subject="s", office="H29.015.00")
    async with httpx.AsyncClient(base_url=town.intake) as client:
        reads = await client.get(
            f"/v1/people-reads?dossier_id={filed}", headers={"authorization": f"Bearer {token}"}
        )
    assert [(each["actor"], each["purpose"]) for each in reads.json()["items"]] == [
        ("officer/mot-cua", "reception")
    ]


async def test_a_dossier_of_another_office_is_as_if_it_were_not_there(town: Town, visit: Visit) -> None:
    (elsewhere,) = await town.house.submitted(office="H29.016.00")
    desk = visit("processing")
    await desk.log_in("mot-cua")
    told = []
    for dossier_id in (elsewhere, UUID(int=1)):
        for path in (
            f"/dossiers/{dossier_id}",
            f"/dossiers/{dossier_id}?people=1",
            f"/dossiers/{dossier_id}/accept",
        ):
            answer = await desk.get(path)
            assert answer.status_code == 404
            told.append(answer.text.replace(str(dossier_id), "ID"))
        sent = await desk.post(
            f"/dossiers/{dossier_id}/accept",
            {"csrf": dict(form_of(await desk.get("/"), "/log-out"))["csrf"], "version": "0"},
        )
        assert sent.status_code == 404
    assert told[:3] == told[3:]


async def test_what_nobody_can_reach_is_listed_to_its_end(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit that the register has no more leaves more dossiers behind than a page holds."""
    lost = {await file(town) for _ in range(3)}
    desk = visit("processing")
    await desk.log_in("mot-cua")
    for dossier in lost:
        await act(desk, dossier, "accept", unit=OTHER_UNIT)
    assert "/out-of-reach" not in (await desk.get("/")).text
    monkeypatch.setattr(town.house.desk, "offices", without(town.house.desk.offices, OTHER_UNIT))
    monkeypatch.setattr(officer, "PAGE_ITEMS", 2)
    assert "/out-of-reach" in (await desk.get("/")).text
    address, found = "/out-of-reach", []
    while address:
        page = (await desk.get(address)).text
        assert "3 hồ sơ" in page
        found += [UUID(part[:36]) for part in page.split('href="/dossiers/')[1:]]
        onward = re.search(r'href="([^"]*)">Trang sau<', page)
        address = onward and html.unescape(onward[1])
    assert len(found) == 3 and set(found) == lost


async def test_bad_addresses_are_pages_too(visit: Visit, filed: UUID) -> None:
    desk = visit("processing")
    await desk.log_in("mot-cua")
    csrf = dict(form_of(await desk.get("/"), "/log-out"))["csrf"]
    for path, status in (
        ("/dossiers/none", 422),
        (f"/dossiers/{filed}/fly", 404),
        ("/queues/overdue?desk=H29.016.00", 403),
        ("/queues/overdue?cursor=x", 422),
    ):
        answer = await desk.get(path)
        assert answer.status_code == status and "<html" in answer.text, (path, answer.text)
    for version in ("", "-1", "x", "9", "9" * 5_000, "１"):
        answer = await desk.post(f"/dossiers/{filed}/accept", {"csrf": csrf, "version": version})
        assert answer.status_code == 404
    for asked in ("", "{", "{}x", '{"unit": 1}', "[" * 2_000):
        sent = {"csrf": csrf, "version": "0", "confirmed": "1", "asked": asked, "key": "k" * 500}
        assert (await desk.post(f"/dossiers/{filed}/accept", sent)).status_code in (200, 422)
