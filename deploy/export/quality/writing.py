"""The service-quality index as a file: JSON for programs, XLSX with a sheet for the measures, the times, each unit, and each list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from deploy.export.quality.index import NAMES, Quality

NOT_TOLD = "n/a"
HEADS = {
    "Chỉ số": ("Mã", "Chỉ số", "Đơn vị tính", "Công thức", "Không tính", "Tử số", "Mẫu số", "Giá trị"),
    "Theo thủ tục": ("Thủ tục", "", "Số hồ sơ", "Trung bình (ngày)", "Trung vị", "Phân vị 90"),
    "Theo bước": ("Bước", "Đơn vị", "Số lần", "Trung bình (ngày)", "Trung vị", "Phân vị 90"),
    "Khối lượng": (
        *("Đơn vị", "Kỳ trước chuyển sang", "Tiếp nhận", "Đã giải quyết", "Trễ hạn", "Đang giữ", "Quá hạn"),
        *("Điểm thời hạn", "Điểm bổ sung"),
    ),
}
LISTED = ("Mẫu", "Hồ sơ", "Ngày", "Đơn vị", "Thủ tục", "Ghi nhận")


def write(path: Path, kind: str, found: Quality, about: dict[str, Any]) -> None:
    if kind == "json":
        path.write_bytes(
            orjson.dumps(about | _plain(found), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
    else:
        _xlsx(path, found, about)


def _plain(found: Quality) -> dict[str, Any]:
    return {
        "measures": [each._asdict() for each in found.measures],
        "procedures": [{k: v for k, v in each._asdict().items() if k != "unit"} for each in found.procedures],
        "steps": [each._asdict() for each in found.steps],
        "workload": [each._asdict() for each in found.workload],
        "signs": {pattern: [each._asdict() for each in listed] for pattern, listed in found.signs.items()},
    }


def _xlsx(path: Path, found: Quality, about: dict[str, Any]) -> None:
    from xlsxwriter import Workbook

    tables: dict[str, Iterable[Sequence[Any]]] = {
        "Chỉ số": found.measures,
        "Theo thủ tục": found.procedures,
        "Theo bước": found.steps,
        "Khối lượng": found.workload,
    }
    with Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
        head = book.add_format({"bold": True})
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 7, 18)
            said = "; ".join(f"{key}: {value}" for key, value in about.items() if value not in ("", None))
            sheet.write_string(0, 0, said, head)
            sheet.write_row(1, 0, HEADS[name], bold)
            for line, row in enumerate(rows, 2):
                sheet.write_row(line, 0, [NOT_TOLD if value is None else value for value in row])
        for pattern, listed in found.signs.items():
            sheet = book.add_worksheet(NAMES[pattern])
            sheet.set_column(0, 5, 24)
            sheet.write_row(0, 0, LISTED, bold)
            for line, sign in enumerate(listed, 1):
                sheet.write_row(line, 0, [str(value) for value in sign])
