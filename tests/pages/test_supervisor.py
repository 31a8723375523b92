"""The supervisor's pages and the calendar's, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import httpx

from services.processing.clock.working_days import local_day
from tests.pages.test_officer import act, file
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]
UNIT = "H29.015.00/QLXD"
DOCUMENT = "Công văn 3333/VPCP-KGVX"


async def test_a_supervisor_sees_who_has_what(town: Town, visit: Visit) -> None:
    supervisor, handler = visit("processing"), visit("processing")
    await supervisor.log_in("lanh-dao")
    await handler.log_in("chuyen-vien-1")
    dossier = await file(town)
    await act(handler, dossier, "accept", unit=UNIT)
    await act(handler, dossier, "take")
    await act(handler, dossier, "forward", unit=UNIT, step="ky_duyet")
    page = (await supervisor.get("/unit")).text
    for said in (
        "Phòng Quản lý xây dựng</h2>",
        "Chờ ký duyệt",
        "Chưa ai nhận",
        "Cả đơn vị",
        "Không có đề nghị nào.",
    ):
        assert said in page, page
    assert 'aria-current="page">Điều hành' in page
    listed = (await supervisor.get(f"/unit/signatures?desk={UNIT}")).text
    assert f"/dossiers/{dossier}" in listed and "Chờ ký duyệt" in listed
    week = await supervisor.get(f"/queues/due-soon?desk={UNIT}&week=1")
    assert week.status_code == 200 and "Đến hạn trong tuần này" in week.text
    for name in ("lapsed", "asked-late", "came-late", "transfers"):
        assert (await supervisor.get(f"/unit/{name}?desk={UNIT}")).status_code == 200
    for path, status in (
        ("/unit/none", 404),
        ("/unit/lapsed?desk=H29.016.00", 403),
        ("/unit/lapsed?cursor=x", 422),
        ("/unit/transfers?desk=H29.016.00", 403),
    ):
        answer = await supervisor.get(path)
        assert answer.status_code == status and "<html" in answer.text
    assert "Điều hành" not in (await handler.get("/")).text
    english = (await supervisor.get("/unit?lang=en")).text
    assert "Waiting for the signature" in english and "Nobody yet" in english


async def test_a_declaration_is_looked_at_before_it_is_made(town: Town, visit: Visit) -> None:
    one, other, supervisor = visit("processing"), visit("processing"), visit("processing")
    await one.log_in("giu-lich-1")
    await other.log_in("giu-lich-2")
    await supervisor.log_in("lanh-dao")
    dossier = await file(town, procedure="1.006871")
    await act(supervisor, dossier, "accept", unit=UNIT)
    due = local_day(town.house.clock.now) + timedelta(days=1)
    while not town.house.desk.calendar.is_working(due):
        due += timedelta(days=1)
    assert (await one.get("/")).headers["location"] == "/calendar"
    asked = f"/calendar/preview?day={due}&kind=off"
    seen = (await supervisor.get(asked)).text
    assert f"/dossiers/{dossier}" in seen and "Theo đơn vị và ngày" in seen and 'name="do"' not in seen
    missing = await one.get(asked)
    assert (
        missing.status_code == 422 and 'href="#document"' in missing.text and f'value="{due}"' in missing.text
    )
    # Announced at a day before: the house's clock is that of the filing.
    whole = f"{asked}&document={DOCUMENT}&announced_on={due - timedelta(days=60)}"
    page = await one.get(whole)
    assert (
        page.status_code == 200
        and f"/dossiers/{dossier}" not in page.text
        and "Đề nghị khai báo" in page.text
    )
    done = await one.send(page, "/calendar", do="declare")
    assert done.headers["location"] == f"/calendar?year={due.year}&done=declare"
    own = (await one.get(f"/calendar?year={due.year}")).text
    assert "Chờ người thứ hai xác nhận" in own and DOCUMENT in own
    at = f"{due - timedelta(days=60)}T00:00:00%2B07:00"
    waiting = f"/calendar/preview?act=declare&day={due}&announced_at={at}"
    assert "Rút đề nghị" in (await one.get(waiting)).text
    refused = await one.send(
        await other.get(waiting), "/calendar", do="confirm", csrf=csrf(await one.get(waiting))
    )
    assert refused.status_code == 422 and "không tự xác nhận" in refused.text
    assert town.house.desk.calendar.is_working(due)
    confirmed = await other.send(await other.get(waiting), "/calendar", do="confirm")
    assert confirmed.headers["location"].endswith("done=confirm")
    assert not town.house.desk.calendar.is_working(due)
    listed = (await other.get(f"/calendar?year={due.year}&done=confirm")).text
    assert "tính lại ngay" in listed and "Thu hồi" in listed
    # Taken back, so that other tests find the calendar as it was.
    back = f"/calendar/preview?act=withdraw&day={due}&announced_at={at}"
    await one.send(await one.get(back), "/calendar", do="withdraw")
    await other.send(await other.get(back), "/calendar", do="confirm")
    assert town.house.desk.calendar.is_working(due)


def csrf(page: httpx.Response) -> str:
    return dict(form_of(page, "/log-out"))["csrf"]


async def test_bad_addresses_of_the_calendar_are_pages_too(visit: Visit) -> None:
    keeper, officer = visit("processing"), visit("processing")
    await keeper.log_in("giu-lich-1")
    await officer.log_in("chuyen-vien-1")
    for path, status in (
        ("/calendar?year=x", 200),
        ("/calendar?year=0001", 404),
        ("/calendar/preview", 422),
        ("/calendar/preview?day=x&kind=off", 422),
        ("/calendar/preview?day=9999-12-31&kind=off", 422),
        ("/calendar/preview?day=2031-01-01&act=withdraw", 422),
        ("/calendar/preview?day=2031-01-01&kind=off&announced_at=x", 422),
        ("/calendar/preview?day=2031-01-01&act=fly", 422),
    ):
        answer = await officer.get(path)
        assert answer.status_code == status and "<html" in answer.text, (path, answer.text)
    token = csrf(await keeper.get("/calendar"))
    for fields, status in (
        ({}, 404),
        ({"do": "declare"}, 422),
        (
            {
                "do": "confirm",
                "act": "declare",
                "day": "2031-01-01",
                "announced_at": "2026-01-01T00:00:00+07:00",
            },
            422,
        ),
        ({"do": "declare", "day": "x" * 10_000, "kind": "<b>", "document": "\x00", "announced_at": "9"}, 422),
        ({"do": "withdraw", "day": str(date.max), "announced_at": "9999-12-31T23:59:59-23:00"}, 422),
    ):
        answer = await keeper.post("/calendar", {"csrf": token, "key": "k", **fields})
        assert answer.status_code == status and "<html" in answer.text, (fields, answer.text)
    denied = await officer.post("/calendar", {"csrf": csrf(await officer.get("/calendar")), "do": "declare"})
    assert denied.status_code == 403
