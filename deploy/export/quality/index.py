"""The service-quality index (decision 766, TT 01/2018 art. 13): each measure with its numerator and denominator, none told over nothing.

Pure: facts of dossiers and a window in, figures and lists out. Events name no officer, so none is told by officer.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from deploy.export.quality.facts import Facts, Sign, Window

PATTERNS = {
    "asked_on_the_due_date": "Bổ sung đúng ngày hẹn trả",
    "asked_again": "Bổ sung nhiều lần",
    "ended_without_result": "Kết thúc không có kết quả",
    "acceptance_put_off": "Chậm hoặc hoãn tiếp nhận",
    "apology_after_expiry": "Xin lỗi sau khi đã quá hạn",
}
NOT_HEARD = "n/a: no event says so"


class Measure(NamedTuple):
    """`value` is rounded to two decimals; None where the denominator is 0 or nobody says the numbers."""

    code: str
    name: str
    unit: str
    formula: str
    exclusions: str
    numerator: int | None
    denominator: int | None
    value: float | None


class Times(NamedTuple):
    """Of one kind of time: how many there were, their mean, median and nine tenths' bound, in days."""

    key: str
    unit: str
    number: int
    mean: float
    median: float
    p90: float


class Workload(NamedTuple):
    """Of one unit: its stocks, flows and scores (0 to 2) in the window. In hand is what it holds, the rest what it leads."""

    unit: str
    carried_over: int
    received: int
    resolved: int
    late: int
    in_hand: int
    overdue: int
    score_timeliness: float | None
    score_supplements: float | None


class Quality(NamedTuple):
    measures: Sequence[Measure]
    procedures: Sequence[Times]
    steps: Sequence[Times]
    workload: Sequence[Workload]
    signs: Mapping[str, Sequence[Sign]]


def quality(found: Iterable[Facts], window: Window, offered: int) -> Quality:
    """Of all dossiers up to the window's last day; `offered`: procedures that can be applied for online then.

    Guarantee: a measure over nothing is not told as a number. Test: test_a_measure_over_nothing_is_not_told.
    """
    n: Counter[str] = Counter()
    online: set[str] = set()
    of_procedure: dict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    of_step: dict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    by_unit: dict[str, Counter[str]] = defaultdict(Counter)
    signs: dict[str, list[Sign]] = {pattern: [] for pattern in PATTERNS}
    for each in found:
        _count(each, window, n, by_unit)
        if window.holds(each.accepted_on) and each.channel == "online":
            online.add(each.procedure)
        if each.end == "resolved" and each.accepted_on and each.ended_on and window.holds(each.ended_on):
            days = (each.ended_on - each.accepted_on).days - each.paused_days
            of_procedure[each.procedure, ""].append(days)
        for step in each.steps:
            if window.holds(step.ended_on):
                of_step[step.name, step.unit].append(step.days)
        for sign in each.signs:
            if window.holds(sign.on):
                signs[sign.pattern].append(sign)
    return Quality(
        _measures(n, len(online), offered, of_procedure),
        _times(of_procedure),
        _times(of_step),
        [_workload(unit, counted) for unit, counted in sorted(by_unit.items())],
        {pattern: sorted(listed, key=lambda s: (s.on, s.dossier_id)) for pattern, listed in signs.items()},
    )


def _count(each: Facts, window: Window, n: Counter[str], by_unit: dict[str, Counter[str]]) -> None:
    if each.accepted_on is None or (window.first and each.ended_on and each.ended_on < window.first):
        return
    unit, new = by_unit[each.lead_unit], window.holds(each.accepted_on)
    kept = [n, unit]
    ended = window.holds(each.ended_on)
    state = each.timeliness if ended else "overdue" if each.overdue else "in_due"
    facts = {
        "received_new" if new else "carried_over": True,
        state: True,
        "resolved" if ended else "pending": True,
        "again": each.requests > 1 and state in ("early", "on_time", "in_due"),
        "online": new and each.channel == "online",
        "fee": new and each.fee,
        "paid_online": new and each.fee and each.paid_online,
        f"asked_{min(each.requests, 2)}": ended,
    }
    for counter in kept:
        counter.update(name for name, so in facts.items() if so)
    if not ended:
        by_unit[each.unit or each.lead_unit]["in_hand"] += 1


