"""Marks, where a dossier stood from a day on, and the official report counted from them: one dossier after the other, without a book."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol

from services.reporting.report.columns import Columns


@dataclass(frozen=True)
class Mark:
    """Where a dossier stood from `day` on: waiting, pending, or the end that it came to. `act` is what led there."""

    act: int
    day: date
    phase: str
    due_on: date | None = None
    sorry: bool = False
    how: str = ""
    late: bool = False
    row: tuple[str, str, str] = ("", "", "")


class Marked(Protocol):
    """A life by its marks, in the order of their acts."""

    @property
    def channel(self) -> str: ...

    @property
    def marks(self) -> list[Mark]: ...


def columns(lives: Iterable[Marked], first: date, last: date, tells_on: date) -> Columns:
    """The report of a window, counted from each dossier's marks."""
    told = Columns()

    def add(name: str) -> None:
        setattr(told, name, getattr(told, name) + 1)

    for life in lives:
        for day, waiting, pending in (
            (first - timedelta(days=1), "waiting_before", "carried_over"),
            (last, "waiting", "pending"),
        ):
            stood = next((mark for mark in reversed(life.marks) if mark.day <= day), None)
            phase = stood.phase if stood else ""
            if phase in ("waiting", "pending"):
                add(waiting if phase == "waiting" else pending)
            if stood and pending == "pending" and phase == "pending":
                overdue = stood.due_on is not None and stood.due_on < tells_on
                add("overdue" if overdue else "in_due")
                if overdue:
                    add("overdue_with_apology" if stood.sorry else "overdue_without_apology")
        if first <= life.marks[0].day <= last:
            add("submitted")
        for before, after in pairwise(life.marks):
            if before.phase != after.phase and first <= after.day <= last:
                for name in _flows(life, before, after):
                    add(name)
    told.received = told.carried_over + told.received_online + told.received_otherwise
    return told


def _flows(life: Marked, before: Mark, after: Mark) -> list[str]:
    if after.phase == "pending":
        online = life.channel == "online"
        names = ["received_online", f"online_{after.row[2]}"] if online else ["received_otherwise"]
        return [*names, *(["accepted_late"] if after.late else [])]
    if before.phase == "waiting":
        return ["not_accepted", "rejected" if after.phase == "rejected" else "withdrawn_before_acceptance"]
    names = ["resolved", after.how, *([after.phase] if after.phase != "resolved" else [])]
    sorry = "late_with_apology" if after.sorry else "late_without_apology"
    return [*names, *([sorry] if after.how == "late" else [])]
