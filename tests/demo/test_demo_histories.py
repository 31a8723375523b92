"""The demonstration's generator: exact totals for any seed, and days as days are."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.catalogue.shipped import PROCEDURES
from deploy.demo import histories as demo
from deploy.demo import lives
from deploy.demo.days import (
    DAY_SECONDS,
    FIRST_DAY,
    LAST_DAY,
    SHIFTS,
    TET,
    add_limit,
    worked,
    working_seconds,
)
from deploy.importing.case import Act, Case
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import shipped
from services.processing.desk.bulk_bodies import Act as BulkAct
from services.processing.dossier.asked import Order
from services.processing.dossier.decide import BY_NAME, decide
from services.processing.dossier.history import evolve
from services.processing.dossier.state import Dossier, Filing, new

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return demo.histories()


def act(case: Case, name: str) -> Act | None:
    return next((one for one in case.acts if one.act == name), None)


def end(case: Case) -> Act | None:
    """What ended an accepted case, the last time."""
    return next((one for one in reversed(case.acts) if one.act in ("resolve", "stop", "withdraw")), None)


def totals(cases: list[Case]) -> dict[str, int]:
    accepted = [case for case in cases if act(case, "accept")]
    resolved = [case for case in accepted if end(case)]
    pending = [case for case in accepted if not end(case)]
    return {
        "submitted": len(cases),
        "received": len(accepted),
        "resolved": len(resolved),
        "pending": len(pending),
        "not_accepted": sum(
            case.acts[:1] != () and case.acts[0].act in ("reject", "withdraw") for case in cases
        ),
        "waiting": sum(not case.acts for case in cases),
        "waiting_late": sum(
            not case.acts and intake_seconds(case, end=demo.LAST_WORKED_INSTANT) > DAY_SECONDS
            for case in cases
        ),
        "resolved_late": sum(end(case).at.date() > act(case, "accept").due_on for case in resolved),  # type: ignore[union-attr, operator]
        "pending_overdue": sum(case.acts[0].due_on <= LAST_DAY for case in pending),  # type: ignore[operator]
        "accepted_late": sum(intake_seconds(case) > DAY_SECONDS for case in accepted),
    }


ACT: TypeAdapter[Any] = TypeAdapter(BulkAct)


def decided(case: Case) -> Dossier:
    """The dossier that processing's decider makes of an imported case."""
    importer = Caller("import", "importer")
    dossier = new(Filing(case.procedure, case.office, case.channel, case.submitted_at))
    for one in case.acts:
        asked = ACT.validate_json(orjson.dumps(one.as_item()))
        due_on = getattr(asked, "due_on", None)
        held = dossier.held
        order = Order(importer, dossier.filing, one.at, held.unit if held else None, due_on)
        command = BY_NAME[asked.act].command_of(asked, order)
        assert not isinstance(command, Rejected), (case, one, command)
        events = decide(command, dossier, shipped())
        assert not isinstance(events, Rejected) and events, (case, one, events)
        for event in events:
            dossier = evolve(dossier, event)
    return dossier


def intake_seconds(case: Case, end: datetime | None = None) -> int:
    return working_seconds(case.submitted_at, end or case.acts[0].at)


def exact() -> dict[str, int]:
    return {
        "submitted": demo.SUBMITTED,
        "received": 13_276,
        "resolved": 12_467,
        "pending": 809,
        "not_accepted": demo.NOT_ACCEPTED,
        "waiting": demo.WAITING,
        "waiting_late": demo.WAITING_LATE,
        "resolved_late": demo.RESOLVED_LATE,
        "pending_overdue": demo.PENDING_OVERDUE,
        "accepted_late": demo.ACCEPTED_LATE,
    }


