"""The official form: its cells in CSV and XLSX, read back one by one, and its page on paper."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from services.chassis.http.typesetting import WAITING_MAX, Typesetting
from services.chassis.http.web import Problem
from services.reporting.report.columns import Columns, OfficialReport
from services.reporting.report.counts import Window
from services.reporting.report.files import TEMPLATE, as_csv, as_xlsx
from services.reporting.report.form import NUMBERED, WITHHELD, Form
from tests.reporting.conftest import Served
from tests.reporting.serving import SUPERVISOR

A4_ACROSS = (842, 595)
ONE = Columns(**dict.fromkeys(NUMBERED, 1_234))
FORM = Form(
    OfficialReport(ONE, {"Hoạt động xây dựng": ONE, "=1+1": Columns()}),
    Window(date(2022, 12, 15), date(2023, 3, 14)),
    "2023-Q1",
    "Sở Xây dựng",
    "Ủy ban nhân dân Thành phố",
    "Thành phố Hồ Chí Minh",
    date(2023, 3, 15),
    datetime(2023, 3, 15, 1, 30, tzinfo=UTC),
    False,
    published=(3, "sha256:abc"),
)


def as_rows(kind: str, content: bytes) -> list[list[str]]:
    """A file's cells as text; empty ones at the end of a row are left out."""
    rows: list[list[Any]]
    if kind == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    return [_stripped(["" if cell is None else str(cell) for cell in row]) for row in rows]


