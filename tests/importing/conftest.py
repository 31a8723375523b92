"""Logs that tests write, and what a reader makes of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue.offices import load
from deploy.importing.case import Case
from deploy.importing.drafts import Drafts
from deploy.importing.log import LogReader
from deploy.importing.mapping import Mapping, parse_mapping

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "case,door,start,end,due"
MAPPING: dict[str, Any] = {
    "source": {"name": "a-log"},
    "columns": {"case": "case", "channel": "door"},
    "dates": {"accepted": {"column": "start"}, "resolved": {"column": "end"}, "due": {"column": "due"}},
    "time": {"zone": "Europe/Amsterdam"},
    "dossier": {"procedure": "1.009982"},
    "channels": {"Web": "online", "Desk": "in_person"},
}

GOOD = "c1,Web,2023-03-02T09:00:00,2023-03-20T10:00:00,2023-03-22"

Read = Callable[..., tuple[list[str], list[Case]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(
        *rows: str, header: str = HEADER, now: datetime = NOW, **changes: Any
    ) -> tuple[list[str], list[Case]]:
        log = tmp_path / "log.csv"
        log.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return read_log(log, parse_mapping(MAPPING | changes), tmp_path, now)

    return read


def read_log(
    log: Path, mapping: Mapping, directory: Path, now: datetime = NOW
) -> tuple[list[str], list[Case]]:
    (directory / "drafts.sqlite").unlink(missing_ok=True)
    with Drafts(directory) as drafts:
        reader = LogReader(log, mapping, drafts, now, load())
        bad_rows = [str(bad_row) for bad_row in reader.check()]
        return bad_rows, list(reader.cases())
