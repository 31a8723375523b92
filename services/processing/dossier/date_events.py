"""What happened to dates that had been told before, as the log keeps it: moved by a declaration, extended, counted again.

Data only, as events.py, whose names of the stored events lead here. `provisional` is as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DueDateChanged:
    on: date
    old_due_on: date
    due_on: date
    days: tuple[date, ...]
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class DueDateExtended:
    on: date
    reason: str
    amount: int
    due_on: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class DeadlineChanged:
    """Of the supplement or fee (`asked`) that the event at `request` asks for. `days` made it move; none after a reversal."""

    on: date
    asked: str
    request: int
    old_deadline_on: date
    deadline_on: date
    days: tuple[date, ...]
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class OpinionDeadlineChanged:
    on: date
    agency: str
    old_answer_by: date
    answer_by: date
    days: tuple[date, ...]
    provisional: bool = False
