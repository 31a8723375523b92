"""A declaration moves what others are to do: bring a supplement, pay a fee, give an opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import given as drawn
from hypothesis import strategies as st

from services.chassis.log.decider import Rejected
from services.processing.calendar.change import Change, moved
from services.processing.clock.working_days import Calendar, shipped
from services.processing.dossier import events as e
from services.processing.dossier.decide import decide
from services.processing.dossier.events import EVENTS, Event
from services.processing.dossier.history import evolve, fold
from services.processing.dossier.repeats import Asked, Missing, missing_of
from services.processing.dossier.state import AwaitingPayment, AwaitingSupplement, Dossier, new
from services.processing.dossier.supplement import has_lapsed
from tests.processing import commands as c
from tests.processing import examples as x
from tests.processing.examples import (
    ACCEPTED,
    DEADLINE,
    FEE_REQUESTED,
    FILING,
    FRIDAY,
    LAPSED_ON,
    OPINION_REQUESTED,
    RECOUNT_DEADLINES,
    SUPPLEMENT_REQUESTED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
)

OFF = Calendar(off=shipped().off | {WEDNESDAY}, worked=shipped().worked)
BEFORE_ACCEPTANCE = [SUPPLEMENT_REQUESTED]
WAITING = [ACCEPTED, SUPPLEMENT_REQUESTED]
TO_PAY = [ACCEPTED, FEE_REQUESTED]
CONSULTED = [ACCEPTED, OPINION_REQUESTED]


def recounted(events: Sequence[Event], calendar: Calendar = OFF) -> Any:
    dossier = fold(FILING, events)
    decided = decide(RECOUNT_DEADLINES, dossier, calendar)
    if isinstance(decided, list):
        for event in decided:
            dossier = evolve(dossier, event)
    return decided


@pytest.mark.parametrize(
    ("events", "moves"),
    [
        (WAITING, x.DEADLINE_CHANGED),
        (BEFORE_ACCEPTANCE, replace(x.DEADLINE_CHANGED, request=1)),
        (TO_PAY, x.FEE_DEADLINE_CHANGED),
        (CONSULTED, x.OPINION_DEADLINE_CHANGED),
    ],
)
def test_a_day_off_moves_the_deadline_with_its_reason(events: list[Event], moves: Event) -> None:
    assert recounted(events) == [moves]
    assert recounted([*events, moves]) == []


def test_a_withdrawn_day_off_moves_it_back() -> None:
    (back,) = recounted([*WAITING, x.DEADLINE_CHANGED], shipped())
    assert back == replace(x.DEADLINE_CHANGED, old_deadline_on=LAPSED_ON, deadline_on=DEADLINE)


def test_an_opinion_moves_while_the_dossier_waits_for_its_applicant() -> None:
    asked = replace(SUPPLEMENT_REQUESTED, on=TUESDAY)
    found = recounted([ACCEPTED, OPINION_REQUESTED, asked])
    assert found == [replace(x.DEADLINE_CHANGED, request=3), x.OPINION_DEADLINE_CHANGED]
    dossier = fold(FILING, [ACCEPTED, OPINION_REQUESTED, asked, *found])
    held = dossier.held
    assert held is not None and [each.answer_by for each in held.opinions] == [FRIDAY]


def test_a_deadline_that_moved_is_what_counts_from_then_on() -> None:
    dossier = fold(FILING, [*WAITING, x.DEADLINE_CHANGED])
    assert isinstance(dossier.now, AwaitingSupplement) and dossier.now.request.deadline_on == LAPSED_ON
    assert not has_lapsed(dossier.now, dossier, LAPSED_ON, shipped())
    assert decide(x.on(x.STOP, LAPSED_ON), dossier, OFF).code == "deadline-not-passed"  # type: ignore[union-attr]
    assert decide(x.NOTE_LAPSE, dossier, OFF) == []
    (lapsed,) = decide(replace(x.NOTE_LAPSE, on=LAPSED_ON + timedelta(days=1)), dossier, OFF)  # type: ignore[misc]
    assert lapsed.deadline_on == LAPSED_ON
    consulted = fold(FILING, [*CONSULTED, x.OPINION_DEADLINE_CHANGED])
    assert decide(x.DEEM_CONSENT, consulted, OFF) == []
    assert decide(replace(x.DEEM_CONSENT, on=date(2023, 3, 11)), consulted, OFF) == [
        replace(x.CONSENT_DEEMED, on=date(2023, 3, 11))
    ]
    to_pay = fold(FILING, [*TO_PAY, x.FEE_DEADLINE_CHANGED])
    assert isinstance(to_pay.now, AwaitingPayment) and to_pay.now.request.deadline_on == LAPSED_ON


def test_nobody_is_cut_off_before_the_recount() -> None:
    """The day is declared, and the deadline in the log is still the one of before: the applicant has until the new one, as told then."""
    next_day = LAPSED_ON + timedelta(days=1)
    for events, reason in ((WAITING, "not_supplemented"), (TO_PAY, "not_paid")):
        stop, dossier = replace(x.STOP, reason=reason), fold(FILING, events)
        refused = decide(x.on(stop, LAPSED_ON), dossier, OFF)
        assert isinstance(refused, Rejected) and refused.code == "deadline-not-passed"
        assert str(LAPSED_ON) in refused.detail
        for day, calendar in ((LAPSED_ON, shipped()), (next_day, OFF)):
            assert isinstance(decide(x.on(stop, day), dossier, calendar), list)
    before = fold(FILING, BEFORE_ACCEPTANCE)
    assert decide(x.on(x.REJECT, LAPSED_ON), before, OFF).code == "supplement-not-lapsed"  # type: ignore[union-attr]
    assert isinstance(decide(x.on(x.REJECT, next_day), before, OFF), list)
    assert decide(x.NOTE_LAPSE, fold(FILING, WAITING), OFF) == []
    # What was told stands until the recount tells another: by a calendar that makes it shorter too. A recorded lapse is final.
    worked = Calendar(off=shipped().off, worked=shipped().worked | {date(2023, 3, 11)})
    assert decide(x.on(x.STOP, DEADLINE), fold(FILING, WAITING), worked).code == "deadline-not-passed"  # type: ignore[union-attr]
    lapsed = fold(FILING, [*WAITING, x.LAPSED])
    assert isinstance(decide(x.on(x.STOP, LAPSED_ON), lapsed, OFF), list)


def test_a_recorded_lapse_stays() -> None:
    assert recounted([*WAITING, x.LAPSED]) == []
    assert recounted([*CONSULTED, x.CONSENT_DEEMED]) == []
    assert recounted([*CONSULTED, x.OPINION_GIVEN]) == []
    ended = x.e.ProcessingStopped(LAPSED_ON, "not_supplemented", None)
    assert recounted([*WAITING, ended]) == []
    assert recounted([*TO_PAY, replace(ended, reason="not_paid")]) == []
    assert recounted([*CONSULTED, x.RESOLVED]) == []


def test_a_request_that_is_older_than_its_amount_stays_as_it_was_told() -> None:
    for events in (WAITING, TO_PAY):
        assert recounted([ACCEPTED, replace(events[1], deadline_days=None)]) == []  # type: ignore[call-arg]
    assert recounted([ACCEPTED, replace(OPINION_REQUESTED, answer_days=None)]) == []


def test_a_request_to_withdraw_keeps_no_deadline_from_moving() -> None:
    dossier = fold(FILING, WAITING, (x.ASKED_BACK,))
    assert decide(RECOUNT_DEADLINES, dossier, OFF) == [x.DEADLINE_CHANGED]


def test_a_reversal_brings_the_request_back_with_its_deadline_by_the_calendar_of_today() -> None:
    back = [*WAITING, x.SUPPLEMENT_ACCEPTED]
    reverse = replace(x.REVERSE, sequence=3)
    before, after = (decide(reverse, fold(FILING, back), calendar) for calendar in (shipped(), OFF))
    assert [type(event) for event in before] == [e.DossierReversed]  # type: ignore[union-attr]
    told = after[1]  # type: ignore[index]
    assert told == replace(x.DEADLINE_CHANGED, on=reverse.on, days=())
    dossier = fold(FILING, [*back, *after])  # type: ignore[misc]
    assert isinstance(dossier.now, AwaitingSupplement) and dossier.now.request.deadline_on == LAPSED_ON


def test_a_deadline_of_one_request_is_none_of_another() -> None:
    """The second request was reversed, and the first is open again: what moved was the second's."""
    further = replace(SUPPLEMENT_REQUESTED, on=THURSDAY, number=2, deadline_on=date(2023, 4, 6))
    history: list[Event] = [
        *WAITING,
        x.SUPPLEMENT_ACCEPTED,
        further,
        e.DeadlineChanged(THURSDAY, "supplement", 4, date(2023, 4, 6), date(2023, 4, 7), ()),
    ]
    dossier = fold(FILING, history)
    for sequence in (4, 3):
        reverse = replace(x.REVERSE, sequence=sequence)
        for event in decide(reverse, dossier, shipped()):  # type: ignore[union-attr]
            dossier = evolve(dossier, event)
    assert isinstance(dossier.now, AwaitingSupplement)
    assert (dossier.now.sequence, dossier.now.request.deadline_on) == (2, DEADLINE)


