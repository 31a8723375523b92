"""What a row of the table says, when its goal is met, and how the table and its JSON are written."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Spread, median_ratio


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    With a yardstick, `limit` bounds the median of ours / yardstick, pair by pair, and `at_most` ours itself; without one `limit`
    bounds ours itself. A row without a limit is reported only. `parts` are medians of what each side consists of.
    """

    group: str
    what: str
    unit: str
    ours: Spread
    yardstick: Spread | None = None
    limit: float | None = None
    stretch: float | None = None
    at_most: float | None = None
    note: str = ""
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """What the limit bounds."""
        if self.yardstick is None:
            return self.ours.median
        return median_ratio(self.ours.rounds, self.yardstick.rounds)

    @property
    def verdict(self) -> str:
        if self.limit is None and self.at_most is None:
            return "reported"
        if (self.limit is not None and self.value > self.limit) or (
            self.at_most is not None and self.ours.median > self.at_most
        ):
            return "missed"
        return "met" if self.stretch is None or self.value > self.stretch else "met, and the farther one"

    @property
    def missed(self) -> bool:
        return self.verdict == "missed"


def number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def spread(of: Spread | None) -> str:
    if of is None:
        return "–"
    return f"{number(of.median)} ({number(of.least)}–{number(of.most)})"


def times(ratio: float) -> str:
    """A ratio as people say it: 0.05 is '20× less'."""
    return f"{ratio:.2f}×" if ratio > 0.4 else f"{1 / ratio:.1f}× less"


def goal(row: Row) -> str:
    if row.limit is None:
        return "–" if row.at_most is None else f"≤ {number(row.at_most)}"
    if row.yardstick is None:
        return f"≤ {number(row.limit)}"
    ratio = f"≤ {row.limit:.2f}×" if row.limit > 0.4 else f"≥ {1 / row.limit:.0f}× less"
    return ratio if row.at_most is None else f"{ratio}, ≤ {number(row.at_most)}"


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, medians with (min–max)."""
    lines = [
        "| what | unit | ours | beside it | ratio | goal | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratio = "–" if row.yardstick is None else times(row.value)
        what = row.what if not row.note else f"{row.what} ({row.note})"
        lines.append(
            f"| {what} | {row.unit} | {spread(row.ours)} | {spread(row.yardstick)} | {ratio} | {goal(row)} | {row.verdict} |"
        )
    return "\n".join(lines)


def parts(rows: Sequence[Row]) -> list[str]:
    """What each side of a row consists of, dearest first: a line for each."""
    return [
        f"{row.what}: {side}: "
        + ", ".join(
            f"{name} {number(cost)}" for name, cost in sorted(found.items(), key=lambda part: -part[1])
        )
        for row in rows
        for side, found in row.parts.items()
    ]


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of the parts of several rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def write(path: Path, rows: Sequence[Row], rounds: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "rounds": rounds,
        "rows": [
            {
                "group": row.group,
                "what": row.what,
                "unit": row.unit,
                "ours": row.ours.rounds,
                "beside": None if row.yardstick is None else row.yardstick.rounds,
                "value": row.value,
                "limit": row.limit,
                "stretch": row.stretch,
                "verdict": row.verdict,
                "note": row.note,
                "at_most": row.at_most,
                "parts": row.parts,
                "extra": row.extra,
            }
            for row in rows
        ],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
