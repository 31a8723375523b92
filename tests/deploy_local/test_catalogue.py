"""`motcua catalogue check`: a line of summary, or a line for each fault. It needs nothing running."""

import json
from pathlib import Path

import pytest

from contracts.catalogue.file import SHIPPED
from deploy.command.command import main


def test_the_shipped_catalogue_is_summed_up_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check"]) == 0
    assert capsys.readouterr().out == "22 procedures (17 full, 5 partial), 28 versions, 6 abolitions\n"


def test_each_fault_of_a_file_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(SHIPPED.read_bytes())
    content["procedures"][0]["versions"][0]["level"] = "half"
    content["procedures"][1]["versions"][0]["colour"] = "red"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["catalogue", "check", str(file)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1.009982 from the beginning: level: ")
    assert second == "1.009983 from the beginning: colour: is not known here"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", str(tmp_path / "none.json")]) == 1
    assert "none.json: No such file" in capsys.readouterr().err
