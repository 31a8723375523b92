"""What one supervisor asks for and another one has to confirm. Nothing of where a dossier stands changes by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReversalProposed:
    """Somebody, `by`, asks to reverse the event at `sequence`, whose day lies in a period of the report that is over."""

    on: date
    sequence: int
    event: str
    reason: str
    document: str
    by: str
