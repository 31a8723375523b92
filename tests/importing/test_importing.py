"""The command's course and its exit codes, with doors and reports that answer as they should."""

import asyncio
import csv
import gzip
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.command import import_log as importing
from deploy.command.import_log import ALL_TAKEN, SOME_LEFT_OUT, import_log
from deploy.importing import log as importing_log
from deploy.importing.counts import Reports
from deploy.importing.doors import Doors
from deploy.importing.house import House

MAPPING = """
[source]
name = "a-log"
[columns]
case = "case"
[dates]
accepted = { column = "start" }
[dossier]
procedure = "1.009982"
channel = "online"
"""
COUNTS = {"submitted": 9, "received_new": 9, "received": 9, "resolved": 9} | dict.fromkeys(
    ("pending", "waiting", "not_accepted"), 0
)


def house(refused: dict[str, str]) -> House:
    """Its doors take every case but those named by the door that refuses them; its reports hold other dossiers, too."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/counts":
            counts: dict[str, Any] = COUNTS | {"complete_up_to": datetime.now(UTC).isoformat(), "rows": []}
            return httpx.Response(200, json=counts)
        answers = [
            {"outcome": "refused", "code": "no"}
            if refused.get(item["case"]) == request.url.host
            else {"outcome": "recorded", "dossier_id": "0189-0"}
            for item in orjson.loads(request.content)["items"]
        ]
        return httpx.Response(200, json={"answers": answers})

    transport = httpx.MockTransport(answer)
    doors = Doors("http://intake", "http://processing", lambda: "a-token", transport)
    return House(doors, Reports("http://reporting", transport=transport))


@pytest.mark.parametrize(
    ("row", "refused", "code", "told"),
    [
        ("c2,2023-03-03", {}, ALL_TAKEN, ""),
        (",2023-03-03", {}, SOME_LEFT_OUT, "line 3: case ?: no case"),
        ("c2,2023-02-30", {}, SOME_LEFT_OUT, "line 3: case c2: start “2023-02-30” is no time"),
        ("c2,2023-03-03", {"c2": "intake"}, SOME_LEFT_OUT, "refused: case c2: intake: no"),
        ("c2,2023-03-03", {"c2": "processing"}, SOME_LEFT_OUT, "refused: case c2: processing: no"),
    ],
)
def test_what_was_left_out_is_told_by_the_exit_code(
    tmp_path: Path, row: str, refused: dict[str, str], code: int, told: str
) -> None:
    log, mapping = tmp_path / "log.csv", tmp_path / "log.toml"
    log.write_text(f"case,start\nc1,2023-03-02\n{row}\n")
    mapping.write_text(MAPPING)
    said: list[str] = []
    assert asyncio.run(import_log(log, mapping, house(refused), tmp_path, said.append)) == code
    assert any(told in line for line in said), said


def test_the_first_ten_of_each_reason_are_listed_and_all_are_in_the_file(tmp_path: Path) -> None:
    log, mapping = tmp_path / "log.csv", tmp_path / "log.toml"
    late = [f"l{n},2099-01-01" for n in range(25)]
    # Two bad rows of one case: it is counted once, under the first reason.
    rows = ["c1,2023-03-02", *late, "l0,soon", "d1,soon", ",2023-03-02"]
    log.write_text("\n".join(("case,start", *rows)) + "\n")
    mapping.write_text(MAPPING)
    said: list[str] = []
    assert asyncio.run(import_log(log, mapping, house({}), tmp_path, said.append)) == SOME_LEFT_OUT
    left_out = tmp_path / "a-log.left-out.csv"
    assert sum("lies in the future" in line for line in said) == 10
    assert f"… and more of “in the future”: all are in {left_out}" in said
    for told in ("25 cases: in the future", "1 cases: no time of the format", "1 rows: no case"):
        assert f"  {told:>{len(told) + 8 - len(told.split()[0])}}" in said, said
    with left_out.open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert Counter(row["reason"] for row in kept) == {
        "in the future": 25,
        "rows that disagree": 1,
        "no time of the format": 1,
        "no case": 1,
    }
    assert left_out.stat().st_mode & 0o077 == 0
    log.write_text("case,start\nc1,2023-03-02\n")
    assert asyncio.run(import_log(log, mapping, house({}), tmp_path, said.append)) == ALL_TAKEN
    assert not left_out.exists()


@pytest.mark.long
def test_progress_is_told_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the file as it lies there, packed or not."""
    monkeypatch.setattr(importing, "SAY_EVERY_BYTES", 10_000)
    monkeypatch.setattr(importing_log, "WATCHED_EVERY_ROWS", 100)
    log, mapping = tmp_path / "log.csv.gz", tmp_path / "log.toml"
    chance = random.Random(1)  # what cannot be packed: Python 3.13 reads 128 kB of a packed file at once
    rows = (
        f"c{chance.randbytes(24).hex()},2023-03-02T{n % 24:02}:{n % 60:02}:{n * 7 % 60:02}"
        for n in range(20_000)
    )
    log.write_bytes(gzip.compress("\n".join(("case,start", *rows)).encode()))
    mapping.write_text(MAPPING)
    said: list[str] = []
    asyncio.run(import_log(log, mapping, house({}), tmp_path, said.append))
    size = log.stat().st_size
    told = [line for line in said if line.endswith(f"of {size:,} bytes read")]
    read = [int(line.split()[0].replace(",", "")) for line in told]
    assert len(read) >= 3 and read == sorted(read) and read[-1] <= size
