"""Decides what is declared of the calendar: days off and worked, each with its document, and declarations taken back.

Pure: no clock, no ids, no look-ups. The calendar has one stream in the log; what stands there makes the Calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from typing import NamedTuple

from services.chassis.decider import EventTypes, Rejected
from services.processing.calendar import SATURDAY, Calendar, Declaration, Kind

REACH = timedelta(days=3_660)
"""A day further away than that from the day on which it is declared is a slip of the hand."""


@dataclass(frozen=True, slots=True)
class DayDeclared:
    day: date
    kind: Kind
    document: str
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class DeclarationWithdrawn:
    """The declaration with these members counts as never said."""

    day: date
    kind: Kind
    document: str
    announced_at: datetime


Fact = DayDeclared | DeclarationWithdrawn
FACTS: EventTypes[Fact] = EventTypes(
    {"DayDeclared": DayDeclared, "DeclarationWithdrawn": DeclarationWithdrawn}
)


@dataclass(frozen=True, slots=True)
class DeclareDay:
    """`at` is the instant of the command, `on` its local day: a document may have been announced before, never after."""

    on: date
    at: datetime
    declaration: Declaration


@dataclass(frozen=True, slots=True)
class WithdrawDeclaration:
    """Of a day, the declaration that was announced at that instant."""

    day: date
    announced_at: datetime


class Declared(NamedTuple):
    """What was declared and stands, and what was withdrawn."""

    standing: frozenset[Declaration] = frozenset()
    withdrawn: frozenset[Declaration] = frozenset()

    @property
    def calendar(self) -> Calendar:
        return Calendar.of(self.standing)

    def of_day(self, day: date) -> list[Declaration]:
        """What stands of one day; the last one counts."""
        return sorted((d for d in self.standing if d.day == day), key=lambda each: each.announced_at)


def fold(facts: Iterable[Fact]) -> Declared:
    return reduce(evolve, facts, Declared())


def evolve(declared: Declared, fact: Fact) -> Declared:
    said = {Declaration(fact.day, fact.kind, fact.document, fact.announced_at)}
    if isinstance(fact, DayDeclared):
        return Declared(declared.standing | said, declared.withdrawn - said)
    return Declared(declared.standing - said, declared.withdrawn | said)


def decide(command: DeclareDay | WithdrawDeclaration, declared: Declared) -> Sequence[Fact] | Rejected:
    """What follows: a fact, nothing where it is already so, or the refusal.

    Guarantee: a declaration that is withdrawn leaves the calendar as it was. Test: test_declare_and_withdraw_is_identity.
    """
    if isinstance(command, WithdrawDeclaration):
        return _withdraw(command, declared)
    new = command.declaration
    if new in declared.standing:
        return []
    if any(d.announced_at == new.announced_at for d in declared.of_day(new.day)):
        return Rejected("declared-otherwise", "something else was announced of this day at that instant")
    if new.announced_at > command.at:
        return Rejected("announced-in-the-future", "a document is declared when it has been announced")
    if abs(new.day - command.on) > REACH:
        return Rejected("day-too-far", f"within {REACH.days} days of the day on which it is declared")
    if new.kind == "worked":
        if new.day <= command.on:
            # What was a day off when people counted on it does not become one that they should have worked.
            return Rejected("worked-day-not-in-the-future", f"a day after {command.on}")
        off = new.day.weekday() >= SATURDAY or any(d.kind == "off" for d in declared.of_day(new.day))
        if not off:
            return Rejected("day-not-off", "only a day that is off otherwise can be declared worked")
    return [DayDeclared(new.day, new.kind, new.document, new.announced_at)]


def _withdraw(command: WithdrawDeclaration, declared: Declared) -> Sequence[Fact] | Rejected:
    def named(each: Declaration) -> bool:
        return (each.day, each.announced_at) == (command.day, command.announced_at)

    of_day = declared.of_day(command.day)
    if not any(named(each) for each in of_day):
        if any(named(each) for each in declared.withdrawn):
            return []
        return Rejected("day-not-declared", "nothing that was announced of this day at that instant stands")
    last = of_day[-1]
    if not named(last):
        return Rejected("declaration-overruled", f"what counts was announced at {last.announced_at}")
    return [DeclarationWithdrawn(last.day, last.kind, last.document, last.announced_at)]


def lacking(shipped: Iterable[Declaration], declared: Declared) -> list[DayDeclared]:
    """The shipped declarations that were never said: what a log starts from, and what a later release brings.

    One that was withdrawn was said, and stays withdrawn; one that was said otherwise stays as it was said.
    Guarantee: a start adds nothing that a log has. Test: test_a_log_is_seeded_once.
    """
    taken = {(each.day, each.announced_at) for each in declared.standing | declared.withdrawn}
    return [
        DayDeclared(each.day, each.kind, each.document, each.announced_at)
        for each in sorted(shipped, key=lambda each: (each.announced_at, each.day))
        if (each.day, each.announced_at) not in taken
    ]
