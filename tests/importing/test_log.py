"""Reading a log: every validator has the row that it refuses, and a sound case comes out as its rows say."""

import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.importing import drafts
from deploy.importing.counts import Expected
from deploy.importing.mapping import SHIPPED, read_mapping
from tests.importing.conftest import GOOD, HEADER, MAPPING, Read, read_log

PERMIT_LOG = Path(__file__).parents[3] / "shared/data/permit_receipt_log.csv"


def test_a_sound_case_is_told(read: Read) -> None:
    bad_rows, [case] = read(GOOD)
    assert bad_rows == []
    assert (case.case, case.procedure, case.office, case.channel) == (
        "c1",
        "1.009982",
        "H29.015.00",
        "online",
    )
    assert [(act.act, act.at.isoformat()) for act in case.acts] == [
        ("accept", "2023-03-02T15:00:00+07:00"),
        ("resolve", "2023-03-20T16:00:00+07:00"),
    ]
    assert case.acts[0].due_on == date(2023, 3, 22)
    assert case.acts[1].late_reason is None


def test_clock_times_are_kept_when_the_mapping_says_so(read: Read) -> None:
    _, [case] = read(GOOD, time={"keep": "clock"})
    assert case.submitted_at.isoformat() == "2023-03-02T09:00:00+07:00"


@pytest.mark.parametrize("keep", ["clock", "instant"])
@pytest.mark.parametrize(
    "written",
    ["2023-10-31T23:30:00+01:00", "2023-10-31T22:30:00Z", "2023-11-01T05:30:00+07:00", "2023-10-31T23:30:00"],
)
def test_one_instant_is_one_day_however_it_is_written(read: Read, written: str, keep: str) -> None:
    _, [case] = read(f"c1,Web,{written},,", time=MAPPING["time"] | {"keep": keep})
    assert case.submitted_at.date() == (date(2023, 10, 31) if keep == "clock" else date(2023, 11, 1))


@pytest.mark.parametrize("name", ["Hồ-1", "№ 7 (bis)", "案件一", "-1", "H\u00f4\u0323-1"])
def test_a_case_has_any_name(read: Read, name: str) -> None:
    bad_rows, [case] = read(
        f"{name},Web,2023-03-02,,", f"{unicodedata.normalize('NFD', name)},Web,,,2023-03-09"
    )
    assert (bad_rows, case.case) == ([], unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("c2,Web,yesterday,,", "line 3: case c2: start “yesterday” is no time of the format iso"),
        ("c2,Web,2023-02-30,,", "start “2023-02-30” is no time"),
        ("c2,Web,2027-03-02,,", "start “2027-03-02” lies in the future"),
        ("c2,Web,0001-01-01T00:00:00,,", "start “0001-01-01T00:00:00” is no time of ours"),
        ("c2,Fax,2023-03-02,,", "door “Fax” is not in the mapping's channels"),
        ("c2,,2023-03-02,,", "door “” is not in the mapping's channels"),
        ("c2,Web,,,", "no date of submission or acceptance"),
        ("c2,Web,,2023-03-02,", "no date of submission or acceptance"),
        ("c2,Web,2023-03-02,2023-03-01,", "resolved on 2023-03-01 is before accepted on 2023-03-02"),
        ("c2,Web,2023-03-02,,2023-03-01", "due on 2023-03-01 is before accepted on 2023-03-02"),
        ("c2,Web,1899-12-30,,", "start “1899-12-30” is no time of ours: from 1900 to 2999"),
        ("c2,Web,2023-03-02,,9999-12-31", "due “9999-12-31” is no time of ours: from 1900 to 2999"),
        ("c2,Web,2023-03-02,,9999-12-31T23:59:59-11:00", "is no time of ours"),
        ("c2,Web,2023-03-02,", "4 cells where the header has 5"),
        ("c2,Web,2023-03-02,,,", "6 cells where the header has 5"),
        (",Web,2023-03-02,,", "line 3: case ?: no case"),
        (f"{'c' * 101},Web,2023-03-02,,", "a case is named by 1 to 100 characters"),
        ("c\u202e1,Web,2023-03-02,,", "a case is named by 1 to 100 characters"),
        (f"c2,Web,{'2' * 1_001},,", "start has 1,001 characters; 1,000 is the most"),
        ("c1,Desk,2023-03-02T09:00:00,,", "door “Desk” differs from “Web” on an earlier row"),
        ("c1,Web,2023-03-03T09:00:00,,", "start “2023-03-03T09:00:00” differs from “2023-03-02T09:00:00”"),
        ("c2,Web,\x1b[31m,,", "start “?[31m” is no time"),
    ],
)
def test_a_bad_row_is_told_with_line_and_reason(read: Read, row: str, told: str) -> None:
    bad_rows, cases = read(GOOD, row)
    assert len(bad_rows) == 1
    assert bad_rows[0].startswith("line 3: ")
    assert told in bad_rows[0]
    assert len(cases) == (0 if row.startswith("c1,") else 1)