def _stripped(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


async def get(served: Served, kind: str, **asked: str) -> httpx.Response:
    async with served.client() as client:
        answer = await client.get(f"/v1/report/form.{kind}", params=asked, headers=SUPERVISOR)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_file_says_cell_by_cell_what_the_report_says(served: Served, kind: str) -> None:
    asked = {"period": "2023-Q1", "scheme": "official"}
    async with served.client() as client:
        report = (await client.get("/v1/report", params=asked | {"by": "field"}, headers=SUPERVISOR)).json()
    answer = await get(served, kind, **asked)
    rows = as_rows(kind, answer.content)
    assert rows[0][0] == "Biểu số II.06a/VPCP/KSTT" and rows[0][9] == "Đơn vị báo cáo: Sở Xây dựng"
    assert rows[1][0].startswith("Ban hành theo Thông tư số 01/2020/TT-VPCP")
    assert rows[1][3] == "Kỳ báo cáo: Quý I năm 2023" and rows[1][9].startswith("Đơn vị nhận báo cáo: ")
    assert rows[2][3] == "(từ ngày 15/12/2022 đến ngày 14/03/2023)" and rows[3][9] == "Đơn vị tính: Hồ sơ"
    assert rows[4][:3] == ["STT", "Lĩnh vực giải quyết", "Số lượng hồ sơ tiếp nhận"]
    assert rows[7][0] == "(1)" and rows[7][2] == "(3)=(4)+(5)+(6)" and rows[7][12] == "(13)"
    table = rows[8 : 8 + len(report["rows"])]
    for number, (row, told) in enumerate(zip(table, report["rows"], strict=True), 1):
        assert row == [str(number), told["key"], *(str(told[name]) for name in NUMBERED)]
    total = rows[8 + len(report["rows"])]
    assert total == ["", "TỔNG CỘNG", *(str(report[name]) for name in NUMBERED)]
    text = "\n".join(cell for row in rows for cell in row)
    for said in (
        "NGƯỜI LẬP BIỂU",
        "THỦ TRƯỞNG ĐƠN VỊ",
        "(Ký, đóng dấu)",
        "ngày 02 tháng 10 năm 2023",
        "Bản chưa công bố",
    ):
        assert said in text
    assert "Số liệu đầy đủ đến 08:30:00 ngày 02/10/2023" in text
    assert answer.headers["content-disposition"] == f'attachment; filename="II.06a-2023-Q1.{kind}"'


async def test_the_page_on_paper_is_a4_across_and_says_the_same(served: Served) -> None:
    asked = {"period": "2023-9m"}
    answer = await get(served, "pdf", **asked)
    [page] = PdfReader(io.BytesIO(answer.content)).pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == A4_ACROSS
    text = " ".join(page.extract_text().split())
    for said in (
        "Biểu số II.06a/VPCP/KSTT",
        "13.276",
        "12.467",
        "809",
        "TỔNG CỘNG",
        "9 tháng đầu năm 2023",
        "Vật liệu xây dựng",
    ):
        assert said in text, (said, text)


async def test_the_page_on_paper_withholds_what_the_report_withholds(served: Served) -> None:
    """To the public; to a supervisor it tells every number."""
    asked = {"period": "2023-09"}
    async with served.client() as client:
        report = (await client.get("/v1/report", params={"by": "field", **asked})).json()
        public = await client.get("/v1/report/form.pdf", params=asked)
    hidden = [name for row in report["rows"] for name in NUMBERED if row[name] is None]
    shown, full = (
        "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
        for answer in (public, await get(served, "pdf", **asked))
    )
    assert len(hidden) > 1 and shown.count(WITHHELD) == len(hidden) + 1  # and the note below
    assert WITHHELD not in full


async def test_a_form_as_of_an_instant_says_so(served: Served) -> None:
    answer = await get(served, "csv", period="2023-Q1", as_of="2023-04-01T08:00:00+07:00")
    assert ["Số liệu đầy đủ đến 08:00:00 ngày 01/04/2023"] in as_rows("csv", answer.content)


def test_a_form_says_what_is_not_in_it_yet() -> None:
    assert not any("chưa được tính" in note for note in FORM.notes())
    assert "Còn 2 hồ sơ chưa được tính vào số liệu" in replace(FORM, held=2).notes()


def test_a_published_form_bears_its_number_and_its_hash() -> None:
    for kind, content in (("csv", as_csv(FORM)), ("xlsx", as_xlsx(FORM))):
        rows = as_rows(kind, content)
        assert ["Báo cáo công bố số 3, mã kiểm tra sha256:abc"] in rows
        assert ["2", "=1+1", *("0" for _ in NUMBERED)] in rows


def test_a_form_of_made_up_figures_says_so() -> None:
    assert not any("MINH HỌA" in note for note in FORM.notes())
    made_up = replace(FORM, made_up=True)
    for kind, content in (("csv", as_csv(made_up)), ("xlsx", as_xlsx(made_up))):
        assert any("SỐ LIỆU MINH HỌA" in cell for row in as_rows(kind, content) for cell in row)
    assert any("SỐ LIỆU MINH HỌA" in note for note in made_up.printed()["notes"])


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("2023", "Kỳ báo cáo: Năm 2023"),
        ("2023-H2", "Kỳ báo cáo: 6 tháng cuối năm 2023"),
        ("2023-09", "Kỳ báo cáo: Tháng 9 năm 2023"),
        ("", "Kỳ báo cáo"),
    ],
)
def test_a_period_is_called_as_officials_call_it(period: str, name: str) -> None:
    assert replace(FORM, period=period).name_of_period() == name


async def test_too_many_pdfs_at_once_are_refused() -> None:
    typesetting = Typesetting(TEMPLATE, "tests.reporting.report.no_such_program")
    answers = await asyncio.gather(
        *(typesetting.pdf(FORM.printed()) for _ in range(WAITING_MAX + 2)), return_exceptions=True
    )
    said = [(answer.status, answer.detail) for answer in answers if isinstance(answer, Problem)]
    assert said.count((503, "too many wait for a PDF")) == 2
    assert said.count((503, "the PDF could not be made")) == WAITING_MAX


async def test_what_is_typeset_is_text_and_never_markup() -> None:
    nasty = replace(
        FORM, agency='#panic("x") *_$ \\ "', told=OfficialReport(ONE, {'#read("/etc/passwd")': ONE})
    )
    page = PdfReader(io.BytesIO(await Typesetting(TEMPLATE).pdf(nasty.printed()))).pages[0]
    assert "#panic" in page.extract_text() and "#read" in page.extract_text()
