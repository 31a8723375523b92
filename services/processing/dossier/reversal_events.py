"""A reversal, and what one supervisor asks for and another one has to confirm: of that, nothing of where a dossier stands changes.

Data, as events.py, whose names of the stored events lead here, and what is struck out by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DossierReversed:
    """The event at `sequence` counts as never said; `status` and `due_on` are what the dossier is back at.

    `answered`: a request to withdraw what had ended changes nothing, now either, up to this one of the applicant's acts.
    """

    on: date
    sequence: int
    event: str
    reason: str
    document: str
    status: str
    due_on: date | None
    answered: int = 0
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class ReversalProposed:
    """Somebody, `by`, asks to reverse the event at `sequence`, whose day lies in a period of the report that is over."""

    on: date
    sequence: int
    event: str
    reason: str
    document: str
    by: str


def struck_out(acts: Iterable[object]) -> frozenset[int]:
    """The versions of the acts that were reversed."""
    return frozenset(act.sequence for act in acts if isinstance(act, DossierReversed))
