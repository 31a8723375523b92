"""`motcua due-date`: the date in both forms, its reasons, and help for who mistyped. It needs nothing running."""

import json

import pytest

from deploy.command.command import main


def test_the_due_date_stands_in_both_forms_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "2025-12-30", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "10/01/2026" in lines[0] and "2026-01-10" in lines[0]
    assert lines[1] == (
        "7 ngày làm việc từ 30/12/2025, nghỉ lễ 1 ngày → 10/01/2026"
        " · 7 working days from 30 December 2025, 1 day of public holidays → 10 January 2026"
    )
    assert (
        "  thứ Sáu 02/01/2026: không tính – Công văn 12729/VPCP-KGVX"
        " · Friday 2 January 2026: skipped – Công văn 12729/VPCP-KGVX"
    ) in lines
    law = "Bộ luật Lao động 45/2019/QH14, điều 111 khoản 3 và điều 112 khoản 1"
    assert f"  thứ Năm 01/01/2026: không tính – Tết Dương lịch – {law}" in "\n".join(lines)
    assert (
        "  thứ Bảy 03/01/2026: không tính – nghỉ cuối tuần · Saturday 3 January 2026: skipped – weekend"
        in lines
    )
    assert lines[-1] == (
        "  thứ Bảy 10/01/2026: tính 7 – làm bù – Công văn 12729/VPCP-KGVX"
        " · Saturday 10 January 2026: counted 7 – worked in exchange – Công văn 12729/VPCP-KGVX"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "2026-08-19 10 --pause 2026-08-21..2026-08-24",
            "10 ngày làm việc từ 19/08/2026, tạm dừng 3 ngày, nghỉ lễ 2 ngày → 08/09/2026",
        ),
        (
            "2026-04-20 5 --pause 2026-04-22..2026-05-05:restart",
            "5 ngày làm việc từ 20/04/2026, tạm dừng 13 ngày, tính lại từ đầu từ 05/05/2026 → 12/05/2026",
        ),
        (
            "2023-08-14 20 --unit calendar-days",
            "20 ngày từ 14/08/2023, ngày cuối 03/09/2023 là ngày nghỉ → 05/09/2023",
        ),
        ("2026-10-05 5", "5 ngày làm việc từ 05/10/2026 → 12/10/2026"),
    ],
)
def test_the_whole_is_said_in_one_sentence(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", *words.split()]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(" · ")[0] == said


def test_a_day_off_by_law_is_provisional_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", "2026-12-20", "10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "04/01/2027" in lines[0]
    assert lines[2].startswith(
        "Tạm tính: lịch nghỉ Tết, Quốc khánh năm 2027 chưa được công bố, tạm lấy ngày nghỉ theo luật."
    )
    assert any("thứ Sáu 01/01/2027: không tính – Tết Dương lịch – Bộ luật Lao động" in line for line in lines)


def test_a_fee_asked_on_the_last_day_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The day of the request counts: when it is paid, the limit is over."""
    assert main(["due-date", "2026-10-05", "5", "--pause", "2026-10-12..2026-10-14"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "12/10/2026" in lines[0]
    assert lines[2].startswith("Yêu cầu được đưa ra vào ngày cuối của thời hạn")


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
    assert "  thứ Hai 04/05/2026: tạm dừng · Monday 4 May 2026: paused" in lines
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
        (["2026-01-09", "3", "--pause", "2026-01-08..2026-01-12"], "2026-01-08 is before the acceptance"),
        (
            ["2026-01-09", "3", "--pause", "2026-01-14..2026-01-15"],
            "2026-01-14 is after the due date, 2026-01-13",
        ),
        (["today", "3", "--unit", "working-hours"], "FROM is no instant: 'today'"),
        (["2026-01-09T15:00", "0", "--unit", "working-hours"], "LIMIT: a limit is from 1 to"),
        (["9999-12-31T15:00", "8", "--unit", "working-hours"], "LIMIT reaches beyond the last year"),
    ],
)
def test_what_is_mistyped_is_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due-date", *words]) == 1
    assert said in capsys.readouterr().err
