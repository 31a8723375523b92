"""One of processing's acts and the lines that it makes in the book: what the fold and its reversals share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

from services.chassis.kafka.ordering import Delivered
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


_NOBODY_KNEW = datetime.min.replace(tzinfo=UTC)


def standing(past: Sequence[Entry]) -> list[Entry]:
    """The lines of a dossier that stand, in the order in which they came to: neither struck out by a reversal nor taken back by a
    corrected submission. Their numbers and record times say nothing; what is intake's has sequence 0.
    """
    gone = {line.struck for line in past if line.struck}
    lines: dict[Entry, int] = {}
    for line in past:
        if not line.struck and line.sequence not in gone:
            same = line._replace(number=0, sequence=max(line.sequence, 0), recorded_at=_NOBODY_KNEW, amount=0)
            if amount := lines.pop(same, 0) + line.amount:
                lines[same] = amount
    return [line._replace(amount=amount) for line, amount in lines.items()]


def filing_of(lines: Sequence[Entry]) -> Entry:
    """The submission, of the lines that stand."""
    return next(line for line in lines if line.flow == "submitted" and not line.sequence)


def act_of(delivered: Delivered, state: Dossier) -> Act:
    """An act as it is entered. Clocks of two services disagree by milliseconds, and midnight may fall between them: no state ends
    before it began. What an import tells stands on its own day: its submission may be corrected later, or was already.
    """
    on_date = local_date(delivered.occurred_at)
    if delivered.origin != "import":
        on_date = max(on_date, state.changed_on)
    return Act(delivered.sequence, on_date, max(delivered.recorded_at, state.recorded_at))


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
