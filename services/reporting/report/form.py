"""The official report as it is laid before a supervisor: Biểu số II.06a/VPCP/KSTT of circular 01/2020/TT-VPCP, a row for each field. Pure.

One grid of cells for spreadsheets, and the same words and numbers for the page that is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from services.reporting.book.lines import ZONE
from services.reporting.report.columns import Columns, OfficialReport
from services.reporting.report.counts import Window
from services.reporting.report.periods import PERIOD
from services.reporting.report.withheld import Hidden

# Columns 3 to 13, in their order.
NUMBERED = (
    *("received", "received_online", "received_otherwise", "carried_over"),
    *("resolved", "early", "on_time", "late", "pending", "in_due", "overdue"),
)
WIDTH = 2 + len(NUMBERED)
SUMS = {3: "(3)=(4)+(5)+(6)", 7: "(7)=(8)+(9)+(10)", 11: "(11)=(12)+(13)"}
HEADING = "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH TẠI CƠ QUAN, ĐƠN VỊ TRỰC TIẾP GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH"
QUARTERS = ("I", "II", "III", "IV")
WITHHELD = "…"


class Merged(NamedTuple):
    """A cell over several: its row and column, from 0, and the last ones that it covers."""

    row: int
    column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Form:
    """What the form says beside its numbers. `held`: dossiers that are in no number yet. `published` is the number and the
    hash of a published report, `made_on` the day of signing."""

    told: OfficialReport
    window: Window
    period: str
    agency: str
    recipient: str
    place: str
    made_on: date
    complete_up_to: datetime | None
    made_up: bool
    held: int = 0
    hidden: Hidden = field(default_factory=dict)
    published: tuple[int, str] | None = None

    def grid(self) -> tuple[list[list[str | int]], list[Merged], range]:
        """The cells of the sheet by row and column, which of them are merged, and the rows of the table."""
        rows: list[list[str | int]] = []
        merged: list[Merged] = []

        def add(*told: tuple[int, int, str | int]) -> None:
            row: list[str | int] = [""] * WIDTH
            for column, last, value in told:
                row[column] = value
                if last > column:
                    merged.append(Merged(len(rows), column, len(rows), last))
            rows.append(row)

        add((0, 2, "Biểu số II.06a/VPCP/KSTT"), (3, 8, HEADING), (9, 12, f"Đơn vị báo cáo: {self.agency}"))
        issued = "Ban hành theo Thông tư số 01/2020/TT-VPCP ngày 21/10/2020"
        add((0, 2, issued), (3, 8, self.name_of_period()), (9, 12, f"Đơn vị nhận báo cáo: {self.recipient}"))
        add((3, 8, self.days()))
        add((9, 12, "Đơn vị tính: Hồ sơ"))
        first = len(rows)
        add(
            *((0, 0, "STT"), (1, 1, "Lĩnh vực giải quyết"), (2, 5, "Số lượng hồ sơ tiếp nhận")),
            *((6, 9, "Số lượng hồ sơ đã giải quyết"), (10, 12, "Số lượng hồ sơ đang giải quyết")),
        )
        single = (
            "Tổng số",
            "",
            "",
            "Từ kỳ trước",
            "Tổng số",
            "Trước hạn",
            "Đúng hạn",
            "Quá hạn",
            "Tổng số",
            "Trong hạn",
            "Quá hạn",
        )
        add(
            (3, 4, "Trong kỳ"),
            *((column, column, name) for column, name in enumerate(single, 2) if column not in (3, 4)),
        )
        add((3, 3, "Trực tuyến"), (4, 4, "Trực tiếp, dịch vụ bưu chính"))
        merged += [Merged(first, column, first + 2, column) for column in (0, 1)]
        merged += [Merged(first + 1, column, first + 2, column) for column in (2, *range(5, WIDTH))]
        add(*((n - 1, n - 1, SUMS.get(n, f"({n})")) for n in range(1, WIDTH + 1)))
        for number, (name, columns) in enumerate(self.told.rows.items(), 1):
            rows.append([number, name, *numbers(columns, self.hidden.get(name, frozenset()))])
        rows.append(["", "TỔNG CỘNG", *numbers(self.told.total)])
        table = range(first, len(rows))
        rows.append([""] * WIDTH)
        add((9, 12, f"{self.place}, ngày {self.made_on:%d} tháng {self.made_on:%m} năm {self.made_on:%Y}"))
        add((0, 5, "NGƯỜI LẬP BIỂU"), (9, 12, "THỦ TRƯỞNG ĐƠN VỊ"))
        add((0, 5, "(Ký, ghi rõ họ tên)"), (9, 12, "(Ký, đóng dấu)"))
        rows.append([""] * WIDTH)
        for note in self.notes():
            add((0, 12, note))
        return rows, merged, table

    def printed(self) -> dict[str, Any]:
        """The same for the printed page, with numbers as they are read."""
        rows, _, table = self.grid()
        body = [[_read(cell) for cell in rows[n]] for n in table[4:]]
        return {
            "left": [rows[0][0], rows[1][0]],
            "title": rows[0][3],
            "period": [rows[1][3], rows[2][3]],
            "right": [rows[0][9], rows[1][9]],
            "unit": rows[3][9],
            "numbers": rows[table[3]],
            "rows": body[:-1],
            "total": body[-1],
            "signed_at": rows[table[-1] + 2][9],
            "notes": self.notes(),
        }

    def name_of_period(self) -> str:
        found = PERIOD.fullmatch(self.period)
        if found is None:
            return "Kỳ báo cáo"
        name = "Năm"
        if found["month"]:
            name = f"Tháng {int(found['month'])} năm"
        elif found["quarter"]:
            name = f"Quý {QUARTERS[int(found['quarter']) - 1]} năm"
        elif found["half"]:
            name = f"6 tháng {'đầu' if found['half'] == '1' else 'cuối'} năm"
        elif found["nine"]:
            name = "9 tháng đầu năm"
        return f"Kỳ báo cáo: {name} {found['year']}"

    def days(self) -> str:
        first, last = self.window
        told = [f"từ ngày {first:%d/%m/%Y}"] if first else []
        told += [f"đến ngày {last:%d/%m/%Y}"] if last else []
        return f"({' '.join(told)})" if told else "(toàn bộ thời gian)"

    def notes(self) -> list[str]:
        """What a reader needs to trust it, below the signatures.

        Guarantee: no form of made-up figures goes out without saying so. Test: test_a_form_of_made_up_figures_says_so.
        """
        at = self.complete_up_to
        found = [
            f"Số liệu đầy đủ đến {at.astimezone(ZONE):%H:%M:%S} ngày {at.astimezone(ZONE):%d/%m/%Y}"
            if at
            else "Chưa xác định được thời điểm số liệu đầy đủ"
        ]
        if self.held:
            found.append(f"Còn {self.held} hồ sơ chưa được tính vào số liệu")
        if self.hidden:
            found.append(f"{WITHHELD} Số liệu nhỏ không công bố, cùng các số từ đó suy ra được số liệu ấy")
        if self.published:
            found.append("Báo cáo công bố số {}, mã kiểm tra {}".format(*self.published))
        else:
            found.append("Bản chưa công bố")
        return (
            [*found, "SỐ LIỆU MINH HỌA: được tạo ra để trình diễn, không phải số liệu thật"]
            if self.made_up
            else found
        )


def numbers(columns: Columns, hidden: frozenset[str] = frozenset()) -> list[int | str]:
    """Columns 3 to 13."""
    return [WITHHELD if name in hidden else getattr(columns, name) for name in NUMBERED]


def _read(cell: str | int) -> str:
    return f"{cell:,}".replace(",", ".") if isinstance(cell, int) else cell
