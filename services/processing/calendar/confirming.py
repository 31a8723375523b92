"""Decides what may be said of the calendar: one person proposes a declaration or its withdrawal, another confirms it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from services.chassis.log.decider import Rejected
from services.processing.clock.declaration import (
    Command,
    ConfirmProposal,
    DayDeclared,
    DayProposed,
    DeclarationWithdrawn,
    Declared,
    DeclareDay,
    Fact,
    ProposalRefused,
    WithdrawalProposed,
    WithdrawDeclaration,
)
from services.processing.clock.working_days import SATURDAY, Declaration, Kind

REACH = timedelta(days=3_660)
"""A day further away than that from the day on which it is declared is a slip of the hand."""
PROPOSAL_UNKNOWN = Rejected("proposal-unknown", "nothing of this day and this instant waits to be confirmed")
DECLARED_OTHERWISE = Rejected(
    "declared-otherwise", "something else was announced of this day at that instant"
)


def decide(command: Command, declared: Declared) -> Sequence[Fact] | Rejected:
    """What follows: facts, nothing where it is already so, or the refusal.

    Guarantee: a declaration that is withdrawn leaves the calendar as it was. Test: test_declare_and_withdraw_is_identity.
    """
    if isinstance(command, DeclareDay):
        return _declare(command, declared)
    if isinstance(command, WithdrawDeclaration):
        return _withdraw(command, declared)
    if isinstance(command, ConfirmProposal):
        return _confirm(command, declared)
    waiting = declared.proposed(command.act, command.day, command.announced_at)
    if waiting is None:
        return PROPOSAL_UNKNOWN
    return [ProposalRefused(command.act, *_members(waiting.about))]


def _declare(command: DeclareDay, declared: Declared) -> Sequence[Fact] | Rejected:
    """Guarantee: one document declares one day once, however often it is told. Test: test_the_same_document_again_is_quiet."""
    new = command.declaration
    waiting = [p.about for p in declared.proposals if p.act == "declare" and p.about.day == new.day]
    if any(_says_the_same(each, new) for each in (*declared.of_day(new.day)[-1:], *waiting)):
        return []
    if any(each.announced_at == new.announced_at for each in waiting):
        return DECLARED_OTHERWISE
    return _fault(new, command.on, command.at, declared) or [DayProposed(*_members(new), command.by)]


def _fault(new: Declaration, on: date, at: datetime, declared: Declared) -> Rejected | None:
    """Why it may not be declared on that day; asked again when it is confirmed."""
    if any(d.announced_at == new.announced_at for d in declared.of_day(new.day)):
        return DECLARED_OTHERWISE
    if new.announced_at > at:
        return Rejected("announced-in-the-future", "a document is declared when it has been announced")
    if abs(new.day - on) > REACH:
        return Rejected("day-too-far", f"within {REACH.days} days of the day on which it is declared")
    if new.kind == "worked":
        if new.day <= on:
            # What was a day off when people counted on it does not become one that they should have worked.
            return Rejected("worked-day-not-in-the-future", f"a day after {on}")
        off = new.day.weekday() >= SATURDAY or any(d.kind == "off" for d in declared.of_day(new.day))
        if not off:
            return Rejected("day-not-off", "only a day that is off otherwise can be declared worked")
    return None


def _withdraw(command: WithdrawDeclaration, declared: Declared) -> Sequence[Fact] | Rejected:
    named = _that_counts(command.day, command.announced_at, declared)
    if not isinstance(named, Declaration):
        return named or []
    if declared.proposed("withdraw", command.day, command.announced_at):
        return []
    return [WithdrawalProposed(*_members(named), command.by)]


def _that_counts(day: date, announced_at: datetime, declared: Declared) -> Declaration | Rejected | None:
    """The declaration that is named, if it counts; None when it was withdrawn before."""
    of_day = declared.of_day(day)
    if not any(each.announced_at == announced_at for each in of_day):
        if any((each.day, each.announced_at) == (day, announced_at) for each in declared.withdrawn):
            return None
        return Rejected("day-not-declared", "nothing that was announced of this day at that instant stands")
    last = of_day[-1]
    if last.announced_at != announced_at:
        return Rejected("declaration-overruled", f"what counts was announced at {last.announced_at}")
    return last


def _confirm(command: ConfirmProposal, declared: Declared) -> Sequence[Fact] | Rejected:
    """Guarantee: nobody confirms what they proposed themselves. Test: test_two_persons_declare_and_withdraw."""
    waiting = declared.proposed(command.act, command.day, command.announced_at)
    if waiting is None:
        of_before = declared.standing if command.act == "declare" else declared.withdrawn
        done = any((d.day, d.announced_at) == (command.day, command.announced_at) for d in of_before)
        return [] if done else PROPOSAL_UNKNOWN
    if waiting.by == command.by:
        return Rejected("proposed-by-yourself", "another person confirms what you proposed")
    if command.act == "declare":
        fault = _fault(waiting.about, command.on, command.at, declared)
        return fault or [DayDeclared(*_members(waiting.about))]
    named = _that_counts(command.day, command.announced_at, declared)
    if not isinstance(named, Declaration):
        return named or []
    # A log of before may have said the same twice: one withdrawal takes all of it back.
    alike = [each for each in declared.of_day(command.day) if _says_the_same(each, named)]
    return [DeclarationWithdrawn(*_members(each)) for each in alike]


def _says_the_same(one: Declaration, other: Declaration) -> bool:
    """Whenever it was announced: a document is announced once, and told again as of another time it is the same."""
    return (one.day, one.kind, one.document) == (other.day, other.kind, other.document)


def _members(each: Declaration) -> tuple[date, Kind, str, datetime]:
    return each.day, each.kind, each.document, each.announced_at
