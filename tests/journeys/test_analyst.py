"""docs/analysts.md, run as it stands: its consumer takes the topic out, and its query counts what the service counts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.journeys.conftest import ROOT, House

pytestmark = pytest.mark.servers
GUIDE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
# What other journeys file in the same house lies outside of it.
WINDOW = {"from": "2023-01-01", "to": "2023-09-30"}


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)
    return str(found)


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
    assert counted == (13_276, 12_467, 809)
    assert all(f"{number:,}" in GUIDE for number in counted)
