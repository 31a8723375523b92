"""docs/analysts.md, run as it stands: its consumer takes the topic out, and its query counts what the service counts."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.journeys.conftest import MOTCUA, ROOT, House

pytestmark = pytest.mark.servers
GUIDE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
# What other journeys file in the same house lies outside of it.
WINDOW = {"from": "2023-01-01", "to": "2023-09-30"}


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)
    return str(found)


FIGURES = (13_276, 12_467, 809)
COUNTED = """
SELECT count(*), count(*) FILTER (ended_on <= DATE '2023-09-30'), count(*) FILTER (ended_on IS NULL OR ended_on > DATE '2023-09-30')
FROM read_parquet($file) WHERE accepted_on <= DATE '2023-09-30' AND (ended_on IS NULL OR ended_on >= DATE '2023-01-01')
"""


@pytest.fixture(scope="module")
def exported(first_house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the notebook reads, as the guide exports them; the export of events was killed on its way."""
    folder = tmp_path_factory.mktemp("exported")
    events, whole = folder / "events.parquet", folder / "whole.parquet"
    begun = subprocess.Popen(
        [str(MOTCUA), "export", "events", "--to", str(events)], env=first_house.environment, cwd=ROOT
    )
    part, deadline = folder / "events.parquet.part", time.monotonic() + 60
    while not part.exists() or part.stat().st_size < 400_000:
        assert time.monotonic() < deadline and begun.poll() is None
        time.sleep(0.01)
    begun.kill()
    assert begun.wait() == -signal.SIGKILL and not events.exists()
    for words in (
        ["events", "--to", str(events)],
        ["events", "--to", str(whole)],
        ["dossiers", "--to", str(folder / "dossiers.parquet")],
    ):
        done = first_house.motcua("export", *words, seconds=120)
        assert done.returncode == 0, done.stderr
        assert ("going on where it was" in done.stdout) == (words[-1] == str(events)), done.stdout
    assert "are among them" in done.stdout  # the demonstration's
    assert [each for each in folder.iterdir() if each.suffix != ".parquet"] == []
    return folder


def test_a_killed_export_of_events_has_each_once(exported: Path) -> None:
    files = {"whole": str(exported / "whole.parquet"), "events": str(exported / "events.parquet")}
    difference = "SELECT count(*) FROM (FROM read_parquet($whole) EXCEPT ALL FROM read_parquet($events))"
    count = "SELECT (SELECT count(*) FROM read_parquet($whole)), (SELECT count(*) FROM read_parquet($events))"
    [(whole, events)] = duckdb.execute(count, files).fetchall()
    # Others file dossiers in this house meanwhile: those of before are all there.
    assert whole >= events > 60_000
    [(missing,)] = duckdb.execute(difference, files).fetchall()
    assert missing == whole - events
    repeated = "SELECT count(*) - count(DISTINCT (dossier_id, source, version)) FROM read_parquet($events)"
    assert duckdb.execute(repeated, {"events": files["events"]}).fetchall() == [(0,)]


def test_what_is_counted_from_a_file_is_what_the_service_counts(exported: Path, first_house: House) -> None:
    [counted] = duckdb.execute(COUNTED, {"file": str(exported / "dossiers.parquet")}).fetchall()
    counts = first_house.counts(**WINDOW)
    assert counted == FIGURES == tuple(counts[name] for name in ("received", "resolved", "pending"))


def test_the_index_stands_on_the_report(first_house: House, tmp_path: Path) -> None:
    file = tmp_path / "quality.json"
    words = ("--from", WINDOW["from"], "--until", WINDOW["to"], "--to", str(file))
    done = first_house.motcua("export", "quality", *words, seconds=120)
    assert done.returncode == 0, done.stderr
    made = json.loads(file.read_bytes())
    told = first_house.report(**WINDOW)
    measures = {each["code"]: (each["numerator"], each["denominator"]) for each in made["measures"]}
    again = len({sign["dossier_id"] for sign in made["signs"]["asked_again"]})
    in_time = told["early"] + told["on_time"] + told["in_due"]
    assert measures["on_time_rate"][1] == told["resolved"] + told["pending"]
    assert in_time - again <= measures["on_time_rate"][0] <= in_time
    assert measures["score_timeliness"] == (2 * told["early"] + told["on_time"], told["resolved"])
    received = told["received_online"] + told["received_otherwise"]
    assert measures["online_share"] == (told["received_online"], received)
    sums = {
        name: sum(unit[name] for unit in made["workload"])
        for name in ("resolved", "late", "overdue", "in_hand")
    }
    assert sums == {name: told[name] for name in ("resolved", "late", "overdue")} | {
        "in_hand": told["pending"]
    }
    ended = made["signs"]["ended_without_result"]
    assert len(ended) == told["stopped"] + told["withdrawn"]
    assert len({each["key"] for each in made["procedures"]}) == 22


def test_the_notebook_answers_five_questions(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_EXPORTS", str(exported))
    notebook = json.loads((ROOT / "docs" / "five_questions.ipynb").read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            exec(compile("".join(cell["source"]), cell["id"], "exec"), found)  # noqa: S102
    plots = [name for name in found if name.endswith("_plot")]
    assert len(plots) == 5
    for name in plots:
        drawn = json.dumps(found[name].to_dict())  # which looks at it by Vega-Lite's schema
        assert '"values": [{' in drawn, name
    steps = {row["step"]: row["median_days"] for row in found["steps"]}
    assert set(steps) == {"cho_tiep_nhan", "tiep_nhan", "thu_ly", "tham_tra", "ky_duyet", "tra_ket_qua"}
    assert found["slowest"] == max(steps, key=lambda step: steps[step])
    assert found["cost"]["dossiers"] > 300 and found["cost"]["days_paused"] > 0
    filed = {row["week"]: row["dossiers"] for row in found["weeks"] if row["what"] == "filed"}
    assert filed[0] < filed[3] / 2  # of the week of Tết
    assert found["load"]["at_least"] < found["load"]["expected"] < found["load"]["at_most"]
    assert {row["unit"] for row in found["workload"]} >= {
        "H29.015.00/QLXD",
        "H29.015.00/QLTD",
        "H29.015.00/QLCP",
    }


def test_an_analyst_counts_what_the_service_counts(first_house: House, tmp_path: Path) -> None:
    told = first_house.motcua("analyst")
    assert told.returncode == 0, told.stderr
    address = re.search(r"^address\s+(\S+)$", told.stdout, re.M)
    place = re.search(r"^password\s+(\S+), (\S+)$", told.stdout, re.M)
    assert address and place, told.stdout
    password = json.loads(Path(place[1]).read_text(encoding="utf-8"))
    for member in place[2].split("."):
        password = password[member]
    assert password not in told.stdout
    consumer = block("python")
    assert len(consumer.splitlines()) <= 22
    taken = subprocess.run(
        [sys.executable, "-c", consumer],
        env=first_house.environment | {"KAFKA": address[1], "KAFKA_PASSWORD": password},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    (tmp_path / "events.jsonl").write_text(taken.stdout, encoding="utf-8")
    query = block("sql").replace("'events.jsonl'", f"'{tmp_path / 'events.jsonl'}'")
    counts = first_house.counts(**WINDOW)
    [counted] = duckdb.sql(query).fetchall()
    assert counted == tuple(counts[name] for name in ("received", "resolved", "pending"))
    assert counted == FIGURES
    assert all(f"{number:,}" in GUIDE for number in counted)
