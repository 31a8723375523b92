"""`motcua due-date`: the date in both forms, its reasons, and help for who mistyped. It needs nothing running."""

import json

import pytest

from deploy.local.command import main


def test_the_due_date_stands_in_both_forms_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "2025-12-30", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "10/01/2026" in lines[0] and "2026-01-10" in lines[0]
    assert "  thứ Sáu 02/01/2026: không tính · skipped – Công văn 12729/VPCP-KGVX" in lines
    assert "counted 7" in lines[-1]


def test_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "14/08/2023", "20", "--unit", "calendar-days", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["due_on"], told["provisional"]) == ("2023-09-05", False)
    assert [day["on"] for day in told["explanation"] if day["effect"] == "moved"] == [
        "2023-09-04",
        "2023-09-05",
    ]


def test_a_year_without_a_calendar_is_said_to_be_provisional(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "2026-12-30", "1", "--unit", "months"]) == 0
    assert "Provisional" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2023-13-01", "5"], "FROM is no date: '2023-13-01'"),
        (["2023-01-13", "0"], "LIMIT: a limit is at least one day"),
        (["2023-01-13", "99999"], "LIMIT: a limit is at most 3660"),
        (["9999-12-30", "30"], "LIMIT reaches beyond the last year"),
        (["9999-12-30", "3", "--unit", "months"], "LIMIT"),
    ],
)
def test_what_is_mistyped_is_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", *words]) == 1
    assert said in capsys.readouterr().err
