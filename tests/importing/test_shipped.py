"""The logs that are shipped, made up and a page each: the counts beside them in the documentation are what comes out."""

import re
from collections import Counter
from pathlib import Path

import pytest

from deploy.importing.counts import FIGURES, Expected
from deploy.importing.mapping import SHIPPED, read_mapping
from tests.importing.conftest import read_log

ROW = re.compile(r"^\| `([a-z_]+\.(?:csv|xes))` \|[^|]*\|" + r" ([0-9]+) \|" * 6 + "$", re.MULTILINE)
EXPECTED = {
    name: tuple(map(int, figures))
    for name, *figures in ROW.findall((SHIPPED / "README.md").read_text(encoding="utf-8"))
}


def test_every_shipped_log_has_its_counts() -> None:
    shipped = {path.name for path in SHIPPED.iterdir() if path.suffix in (".csv", ".xes")}
    assert set(EXPECTED) == shipped and len(shipped) == 3


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_shipped_log_comes_to_its_counts(tmp_path: Path, name: str) -> None:
    mapping = read_mapping((SHIPPED / name).with_suffix(".toml"))
    bad_rows, cases = read_log(SHIPPED / name, mapping, tmp_path)
    figures = Expected.of(cases).figures()
    assert (len(bad_rows), *(figures[figure] for figure in FIGURES)) == EXPECTED[name]


def test_the_register_leaves_out_what_no_door_would_take(tmp_path: Path) -> None:
    mapping = read_mapping(SHIPPED / "register_log.toml")
    bad_rows, _ = read_log(SHIPPED / "register_log.csv", mapping, tmp_path)
    assert [row.split(": ", 2)[1:] for row in bad_rows] == [
        ["case Hồ-8", "Ngày nhận “12/04/1899” is no time of ours: from 1900 to 2999"],
        ["case Hồ-9", "Hẹn trả “31/12/9999” is no time of ours: from 1900 to 2999"],
        ["case ?", "no case"],
        ["case Hồ-7", "due on 2023-04-10 is before accepted on 2023-04-11"],
    ]


def test_a_refusal_after_acceptance_is_a_decision(tmp_path: Path) -> None:
    bad_rows, cases = read_log(
        SHIPPED / "permits_log.xes", read_mapping(SHIPPED / "permits_log.toml"), tmp_path
    )
    last = {case.case: case.acts[-1] for case in cases if case.acts}
    ends = Counter((act.act, act.outcome) for act in last.values())
    assert ends == {
        ("return", None): 1,
        ("resolve", "granted"): 1,
        ("resolve", "refused"): 2,
        ("reject", None): 1,
        ("accept", None): 1,
    }
    assert (last["P-4"].act, last["P-5"].outcome) == ("reject", "refused")
    assert [row.split(": ", 2)[1:] for row in bad_rows] == [
        ["case P-8", "it is both resolved and rejected"],
        ["case P-9", "accepted on 2023-05-11 is before submitted on 2023-05-12"],
    ]