def test_an_imports_acts_sent_again_pass_over_a_deadline_that_moved() -> None:
    recorded: list[Event] = [*WAITING, x.DEADLINE_CHANGED]
    asked = Asked([(command, x.at(TUESDAY)) for command in (x.ACCEPT, x.REQUEST_SUPPLEMENT)], True)

    def decided(command: c.Command, dossier: Dossier) -> Any:
        return decide(command, dossier, OFF)

    again = missing_of(asked, new(FILING), recorded, decided)
    assert isinstance(again, Missing) and again.events == []
    taking = replace(x.ACCEPT_SUPPLEMENT, proof_may_lack=True)
    more = asked._replace(commands=[*asked.commands, (taking, x.at(THURSDAY))])
    further = missing_of(more, new(FILING), recorded, decided)
    assert isinstance(further, Missing)
    assert [type(event) for event, _ in further.events] == [e.SupplementAccepted]


LATER = [TUESDAY + timedelta(days=n) for n in range(40)]
changed_days = st.frozensets(st.sampled_from(LATER), max_size=4)


def with_days(off: frozenset[date]) -> Calendar:
    return Calendar(off=shipped().off | off, worked=shipped().worked)


def deadlines(dossier: Dossier) -> list[date]:
    now, held = dossier.now, dossier.held
    own = [now.request.deadline_on] if isinstance(now, AwaitingSupplement | AwaitingPayment) else []
    return own + [each.answer_by for each in (held.opinions if held else ())]


