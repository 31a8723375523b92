"""The fold from a dossier's events to report entries: pure, no clock and no database.

It counts changes of a dossier's state, never events, and never edits or removes an entry: what was reversed is struck out by
entries of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from contracts.catalogue import shipped as catalogue
from services.chassis.kafka.ordering import Delivered
from services.reporting.book.lines import Act, ImpossibleStep, Step, act_of, entry, local_date, move
from services.reporting.book.refiling import door_of, refile
from services.reporting.book.reversal import reverse
from services.reporting.book.rows import NO_DUE_DATE, Dossier, Entry


def enter(state: Dossier | None, delivered: Delivered, past: Sequence[Entry] = ()) -> Step:
    """The dossier after one event, and the entries that it gives. Only a reversal and a corrected submission look
    at `past`, the dossier's entries so far.

    Guarantee: counters count changes of state, so a fact stated twice is counted once. Test: test_a_fact_stated_twice_counts_once.
    Guarantee: a step that the dossier cannot take is never counted and never skipped. Test: test_an_impossible_step_is_refused.
    """
    if delivered.type == "DossierSubmitted.v1":
        return _submit(delivered) if state is None else (state, ())
    if state is None:
        raise ImpossibleStep(f"{delivered.type} before submission")
    if delivered.type == "SubmissionCorrected.v1":
        return refile(state, delivered, past)
    act = act_of(delivered, state)
    if delivered.type == "DossierReversed.v1":
        return reverse(state, delivered, act, past)
    step, taken_from, already = _STEPS[delivered.type]
    if state.status in taken_from:
        return step(state, delivered.data, act)
    if state.status in already:
        return state, ()
    raise ImpossibleStep(f"{delivered.type} when {state.status}")


def timeliness(ended_on: date, due_on: date | None) -> str:
    """Compares dates, not times; without a due date an end is on time (the official report, Biểu II.06a/VPCP/KSTT)."""
    if due_on is None or ended_on == due_on:
        return "on_time"
    return "early" if ended_on < due_on else "late"


def _submit(delivered: Delivered) -> Step:
    data = delivered.data
    on_date = local_date(delivered.occurred_at)
    procedure = catalogue.find(data.procedure)
    state = Dossier(
        dossier_id=delivered.stream_id,
        status="submitted",
        procedure=data.procedure,
        field=procedure.field if procedure else "",
        level=procedure.level_on(on_date) if procedure else "full",
        channel=door_of(data.channel),
        office=data.office,
        unit="",
        submitted_on=on_date,
        accepted_on=None,
        ended_on=None,
        changed_on=on_date,
        recorded_at=delivered.recorded_at,
        timeliness="",
        entries=1,
        due_on=NO_DUE_DATE,
        apologised=False,
    )
    return state, (entry(state, 1, "submitted", Act(0, on_date, delivered.recorded_at)),)


def _accept(state: Dossier, data: Any, act: Act) -> Step:
    """A row's attributes are fixed at acceptance, except the channel, which is the door of first submission.

    Guarantee: a dossier accepted under other attributes than it was submitted under is moved to their row from its first
    day on, so that both laws hold in every row. Test: test_acceptance_elsewhere_moves_the_submission.
    """
    procedure = catalogue.find(data.procedure)
    field = procedure.field if procedure else ""
    moved = (data.procedure, data.level, data.office) != (state.procedure, state.level, state.office)
    after = state._replace(
        status="accepted",
        procedure=data.procedure,
        field=field,
        level=data.level,
        office=data.office,
        unit=data.unit,
        accepted_on=act.on_date,
        changed_on=act.on_date,
        recorded_at=act.recorded_at,
        entries=state.entries + (3 if moved else 1),
        due_on=data.due_on or NO_DUE_DATE,
    )
    accepted = entry(after, after.entries, "received_new", act, manner="late" if data.late else "")
    if not moved:
        return after, (accepted,)
    first_day = act._replace(on_date=state.submitted_on)
    taken = entry(state, state.entries + 1, "submitted", first_day, amount=-1)
    given = entry(after._replace(due_on=NO_DUE_DATE), state.entries + 2, "submitted", first_day)
    return after, (taken, given, accepted)


def _reject(state: Dossier, data: Any, act: Act) -> Step:
    return _end(state, "rejected", None, act)


def _resolve(state: Dossier, data: Any, act: Act) -> Step:
    return _end(state, "resolved", data.due_on, act)


def _stop(state: Dossier, data: Any, act: Act) -> Step:
    return _end(state, "stopped", data.due_on, act)


def _withdraw(state: Dossier, data: Any, act: Act) -> Step:
    return _end(state, "withdrawn", data.due_on, act)


def _end(state: Dossier, status: str, due_on: date | None, act: Act) -> Step:
    """An end before acceptance is not accepted, one after it is resolved; only a result can be early.

    Guarantee: a stopped dossier counts as resolved and never as early. Test: test_a_stopped_dossier_is_resolved_and_never_early.
    Guarantee: a withdrawn dossier is not accepted before acceptance and resolved after it.
    Test: test_a_withdrawal_counts_by_where_it_stood.
    """
    flow, how_timely = "not_accepted", ""
    if state.status == "accepted":
        flow, how_timely = "resolved", timeliness(act.on_date, due_on)
        if how_timely == "early" and status != "resolved":
            how_timely = "on_time"
    after = state._replace(
        status=status,
        ended_on=act.on_date,
        changed_on=act.on_date,
        recorded_at=act.recorded_at,
        timeliness=how_timely,
        entries=state.entries + 1,
    )
    return after, (entry(after, after.entries, flow, act, manner=status),)


def _due(state: Dossier, data: Any, act: Act) -> Step:
    """Guarantee: a dossier that is paused is in due, whatever its date was. Test: test_pending_and_paused_is_in_due."""
    # Before acceptance a supplement is asked for without a due date to move.
    if state.status == "submitted":
        return state, ()
    return move(state, data.due_on or NO_DUE_DATE, state.apologised, act)


def _corrected(state: Dossier, data: Any, act: Act) -> Step:
    """A result that is corrected leaves every count as it is; it is listed."""
    return state, ()


def _apologise(state: Dossier, data: Any, act: Act) -> Step:
    return move(state, state.due_on, True, act)


_OPEN = frozenset({"submitted", "accepted"})
_ENDED = frozenset({"rejected", "withdrawn", "stopped", "resolved"})
_WAITING, _PENDING, _NEVER = frozenset({"submitted"}), frozenset({"accepted"}), frozenset[str]()

# What an event does, the statuses that it may come in, and those in which it is nothing new.
_STEPS: dict[str, tuple[Callable[[Dossier, Any, Act], Step], frozenset[str], frozenset[str]]] = {
    "DossierAccepted.v1": (_accept, _WAITING, frozenset({"accepted", "resolved", "stopped"})),
    "DossierRejected.v1": (_reject, _WAITING, frozenset({"rejected"})),
    "DossierResolved.v1": (_resolve, _PENDING, frozenset({"resolved"})),
    "ProcessingStopped.v1": (_stop, _PENDING, frozenset({"stopped"})),
    "DossierWithdrawn.v1": (_withdraw, _OPEN, frozenset({"withdrawn"})),
    "SupplementRequested.v1": (_due, _OPEN, _NEVER),
    "SupplementAccepted.v1": (_due, _OPEN, _NEVER),
    "FeeRequested.v1": (_due, _PENDING, _NEVER),
    "FeeConfirmed.v1": (_due, _PENDING, _NEVER),
    "FeeWaived.v1": (_due, _PENDING, _NEVER),
    "DueDateChanged.v1": (_due, _PENDING, _NEVER),
    "DueDateExtended.v1": (_due, _PENDING, _NEVER),
    "ResultCorrected.v1": (_corrected, _ENDED, _NEVER),
    "ApologyIssued.v1": (_apologise, _PENDING, _NEVER),
}