def _measures(
    n: Counter[str], online: int, offered: int, of_procedure: Mapping[tuple[str, str], Sequence[float]]
) -> list[Measure]:
    resolved = n["resolved"]
    days = [int(day) for times in of_procedure.values() for day in times]
    absent = "none are heard of"
    return [
        _share(
            "on_time_rate",
            "Tỷ lệ giải quyết đúng hạn",
            "(8 + 9 + 12 - a second supplement asked for) / (7 + 11)",
            "a dossier of which a supplement was asked for twice counts as overdue, in this measure alone",
            n["early"] + n["on_time"] + n["in_due"] - n["again"],
            resolved + n["pending"],
        ),
        _mean(
            "days_to_result",
            "Thời gian giải quyết trung bình (ngày)",
            "days from acceptance to the result, without those of which the clock stood still",
            "resolved alone: neither stopped nor withdrawn",
            sum(days),
            len(days),
        ),
        _share(
            "procedures_online",
            "Tỷ lệ thủ tục có hồ sơ trực tuyến",
            "procedures of which a dossier was accepted that came online / procedures that can be applied for online",
            "procedures that were not in force on the window's last day",
            online,
            offered,
        ),
        _share(
            "online_share",
            "Tỷ lệ hồ sơ trực tuyến",
            "4 / (4 + 5)",
            "what was carried over",
            n["online"],
            n["received_new"],
        ),
        _share(
            "paid_online",
            "Tỷ lệ thanh toán trực tuyến",
            "accepted in the window and paid for online / accepted in it with a fee asked for or paid",
            "dossiers for which no fee was asked and none was paid",
            n["paid_online"],
            n["fee"],
        ),
        _mean(
            "score_timeliness",
            "Điểm thời hạn (0-2)",
            "(2 x early + 1 x on time + 0 x late) / 7",
            "what is pending",
            2 * n["early"] + n["on_time"],
            resolved,
        ),
        _mean(
            "score_supplements",
            "Điểm yêu cầu bổ sung (0-2)",
            "(2 x without a request + 1 x with one + 0 x with more) / 7",
            "what is pending",
            2 * n["asked_0"] + n["asked_1"],
            resolved,
        ),
        Measure("satisfaction", "Mức độ hài lòng", "score", NOT_HEARD, absent, None, None, None),
        Measure("complaints", "Phản ánh, kiến nghị", "score", NOT_HEARD, absent, None, None, None),
    ]


def _share(code: str, name: str, formula: str, exclusions: str, part: int, whole: int) -> Measure:
    value = round(100 * part / whole, 2) if whole else None
    return Measure(code, name, "percent", formula, exclusions, part, whole, value)


def _mean(code: str, name: str, formula: str, exclusions: str, total: int, count: int) -> Measure:
    unit = "days" if code.startswith("days") else "score"
    return Measure(code, name, unit, formula, exclusions, total, count, _over(total, count))


def _over(total: int, count: int) -> float | None:
    return round(total / count, 2) if count else None


def _times(found: Mapping[tuple[str, str], Sequence[float]]) -> list[Times]:
    made = []
    for (key, unit), times in sorted(found.items()):
        ordered = sorted(times)
        mean = sum(ordered) / len(ordered)
        made.append(
            Times(key, unit, len(ordered), *(round(v, 2) for v in (mean, at(ordered, 0.5), at(ordered, 0.9))))
        )
    return made


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which so great a share lies, in between two of them by their distance."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _workload(unit: str, n: Counter[str]) -> Workload:
    return Workload(
        unit,
        n["carried_over"],
        n["received_new"],
        n["resolved"],
        n["late"],
        n["in_hand"],
        n["overdue"],
        _over(2 * n["early"] + n["on_time"], n["resolved"]),
        _over(2 * n["asked_0"] + n["asked_1"], n["resolved"]),
    )
