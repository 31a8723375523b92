"""The file of officers as `motcua officers` reads it; it needs nothing running."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.command.officers import read
from deploy.local.process import Failed

HEAD = "subject,name,unit,since,until\n"
UNIT = "H29.015.00/QLXD"


def test_rows_are_as_the_door_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "officers.csv"
    file.write_text(
        f"\ufeff{HEAD}an,Chuyên viên,{UNIT},05/01/2026,2026-12-31\nbinh,,{UNIT},2026-01-05,\n", "utf-8"
    )
    assert list(read(file)) == [
        {"subject": "an", "name": "Chuyên viên", "unit": UNIT, "since": "2026-01-05", "until": "2026-12-31"},
        {"subject": "binh", "name": None, "unit": UNIT, "since": "2026-01-05", "until": None},
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("an;Chuyên viên\n", "the first line is subject,name,unit,since,until"),
        (f"{HEAD}an,,{UNIT},2026-01-05,\nbinh,,{UNIT},5.1.2026,\n", "line 3: "),
        (f"{HEAD}an,,{UNIT}\n", "line 2: "),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "officers.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(Failed, match=said):
        list(read(file))
