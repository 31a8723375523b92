"""The service-quality index of an export: the same lines and measures as reporting's door has, from single events instead of sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from deploy.export.spool import Row
from services.reporting.book.heard import SAID
from services.reporting.book.lines import local_date
from services.reporting.quality.index import (
    Measure,
    Part,
    Times,
    Workload,
    measures,
    parts_of,
    times,
    workloads,
)
from services.reporting.quality.lines import Act, Line, lines
from services.reporting.quality.signs import PATTERNS
from services.reporting.report.counts import Window

NAMES = {
    "asked_on_the_due_date": "Bổ sung đúng ngày hẹn trả",
    "asked_again": "Bổ sung nhiều lần",
    "ended_without_result": "Kết thúc không có kết quả",
    "acceptance_put_off": "Chậm hoặc hoãn tiếp nhận",
    "apology_after_expiry": "Xin lỗi sau khi đã quá hạn",
}


class Sign(NamedTuple):
    """What may hide lateness: which pattern, in which dossier, when, and what was seen."""

    pattern: str
    dossier_id: str
    on: date
    unit: str
    procedure: str
    seen: str


class Quality(NamedTuple):
    measures: Sequence[Measure]
    procedures: Sequence[Times]
    steps: Sequence[Times]
    workload: Sequence[Workload]
    signs: Mapping[str, Sequence[Sign]]


def quality(rows: Iterable[Row], window: Window) -> Quality:
    """Of all events that come dossier by dossier, up to the window's last day, which it has.

    Guarantee: in time, late and overdue are what the report says of the same window. Test: test_the_index_stands_on_the_report.
    """
    assert window.last is not None
    found: dict[Part, list[int]] = {}
    of_procedure, of_step = [], []
    signs: dict[str, list[Sign]] = {pattern: [] for pattern in PATTERNS}
    for dossier_id, of_dossier in groupby(rows, key=lambda row: row["dossier_id"]):
        told = _up_to(window.last, lines(_acts(of_dossier)))
        for part in parts_of(told, window):
            sums = found.setdefault(part._replace(amount=0, value=0), [0, 0])
            sums[0] += part.amount
            sums[1] += part.value
        for line in told:
            if window.first and line.on < window.first:
                continue
            if line.kind == "step":
                of_step.append((line.what, line.unit, line.value))
            elif line.kind == "ended" and line.what.startswith("resolved/"):
                of_procedure.append((line.procedure, "", line.value))
            elif line.kind in signs:
                sign = Sign(line.kind, dossier_id, line.on, line.unit, line.procedure, line.what)
                signs[line.kind].append(sign)
    parts = [part._replace(amount=amount, value=value) for part, (amount, value) in found.items()]
    return Quality(
        measures(parts, window.last),
        times(of_procedure),
        times(of_step),
        workloads(parts),
        {pattern: sorted(each, key=lambda s: (s.on, s.dossier_id)) for pattern, each in signs.items()},
    )


def _up_to(last: date, found: Iterable[Line]) -> list[Line]:
    return [line for line in found if line.on <= last]


def _acts(rows: Iterable[Row]) -> Iterator[Act]:
    for row in rows:
        if row["type"] in SAID:
            at, known = (datetime.fromisoformat(row[name]) for name in ("time", "recorded_at"))
            yield Act(row["source"], row["version"], row["type"], at, local_date(at), known, row)
