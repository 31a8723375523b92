"""The official form as a file: CSV, XLSX, and PDF, which the program typesetting makes, one at a time. Never knows what they say."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

from services.reporting.report.form import Form

Kind = Literal["csv", "xlsx", "pdf"]
MEDIA_TYPES: dict[Kind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheet programs read UTF-8 as something else."""
TEMPLATE = Path(__file__).with_name("form.typ")


def as_csv(form: Form) -> bytes:
    rows, _, _ = form.grid()
    return (BYTE_ORDER_MARK + csv_lines(rows)).encode()


def csv_lines(rows: object) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def as_xlsx(form: Form) -> bytes:
    """A sheet of A4 across, its table's head repeated on each page."""
    from xlsxwriter import Workbook  # loaded when somebody asks

    rows, merged, table = form.grid()
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        font = {"font_name": "Times New Roman", "font_size": 11, "text_wrap": True, "valign": "vcenter"}
        plain, centred = book.add_format(font), book.add_format({**font, "align": "center"})
        head = book.add_format({**font, "align": "center", "bold": True, "border": 1})
        cell = book.add_format({**font, "border": 1})
        number = book.add_format({**font, "border": 1, "num_format": "#,##0"})
        sheet = book.add_worksheet("II.06a")
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(table[0], table[3])
        for line, points in enumerate((48, 32)):  # no program fits a row to cells that are merged
            sheet.set_row(line, points)
        sheet.set_column(0, 0, 5)
        sheet.set_column(1, 1, 32)
        sheet.set_column(2, len(rows[0]) - 1, 11)
        over = {(m.row, m.column): m for m in merged}
        for r, row in enumerate(rows):
            in_table = r in table
            for c, value in enumerate(row):
                shape = plain if r > table[-1] + 4 else centred
                if in_table:
                    shape = head if r < table[4] else number if isinstance(value, int) and c > 1 else cell
                if (m := over.get((r, c))) is not None:
                    sheet.merge_range(m.row, m.column, m.last_row, m.last_column, value, shape)
                elif value != "" or (in_table and not any(_covers(m, r, c) for m in merged)):
                    sheet.write(r, c, value, shape)
    return out.getvalue()


def _covers(merged: tuple[int, int, int, int], row: int, column: int) -> bool:
    first_row, first_column, last_row, last_column = merged
    return first_row <= row <= last_row and first_column <= column <= last_column
