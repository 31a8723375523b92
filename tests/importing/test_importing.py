"""The command's course and its exit codes, with doors and reports that answer as they should."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.local.doors import Doors
from deploy.local.importing import ALL_TAKEN, SOME_LEFT_OUT, import_log
from deploy.local.importing_counts import Reports
from deploy.local.importing_house import House

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
    assert asyncio.run(import_log(log, mapping, house(refused), said.append)) == code
    assert any(told in line for line in said), said