STOPPED = {"dossier": {"procedure": "1.009973"}}


@pytest.mark.parametrize(
    ("row", "changes", "told"),
    [
        (
            "c2,Web,2026-07-01,,2026-08-01",
            STOPPED,
            "procedure-abolished: this procedure was abolished on 2026-07-01",
        ),
        (
            "c2,Web,2026-06-30,2026-07-02,2026-08-01",
            STOPPED,
            "stopped-by-law: the law stopped open dossiers",
        ),
        (
            "c2,Web,2023-03-02,,",
            {"dossier": MAPPING["dossier"] | {"office": "H29.915.00"}},
            "office-unknown: ",
        ),
        (
            "c2,Web,2023-03-02,,",
            {"dossier": MAPPING["dossier"] | {"office": "H29.016.00"}},
            "procedure-not-here: ",
        ),
    ],
)
def test_what_a_door_would_refuse_is_a_bad_row(
    read: Read, row: str, changes: dict[str, Any], told: str
) -> None:
    bad_rows, cases = read(row, now=datetime(2026, 9, 1, tzinfo=UTC), **changes)
    assert len(bad_rows) == 1 and bad_rows[0].startswith(f"line 2: case c2: {told}")
    assert not cases


def test_a_name_with_what_nobody_sees_is_bad_as_at_the_door(read: Read) -> None:
    bad_rows, cases = read("c\u034f1,Web,2023-03-02,,", "c2,Web,2023-03-02,,")
    assert len(bad_rows) == 1 and "case: text must be without control, format" in bad_rows[0]
    assert [case.case for case in cases] == ["c2"]


def test_a_case_with_a_bad_row_is_left_out_whole(read: Read) -> None:
    rows = ["c1,Web,2023-03-02,,", "c2,Web,2023-03-02,,", "c1,Fax,2023-03-02,,", "c1,Web,2023-03-02,,"]
    bad_rows, cases = read(*rows)
    assert [line[:15] for line in bad_rows] == ["line 4: case c1"]
    assert [case.case for case in cases] == ["c2"]


def test_an_end_earlier_in_the_day_than_its_start_is_sound(read: Read) -> None:
    bad_rows, [case] = read("c1,Web,2023-03-02T10:00:00,2023-03-02T09:00:00,")
    assert bad_rows == []
    assert case.acts[1].at < case.acts[0].at


def test_a_late_end_takes_the_reason_of_the_mapping(read: Read) -> None:
    _, [case] = read(
        "c1,Web,2023-03-02,2023-03-20,2023-03-10", dossier=MAPPING["dossier"] | {"late_reason": "workload"}
    )
    assert case.acts[1].late_reason == "workload"


def test_a_case_of_too_many_acts_is_bad(read: Read) -> None:
    rows = [f"c1,Web,2023-03-02T09:00:00,,,look,2023-03-03T09:00:{n:02}" for n in range(50)]
    bad_rows, cases = read(
        *rows,
        header=f"{HEADER},what,at",
        columns=MAPPING["columns"] | {"activity": "what", "time": "at"},
        steps=[{"activity": "look", "step": "tham_tra", "unit": "H29"}],
    )
    assert bad_rows == ["line 2: case c1: it has 51 acts; 50 is the most that one dossier is taken with"]
    assert not cases


