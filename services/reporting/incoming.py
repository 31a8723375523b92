"""From the events of intake and processing to report entries, the state of each dossier, and counters.

Owns the fold `enter` (pure: no clock, no database) and the batch that writes what it gives. It counts changes of a
dossier's state, never events, and never edits or removes an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict

from contracts import catalogue
from services.chassis.ordering import Delivered
from services.reporting.tables import COUNTED_FROM, Counter, Dossier, Entry, load_dossiers, save

# Việt Nam has had no other offset since 1975, so a day needs no zone database.
ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


class _Narrow(BaseModel):
    """What reporting needs of a message and nothing else."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Submitted(_Narrow):
    procedure: str
    office: str
    channel: str


class Accepted(_Narrow):
    procedure: str
    level: str
    office: str
    unit: str
    channel: str


class Rejected(_Narrow):
    """Its reason is not counted yet."""


class Resolved(_Narrow):
    due_on: date | None = None


class Stopped(_Narrow):
    due_on: date | None = None


APPLIED: dict[str, type[BaseModel]] = {
    "DossierSubmitted.v1": Submitted,
    "DossierAccepted.v1": Accepted,
    "DossierRejected.v1": Rejected,
    "DossierResolved.v1": Resolved,
    "ProcessingStopped.v1": Stopped,
}
PASSED_OVER = frozenset(
    {"DossierForwarded.v1", "ResultReturned.v1", "ApologyIssued.v1", "ResultCorrected.v1"}
)

Step = tuple[Dossier, Sequence[Entry]]


class ImpossibleStep(ValueError):
    """The dossier cannot take this step: the reader holds it, and everything else flows on."""


def local_date(at: datetime) -> date:
    """The day an instant belongs to. Guarantee: a day is a day in Việt Nam, not in UTC. Test: test_a_day_is_local."""
    return at.astimezone(ZONE).date()


def enter(state: Dossier | None, delivered: Delivered) -> Step:
    """The dossier after one event, and the entries that it gives.

    Guarantee: counters count changes of state, so a fact stated twice is counted once. Test: test_a_fact_stated_twice_counts_once.
    Guarantee: a step that the dossier cannot take is never counted and never skipped. Test: test_an_impossible_step_is_refused.
    """
    if delivered.type == "DossierSubmitted.v1":
        return _submit(delivered) if state is None else (state, ())
    if state is None:
        raise ImpossibleStep(f"{delivered.type} before submission")
    step, taken_from, already = _STEPS[delivered.type]
    if state.status == taken_from:
        # Clocks of two services disagree by milliseconds, and midnight may fall between them: no state ends before it began.
        on_date = max(local_date(delivered.occurred_at), state.changed_on)
        return step(state, delivered.data, on_date, max(delivered.recorded_at, state.recorded_at))
    if state.status in already:
        return state, ()
    raise ImpossibleStep(f"{delivered.type} when {state.status}")


def timeliness(ended_on: date, due_on: date | None) -> str:
    """Compares dates, not times; without a due date an end is on time (the official report, Biểu II.06a/VPCP/KSTT)."""
    if due_on is None or ended_on == due_on:
        return "on_time"
    return "early" if ended_on < due_on else "late"


def _submit(delivered: Delivered) -> Step:
    data: Submitted = delivered.data
    on_date = local_date(delivered.occurred_at)
    procedure = catalogue.find(data.procedure)
    state = Dossier(
        dossier_id=delivered.stream_id,
        status="submitted",
        procedure=data.procedure,
        field=procedure.field if procedure else "",
        level=procedure.level_on(on_date) if procedure else "full",
        # The official report knows three doors; what is neither online nor postal counts as in person.
        channel=data.channel if data.channel in ("online", "postal") else "in_person",
        office=data.office,
        unit="",
        submitted_on=on_date,
        accepted_on=None,
        ended_on=None,
        changed_on=on_date,
        recorded_at=delivered.recorded_at,
        timeliness="",
        entries=1,
    )
    return state, (_entry(state, 1, "submitted", on_date, delivered.recorded_at),)


