"""How a dossier's acts make where it stands: evolve for one act, fold for a history. Pure, and without a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.processing.dossier.act import Effect
from services.processing.dossier.acts import ACTS
from services.processing.dossier.events import DossierWithdrawn, Event, WithdrawalRefused
from services.processing.dossier.reversal_events import DossierReversed, ReversalProposed, struck_out
from services.processing.dossier.state import Dossier, Filing, Heard, State, new, with_due_on

EFFECTS: dict[type, Effect] = {
    event: effect for act in ACTS for event, effect in act.effects.items() if effect
} | {ReversalProposed: lambda now, _event, _sequence: now}
"""What each event does, but a reversal: that one is folded here."""
REVERSIBLE = tuple(event for act in ACTS if act.reversible for event in act.effects)
"""The acts that change where a dossier stands, of which the latest can be reversed."""


def fold(filing: Filing, events: Iterable[Event], heard: tuple[Heard, ...] = ()) -> Dossier:
    """The dossier that a filing and the acts since then make, beside what was heard of the applicant.

    The same as evolve for one act after the other, which it is written out from: histories are folded far more often.
    Guarantee: the two agree on every history. Test: test_a_hundred_thousand_random_steps_stay_inside_the_table.
    """
    dossier = new(filing, heard)
    acts = tuple(events)
    now, since, answered = dossier.now, dossier.since, 0
    for sequence, event in enumerate(acts, 1):
        kind = type(event)
        if kind is DossierReversed:
            now = standing(filing, acts[:sequence])
        else:
            after = EFFECTS[kind](now, event, sequence)
            if after is None:
                raise ValueError(f"{kind.__name__} while {now.status}")
            now = after
        if event.on > since or kind is DossierReversed:
            since = event.on
        if kind in _ANSWERS:
            answered = _answered(answered, event)
    return Dossier(filing, since, now, acts, heard, answered)


def evolve(dossier: Dossier, event: Event) -> Dossier:
    """The dossier after an event; ValueError on a history that `decide` never wrote."""
    acts = (*dossier.acts, event)
    since = max(event.on, dossier.since)
    if isinstance(event, DossierReversed):
        since = event.on  # an import that corrects its own acts goes back to the day of what stands
        now = standing(dossier.filing, acts)
    else:
        after = EFFECTS[type(event)](dossier.now, event, len(acts))
        if after is None:
            raise ValueError(f"{type(event).__name__} while {dossier.now.status}")
        now = after
    return Dossier(dossier.filing, since, now, acts, dossier.heard, _answered(dossier.answered, event))


_ANSWERS = frozenset({DossierReversed, WithdrawalRefused, DossierWithdrawn})


def _answered(before: int, event: Event) -> int:
    """The sequence of the last request to withdraw that was answered."""
    if isinstance(event, WithdrawalRefused | DossierWithdrawn):
        return max(before, event.request or 0)
    return max(before, event.answered) if isinstance(event, DossierReversed) else before


def standing(filing: Filing, acts: Sequence[Event]) -> State:
    """Where the acts lead when those that were reversed had never been.

    Guarantee: a reversed act leaves nothing behind, and everything else stays. Test: test_a_reversal_is_as_if_the_act_had_not_been.
    """
    return _standing(filing, acts)[0]


def _standing(filing: Filing, acts: Sequence[Event]) -> tuple[State, list[int]]:
    """Where they lead, and the versions of those that do."""
    struck, leading = struck_out(acts), []
    now: State = new(filing).now
    for sequence, act in enumerate(acts, 1):
        if isinstance(act, DossierReversed):
            now = with_due_on(now, act.due_on)
        elif sequence not in struck:
            # An apology, an opinion or a lapse may have stood on what was reversed: it is then said of nothing.
            after = EFFECTS[type(act)](now, act, sequence)
            if after is not None:
                now = after
                leading.append(sequence)
    return now, leading


def leading(dossier: Dossier) -> list[int]:
    """The versions of the acts that lead to where the dossier stands: neither reversed, nor said of what was."""
    return _standing(dossier.filing, dossier.acts)[1]


def as_told(dossier: Dossier) -> Dossier:
    """The dossier on the day of its latest act that stands, whenever others were reversed: so a log tells it, which knows of none."""
    days = [dossier.acts[version - 1].on for version in leading(dossier)]
    return dossier._replace(since=max(days, default=dossier.filing.submitted_on))


def latest_change(acts: Sequence[Event]) -> int | None:
    """The version of the latest act that changed the state and stands."""
    struck = struck_out(acts)
    for sequence in range(len(acts), 0, -1):
        if sequence not in struck and isinstance(acts[sequence - 1], REVERSIBLE):
            return sequence
    return None
