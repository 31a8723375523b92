"""What holds of every control slip, and what its door tells to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing.clock.working_days import shipped
from services.processing.clock.working_hours import worked
from services.processing.desk.control_slip import Act, slip_of
from services.processing.dossier import events as e
from services.processing.dossier.events import Event
from tests.processing.conftest import DESK, HANDLER, OFFICER, STRANGER, SUPERVISOR, House
from tests.processing.desk.test_control_slip import ASKED, FEE, TAKEN, TERMS, TRANSFERRED, WAIVED, at
from tests.processing.examples import ACCEPTED, FILING, FORWARDED, RESOLVED, TUESDAY, UNIT

# Histories for the laws: acts in any order that the states allow, at any instants that go on.
ACTS: tuple[Event, ...] = (
    ACCEPTED,
    FORWARDED,
    replace(FORWARDED, step="thu_ly", unit=UNIT),
    TAKEN,
    replace(TAKEN, officer="binh"),
    TRANSFERRED,
    ASKED,
    e.SupplementAccepted(TUESDAY, at("9 09:00"), "in_processing", TUESDAY, False),
    FEE,
    WAIVED,
    RESOLVED,
    e.ResultReturned(TUESDAY, "postal"),
    e.DossierReversed(TUESDAY, 2, "DossierForwarded", "wrong_dossier", "1/QĐ-SXD", "accepted", TUESDAY),
)
gaps = st.integers(0, 5 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
histories = st.lists(st.tuples(gaps, st.sampled_from(ACTS)), max_size=12).map(
    lambda drawn: [(timedelta(hours=2), ACCEPTED), *drawn]
)
days = st.integers(0, 90).map(lambda n: date(2023, 3, 1) + timedelta(days=n))


def told(history: Sequence[tuple[timedelta, Event]]) -> tuple[list[Act], datetime]:
    now, acts = FILING.submitted_at, []
    for gap, event in history:
        now += gap
        acts.append(Act(event, now, "officer/an"))
    return acts, now


@given(histories, gaps)
def test_times_add_up_to_the_whole(history: list[tuple[timedelta, Event]], since: timedelta) -> None:
    acts, now = told(history)
    read = slip_of(FILING, acts, TERMS, shipped(), now + since)
    end = read.steps[-1].ended_at or now + since
    whole = worked(FILING.submitted_at, end, shipped())
    assert read.worked + read.paused == sum((each.ends - each.begins for each in whole), timedelta())
    assert sum((person.worked for person in read.people), timedelta()) == read.worked
    assert sum((pause.worked for pause in read.pauses), timedelta()) == read.paused
    for before, after in zip(read.steps, read.steps[1:], strict=False):
        assert before.ended_at == after.begun_at


@given(histories, gaps, days, st.sampled_from([None, time(15)]))
def test_a_day_off_more_makes_no_step_later(
    history: list[tuple[timedelta, Event]], since: timedelta, off: date, cut_off: time | None
) -> None:
    acts, now = told(history)
    terms = TERMS._replace(cut_off=cut_off)
    fewer = replace(shipped(), off=shipped().off | {off}, worked=shipped().worked - {off}, made={})
    before = slip_of(FILING, acts, terms, shipped(), now + since)
    after = slip_of(FILING, acts, terms, fewer, now + since)
    for one, other in zip(before.steps, after.steps, strict=True):
        assert other.late_by <= one.late_by
        assert one.timeliness == "late" or other.timeliness != "late"
        if one.due_at and other.due_at:
            assert other.due_at >= one.due_at


async def test_the_slip_over_http_names_people_to_those_who_may_see_the_dossier(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    fresh_house.clock.forward(hours=1)
    await fresh_house.act(dossier, "forward", {"unit": UNIT, "step": "thu_ly"}, version=1)
    await fresh_house.act(dossier, "take", version=2)
    fresh_house.clock.forward(hours=2)
    await fresh_house.act(dossier, "hand-over", {"officer": "binh"}, version=3)
    path = f"/v1/dossiers/{dossier}/control-slip"
    answer = (await fresh_house.get(path, by=DESK)).json()
    assert answer["form"] == {
        "number": "05",
        "vi": "Phiếu kiểm soát quá trình giải quyết hồ sơ",
        "en": "Control slip of the dossier's processing",
    }
    assert [step["step"] for step in answer["steps"]] == ["intake", "tiep_nhan", "thu_ly"]
    last = answer["steps"][-1]
    assert (last["label"], last["limit"]) == (
        {"vi": "Thụ lý", "en": "Examination"},
        {"amount": 60, "unit": "working_hours"},
    )
    assert last["holders"] == [
        {
            "unit": UNIT,
            "officer": "an",
            "begun_at": "2023-03-07T10:00:00+07:00",
            "ended_at": "2023-03-07T12:00:00+07:00",
            "worked_seconds": 5400,
        },
        {
            "unit": UNIT,
            "officer": "binh",
            "begun_at": "2023-03-07T12:00:00+07:00",
            "ended_at": None,
            "worked_seconds": 0,
        },
    ]
    assert answer["steps"][1]["ended_by"] == "an"
    assert answer["worked_seconds"] == sum(person["worked_seconds"] for person in answer["people"])
    for stranger in (STRANGER, HANDLER):
        refused = await fresh_house.get(path, by=stranger)
        assert (refused.status_code, refused.json()["code"]) == (404, "dossier-unknown")
    unknown = await fresh_house.get(f"/v1/dossiers/{fresh_house.desk.new_id()}/control-slip", by=SUPERVISOR)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "dossier-unknown")


async def test_an_import_names_nobody(house: House) -> None:
    (dossier,) = await house.submitted()
    acts = [
        {"act": "accept", "at": "2023-03-06T10:00:00+07:00", "unit": UNIT},
        {"act": "forward", "at": "2023-03-06T11:00:00+07:00", "unit": UNIT, "step": "thu_ly"},
    ]
    await house.bulk([{"source": "test", "case": str(dossier), "dossier_id": str(dossier), "acts": acts}])
    answer = (await house.get(f"/v1/dossiers/{dossier}/control-slip", by=OFFICER)).json()
    assert [step["ended_by"] for step in answer["steps"]] == [None, None, None]
    assert answer["steps"][1]["begun_at"] == "2023-03-06T10:00:00+07:00"


@pytest.mark.parametrize("way", ["post", None])
async def test_the_desk_is_told_how_the_result_is_wanted(house: House, way: str | None) -> None:
    """A filing of before says nothing: then it is collected."""
    (dossier,) = await house.submitted(result_delivery=way)
    for path in ("", "/control-slip"):
        told = (await house.get(f"/v1/dossiers/{dossier}{path}", by=OFFICER)).json()
        assert told["result_delivery"] == (way or "collected")
