"""`motcua due-date`: the date in both forms, its reasons, and help for who mistyped. It needs nothing running."""

import json

import pytest

from deploy.command.command import main


def test_the_due_date_stands_in_both_forms_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "2025-12-30", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "10/01/2026" in lines[0] and "2026-01-10" in lines[0]
    assert (
        "  thứ Sáu 02/01/2026: không tính – Công văn 12729/VPCP-KGVX"
        " · Friday 2026-01-02: skipped – Công văn 12729/VPCP-KGVX"
    ) in lines
    assert "counted 7" in lines[-1]


def test_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "14/08/2023", "20", "--unit", "calendar-days", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["due_on"], told["provisional"]) == ("2023-09-05", False)
    assert [day["on"] for day in told["explanation"] if day["effect"] == "moved"] == [
        "2023-09-04",
        "2023-09-05",
    ]


def test_a_pause_moves_the_date_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    pause = "--pause=2026-04-22..05/05/2026"
    assert main(["due-date", "2026-04-20", "5", pause]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2026-05-08" in lines[0]
    assert "  thứ Hai 04/05/2026: tạm dừng · Monday 2026-05-04: paused" in lines
    assert main(["due-date", "2026-04-20", "5", f"{pause}:restart", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["due_on"] == "2026-05-12"


def test_a_limit_in_working_hours_ends_at_an_instant(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["due-date", "2026-01-09T15:00", "16", "--unit", "working-hours"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Hạn: 15:00 thứ Hai 12/01/2026 · due at 2026-01-12T15:00:00+07:00"
    assert lines[1] == "  thứ Sáu 09/01/2026: 15:00–17:00"
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["due_on"], told["due_at"]) == ("2026-01-12", "2026-01-12T15:00:00+07:00")


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
        (["2026-01-09", "3", "--pause", "2026-01-12"], "--pause: no due date while a pause lasts"),
        (["2026-01-09", "3", "--pause", "2026-01-12..2026-01-10"], "ends before it begins"),
        (["2026-01-09", "3", "--pause", "2026-01-12..x"], "--pause is no date: 'x'"),
        (["2026-01-09", "3", "--pause", "2026-01-12..2026-01-13:stop"], "'stop' is none of subtract"),
        (["today", "3", "--unit", "working-hours"], "FROM is no instant: 'today'"),
        (["2026-01-09T15:00", "0", "--unit", "working-hours"], "LIMIT: a limit is from 1 to"),
        (["9999-12-31T15:00", "8", "--unit", "working-hours"], "LIMIT reaches beyond the last year"),
    ],
)
def test_what_is_mistyped_is_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", *words]) == 1
    assert said in capsys.readouterr().err
