"""One of processing's acts and the lines that it makes in the book: what the fold and its reversals share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from services.reporting.book.rows import Dossier, Entry

# Việt Nam has had no other offset since 1975, so a day needs no zone database.
ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

Step = tuple[Dossier, Sequence[Entry]]


class ImpossibleStep(ValueError):
    """The dossier cannot take this step: the reader holds it, and everything else flows on."""


class Act(NamedTuple):
    """One of processing's acts as it is entered: its sequence, its local day, and the instant we knew."""

    sequence: int
    on_date: date
    recorded_at: datetime


def local_date(at: datetime) -> date:
    """The day an instant belongs to. Guarantee: a day is a day in Việt Nam, not in UTC. Test: test_a_day_is_local."""
    return at.astimezone(ZONE).date()


def move(state: Dossier, due_on: date, apologised: bool, act: Act) -> Step:
    """A pending dossier under another due date, or with an apology: one line taken, one given. Quiet when it is so already."""
    if (due_on, apologised) == (state.due_on, state.apologised):
        return state, ()
    after = state._replace(
        due_on=due_on,
        apologised=apologised,
        changed_on=act.on_date,
        recorded_at=act.recorded_at,
        entries=state.entries + 2,
    )
    return after, (
        entry(state, state.entries + 1, "due", act, amount=-1),
        entry(after, after.entries, "due", act),
    )


def entry(of: Dossier, number: int, flow: str, act: Act, amount: int = 1, manner: str = "") -> Entry:
    return Entry(
        of.dossier_id,
        number,
        act.sequence,
        0,
        act.recorded_at,
        amount,
        of.unit,
        act.on_date,
        flow,
        of.timeliness if flow == "resolved" else "",
        of.procedure,
        of.field,
        of.office,
        of.channel,
        of.level,
        manner,
        of.due_on,
        of.apologised,
    )
