"""The row of an act: how it is asked for, who may, how it is decided, what its event does, what a repeat of it is.

A file for each family of acts makes its rows; acts.py and decide.py list them, and whoever needs to know of acts reads that list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.events import Event
from services.processing.dossier.state import Dossier, Ended, State

Decision = Sequence[Event] | Rejected | None
"""What follows: events, none when it is already so, a refusal with its own reason, or None where the state does not allow it."""

Effect = Callable[[Any, Any, int], State | None]
"""Where a dossier stands after an event at a version; None where the event cannot follow. Without a calendar."""

By = Literal["desk", "desk-then-holder", "holder", "supervisor"]
"""Who gives the command: the desk of the dossier's office, that desk until the acceptance, the holder, the unit's supervisor."""


def words_of(event: Event) -> str | None:
    """The commitment to what the officer said with an act; None where nothing was said."""
    words: str | None = getattr(event, "words", None)
    return words


class Command(Protocol):
    """What is to be decided, as data. `on` is the local day of the act.

    What a version of the procedure allows comes with the command: the decider looks nothing up. Where proof may lack, an import
    records what its source kept none of.
    """

    @property
    def on(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Act:
    """`name` is the last part of the address; what the clock brings about has none, and no body.

    `same` are the members in which a repeat must agree, and `also` is what else must hold. `reversible`: it changes where the dossier
    stands. `beside_withdrawal`: allowed while a request to withdraw waits; `after_stop`: of a dossier that the law has stopped.
    `names` is the member of the command that a register must know. `brings_back`: the office's supervisor does it too, where the dossier
    stands at no unit of the day. `faults` are refusals that are the body's fault (422), each with the member that is wrong; all others
    depend on the state (409).
    """

    command: type
    effects: Mapping[type, Effect | None]
    decide: Callable[[Any, Dossier, Calendar], Decision]
    same: tuple[str, ...] = ()
    also: Callable[[Any, Any], bool] = lambda _command, _event: True
    name: str = ""
    summary: str = ""
    description: str = ""
    body: type[Asked] | None = None
    order: Callable[[Any, Order], Command | Rejected] | None = None
    by: By = "holder"
    reversible: bool = False
    beside_withdrawal: bool = False
    after_stop: bool = False
    names: Literal["", "unit", "agency", "officer"] = ""
    brings_back: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)

    def command_of(self, asked: Asked, order: Order) -> Command | Rejected:
        """The command, or why what was asked is none."""
        assert self.order is not None, "what the clock brings about is not asked for"
        return self.order(asked, order)

    def says(self, command: Command, event: Event) -> bool:
        """Whether the event is what the command asks for, whenever it was asked. A command without words says nothing of them."""
        if type(event) not in self.effects:
            return False
        agree = all(getattr(command, member) == getattr(event, member) for member in self.same)
        words = getattr(command, "words", None)
        return agree and words in (None, words_of(event)) and self.also(command, event)

    def ended_so(self, command: Command, dossier: Dossier) -> Decision:
        """Nothing, where the dossier ended by what the command says; the state refuses otherwise."""
        now = dossier.now
        return [] if isinstance(now, Ended) and self.says(command, now.by) else None

    def done_last(self, command: Command, dossier: Dossier) -> Decision:
        """Nothing, where the last act is what the command says; the state refuses otherwise."""
        return [] if dossier.acts and self.says(command, dossier.acts[-1]) else None
