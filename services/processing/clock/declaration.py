"""What is declared of the calendar: days off and worked, each with its document, declarations taken back, and what waits to be confirmed.

Pure: no clock, no ids, no look-ups. The calendar has one stream in the log; what stands there makes the Calendar. What may be said is
decided in confirming.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Literal, NamedTuple

from services.chassis.log.decider import EventTypes
from services.processing.clock.working_days import Calendar, Declaration, Kind

Act = Literal["declare", "withdraw"]


@dataclass(frozen=True, slots=True)
class _Named:
    """What names a declaration."""

    day: date
    kind: Kind
    document: str
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class DayProposed(_Named):
    """Somebody, `by`, declares a day; it counts when another person has confirmed it."""

    by: str


@dataclass(frozen=True, slots=True)
class DayDeclared(_Named):
    """Confirmed, or as it shipped: it counts."""


@dataclass(frozen=True, slots=True)
class WithdrawalProposed(_Named):
    """Somebody, `by`, takes the declaration with these members back; it counts until another person has confirmed that."""

    by: str


@dataclass(frozen=True, slots=True)
class DeclarationWithdrawn(_Named):
    """The declaration with these members counts as never said."""


@dataclass(frozen=True, slots=True)
class ProposalRefused:
    """The proposal of this act about this declaration is no more; nothing had followed from it."""

    act: Act
    day: date
    kind: Kind
    document: str
    announced_at: datetime


Fact = DayProposed | DayDeclared | WithdrawalProposed | DeclarationWithdrawn | ProposalRefused
FACTS: EventTypes[Fact] = EventTypes(
    {
        "DayProposed": DayProposed,
        "DayDeclared": DayDeclared,
        "WithdrawalProposed": WithdrawalProposed,
        "DeclarationWithdrawn": DeclarationWithdrawn,
        "ProposalRefused": ProposalRefused,
    }
)


@dataclass(frozen=True, slots=True)
class DeclareDay:
    """`at` is the instant of the command, `on` its local day: a document may have been announced before, never after."""

    on: date
    at: datetime
    declaration: Declaration
    by: str


@dataclass(frozen=True, slots=True)
class WithdrawDeclaration:
    """Of a day, the declaration that was announced at that instant."""

    day: date
    announced_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ConfirmProposal:
    """What another person proposed of a day and an instant of announcement."""

    on: date
    at: datetime
    act: Act
    day: date
    announced_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RefuseProposal:
    """By whoever may propose, the one who did included."""

    act: Act
    day: date
    announced_at: datetime


Command = DeclareDay | WithdrawDeclaration | ConfirmProposal | RefuseProposal


class Proposal(NamedTuple):
    """What waits for another person than `by`."""

    act: Act
    about: Declaration
    by: str


class Declared(NamedTuple):
    """What was declared and stands, what was withdrawn, and what waits to be confirmed."""

    standing: frozenset[Declaration] = frozenset()
    withdrawn: frozenset[Declaration] = frozenset()
    proposals: frozenset[Proposal] = frozenset()

    @property
    def calendar(self) -> Calendar:
        """Guarantee: what nobody has confirmed counts for no date. Test: test_only_what_was_confirmed_counts."""
        return Calendar.of(self.standing)

    def of_day(self, day: date) -> list[Declaration]:
        """What stands of one day; the last one counts."""
        return sorted((d for d in self.standing if d.day == day), key=lambda each: each.announced_at)

    def proposed(self, act: Act, day: date, announced_at: datetime) -> Proposal | None:
        named = (act, day, announced_at)
        return next((p for p in self.proposals if (p.act, p.about.day, p.about.announced_at) == named), None)


def fold(facts: Iterable[Fact]) -> Declared:
    return reduce(evolve, facts, Declared())


def about_of(fact: Fact) -> Declaration:
    return Declaration(fact.day, fact.kind, fact.document, fact.announced_at)


def evolve(declared: Declared, fact: Fact) -> Declared:
    about = about_of(fact)
    standing, withdrawn, proposals = declared
    if isinstance(fact, DayProposed):
        return Declared(standing, withdrawn, proposals | {Proposal("declare", about, fact.by)})
    if isinstance(fact, WithdrawalProposed):
        return Declared(standing, withdrawn, proposals | {Proposal("withdraw", about, fact.by)})
    if isinstance(fact, ProposalRefused):
        return Declared(standing, withdrawn, _without(proposals, fact.act, about))
    if isinstance(fact, DayDeclared):
        return Declared(standing | {about}, withdrawn - {about}, _without(proposals, "declare", about))
    return Declared(standing - {about}, withdrawn | {about}, _without(proposals, "withdraw", about))


def _without(proposals: frozenset[Proposal], act: Act, about: Declaration) -> frozenset[Proposal]:
    return frozenset(each for each in proposals if (each.act, each.about) != (act, about))


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