HISTORIES: list[list[Event]] = [
    WAITING,
    BEFORE_ACCEPTANCE,
    TO_PAY,
    CONSULTED,
    [ACCEPTED, OPINION_REQUESTED, FEE_REQUESTED],
    [ACCEPTED, replace(SUPPLEMENT_REQUESTED, rule="short_fix", clock="runs", due_on=x.DUE)],
]


def through(history: Sequence[Event], calendars: Sequence[Calendar]) -> Dossier:
    """The dossier after each change of the calendar in turn, as the recount records it."""
    dossier = fold(FILING, history)
    before = shipped()
    for after in calendars:
        for event in moved(Change.of(before, after), dossier, x.THURSDAY):
            dossier = evolve(dossier, event)
        before = after
    return dossier


@drawn(st.sampled_from(HISTORIES), st.lists(changed_days, min_size=1, max_size=4))
def test_the_order_of_declarations_does_not_matter_for_deadlines(
    history: list[Event], declared: list[frozenset[date]]
) -> None:
    """However the calendar came to be what it is, all dates are those that one recount by it gives."""
    calendars = [with_days(days) for days in declared]
    whole, at_once = through(history, calendars), through(history, calendars[-1:])
    assert (deadlines(whole), whole.due_on) == (deadlines(at_once), at_once.due_on)
    back = through(history, [*calendars, shipped()])
    untouched = through(history, [with_days(declared[0]), shipped()])
    assert (deadlines(back), back.due_on) == (deadlines(untouched), untouched.due_on)


@drawn(st.sampled_from(HISTORIES), changed_days)
def test_declared_and_withdrawn_is_as_if_never_declared(history: list[Event], days: frozenset[date]) -> None:
    """Of dates that had been counted by the calendar as it is."""
    right = through(history, [with_days(frozenset([x.WEDNESDAY])), shipped()])
    there = through(list(right.acts), [with_days(days), shipped()])
    assert (deadlines(there), there.due_on) == (deadlines(right), right.due_on)


@drawn(st.sampled_from(HISTORIES), changed_days, changed_days)
def test_a_day_off_never_brings_a_deadline_nearer(
    history: list[Event], days: frozenset[date], more: frozenset[date]
) -> None:
    fewer, all_of_them = (through(history, [with_days(each)]) for each in (days, days | more))
    assert all(a <= b for a, b in zip(deadlines(fewer), deadlines(all_of_them), strict=True))


@drawn(st.sampled_from(HISTORIES), changed_days)
def test_a_deadline_that_moves_names_days_of_its_own_stretch(
    history: list[Event], days: frozenset[date]
) -> None:
    change = Change.of(shipped(), with_days(days))
    told = moved(change, fold(FILING, history), x.THURSDAY)
    assume(told)
    for event in told:
        assert event.days and set(event.days) <= set(change.days)  # type: ignore[union-attr]
    assert [EVENTS.decode(*EVENTS.encode(event)) for event in told] == told


def test_recounting_says_nothing_of_an_agency_that_is_asked_again_after_its_answer() -> None:
    again = replace(OPINION_REQUESTED, on=THURSDAY, answer_by=date(2023, 3, 13))
    history: list[Event] = [*CONSULTED, x.OPINION_GIVEN, again]
    held = fold(FILING, history).held
    assert held is not None and held.opinions[0].answer == "agreed"
    assert recounted(history) == []
    thursday_off = Calendar(off=shipped().off | {FRIDAY}, worked=shipped().worked)
    (only,) = decide(c.RecountDeadlines(THURSDAY, (FRIDAY,)), fold(FILING, history), thursday_off)  # type: ignore[misc]
    assert (only.old_answer_by, only.answer_by) == (date(2023, 3, 13), date(2023, 3, 14))
