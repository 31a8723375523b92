"""The register of dossiers as officials know it (form 06 until 2025-09-14, 07 since): what stands in each column, and as which file. Pure.

It is Vietnamese, whatever the page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

from contracts.catalogue.offices import Names
from contracts.page_words import DELIVERIES, STATUSES
from services.processing.clock.working_days import ZONE
from services.processing.desk.control_slip_answers import NUMBERED_ANEW_ON
from services.processing.desk.register import Book, Entry
from services.processing.pages.shown import place_name, procedure_name

TITLE = "SỔ THEO DÕI HỒ SƠ"
COLUMNS: Sequence[tuple[str, int]] = (
    ("TT", 5),
    ("Mã hồ sơ", 29),
    ("Thủ tục hành chính", 34),
    ("Số lượng hồ sơ (bộ)", 9),
    ("Tên cá nhân, tổ chức", 26),
    ("Địa chỉ, số điện thoại", 28),
    ("Cơ quan chủ trì giải quyết", 22),
    ("Nhận hồ sơ", 15),
    ("Hẹn trả kết quả", 15),
    ("Trả kết quả", 15),
    ("Phương thức nhận kết quả", 18),
    ("Ký nhận", 10),
    ("Ghi chú", 15),
)
"""Each with its width in characters."""
HEAD = [name for name, _ in COLUMNS]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheet programs read UTF-8 as something else."""

People = Mapping[Any, Mapping[str, Any]]
"""Who filed each dossier, by its id, as intake tells it; empty where nobody asked for names."""


def number_of_form(until: date) -> str:
    """By the last day of the register.

    Guarantee: the register bears the number of its day. Test: test_the_register_bears_the_number_of_its_day.
    """
    return "07" if until >= NUMBERED_ANEW_ON else "06"


def line(number: int, entry: Entry, people: People, names: Names) -> list[str | int]:
    """A line of the register; the signature is the applicant's to give."""
    row, person = entry.row, people.get(entry.row.dossier_id) or {}
    who = [person.get("name"), person.get("owner_name") and f"chủ hồ sơ: {person['owner_name']}"]
    where = [person.get("address"), _telephone(person.get("phone"))]
    return [
        number,
        row.code or "",
        f"{procedure_name(row.procedure)[0]} ({row.procedure})",
        1,
        "; ".join(filter(None, who)),
        "; ".join(filter(None, where)),
        place_name(names, row.unit, "vi"),
        _day(row.accepted_at),
        f"{row.due_on:%d/%m/%Y}" if row.due_on else "",
        _day(entry.returned_at),
        DELIVERIES[row.result_delivery or "collected"],
        "",
        "" if row.status == "returned" else STATUSES[row.status][0],
    ]


def head(book: Book, names: Names) -> list[str]:
    """What stands above the table."""
    return [
        place_name(names, book.place, "vi"),
        f"{TITLE} (Mẫu số {number_of_form(book.until)})",
        f"Từ ngày {book.since:%d/%m/%Y} đến hết ngày {book.until:%d/%m/%Y}",
    ]


def csv_text(rows: Iterable[Sequence[str | int]]) -> str:
    """Lines of a file that spreadsheet programs open; what they would take for a formula is a text.

    Guarantee: no name of an applicant is a formula. Test: test_no_name_is_a_formula.
    """
    out = io.StringIO()
    csv.writer(out).writerows([[_plain(value) for value in row] for row in rows])
    return out.getvalue()


def _plain(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


class Workbook:
    """A sheet of A4 across that grows line by line in a file, and is never held whole."""

    def __init__(self, into: IO[bytes], above: Sequence[str]) -> None:
        from xlsxwriter import Workbook as Book  # loaded when somebody asks

        told = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = Book(into, told)
        font = {"font_name": "Times New Roman", "font_size": 11, "text_wrap": True, "valign": "top"}
        self._plain, bold = self._book.add_format(font), self._book.add_format({**font, "bold": True})
        self._cell = self._book.add_format({**font, "border": 1})
        self._sheet = self._book.add_worksheet("So theo doi")
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        for column, (_, width) in enumerate(COLUMNS):
            self._sheet.set_column(column, column, width)
        self._at = 0
        unwrapped = self._book.add_format({**font, "bold": True, "text_wrap": False})
        for text in above:
            self._sheet.write(self._at, 0, text, unwrapped)
            self._at += 1
        self._sheet.repeat_rows(self._at)
        self.write([HEAD], bold)

    def write(self, rows: Iterable[Sequence[str | int]], shape: Any = None) -> None:
        for row in rows:
            for column, value in enumerate(row):
                self._sheet.write(self._at, column, value, shape or self._cell)
            self._at += 1

    def close(self) -> None:
        self._book.close()


def form(book: Book, rows: Sequence[Sequence[str | int]], names: Names, today: date) -> dict[str, Any]:
    """The register on paper, as the template of forms takes it."""
    agency, _, period = head(book, names)
    return {
        "agency": agency.upper(),
        "place": f"……, ngày {today:%d} tháng {today:%m} năm {today:%Y}",
        "title": TITLE,
        "form": f"Mẫu số {number_of_form(book.until)}",
        "flipped": True,
        "lines": [("", period)],
        "table": {
            "size": 7,
            "widths": [width for _, width in COLUMNS],
            "head": HEAD,
            "rows": [[str(value) for value in row] for row in rows],
        },
        "closing": [f"Tổng số: {len(rows)} hồ sơ."],
        "signs": [("NGƯỜI GHI SỔ", "(Ký, ghi rõ họ tên)"), ("THỦ TRƯỞNG CƠ QUAN", "(Ký, đóng dấu)")],
        "notes": [],
    }


def _day(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%d/%m/%Y}" if at else ""


def _telephone(phone: str | None) -> str:
    """As people here write it: without the country's code where it is ours."""
    return "" if phone is None else f"0{phone[3:]}" if phone.startswith("+84") else phone
