"""What work costs: CPU seconds of processes and of whole process trees, and the statistics of repeated rounds."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
SCHED_CLOCK = 2


def own_seconds(pid: int) -> float:
    """CPU time of one process with all its threads, user and system, to the nanosecond; 0 when it is gone."""
    try:
        return time.clock_gettime((~pid) << 3 | SCHED_CLOCK)
    except OSError:
        return 0.0


def _parents() -> dict[int, tuple[int, float]]:
    """For each process its parent and the CPU time of its children that ended and were waited for."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            table[int(entry.name)] = (int(fields[1]), (int(fields[13]) + int(fields[14])) * TICK_SECONDS)
    return table


def tree_seconds(roots: Iterable[int]) -> float:
    """CPU time so far of these processes and of all their descendants, those that ended included."""
    table = _parents()
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    total = 0.0
    waiting, seen = list(roots), set[int]()
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in table:
            continue
        seen.add(pid)
        total += own_seconds(pid) + table[pid][1]
        waiting.extend(children.get(pid, []))
    return total


@dataclass(frozen=True, slots=True)
class Spread:
    """The rounds of one side: the median, and how far they lay apart."""

    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        return min(self.rounds)

    @property
    def most(self) -> float:
        return max(self.rounds)


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median of the ratios pair by pair: what two rounds side by side share (heat, neighbours) cancels out."""
    return statistics.median(n / d for n, d in zip(numerators, denominators, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-int(len(ordered) * share * 1000) // 1000) - 1))]
