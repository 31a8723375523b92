"""The service-quality index, from acts of dossiers to measures, times and lists; written and read back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from openpyxl import load_workbook

from contracts import intake, processing
from deploy.export.quality import writing
from deploy.export.quality.index import NAMES, Quality, quality
from services.reporting.quality.index import at
from services.reporting.report.counts import Window
from tests.deploy.test_event_logs import DUE, LIVES, reversed_end, rows
from tests.reporting.histories import HOUR, OFFICES, START, Life, Told, told

WINDOW = Window(date(2023, 1, 1), date(2023, 2, 28))


def asked(
    number: int, hours: int, of: Life, after: int, clock: str = "paused", due_on: date | None = None
) -> Told:
    request = processing.SupplementRequested(
        number=number,
        papers=(),
        deadline_on=date(2023, 3, 1),
        clock=clock,  # type: ignore[arg-type]
        late=False,
        due_on=due_on,
    )
    return Told("processing", after, request, of.stream_id, START + hours * HOUR)


def accepted(hours: int, of: Life, after: int, due_on: date) -> Told:
    supplement = processing.SupplementAccepted(status="accepted", due_on=due_on, late=False)
    return Told("processing", after, supplement, of.stream_id, START + hours * HOUR)


def of_lives(found: list[Life], *more: Told, window: Window = WINDOW) -> Quality:
    return quality(rows(found, *more), window)


def values(found: Quality) -> dict[str, tuple[int | None, int | None, float | None]]:
    return {each.code: (each.numerator, each.denominator, each.value) for each in found.measures}


def test_each_measure_has_its_numerator_and_its_denominator() -> None:
    """Six dossiers: one early, one late and one stopped in time of four accepted; one is overdue."""
    told_of = values(of_lives(LIVES))
    assert told_of["on_time_rate"] == (2, 4, 50.0)  # early and stopped, of 3 ended and 1 overdue
    assert told_of["score_timeliness"] == (2 * 1 + 1, 3, 1.0)
    assert told_of["score_supplements"] == (6, 3, 2.0)
    assert told_of["online_share"] == (3, 4, 75.0)
    assert told_of["procedures_online"] == (3, 22, 13.64)
    assert told_of["days_to_result"] == (8 + 28, 2, 18.0)
    assert told_of["paid_online"] == (0, 0, None)
    assert told_of["satisfaction"] == told_of["complaints"] == (None, None, None)


def test_a_measure_over_nothing_is_not_told() -> None:
    nothing = of_lives(LIVES[:2])
    assert {code: value for code, (_, _, value) in values(nothing).items() if value is not None} == {
        "procedures_online": 0.0
    }
    assert list(nothing.steps) == [] or all(each.number for each in nothing.steps)


def test_a_second_supplement_counts_as_overdue_in_the_index_alone() -> None:
    life = Life(7, "1.009982", OFFICES[0], "online", 0, accepted=10, due_on=DUE)
    last = max(event.sequence for event in told(life))
    once = (asked(1, 20, life, last + 1), accepted(60, life, last + 2, date(2023, 3, 20)))
    twice = (*once, asked(2, 80, life, last + 3, "runs", date(2023, 3, 20)))
    for more, numerator in ((once, 1), (twice, 0)):
        found = of_lives([life], *more)
        assert values(found)["on_time_rate"][:2] == (numerator, 1)
        assert [each.overdue for each in found.workload] == [0]
    assert [sign.seen for sign in found.signs["asked_again"]] == ["request 2"]


def test_days_of_which_the_clock_stood_still_do_not_count() -> None:
    life = LIVES[3]  # accepted on the 2nd, resolved on the 10th
    last = max(event.sequence for event in told(life))
    more = (asked(1, 40, life, last + 1), accepted(88, life, last + 2, DUE))
    assert values(of_lives([life], *more))["days_to_result"] == (8 - 2, 1, 6.0)


def test_what_may_hide_lateness_is_listed() -> None:
    life, stopped = Life(8, "1.009982", OFFICES[0], "online", 0, accepted=10, due_on=DUE), LIVES[5]
    waiting = Life(9, "1.009982", OFFICES[0], "online", 0)
    last = max(event.sequence for event in told(life))
    on_the_day = 24 * 18 + 20
    apology = processing.ApologyIssued(reason="workload", appointment_on=date(2023, 3, 1), in_time=False)
    found = of_lives(
        [life, stopped, waiting],
        asked(1, on_the_day, life, last + 1),
        accepted(on_the_day + 24, life, last + 2, date(2023, 1, 25)),
        Told("processing", last + 3, apology, life.stream_id, START + 24 * 40 * HOUR),
        asked(1, 5, waiting, 1),
    )
    told_of = {name: [(sign.dossier_id, sign.on) for sign in listed] for name, listed in found.signs.items()}
    assert told_of == {
        "asked_on_the_due_date": [(str(life.stream_id), DUE)],
        "asked_again": [],
        "ended_without_result": [(str(stopped.stream_id), date(2023, 1, 14))],
        "acceptance_put_off": [(str(waiting.stream_id), date(2023, 1, 1))],
        "apology_after_expiry": [(str(life.stream_id), date(2023, 2, 10))],
    }


def test_what_was_reversed_counts_for_nothing() -> None:
    was, now = of_lives([LIVES[3]]), of_lives([LIVES[3]], *reversed_end(LIVES[3]))
    assert values(was)["on_time_rate"] == values(now)["on_time_rate"] == (1, 1, 100.0)
    assert [each.resolved for each in now.workload] == [1]


def test_quantiles_lie_between_neighbours() -> None:
    assert [at([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.9, 1.0)] == [1.0, 2.5, 3.7, 4.0]
    assert at([7.0], 0.9) == 7.0


def test_the_index_is_read_back_from_its_files(tmp_path: Path) -> None:
    paid = intake.FeePaid(amount=150_000, currency="VND", method="online")
    found = of_lives(LIVES, Told("intake", 2, paid, LIVES[4].stream_id, START + 30 * HOUR))
    about = {"from": "2023-01-01", "made_up": "true"}
    writing.write(tmp_path / "q.json", "json", found, about)
    writing.write(tmp_path / "q.xlsx", "xlsx", found, about)
    kept = json.loads((tmp_path / "q.json").read_bytes())
    assert kept["made_up"] == "true" and set(kept["signs"]) == set(NAMES)
    book = load_workbook(tmp_path / "q.xlsx")
    assert book.sheetnames == ["Chỉ số", "Theo thủ tục", "Theo bước", "Khối lượng", *NAMES.values()]
    table = list(book["Chỉ số"].iter_rows(min_row=3, values_only=True))
    assert [(row[0], row[5], row[7]) for row in table] == [
        (
            each["code"],
            "n/a" if each["numerator"] is None else each["numerator"],
            "n/a" if each["value"] is None else each["value"],
        )
        for each in kept["measures"]
    ]
    assert {row[0]: row[5:] for row in table}["paid_online"] == (1, 1, 100)
    assert book["Chỉ số"]["A1"].value == "from: 2023-01-01; made_up: true"
