"""The service-quality index (decision 766, TT 01/2018 art. 13): each measure with its numerator and denominator, none told over nothing.

Pure: what lines add up to comes in, figures go out. No line names an officer, so nothing is told by officer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from contracts.catalogue.shipped import PROCEDURES, Version, version_on
from services.reporting.quality.lines import Line
from services.reporting.report.counts import Window

SUMMED = ("accepted", "ended", "overdue", "again", "in_hand")
OF_THE_ACCEPTED = ("fee", "paid_online")
NOT_HEARD = "n/a: no event says so"


class Part(NamedTuple):
    """What lines of one kind add up to; `within` the window, or before it. `value` is the sum of theirs, in days."""

    kind: str
    unit: str
    office: str
    procedure: str
    channel: str
    what: str
    within: bool
    amount: int
    value: int


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


def offered(day: date) -> int:
    """Procedures that can be applied for online on a day."""
    return sum(isinstance(version_on(code, day), Version) for code in PROCEDURES)


def parts_of(lines: Iterable[Line], window: Window) -> Iterator[Part]:
    """Of single lines, as an export has them; the database adds up its own (services/reporting/quality/loading.py)."""
    last = window.last or date.max
    first = window.first or date.min
    for line in lines:
        if line.on <= last and (
            line.kind in SUMMED or (line.kind in OF_THE_ACCEPTED and line.since >= first)
        ):
            place = (line.unit, line.office, line.procedure, line.channel, line.what)
            yield Part(line.kind, *place, line.on >= first, line.amount, line.amount * int(line.value))


def counted(parts: Iterable[Part]) -> Counter[str]:
    """What parts come to, by the names that measures and workloads are made of."""
    n: Counter[str] = Counter()
    for part in parts:
        amount = part.amount
        if part.kind == "accepted":
            n["pending"] += amount
            n["received_new" if part.within else "carried_over"] += amount
            n["online"] += amount * (part.within and part.channel == "online")
        elif part.kind == "ended":
            how, timeliness, _, asked = part.what.split("/")
            n["pending"] -= amount
            if not part.within:
                n["carried_over"] -= amount
                continue
            n.update({"resolved": amount, timeliness: amount, f"asked_{asked}": amount})
            n["again"] += amount * (asked == "2" and timeliness != "late")
            if how == "resolved":
                n.update({"results": amount, "days": part.value})
        else:
            n[part.kind] += amount
    return n


def measures(parts: Sequence[Part], day: date) -> list[Measure]:
    """Of the whole window; `day` is its last one.

    Guarantee: a measure over nothing is not told as a number. Test: test_a_measure_over_nothing_is_not_told.
    """
    n = counted(parts)
    online: Counter[str] = Counter()
    for part in parts:
        if part.kind == "accepted" and part.within and part.channel == "online":
            online[part.procedure] += part.amount
    absent = "none are heard of"
    return [
        _share(
            "on_time_rate",
            "Tỷ lệ giải quyết đúng hạn",
            "(8 + 9 + 12 - a second supplement asked for) / (7 + 11)",
            "a dossier of which a supplement was asked for twice counts as overdue, in this measure alone",
            n["early"] + n["on_time"] + n["pending"] - n["overdue"] - n["again"],
            n["resolved"] + n["pending"],
        ),
        _mean(
            "days_to_result",
            "Thời gian giải quyết trung bình (ngày)",
            "days from acceptance to the result, without those of which the clock stood still",
            "resolved alone: neither stopped nor withdrawn",
            n["days"],
            n["results"],
        ),
        _share(
            "procedures_online",
            "Tỷ lệ thủ tục có hồ sơ trực tuyến",
            "procedures of which a dossier was accepted that came online / procedures that can be applied for online",
            "procedures that were not in force on the window's last day",
            sum(amount > 0 for amount in online.values()),
            offered(day),
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
            n["resolved"],
        ),
        _mean(
            "score_supplements",
            "Điểm yêu cầu bổ sung (0-2)",
            "(2 x without a request + 1 x with one + 0 x with more) / 7",
            "what is pending",
            2 * n["asked_0"] + n["asked_1"],
            n["resolved"],
        ),
        Measure("satisfaction", "Mức độ hài lòng", "score", NOT_HEARD, absent, None, None, None),
        Measure("complaints", "Phản ánh, kiến nghị", "score", NOT_HEARD, absent, None, None, None),
    ]


def workloads(parts: Iterable[Part]) -> list[Workload]:
    """Of each unit that led or held anything."""
    by_unit: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_unit[part.unit].append(part)
    found = [_workload(unit, counted(own)) for unit, own in sorted(by_unit.items())]
    return [each for each in found if any(each[1:7])]


def times(found: Iterable[tuple[str, str, float]]) -> list[Times]:
    """Of single times by key and unit, as an export has them; the database has its own."""
    of: dict[tuple[str, str], list[float]] = defaultdict(list)
    for key, unit, days in found:
        of[key, unit].append(days)
    made = []
    for (key, unit), each in sorted(of.items()):
        each.sort()
        mean, median, p90 = sum(each) / len(each), at(each, 0.5), at(each, 0.9)
        made.append(Times(key, unit, len(each), *(round(days, 2) for days in (mean, median, p90))))
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


def _share(code: str, name: str, formula: str, exclusions: str, part: int, whole: int) -> Measure:
    value = round(100 * part / whole, 2) if whole else None
    return Measure(code, name, "percent", formula, exclusions, part, whole, value)


def _mean(code: str, name: str, formula: str, exclusions: str, total: int, count: int) -> Measure:
    unit = "days" if code.startswith("days") else "score"
    return Measure(code, name, unit, formula, exclusions, total, count, _over(total, count))


def _over(total: int, count: int) -> float | None:
    return round(total / count, 2) if count else None