def _accept(state: Dossier, data: Accepted, on_date: date, recorded_at: datetime) -> Step:
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
        accepted_on=on_date,
        changed_on=on_date,
        recorded_at=recorded_at,
        entries=state.entries + (3 if moved else 1),
    )
    accepted = _entry(after, after.entries, "received_new", on_date, recorded_at)
    if not moved:
        return after, (accepted,)
    taken = _entry(state, state.entries + 1, "submitted", state.submitted_on, recorded_at, amount=-1)
    given = _entry(after, state.entries + 2, "submitted", state.submitted_on, recorded_at)
    return after, (taken, given, accepted)


def _reject(state: Dossier, data: Rejected, on_date: date, recorded_at: datetime) -> Step:
    return _end(state, "rejected", "not_accepted", "", on_date, recorded_at)


def _resolve(state: Dossier, data: Resolved, on_date: date, recorded_at: datetime) -> Step:
    return _end(state, "resolved", "resolved", timeliness(on_date, data.due_on), on_date, recorded_at)


def _stop(state: Dossier, data: Stopped, on_date: date, recorded_at: datetime) -> Step:
    """Only a resolved one can be early: one that is handed back is on time, or late after its due date.

    Guarantee: a stopped dossier counts as resolved and never as early. Test: test_a_stopped_dossier_is_resolved_and_never_early.
    """
    late = timeliness(on_date, data.due_on) == "late"
    return _end(state, "stopped", "resolved", "late" if late else "on_time", on_date, recorded_at)


def _end(
    state: Dossier, status: str, flow: str, how_timely: str, on_date: date, recorded_at: datetime
) -> Step:
    after = state._replace(
        status=status,
        ended_on=on_date,
        changed_on=on_date,
        recorded_at=recorded_at,
        timeliness=how_timely,
        entries=state.entries + 1,
    )
    return after, (_entry(after, after.entries, flow, on_date, recorded_at),)


# What an event does, the status that it leads away from, and the statuses in which it is nothing new.
_STEPS: dict[str, tuple[Callable[[Dossier, Any, date, datetime], Step], str, frozenset[str]]] = {
    "DossierAccepted.v1": (_accept, "submitted", frozenset({"accepted", "resolved", "stopped"})),
    "DossierRejected.v1": (_reject, "submitted", frozenset({"rejected"})),
    "DossierResolved.v1": (_resolve, "accepted", frozenset({"resolved"})),
    "ProcessingStopped.v1": (_stop, "accepted", frozenset({"stopped"})),
}


def _entry(
    of: Dossier, number: int, flow: str, on_date: date, recorded_at: datetime, amount: int = 1
) -> Entry:
    return Entry(
        of.dossier_id,
        number,
        recorded_at,
        amount,
        of.field,
        of.unit,
        on_date,
        flow,
        of.timeliness if flow == "resolved" else "",
        of.procedure,
        of.office,
        of.channel,
        of.level,
    )


async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
    """One load of the batch's dossiers, one fold, one write, inside the transaction that moves the reader's position."""
    states = await load_dossiers(connection, {delivered.stream_id for delivered in deliveries})
    changed: dict[UUID, Dossier] = {}
    entries: list[Entry] = []
    sums: dict[tuple[Any, ...], int] = {}
    for delivered in deliveries:
        stream_id = delivered.stream_id
        before = states.get(stream_id)
        after, made = enter(before, delivered)
        if after is before:
            continue
        states[stream_id] = changed[stream_id] = after
        entries += made
        for entry in made:
            row = (delivered.partition, *entry[COUNTED_FROM:])
            sums[row] = sums.get(row, 0) + entry.amount
    if changed:
        counters = sorted((*row, amount) for row, amount in sums.items() if amount)
        await save(connection, list(changed.values()), entries, [Counter(*row) for row in counters])
