"""What may be declared of the calendar, and that the log of it makes one calendar in every order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from hypothesis import given as forall
from hypothesis import strategies as st

from services.chassis.log.decider import Rejected
from services.processing.calendar.confirming import decide
from services.processing.clock.declaration import (
    Act,
    ConfirmProposal,
    DayDeclared,
    DayProposed,
    DeclarationWithdrawn,
    Declared,
    DeclareDay,
    ProposalRefused,
    RefuseProposal,
    WithdrawalProposed,
    WithdrawDeclaration,
    evolve,
    fold,
    lacking,
)
from services.processing.clock.working_days import (
    ZONE,
    Calendar,
    Declaration,
    Kind,
    read_declarations,
    shipped,
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
    by: str = "lan",
) -> DeclareDay:
    return DeclareDay(TODAY, NOW, Declaration(day, kind, document, announced_at), by)


def proposed(
    day: date = FRIDAY, kind: Kind = "off", announced_at: datetime = ANNOUNCED, document: str = DOCUMENT
) -> DayProposed:
    return DayProposed(day, kind, document, announced_at, "lan")


def confirm(
    act: Act = "declare", by: str = "minh", *, day: date = FRIDAY, announced_at: datetime = ANNOUNCED
) -> ConfirmProposal:
    return ConfirmProposal(TODAY, NOW, act, day, announced_at, by)


OFF = DayDeclared(FRIDAY, "off", DOCUMENT, ANNOUNCED)
LATER = ANNOUNCED + timedelta(hours=1)
WITHDRAW = WithdrawDeclaration(FRIDAY, ANNOUNCED, "lan")
TAKING_BACK = WithdrawalProposed(FRIDAY, "off", DOCUMENT, ANNOUNCED, "lan")
WITHDRAWN = DeclarationWithdrawn(FRIDAY, "off", DOCUMENT, ANNOUNCED)
OTHER = "1/QĐ-TTG"


def test_a_day_is_declared_off() -> None:
    given([]).when(declare()).then([proposed()])
    given([proposed()]).when(confirm()).then([OFF])


def test_only_what_was_confirmed_counts() -> None:
    assert fold([proposed()]).calendar.is_working(FRIDAY)
    assert not fold([proposed(), OFF]).calendar.is_working(FRIDAY)
    assert not fold([OFF, TAKING_BACK]).calendar.is_working(FRIDAY)
    assert fold([OFF, TAKING_BACK, WITHDRAWN]).calendar.is_working(FRIDAY)
    assert fold([proposed(), OFF, TAKING_BACK, WITHDRAWN]).proposals == frozenset()


def test_nobody_confirms_what_they_proposed() -> None:
    given([proposed()]).when(confirm(by="lan")).then_rejected("proposed-by-yourself")
    given([OFF, TAKING_BACK]).when(confirm("withdraw", by="lan")).then_rejected("proposed-by-yourself")


def test_what_nobody_proposed_is_not_confirmed() -> None:
    given([]).when(confirm()).then_rejected("proposal-unknown")
    given([OFF]).when(confirm("withdraw")).then_rejected("proposal-unknown")


def test_a_confirmation_again_is_quiet() -> None:
    given([proposed(), OFF]).when(confirm()).then_nothing()
    given([OFF, TAKING_BACK, WITHDRAWN]).when(confirm("withdraw")).then_nothing()


def test_what_may_no_longer_be_declared_is_not_confirmed() -> None:
    """A Saturday that has begun meanwhile."""
    history = [proposed(SATURDAY, "worked")]
    late = ConfirmProposal(SATURDAY, NOW, "declare", SATURDAY, ANNOUNCED, "minh")
    given(history).when(late).then_rejected("worked-day-not-in-the-future")


def test_a_proposal_is_refused_by_whoever_may_propose() -> None:
    refused = ProposalRefused("declare", FRIDAY, "off", DOCUMENT, ANNOUNCED)
    refuse = RefuseProposal("declare", FRIDAY, ANNOUNCED)
    given([proposed()]).when(refuse).then([refused])
    given([proposed(), refused]).when(refuse).then_rejected("proposal-unknown")
    given([proposed(), refused]).when(confirm()).then_rejected("proposal-unknown")
    given([proposed(), refused]).when(declare()).then([proposed()])


def test_the_same_declaration_again_is_quiet_in_whatever_zone_it_is_written() -> None:
    for history in ([OFF], [proposed()]):
        given(history).when(declare()).then_nothing()
        given(history).when(declare(announced_at=ANNOUNCED.astimezone(UTC))).then_nothing()


def test_the_same_document_again_is_quiet() -> None:
    """As of whatever time and by whomever it is told again."""
    for history in ([OFF], [proposed()], [OFF, TAKING_BACK]):
        given(history).when(declare(announced_at=LATER, by="minh")).then_nothing()
    overruling = DayDeclared(FRIDAY, "worked", OTHER, LATER)
    again = declare(announced_at=LATER + timedelta(hours=1))
    given([OFF, overruling]).when(again).then([proposed(announced_at=LATER + timedelta(hours=1))])


def test_what_was_said_twice_is_withdrawn_at_once() -> None:
    """A log of before has two declarations of one document."""
    twice = DayDeclared(FRIDAY, "off", DOCUMENT, LATER)
    taking_back = WithdrawalProposed(FRIDAY, "off", DOCUMENT, LATER, "lan")
    given([OFF, twice]).when(WithdrawDeclaration(FRIDAY, LATER, "lan")).then([taking_back])
    given([OFF, twice, taking_back]).when(confirm("withdraw", announced_at=LATER)).then(
        [WITHDRAWN, DeclarationWithdrawn(FRIDAY, "off", DOCUMENT, LATER)]
    )


def test_another_declaration_of_the_same_instant_is_refused() -> None:
    for history in ([OFF], [proposed()]):
        given(history).when(declare(document=OTHER)).then_rejected("declared-otherwise")
    # Both were proposed before either was confirmed.
    other = proposed(document=OTHER)
    given([proposed(announced_at=LATER), OFF, other]).when(confirm()).then_rejected("declared-otherwise")


def test_a_later_declaration_of_the_same_day_is_taken() -> None:
    later = declare(announced_at=LATER, document=OTHER)
    given([OFF]).when(later).then([proposed(announced_at=LATER, document=OTHER)])


def test_a_day_off_may_be_long_past() -> None:
    past = date(2026, 1, 5)
    given([]).when(declare(past)).then([proposed(past)])


def test_a_document_cannot_be_announced_in_the_future() -> None:
    given([]).when(declare(announced_at=NOW + timedelta(seconds=1))).then_rejected("announced-in-the-future")


def test_a_day_beyond_reach_is_refused() -> None:
    for day in (date.min, date.max):
        given([]).when(declare(day)).then_rejected("day-too-far")


def test_a_saturday_is_declared_worked() -> None:
    given([]).when(declare(SATURDAY, "worked")).then([proposed(SATURDAY, "worked")])


def test_a_day_that_was_declared_off_is_declared_worked() -> None:
    worked = declare(FRIDAY, "worked", LATER)
    given([OFF]).when(worked).then([proposed(FRIDAY, "worked", LATER)])


def test_a_day_that_is_worked_anyway_is_not_declared_so() -> None:
    for history in ([], [proposed()]):
        given(history).when(declare(FRIDAY, "worked", LATER)).then_rejected("day-not-off")


def test_a_worked_day_is_declared_before_it_begins() -> None:
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        given([]).when(declare(day, "worked")).then_rejected("worked-day-not-in-the-future")


def test_what_counts_is_withdrawn() -> None:
    given([OFF]).when(WITHDRAW).then([TAKING_BACK])
    given([OFF, TAKING_BACK]).when(confirm("withdraw")).then([WITHDRAWN])


def test_a_withdrawal_again_is_quiet() -> None:
    given([OFF, TAKING_BACK]).when(WITHDRAW).then_nothing()
    given([OFF, TAKING_BACK, WITHDRAWN]).when(WITHDRAW).then_nothing()


def test_what_was_never_declared_is_not_withdrawn() -> None:
    for history in ([], [proposed()]):
        given(history).when(WITHDRAW).then_rejected("day-not-declared")


def test_what_another_declaration_overrules_is_not_withdrawn() -> None:
    overruling = DayDeclared(FRIDAY, "worked", DOCUMENT, LATER)
    given([OFF, overruling]).when(WITHDRAW).then_rejected("declaration-overruled")
    given([OFF, TAKING_BACK, overruling]).when(confirm("withdraw")).then_rejected("declaration-overruled")


def test_what_was_withdrawn_is_declared_again() -> None:
    history = [OFF, TAKING_BACK, WITHDRAWN]
    given(history).when(declare()).then([proposed()])
    given([*history, proposed()]).when(confirm()).then([OFF])


days = st.dates(date(2026, 3, 3), date(2026, 3, 16))
instants = st.integers(0, 8).map(lambda minutes: ANNOUNCED - timedelta(minutes=minutes))
commands = st.lists(
    st.builds(
        declare, days, st.sampled_from(["off", "worked"]), instants, st.sampled_from(["1/QĐ-A", "2/QĐ-A"])
    ),
    max_size=12,
)


def by_two(command: DeclareDay | WithdrawDeclaration, declared: Declared) -> Declared | Rejected:
    """What follows when one person proposes it and another one confirms it."""
    if isinstance(command, DeclareDay):
        answer = confirm(day=command.declaration.day, announced_at=command.declaration.announced_at)
    else:
        answer = confirm("withdraw", day=command.day, announced_at=command.announced_at)
    for each in (command, answer):
        decision = decide(each, declared)
        if isinstance(decision, Rejected) or not decision:
            return decision if isinstance(decision, Rejected) else declared
        for fact in decision:
            declared = evolve(declared, fact)
    return declared


def declared_by(asked: list[DeclareDay]) -> Declared:
    declared = Declared()
    for command in asked:
        after = by_two(command, declared)
        declared = declared if isinstance(after, Rejected) else after
    return declared


def same(one: Calendar, other: Calendar) -> bool:
    return one == other and one.documents == other.documents


@forall(commands, st.builds(declare, days, st.sampled_from(["off", "worked"]), instants))
def test_declare_and_withdraw_is_identity(asked: list[DeclareDay], last: DeclareDay) -> None:
    """Whatever stands: what is taken back at once has changed nothing; what was overruled from the start cannot count."""
    before = declared_by(asked)
    after = by_two(last, before)
    if isinstance(after, Rejected) or after == before:
        return
    about = last.declaration
    taken_back = by_two(WithdrawDeclaration(about.day, about.announced_at, "lan"), after)
    if isinstance(taken_back, Rejected):
        assert taken_back.code == "declaration-overruled"
        assert same(after.calendar, before.calendar)
    else:
        assert same(taken_back.calendar, before.calendar)


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
    without = by_two(WithdrawDeclaration(gone.day, gone.announced_at, "lan"), fold(first))
    assert not isinstance(without, Rejected)
    assert len(without.standing) == len(first) - 1
    assert lacking(read_declarations(), without) == []


def test_the_days_that_two_calendars_count_otherwise() -> None:
    monday_off = Calendar(off=shipped().off | {date(2026, 3, 9), SATURDAY}, worked=shipped().worked)
    assert monday_off.differs_from(shipped()) == {date(2026, 3, 9)}, "a Saturday off is nothing new"
