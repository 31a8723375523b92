"""The arithmetic of the official report: flows and a window in, counts out (Biểu II.06a/VPCP/KSTT).

Pure: no clock, no database. Stocks are never stored; they are what the flows before and inside a window leave behind, so
both laws hold in every window, every row and as of every instant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import orjson

from services.reporting.report.withheld import Hidden, shown

By = Literal["procedure", "office", "channel", "month", "day"]
BYS: tuple[By, ...] = get_args(By)
FLOWS = ("submitted", "received_new", "not_accepted", "early", "on_time", "late")


class Window(NamedTuple):
    """Local dates, both included; None has no bound on that side."""

    first: date | None
    last: date | None


class FlowSum(NamedTuple):
    """What flowed under one key in one stretch of time: None is before the window, else its first day (or any, if not by time).

    `flow` is one of FLOWS: a resolved dossier flows as early, on_time or late.
    """

    key: str
    stretch: date | None
    flow: str
    amount: int


@dataclass(frozen=True, slots=True)
class Counts:
    """One row of a report: flows inside the window, stocks at its two ends, and the resolved ones by timeliness."""

    submitted: int
    waiting_before: int
    waiting: int
    not_accepted: int
    received_new: int
    carried_over: int
    received: int
    resolved: int
    pending: int
    early: int
    on_time: int
    late: int

    def laws_hold(self) -> bool:
        """Guarantee: both laws hold in every window, every row and as of every instant. Test: test_both_laws_hold_at_every_prefix."""
        return (
            self.waiting_before + self.submitted == self.waiting + self.not_accepted + self.received_new
            and self.received == self.resolved + self.pending
        )


class Row(NamedTuple):
    key: str
    counts: Counts


class Report(NamedTuple):
    total: Counts
    rows: Sequence[Row]


def report(sums: Iterable[FlowSum], by: By | None) -> Report:
    """The total of a window, and its rows by key: an attribute's codes, or the months or days in which something flowed.

    Guarantee: months are windows of their own, so only flows add up. Test: test_months_are_windows_of_their_own.
    """
    before: dict[str, dict[str, int]] = {}
    within: dict[str, dict[str, int]] = {}
    by_time = by in ("month", "day")
    for part in sums:
        side = before if part.stretch is None else within
        key = _stretch_key(part.stretch, by) if by_time and part.stretch is not None else part.key
        flows = side.setdefault(key, {})
        flows[part.flow] = flows.get(part.flow, 0) + part.amount
    total = counts(_add(before.values()), _add(within.values()))
    if by is None:
        return Report(total, ())
    if not by_time:
        keys = sorted(before.keys() | within.keys())
        return Report(total, [Row(key, counts(before.get(key, {}), within.get(key, {}))) for key in keys])
    rows = []
    so_far = _add(before.values())
    for key in sorted(within):
        rows.append(Row(key, counts(so_far, within[key])))
        so_far = _add((so_far, within[key]))
    return Report(total, rows)


def counts(before: Mapping[str, int], within: Mapping[str, int]) -> Counts:
    """From the flows before a window and inside it to its counts."""
    inside = {flow: within.get(flow, 0) for flow in FLOWS}
    carried_over = before.get("received_new", 0) - _resolved(before)
    waiting_before = (
        before.get("submitted", 0) - before.get("not_accepted", 0) - before.get("received_new", 0)
    )
    received = carried_over + inside["received_new"]
    resolved = _resolved(within)
    return Counts(
        submitted=inside["submitted"],
        waiting_before=waiting_before,
        waiting=waiting_before + inside["submitted"] - inside["not_accepted"] - inside["received_new"],
        not_accepted=inside["not_accepted"],
        received_new=inside["received_new"],
        carried_over=carried_over,
        received=received,
        resolved=resolved,
        pending=received - resolved,
        early=inside["early"],
        on_time=inside["on_time"],
        late=inside["late"],
    )


def result_hash(question: Mapping[str, object], answer: Report, hidden: Hidden = MappingProxyType({})) -> str:
    """SHA-256 over question and numbers: the same question as of the same instant has the same hash for ever.

    Over the numbers as they are shown: there are so few small ones that a hash over them would tell them.

    Guarantee: the hash depends on the question and the numbers alone. Test: test_the_same_numbers_have_the_same_hash.
    """
    told = {
        "question": dict(question),
        "total": asdict(answer.total),
        "rows": [{"key": row.key, **shown(row.key, asdict(row.counts), hidden)} for row in answer.rows],
    }
    return "sha256:" + hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _resolved(flows: Mapping[str, int]) -> int:
    return flows.get("early", 0) + flows.get("on_time", 0) + flows.get("late", 0)


def _add(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for flow, amount in part.items():
            total[flow] = total.get(flow, 0) + amount
    return total


def _stretch_key(day: date, by: By | None) -> str:
    return day.isoformat() if by == "day" else day.isoformat()[:7]
