"""The fold from events to entries: what each event gives, and what gives nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts import intake, processing
from services.chassis.kafka.ordering import Delivered
from services.reporting.book.fold import enter, timeliness
from services.reporting.book.lines import ImpossibleStep, local_date
from services.reporting.book.rows import Dossier, Entry
from services.reporting.incoming import APPLIED, COUNTED, PASSED_OVER
from tests.reporting.histories import OFFICES, Life, delivered, told

RESOLVED = Life(
    1, "1.009982", OFFICES[0], "online", submitted=0, accepted=20, ended=500, due_on=date(2023, 1, 22)
)


def messages(life: Life) -> dict[str, Delivered]:
    """The life's applied events by type, with reporting's own narrow data."""
    found = {}
    for event in told(life):
        name = event.message.type_name
        if name in COUNTED:
            found[name.split(".")[0]] = delivered(
                event, APPLIED[name].model_validate(event.message.model_dump(mode="json"))
            )
    return found


def given(*events: Delivered) -> tuple[Dossier | None, list[Entry]]:
    state, book = None, list[Entry]()
    for event in events:
        state, made = enter(state, event)
        book += made
    return state, book


def flows(book: list[Entry]) -> list[tuple[Any, ...]]:
    return [(e.flow, e.timeliness, e.on_date.isoformat(), e.amount) for e in book]


def test_a_life_gives_one_entry_for_each_change_of_state() -> None:
    state, book = given(*messages(RESOLVED).values())
    assert flows(book) == [
        ("submitted", "", "2023-01-01", 1),
        ("received_new", "", "2023-01-02", 1),
        ("resolved", "on_time", "2023-01-22", 1),
    ]
    assert [e.number for e in book] == [1, 2, 3]
    assert state is not None and (state.status, state.entries) == ("resolved", 3)


@pytest.mark.parametrize(("days", "how"), [(-3, "late"), (0, "on_time"), (5, "on_time"), (None, "on_time")])
def test_a_stopped_dossier_is_resolved_and_never_early(days: int | None, how: str) -> None:
    due_on = None if days is None else date(2023, 1, 22) + timedelta(days=days)
    state, book = given(*messages(replace(RESOLVED, stopped=True, due_on=due_on)).values())
    assert flows(book)[-1] == ("resolved", how, "2023-01-22", 1)
    assert state is not None and state.status == "stopped"


def test_a_rejected_dossier_is_not_accepted() -> None:
    _, book = given(*messages(replace(RESOLVED, accepted=None)).values())
    assert flows(book)[1:] == [("not_accepted", "", "2023-01-22", 1)]


def test_a_fact_stated_twice_counts_once() -> None:
    once = messages(RESOLVED)
    twice = [event for event in once.values() for _ in range(2)]
    assert given(*twice) == given(*once.values())
    state, _ = given(*once.values())
    assert enter(state, once["DossierAccepted"]) == (state, ())


@pytest.mark.parametrize(
    ("life", "later"),
    [
        (replace(RESOLVED, accepted=None, ended=None), "DossierResolved"),
        (replace(RESOLVED, accepted=None), "DossierAccepted"),
        (replace(RESOLVED, ended=None), "DossierRejected"),
    ],
)
def test_an_impossible_step_is_refused(life: Life, later: str) -> None:
    state, _ = given(*messages(life).values())
    other = messages(replace(RESOLVED, accepted=None) if later == "DossierRejected" else RESOLVED)
    with pytest.raises(ImpossibleStep):
        enter(state, other[later])
    with pytest.raises(ImpossibleStep):
        enter(None, other[later])


def test_a_day_is_local() -> None:
    assert local_date(datetime(2023, 1, 31, 17, 0, tzinfo=UTC)) == date(2023, 2, 1)
    assert local_date(datetime(2023, 1, 31, 16, 59, 59, tzinfo=UTC)) == date(2023, 1, 31)


def test_midnight_between_two_clocks_ends_no_state_before_it_began() -> None:
    midnight = datetime(2023, 3, 1, 17, tzinfo=UTC)
    events = messages(RESOLVED)
    first = events["DossierSubmitted"]._replace(occurred_at=midnight, recorded_at=midnight)
    before = midnight - timedelta(milliseconds=3)
    second = events["DossierAccepted"]._replace(occurred_at=before, recorded_at=before)
    _, book = given(first, second)
    assert [(e.on_date, e.recorded_at) for e in book] == [(date(2023, 3, 2), midnight)] * 2


def test_timeliness_compares_dates_and_without_due_date_is_on_time() -> None:
    due = date(2023, 5, 4)
    assert [timeliness(due + timedelta(days=d), due) for d in (-1, 0, 1)] == ["early", "on_time", "late"]
    assert timeliness(due, None) == "on_time"


def test_acceptance_elsewhere_moves_the_submission() -> None:
    elsewhere = replace(RESOLVED, accepting_office=OFFICES[1])
    _, book = given(*messages(elsewhere).values())
    assert [(e.flow, e.office, e.amount, e.on_date.isoformat()) for e in book] == [
        ("submitted", OFFICES[0], 1, "2023-01-01"),
        ("submitted", OFFICES[0], -1, "2023-01-01"),
        ("submitted", OFFICES[1], 1, "2023-01-01"),
        ("received_new", OFFICES[1], 1, "2023-01-02"),
        ("resolved", OFFICES[1], 1, "2023-01-22"),
    ]
    accepted_at = messages(elsewhere)["DossierAccepted"].recorded_at
    assert [e.recorded_at for e in book][1:4] == [accepted_at] * 3


def test_a_door_the_report_does_not_know_counts_as_in_person() -> None:
    submitted = messages(RESOLVED)["DossierSubmitted"]
    state, _ = given(submitted._replace(data=submitted.data.model_copy(update={"channel": "kiosk"})))
    assert state is not None and state.channel == "in_person"


def test_every_type_on_the_topic_is_applied_or_passed_over() -> None:
    known = {m.type_name for m in (*intake.MESSAGES, *processing.MESSAGES) if m.topic == "dossiers"}
    assert set(APPLIED) | PASSED_OVER == known
    assert not set(APPLIED) & PASSED_OVER
