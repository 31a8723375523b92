"""What a reversal does to the book and to a dossier. Pure.

Nothing is edited: −1 entries at the business time of what was reversed, known from now on.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.chassis.kafka.ordering import Delivered
from services.reporting.book.lines import Act, ImpossibleStep, Step, act_of, filing_of, move, standing
from services.reporting.book.rows import NO_DUE_DATE, Dossier, Entry

_COUNTED = frozenset(
    {"DossierAccepted", "DossierRejected", "DossierResolved", "ProcessingStopped", "DossierWithdrawn"}
)


def reverse(state: Dossier, delivered: Delivered, act: Act, past: Sequence[Entry]) -> Step:
    """Strikes out what the reversed act entered, at its own days, and puts the dossier back to where it was.

    What moved the due date since then stood on that act and is struck out with it; the due date that the reversal tells is entered on
    its own day, since nobody was told it before. An apology stays said unless the acceptance itself is reversed.
    Guarantee: the entries that stand after a reversal are those of a life without the act.
    Test: test_what_was_reversed_is_as_if_it_had_not_been.
    """
    reversed_act, event = delivered.data.sequence, delivered.data.event
    if reversed_act in {entry.struck for entry in past}:
        return state, ()
    lines = standing(past)
    flows = {entry.flow for entry in lines if entry.sequence == reversed_act}
    counted = next((flow for flow in ("received_new", "not_accepted", "resolved") if flow in flows), "")
    if bool(counted) != (event in _COUNTED):
        raise ImpossibleStep(f"reversal of {event} that is not in the book as such")
    if any(entry.sequence > reversed_act and entry.flow != "due" for entry in lines):
        raise ImpossibleStep(f"reversal of {event} under a later change")
    struck = [entry for entry in lines if flows and entry.sequence >= reversed_act]
    made = [
        entry._replace(
            number=number,
            sequence=act.sequence,
            struck=entry.sequence,
            recorded_at=act.recorded_at,
            amount=-entry.amount,
        )
        for number, entry in enumerate(struck, state.entries + 1)
    ]
    before = _back(state, counted, filing_of(lines)) if counted else state
    if made:
        left = [entry for entry in lines if entry.sequence < reversed_act]
        before = before._replace(
            changed_on=max(entry.on_date for entry in left),
            recorded_at=act.recorded_at,
            entries=state.entries + len(made),
        )
        due = next((e for e in left[::-1] if e.flow in ("received_new", "due")), None)
        if due is not None:
            before = before._replace(due_on=due.due_on, apologised=due.apologised)
    if before.status != "accepted":
        return before, made
    day = act_of(delivered, before)._replace(recorded_at=act.recorded_at)
    after, told = move(before, delivered.data.due_on or NO_DUE_DATE, state.apologised, day)
    return after, (*made, *told)


def _back(state: Dossier, counted: str, filed: Entry) -> Dossier:
    """The status before the act that entered this flow; a dossier that is not accepted any more is as it was filed."""
    if counted == "resolved":
        return state._replace(status="accepted", ended_on=None, timeliness="")
    if counted == "not_accepted":
        return state._replace(status="submitted", ended_on=None)
    return state._replace(
        status="submitted",
        procedure=filed.procedure,
        field=filed.field,
        level=filed.level,
        office=filed.office,
        unit="",
        accepted_on=None,
        due_on=NO_DUE_DATE,
        apologised=False,
    )