def test_a_due_date_may_lie_ahead(read: Read) -> None:
    bad_rows, [case] = read("c1,Web,2025-12-30,,2026-02-01")
    assert bad_rows == [] and case.acts[0].due_on == date(2026, 2, 1)


CLASSED: dict[str, Any] = {
    "header": f"{HEADER},class",
    "columns": MAPPING["columns"] | {"project_class": "class"},
    "dossier": {"procedure": "1.009972"},
}


def test_a_class_that_the_limit_depends_on_is_told(read: Read) -> None:
    bad_rows, [case] = read("c1,Web,2023-03-02,,,A", "c1,Web,,2023-03-20,,", **CLASSED)
    assert (bad_rows, case.acts[0].as_item()["project_class"]) == ([], "A")
    _, [constant] = read("c1,Web,2023-03-02,,", dossier=CLASSED["dossier"] | {"project_class": "C"})
    assert constant.acts[0].as_item()["project_class"] == "C"


def test_only_a_due_date_stands_in_for_the_class(read: Read) -> None:
    bad_rows, [case] = read("c1,Web,2023-03-02,,,", "c2,Web,2023-03-02,,2023-03-30,", **CLASSED)
    assert bad_rows == [
        "line 2: case c1: the limit of 1.009972 depends on the project's class (A, B, C): give it or the due date"
    ]
    assert "project_class" not in case.acts[0].as_item()


def test_a_class_that_the_version_of_the_day_lacks_is_bad(read: Read) -> None:
    bad_rows, _ = read("c1,Web,2023-03-02,,,A/I", **CLASSED)
    assert bad_rows == ["line 2: case c1: 1.009972 has no project class of that name; there are A, B, C"]


def test_a_class_is_passed_over_where_no_limit_depends_on_it(read: Read) -> None:
    bad_rows, [case] = read("c1,Web,2023-03-02,,,A", **CLASSED | {"dossier": MAPPING["dossier"]})
    assert bad_rows == [] and "project_class" not in case.acts[0].as_item()


def test_rows_of_a_case_may_stand_apart(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more cases than fit in memory: what was spilled is found again."""
    monkeypatch.setattr(drafts, "DRAFTS_IN_MEMORY", 3)
    first = [f"c{n:02},Web,2023-03-{n + 1:02},," for n in range(20)]
    again = [f"c{n:02},Web,,2023-04-{n + 1:02}," for n in range(20)]
    bad_rows, cases = read(*first, *again, "c07,Fax,,,")
    assert len(bad_rows) == 1 and "c07" in bad_rows[0]
    assert [case.case for case in cases] == [f"c{n:02}" for n in range(20) if n != 7]
    assert all(len(case.acts) == 2 for case in cases)


def test_the_sample_has_a_bad_row_of_each_kind(tmp_path: Path) -> None:
    mapping = read_mapping(SHIPPED / "sample_log.toml")
    bad_rows, cases = read_log(SHIPPED / "sample_log.csv", mapping, tmp_path)
    assert [line.split(":")[0:2] for line in bad_rows] == [
        ["line 19", " case A-007"],
        ["line 22", " case A-008"],
        ["line 27", " case A-010"],
        ["line 29", " case A-011"],
        ["line 25", " case A-009"],
    ]
    assert Expected.of(cases).figures() == {
        "received": 5,
        "resolved": 4,
        "pending": 1,
        "waiting": 1,
        "not_accepted": 1,
    }
    assert [act.act for act in cases[0].acts] == ["accept", "forward", "resolve", "return"]


@pytest.mark.skipif(not PERMIT_LOG.exists(), reason="the permit log is not beside the checkout")
def test_the_permit_log_is_sound_and_comes_to_its_known_figures(tmp_path: Path) -> None:
    bad_rows, cases = read_log(PERMIT_LOG, read_mapping(SHIPPED / "permit_receipt_log.toml"), tmp_path)
    figures = Expected.of(cases).figures()
    assert bad_rows == []
    assert (figures["received"], figures["resolved"], figures["pending"]) == (1_434, 1_329, 105)
    earlier = [case for case in cases if len(case.acts) > 1 and case.acts[-1].at < case.acts[0].at]
    assert {case.case for case in earlier} == {"case-10862", "case-8267"}
