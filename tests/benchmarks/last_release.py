"""What the last release cost, beside what the same rows cost now: a row that became dearer by more than a tenth is told.

The figures stand in last_release.json; `python -m tests.benchmarks --keep` writes them with a release. They are of the machine that
it names: on another one they say little.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.results import Row, number

FIGURES = Path(__file__).with_name("last_release.json")
A_TENTH = 1.1


def figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Of each row what ours cost, and its parts; what is better when it is more costs nothing."""
    return {
        row.what: {"unit": row.unit, "ours": row.ours.median, "parts": row.parts.get("ours", {})}
        for row in rows
        if not row.unit.endswith("/s")
    }


def keep(rows: Sequence[Row], path: Path = FIGURES) -> None:
    """Writes these rows over the ones of before; what was not measured stays as it was."""
    known = read(path) if path.exists() else {}
    content = {"machine": platform.platform(), "rows": {**known, **figures(rows)}}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path = FIGURES) -> dict[str, Any]:
    """The rows of the last release, by what they measure."""
    return dict(json.loads(path.read_text(encoding="utf-8"))["rows"])


def dearer(rows: Sequence[Row], before: Mapping[str, Any]) -> list[str]:
    """A line for each row that costs more than a tenth more than it did, with the parts that do."""
    told = []
    for what, now in figures(rows).items():
        was = before.get(what)
        if was is None or now["ours"] <= A_TENTH * was["ours"]:
            continue
        grown = [
            f"{name} {number(was['parts'][name])} → {number(cost)}"
            for name, cost in now["parts"].items()
            if cost > A_TENTH * was["parts"].get(name, cost)
        ]
        more = f" ({', '.join(grown)})" if grown else ""
        told.append(f"dearer: {what}: {number(was['ours'])} → {number(now['ours'])} {now['unit']}{more}")
    return told
