"""The register of dossiers by its page: what stands in it, as which file, and for whom."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from services.intake.people.listing import MANY_MAX
from services.processing.clock.working_days import local_day
from services.processing.desk import register as book_of
from services.processing.desk.queue_rows import DossierRow
from services.processing.desk.register import Book, Entry
from services.processing.pages import register, register_lines
from services.processing.pages.people import LIST_ITEMS_MAX
from tests.intake.conftest import body as filing
from tests.pages.test_officer import act, file
from tests.pages.town import Town, Visitor
from tests.processing.examples import OFFICE

Visit = Callable[[str], Visitor]
UNIT = "H29.015.00/QLXD"
NAME = "Nguyễn Văn Thử"


def entry(**more: Any) -> Entry:
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    row = DossierRow(
        UUID(int=1), "1.009982", OFFICE, "online", at, "accepted", UNIT, None, at, date(2026, 3, 30), 7, 1,
        None, None, None, None, None,
    )  # fmt: skip
    return Entry(row._replace(**more), None)


async def readers(town: Town, dossier_id: UUID) -> list[tuple[str, str]]:
    """Who read the person behind a dossier and what for, the latest first, as the supervisor is shown it."""
    token = town.house.issuer.token("supervisor", subject="lanh-dao", office=OFFICE)
    async with httpx.AsyncClient(base_url=town.intake) as client:
        asked = f"/v1/people-reads?dossier_id={dossier_id}"
        answer = await client.get(asked, headers={"authorization": f"Bearer {token}"})
    return [(each["actor"], each["purpose"]) for each in answer.json()["items"]]


def test_the_register_bears_the_number_of_its_day() -> None:
    for until, number in ((date(2025, 9, 14), "06"), (date(2025, 9, 15), "07")):
        book = Book(OFFICE, date(2025, 9, 1), until)
        assert register_lines.form(book, [], {}, until)["form"] == f"Mẫu số {number}"
        assert f"Mẫu số {number}" in register_lines.head(book, {})[1]


def test_no_name_is_a_formula() -> None:
    for name in ("=1+1", "+A1", "-A1", "@SUM(A1)"):
        people = {UUID(int=1): {"name": name, "owner_name": None, "phone": "+84912345678", "address": None}}
        line = register_lines.line(1, entry(), people, {})
        (told,) = csv.reader(io.StringIO(register_lines.csv_text([line])))
        assert told[4] == f"'{name}" and told[5] == "0912345678"
        made = io.BytesIO()
        workbook = register_lines.Workbook(made, ["Sổ"])
        workbook.write([line])
        workbook.close()
        rows = list(load_workbook(made).active.values)
        assert rows[2][4] == name and rows[1][0] == "TT"


async def test_the_register_is_read_and_saved(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = visit("processing")
    await desk.log_in("chuyen-vien-2")
    dossiers = [await file(town) for _ in range(3)]
    waits = await file(town)
    for each in dossiers:
        await act(desk, each, "accept", unit=UNIT)
    page = (await desk.get("/register")).text
    assert "Mẫu số 07" in page and "Sổ theo dõi hồ sơ" in page and NAME not in page
    today = local_day(town.house.clock.now)
    asked = f"desk={OFFICE}&from={today}&to={today}"
    monkeypatch.setattr(register, "PAGE_ITEMS", 2)
    monkeypatch.setattr(book_of, "STRETCH", 2)
    found, address = set[str](), f"/register?{asked}"
    while address:
        page = (await desk.get(address)).text
        found |= {part[:36] for part in page.split('class="govuk-link" href="/dossiers/')[1:]}
        onward = page.partition('">Trang sau<')
        address = onward[0].rpartition('href="')[2].replace("&amp;", "&") if onward[1] else ""
    assert {str(each) for each in dossiers} <= found and str(waits) not in found
    answer = await desk.get(f"/register/csv?{asked}")
    assert answer.headers["content-disposition"].startswith('attachment; filename="so-theo-doi-ho-so-')
    assert answer.text.startswith("\ufeff") and answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[3] == register_lines.HEAD and [row[0] for row in rows[4:]] == [
        str(n + 1) for n in range(len(found))
    ]
    assert NAME not in answer.text and "Phòng Quản lý xây dựng" in answer.text
    book = load_workbook(io.BytesIO((await desk.get(f"/register/xlsx?{asked}")).content))
    assert len(list(book.active.values)) == len(rows)
    printed = await desk.get(f"/register/pdf?{asked}")
    text = " ".join(each.extract_text() for each in PdfReader(io.BytesIO(printed.content)).pages)
    assert "SỔ THEO DÕI HỒ SƠ" in text and "Mẫu số 07" in text and NAME not in text


async def test_who_is_named_in_a_register_is_written_down(town: Town, visit: Visit) -> None:
    desk = visit("processing")
    await desk.log_in("chuyen-vien-2")
    dossier = await file(town)
    await act(desk, dossier, "accept", unit=UNIT)
    today = local_day(town.house.clock.now)
    asked = f"desk={UNIT}&from={today}&to={today}&purpose=audit"
    for kind in ("", "/csv", "/xlsx", "/pdf"):
        before = len(await readers(town, dossier))
        answer = await desk.get(f"/register{kind}?{asked}")
        assert answer.status_code == 200, answer.text
        if kind in ("", "/csv"):
            assert NAME in answer.text
        lines = await readers(town, dossier)
        assert len(lines) == before + 1 and lines[0] == ("officer/chuyen-vien-2", "audit")
    rows = list(csv.reader(io.StringIO((await desk.get(f"/register/csv?{asked}")).text)))
    address = filing()["content"].get("residence_address", "")
    assert rows[-1][4] == NAME and "0912345678" in rows[-1][5] and address in rows[-1][5]


async def test_a_register_without_intake_says_so(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = visit("processing")
    await desk.log_in("chuyen-vien-2")
    await act(desk, await file(town), "accept", unit=UNIT)
    monkeypatch.setattr(town.house.desk.intake, "_url", "")
    page = await desk.get("/register?purpose=audit")
    assert page.status_code == 200 and "không trả lời" in page.text
    for kind in ("csv", "xlsx", "pdf"):
        answer = await desk.get(f"/register/{kind}?purpose=audit")
        assert answer.status_code == 503 and "<html" in answer.text
        assert (await desk.get(f"/register/{kind}")).status_code == 200, "without names nobody is asked"


async def test_a_register_is_of_the_own_desk(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = visit("processing")
    await desk.log_in("chuyen-vien-1")
    await act(desk, await file(town), "accept", unit=UNIT)
    await act(desk, await file(town), "accept", unit=UNIT)
    for path, status in (
        ("/register?desk=H29.016.00", 403),
        ("/register/csv?desk=H29.016.00", 403),
        ("/register/doc", 404),
        ("/register?from=x", 422),
        ("/register?to=1000-01-01", 422),
        ("/register?from=2026-02-01&to=2026-01-31", 422),
        ("/register?purpose=curiosity", 422),
        ("/register/csv?purpose=curiosity", 422),
        ("/register?cursor=x", 422),
        ("/register?from=2999-12-31&to=2999-12-31", 200),
    ):
        answer = await desk.get(path)
        assert answer.status_code == status and "<html" in answer.text, (path, answer.text)
    monkeypatch.setattr(register, "PRINTED_MAX", 1)
    monkeypatch.setattr(register, "NAMED_MAX", 1)
    for kind in ("pdf", "csv?purpose=audit", "xlsx?purpose=audit"):
        answer = await desk.get(f"/register/{kind}")
        assert answer.status_code == 422 and "hơn 1 hồ sơ" in answer.text and 'href="#to"' in answer.text
    assert (await desk.get("/register/csv")).status_code == 200


def test_intake_is_asked_in_batches_of_its_own_size() -> None:
    assert LIST_ITEMS_MAX == MANY_MAX
