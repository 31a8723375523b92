"""Logs that are turned over while somebody writes them."""

import re
import sys
from pathlib import Path

import pytest

from deploy.local.logs import Logs, last_lines
from deploy.local.process import Failed, Process
from tests.deploy_local.test_process import eventually

ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
for number in range(20_000):
    print(number, flush=True)
    if number % 500 == 499: time.sleep(0.01)
"""


def test_a_log_is_turned_under_its_writer_and_only_some_are_kept(tmp_path: Path) -> None:
    process = Process("writer", home=tmp_path)
    logs = Logs(process.log.parent, bytes_most=10_000, files_most=2)
    process.start([sys.executable, "-c", WRITER])
    try:

        def over() -> bool:
            logs.turn()
            return not process.running

        assert eventually(over, 60)
    finally:
        process.stop()
    kept = [process.log.with_name(f"writer.log.{number}") for number in (2, 1)]
    assert sorted(process.log.parent.iterdir()) == sorted([process.log, *kept])
    told = [int(line) for path in (*kept, process.log) for line in path.read_text("utf-8").splitlines()]
    assert told == sorted(set(told)), "in their order, and none twice"
    assert told[-1] == 19_999
    assert len(told) < 20_000
    assert [int(line) for line in last_lines(process.log, 700)][-700:] == told[-700:]


def test_a_log_below_its_size_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").write_text("x" * 100, "utf-8")
    Logs(tmp_path, bytes_most=100).turn()
    assert [path.name for path in tmp_path.iterdir()] == ["kafka.log"]
    Logs(tmp_path, bytes_most=99).turn()
    assert (tmp_path / "kafka.log").read_bytes() == b""
    assert (tmp_path / "kafka.log.1").read_text("utf-8") == "x" * 100


@pytest.mark.parametrize("wrong", ["0", "many", "-1"])
def test_a_wrong_bound_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("MOTCUA_LOG_FILES", wrong)
    with pytest.raises(Failed, match="MOTCUA_LOG_FILES"):
        Logs.of_environment(tmp_path)


def test_every_variable_of_the_run_has_its_line() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "deploy").rglob("*.py"))
    read = set(re.findall(r'(?:environ\.get|_number)\(\s*"(MOTCUA_\w+)"', sources))
    assert len(read) >= 6
    reference = (ROOT / "REFERENCE.md").read_text("utf-8")
    assert [variable for variable in sorted(read) if f"| `{variable}` |" not in reference] == []