@pytest.mark.long
@settings(max_examples=4, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_every_seed_gives_the_same_totals(seed: int) -> None:
    assert totals(demo.histories(seed)) == exact()


def test_the_readme_tells_the_known_figures() -> None:
    readme = README.read_text(encoding="utf-8")
    for figure in (demo.RECEIVED, demo.RESOLVED, demo.PENDING, demo.WAITING, demo.NOT_ACCEPTED):
        assert f"| {figure:,} |" in readme
    assert f"{demo.RESOLVED_LATE} of the resolved ones ended late" in readme
    assert f"{demo.PENDING_OVERDUE} of the pending ones are overdue" in readme
    assert f"{demo.ACCEPTED_LATE} were accepted late" in readme


@pytest.mark.long
def test_the_same_seed_gives_the_same_histories(cases: list[Case]) -> None:
    assert demo.histories() == cases
    assert demo.histories(7) != cases


def test_cases_are_named_once_each(cases: list[Case]) -> None:
    assert len({case.case for case in cases}) == len(cases)


def test_nothing_is_outside_the_nine_months(cases: list[Case]) -> None:
    instants = [case.submitted_at for case in cases] + [one.at for case in cases for one in case.acts]
    assert min(instants).date() >= FIRST_DAY
    assert max(instants).date() <= LAST_DAY


def test_instants_of_a_case_are_in_order(cases: list[Case]) -> None:
    for case in cases:
        instants = [case.submitted_at, *(one.at for one in case.acts)]
        assert instants == sorted(instants), case


def test_acts_of_a_case_are_in_the_order_of_its_life(cases: list[Case]) -> None:
    order = ["accept", "forward", "resolve", "return", "correct"]
    for case in cases:
        names = [one.act for one in case.acts]
        if names in ([], ["reject"], ["withdraw"]):
            continue
        on_the_way = [order.index(name) for name in names if name in order]
        assert names[0] == "accept" and on_the_way == sorted(on_the_way), case
        assert names.count("resolve") <= 1 + names.count("reverse")
        assert names.count("return") <= names.count("resolve")


def test_the_whole_life_happens(cases: list[Case]) -> None:
    acts = Counter(one.act for case in cases for one in case.acts)
    assert acts["withdraw"] == lives.WITHDRAWN_BEFORE + lives.WITHDRAWN
    assert acts["request-supplement"] == lives.SUPPLEMENTED + lives.AWAITING_SUPPLEMENT
    assert acts["request-fee"] == lives.PAID + lives.AWAITING_PAYMENT
    for name, count in (
        ("accept-supplement", lives.SUPPLEMENTED),
        ("confirm-fee", lives.PAID),
        ("ask-opinion", lives.ASKED),
        ("give-opinion", lives.ASKED),
        ("stop", lives.STOPPED),
        ("apologise", lives.APOLOGISED),
        ("correct", lives.CORRECTED),
        ("reverse", lives.REVERSED),
    ):
        assert acts[name] == count, name
    promised = {one.more["appointment_on"] for case in cases for one in case.acts if one.act == "apologise"}
    assert all(shipped().is_working(date.fromisoformat(str(day))) for day in promised)


@pytest.mark.long
def test_processing_decides_every_life_as_it_is_told(cases: list[Case]) -> None:
    """The pure decider takes every act, ends where the history says, and makes the columns 8 to 10 that the README tells."""
    columns: Counter[str] = Counter()
    for case in (each for each in cases if each.acts and each.acts[0].act == "accept"):
        dossier = decided(case)
        if (ended := end(case)) and dossier.due_on:
            apart = (ended.at.date() - dossier.due_on).days
            early = "early" if ended.act == "resolve" else "on_time"
            columns["late" if apart > 0 else "on_time" if apart == 0 else early] += 1
        assert (dossier.now.status in ("resolved", "returned", "stopped", "withdrawn")) == (
            end(case) is not None
        )
    assert columns == {"early": 9_468, "on_time": 2_687, "late": demo.RESOLVED_LATE}
    readme = README.read_text(encoding="utf-8")
    assert f"{columns['early']:,} early and {columns['on_time']:,} on time" in readme


def test_an_appraisal_names_the_class_whose_limit_it_has(cases: list[Case]) -> None:
    named = Counter()  # type: Counter[str]
    for case in cases:
        accepted = act(case, "accept")
        if accepted is None or accepted.due_on is None:
            continue
        version = PROCEDURES[case.procedure].versions[0]
        project_class = accepted.more.get("project_class")
        assert (project_class is not None) == (version.limit_days_by_class is not None), case
        if project_class is not None and version.limit_days_by_class is not None:
            limit_days = version.limit_days_by_class[project_class]
            assert accepted.due_on == add_limit(accepted.at.date(), limit_days, working=False), case
            named[project_class] += 1
    assert set(named) == {"A", "B", "C", "I", "II", "III"}


def test_the_office_acts_in_working_hours_alone(cases: list[Case]) -> None:
    for case in cases:
        for one in case.acts:
            assert worked(one.at.date()), (case, one)
            assert any(begin <= one.at.timetz().replace(tzinfo=None) <= end for begin, end in SHIFTS), (
                case,
                one,
            )


def test_the_desk_takes_in_only_while_it_is_open(cases: list[Case]) -> None:
    for case in cases:
        if case.channel != "online":
            assert working_seconds(case.submitted_at, case.submitted_at + timedelta(seconds=2)) == 2, case


def test_people_file_at_night_and_on_days_off(cases: list[Case]) -> None:
    online = [case.submitted_at for case in cases if case.channel == "online"]
    assert sum(at.hour < 6 or at.hour >= 21 for at in online) > 500
    assert sum(not worked(at.date()) for at in online) > 700
    assert any(at.date() in TET for at in online)


def test_worked_days_have_two_humps(cases: list[Case]) -> None:
    hours = Counter(case.submitted_at.hour for case in cases if worked(case.submitted_at.date()))
    assert min(hours[8], hours[9]) > 2 * hours[12] and hours[14] > 3 * hours[12]
    assert hours[9] > hours[11] and hours[14] > hours[16]


def test_tet_is_quiet_between_two_spikes(cases: list[Case]) -> None:
    days = Counter(case.submitted_at.date() for case in cases)
    per_day = len(cases) / 273
    tet = sum(days[day] for day in TET) / len(TET)
    before = sum(days[TET[0] - timedelta(days=n)] for n in range(1, 8)) / 7
    after = sum(days[TET[-1] + timedelta(days=n)] for n in range(1, 8)) / 7
    assert tet < per_day / 4
    assert before > 1.2 * per_day and after > 1.2 * per_day


def test_all_procedures_come_and_certificates_are_most(cases: list[Case]) -> None:
    by_procedure = Counter(case.procedure for case in cases)
    assert set(by_procedure) == set(PROCEDURES) and len(by_procedure) == 22
    certificates = sum(by_procedure[code] for code in demo.CERTIFICATES) / len(cases)
    appraisals = sum(by_procedure[code] for code in demo.APPRAISALS) / len(cases)
    assert 0.70 <= certificates <= 0.80
    assert 0.04 <= appraisals <= 0.06


def test_most_are_filed_online(cases: list[Case]) -> None:
    channels = Counter(case.channel for case in cases)
    assert set(channels) == {"online", "in_person", "postal"}
    assert channels["online"] > 0.8 * len(cases)


def test_most_results_were_returned(cases: list[Case]) -> None:
    resolved = [case for case in cases if act(case, "resolve")]
    returned = [case for case in resolved if act(case, "return")]
    assert 0.9 < len(returned) / len(resolved) < 1


def test_a_late_end_has_a_reason_and_no_other_has(cases: list[Case]) -> None:
    for case in cases:
        signed = act(case, "resolve")
        if signed is not None:
            assert (signed.late_reason is not None) == (signed.at.date() > case.acts[0].due_on), case  # type: ignore[operator]


def test_due_dates_skip_the_days_off() -> None:
    """The golden vectors of 2023 of the Civil Code's rule."""

    def due(year: int, month: int, day: int, limit: int, *, working: bool) -> str:
        return add_limit(date(year, month, day), limit, working=working).isoformat()

    assert due(2023, 1, 13, 20, working=True) == "2023-02-17"
    assert due(2023, 4, 24, 5, working=True) == "2023-05-04"
    assert due(2023, 8, 28, 5, working=True) == "2023-09-06"
    assert due(2023, 9, 5, 20, working=True) == "2023-10-03"
    assert due(2023, 1, 2, 20, working=False) == "2023-01-27"
    assert due(2023, 8, 14, 20, working=False) == "2023-09-05"
