"""What may be declared of the calendar, and that the log of it makes one calendar in every order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from hypothesis import given as forall
from hypothesis import strategies as st

from services.chassis.decider import Rejected
from services.processing.calendar import ZONE, Calendar, Declaration, Kind, read_declarations, shipped
from services.processing.declarations import (
    DayDeclared,
    Declared,
    DeclareDay,
    WithdrawDeclaration,
    decide,
    evolve,
    fold,
    lacking,
)
from tests.deciding import deciding

given = deciding(fold, decide)

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=ZONE)
ANNOUNCED = datetime(2026, 3, 1, tzinfo=ZONE)
FRIDAY, SATURDAY = date(2026, 3, 13), date(2026, 3, 14)
DOCUMENT = "Công văn 12729/VPCP-KGVX"


def declare(
    day: date = FRIDAY,
    kind: Kind = "off",
    announced_at: datetime = ANNOUNCED,
    document: str = DOCUMENT,
) -> DeclareDay:
    return DeclareDay(TODAY, NOW, Declaration(day, kind, document, announced_at))


OFF = DayDeclared(FRIDAY, "off", DOCUMENT, ANNOUNCED)
LATER = ANNOUNCED + timedelta(hours=1)
WITHDRAW = WithdrawDeclaration(FRIDAY, ANNOUNCED)


def test_a_day_is_declared_off() -> None:
    given([]).when(declare()).then([OFF])


def test_the_same_declaration_again_is_quiet_in_whatever_zone_it_is_written() -> None:
    given([OFF]).when(declare()).then_nothing()
    given([OFF]).when(declare(announced_at=ANNOUNCED.astimezone(UTC))).then_nothing()


def test_another_declaration_of_the_same_instant_is_refused() -> None:
    given([OFF]).when(declare(document="1/QĐ-TTG")).then_rejected("declared-otherwise")


def test_a_later_declaration_of_the_same_day_is_taken() -> None:
    given([OFF]).when(declare(announced_at=LATER)).then([DayDeclared(FRIDAY, "off", DOCUMENT, LATER)])


def test_a_day_off_may_be_long_past() -> None:
    past = date(2026, 1, 5)
    given([]).when(declare(past)).then([DayDeclared(past, "off", DOCUMENT, ANNOUNCED)])


def test_a_document_cannot_be_announced_in_the_future() -> None:
    given([]).when(declare(announced_at=NOW + timedelta(seconds=1))).then_rejected("announced-in-the-future")


def test_a_day_beyond_reach_is_refused() -> None:
    for day in (date.min, date.max):
        given([]).when(declare(day)).then_rejected("day-too-far")


def test_a_saturday_is_declared_worked() -> None:
    given([]).when(declare(SATURDAY, "worked")).then([DayDeclared(SATURDAY, "worked", DOCUMENT, ANNOUNCED)])


def test_a_day_that_was_declared_off_is_declared_worked() -> None:
    worked = declare(FRIDAY, "worked", LATER)
    given([OFF]).when(worked).then([DayDeclared(FRIDAY, "worked", DOCUMENT, LATER)])


def test_a_day_that_is_worked_anyway_is_not_declared_so() -> None:
    given([]).when(declare(FRIDAY, "worked")).then_rejected("day-not-off")


def test_a_worked_day_is_declared_before_it_begins() -> None:
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        given([]).when(declare(day, "worked")).then_rejected("worked-day-not-in-the-future")


def test_what_counts_is_withdrawn() -> None:
    given([OFF]).when(WITHDRAW).then([_withdrawn()])


def test_a_withdrawal_again_is_quiet() -> None:
    given([OFF, _withdrawn()]).when(WITHDRAW).then_nothing()


def test_what_was_never_declared_is_not_withdrawn() -> None:
    given([]).when(WITHDRAW).then_rejected("day-not-declared")


def test_what_another_declaration_overrules_is_not_withdrawn() -> None:
    overruling = DayDeclared(FRIDAY, "worked", DOCUMENT, LATER)
    given([OFF, overruling]).when(WITHDRAW).then_rejected("declaration-overruled")


def test_what_was_withdrawn_is_declared_again() -> None:
    given([OFF, _withdrawn()]).when(declare()).then([OFF])


def _withdrawn() -> object:
    decision = decide(WITHDRAW, fold([OFF]))
    assert not isinstance(decision, Rejected)
    return decision[0]


days = st.dates(date(2026, 3, 3), date(2026, 3, 16))
instants = st.integers(0, 8).map(lambda minutes: ANNOUNCED - timedelta(minutes=minutes))
commands = st.lists(
    st.builds(
        declare, days, st.sampled_from(["off", "worked"]), instants, st.sampled_from(["1/QĐ-A", "2/QĐ-A"])
    ),
    max_size=12,
)


def declared_by(asked: list[DeclareDay]) -> Declared:
    declared = Declared()
    for command in asked:
        decision = decide(command, declared)
        for fact in [] if isinstance(decision, Rejected) else decision:
            declared = evolve(declared, fact)
    return declared


def same(one: Calendar, other: Calendar) -> bool:
    return one == other and one.documents == other.documents


@forall(commands, st.builds(declare, days, st.sampled_from(["off", "worked"]), instants))
def test_declare_and_withdraw_is_identity(asked: list[DeclareDay], last: DeclareDay) -> None:
    """Whatever stands: what is taken back at once has changed nothing; what was overruled from the start cannot count."""
    before = declared_by(asked)
    decision = decide(last, before)
    if isinstance(decision, Rejected) or not decision:
        return
    after = evolve(before, decision[0])
    taken_back = decide(WithdrawDeclaration(last.declaration.day, last.declaration.announced_at), after)
    if isinstance(taken_back, Rejected):
        assert taken_back.code == "declaration-overruled"
        assert same(after.calendar, before.calendar)
    else:
        assert same(evolve(after, taken_back[0]).calendar, before.calendar)


@forall(commands, st.randoms(use_true_random=False))
def test_facts_make_the_same_calendar_in_every_order(asked: list[DeclareDay], order: random.Random) -> None:
    facts = [DayDeclared(d.day, d.kind, d.document, d.announced_at) for d in declared_by(asked).standing]
    shuffled = order.sample(facts, len(facts))
    assert same(fold(shuffled).calendar, fold(facts).calendar)


@forall(commands)
def test_whatever_is_decided_has_a_calendar(asked: list[DeclareDay]) -> None:
    """Calendar.of() refuses what contradicts itself; nothing that was taken in does."""
    declared_by(asked).calendar.is_working(FRIDAY)


def test_what_ships_is_said_once_and_what_was_withdrawn_is_not_said_again() -> None:
    first = lacking(read_declarations(), Declared())
    assert same(fold(first).calendar, shipped())
    assert lacking(read_declarations(), fold(first)) == []
    gone = first[0]
    withdrawn = decide(WithdrawDeclaration(gone.day, gone.announced_at), fold(first))
    assert not isinstance(withdrawn, Rejected)
    assert lacking(read_declarations(), fold([*first, *withdrawn])) == []


def test_the_days_that_two_calendars_count_otherwise() -> None:
    monday_off = Calendar(off=shipped().off | {date(2026, 3, 9), SATURDAY}, worked=shipped().worked)
    assert monday_off.differs_from(shipped()) == {date(2026, 3, 9)}, "a Saturday off is nothing new"
