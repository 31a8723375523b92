"""given(events).when(command).then(events) | then_nothing() | then_rejected(code): how a decider's tests read.

`given = deciding(fold, decide)` makes the first word for one decider: `fold` folds a history into its state, `decide(command,
state)` answers with events or a refusal. What the events lead to is folded too, so that no decision is written that cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.chassis.log.decider import Rejected

C = TypeVar("C")
E = TypeVar("E")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decided(Generic[E]):
    """The outcome, waiting for what is expected of it."""

    decision: Sequence[E] | Rejected

    def then(self, events: Sequence[E]) -> None:
        assert events, "expecting no events is said with then_nothing()"
        assert self.decision == events

    def then_nothing(self) -> None:
        assert not isinstance(self.decision, Rejected), self.decision
        assert list(self.decision) == []

    def then_rejected(self, code: str) -> Rejected:
        """The refusal, for a look at its detail."""
        assert isinstance(self.decision, Rejected), f"not rejected: {self.decision}"
        assert self.decision.code == code
        return self.decision


@dataclass(frozen=True, slots=True)
class Given(Generic[C, E, S]):
    """A history, waiting for a command."""

    events: Sequence[E]
    fold: Callable[[list[E]], S]
    decide: Callable[[C, S], Sequence[E] | Rejected]

    def when(self, command: C) -> Decided[E]:
        decision = self.decide(command, self.fold([*self.events]))
        if not isinstance(decision, Rejected):
            self.fold([*self.events, *decision])
        return Decided(decision)


def deciding(
    fold: Callable[[list[Any]], S], decide: Callable[[C, S], Sequence[Any] | Rejected]
) -> Callable[[Sequence[Any]], Given[C, Any, S]]:
    """The `given` of one decider."""
    return lambda events: Given(events, fold, decide)
