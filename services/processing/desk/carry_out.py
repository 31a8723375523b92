"""What the doors share: one officer's command carried to the log, and how a dossier then stands.

It opens no transaction and knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from contracts.catalogue.offices import Offices, load
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Context, Executed, Rejected, Stale, execute
from services.chassis.log.event_store import EventStore, StoredEvent
from services.chassis.log.gathering import Gathering
from services.processing.clock.statutory import text_of
from services.processing.clock.working_days import Calendar, local_day
from services.processing.clock.working_hours import intake_due_at
from services.processing.desk import asked_reversals, queue_rows, registers, rights, words
from services.processing.desk.at_intake import AtIntake
from services.processing.desk.officers import Officers
from services.processing.dossier import explanation
from services.processing.dossier.act import Act, Command, words_of
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.decide import decide, stopped_by_law
from services.processing.dossier.events import EVENTS, DossierAccepted, Event
from services.processing.dossier.history import evolve, fold
from services.processing.dossier.reversal import ReverseAct, proposal_of
from services.processing.dossier.reversal_events import struck_out
from services.processing.dossier.saying import says
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Filing,
    Heard,
    Held,
    Submitted,
    running_clock,
)
from services.processing.dossier.supplement import provided
from services.processing.outgoing import official_code

KEYS = UUID("8b1f5f0e-3a55-5d0c-9c07-4b6c2f2c6d5e")
"""Names the space of command ids, which follow from the caller and its key."""
FACTS = UUID("5d0f2c84-8d4e-5f5e-9a55-0c6b8a2f3e11")
"""Names the space of command ids of what nobody commands, which follow from the fact that is recorded."""
ACTOR = "system/processing"
UNKNOWN = Rejected("dossier-unknown", "no such dossier in your office, or its submission has not arrived")
HIDDEN = replace(UNKNOWN)
"""The same for a dossier that is there and not the caller's to read."""
REUSED = Rejected("idempotency-key-reused", "this key came with another command before")


@dataclass(slots=True)
class Desk:
    """All that a command needs from outside. Clock and ids are given; `calendar` is kept current by current.py."""

    pool: asyncpg.Pool[Any]
    store: EventStore
    calendar: Calendar
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    offices: Offices = field(default_factory=load)
    intake: AtIntake = field(default_factory=AtIntake)
    known: Gathering[queue_rows.Asking, queue_rows.Known] = field(init=False)
    officers: Officers = field(init=False)

    def __post_init__(self) -> None:
        self.known = Gathering(partial(queue_rows.find_known, self.pool))
        self.officers = Officers(self.pool, self.clock)


def counter_of(event: Event) -> str | None:
    """The counter from which the log draws an acceptance's serial: one for each office and local day."""
    return f"{event.office}/{event.on}" if isinstance(event, DossierAccepted) else None


def decide_as(
    caller: Caller,
    stands_for: Collection[str],
    command: Command,
    calendar: Calendar,
    dossier: Dossier,
    *,
    offices: Offices | None = None,
    unknown: Rejected | None = None,
) -> Sequence[Event] | Rejected:
    """The caller's right first, then whether what is named is there, then the law."""
    return (
        rights.refusal(caller, command, dossier, stands_for, offices)
        or unknown
        or stopped_by_law(command, dossier)
        or decide(command, dossier, calendar)
    )


def reached_from(unit: str | None, caller: Caller, offices: Offices, on: date) -> str | None:
    """The unit of which somebody is to have a dossier: its own, or the caller's where that one is no unit of the day."""
    return unit if unit is None or offices.is_unit(unit, on) else caller.unit or caller.office


Row = tuple[Any, ...]
"""The columns of new_standing_v2."""


def queue_row(dossier: Dossier, accepted_at: datetime | None, calendar: Calendar) -> Row:
    """What record_v2() writes beside the events: the state after them. `accepted_at` is None where it stays as it was."""
    now, held = dossier.now, dossier.held
    intake_due = intake_due_at(now.since_at, calendar) if isinstance(now, Submitted) else None
    deadline_on = now.request.deadline_on if isinstance(now, AwaitingSupplement | AwaitingPayment) else None
    waits = [a.answer_by for a in now.opinions if a.answer is None] if isinstance(now, Held) else []
    requested = now.sequence if isinstance(now, AwaitingSupplement | AwaitingPayment) else None
    brought = requested if isinstance(now, AwaitingSupplement) and provided(now, dossier) else 0
    clock = running_clock(dossier)
    return (
        now.status,
        held and held.unit,
        held and held.officer,
        accepted_at,
        dossier.due_on,
        intake_due,
        deadline_on,
        dossier.answered,
        min(waits, default=None),
        bool(held and held.apology),
        requested,
        brought,
        clock and text_of(clock),
        dossier.since,
    )


async def carry_out(
    desk: Desk,
    dossier_id: UUID,
    caller: Caller,
    act: Act,
    asked: Asked,
    key: str,
    version: int,
    traceparent: str,
    token: str = "",
) -> dict[str, Any] | Rejected | Stale:
    """One officer's command, from its body to the log. With the caller's `token` intake is asked to keep what is said in words.

    Guarantee: a repeat under the same key gets the first answer, whatever happened since.
    Test: test_a_repeat_gets_the_first_answer_before_the_version_is_compared.
    Guarantee: the same key with another command is refused. Test: test_a_key_is_good_for_one_command.
    """
    now = desk.clock()
    known = await desk.known.get((dossier_id, caller.subject, local_day(now)))
    if known is None:
        return UNKNOWN
    row = known.row
    # Most see what they act on: only for a stranger the log is read to find out.
    if not rights.may_see(caller, row.office, row.unit):
        history = await desk.store.load(dossier_id)
        if rights.is_hidden(caller, row.office, row.unit, history):
            return HIDDEN
    unit = reached_from(row.unit, caller, desk.offices, local_day(now))
    command = act.command_of(asked, Order(caller, known.filing, now, unit))
    if isinstance(command, Rejected):
        return command
    named: Any = command
    officers = await desk.officers.of(named.unit, command.on) if act.names == "officer" else None
    refused = registers.unknown(act, command, desk.offices, officers)
    if isinstance(command, ReverseAct):
        await asked_reversals.keep(desk.pool, dossier_id)
    context = Context(uuid5(KEYS, f"{caller.actor}\n{key}"), caller.actor, now, traceparent=traceparent)
    deciding = partial(decide_as, caller, known.stands_for, offices=desk.offices, unknown=refused)
    if (text := getattr(asked, "words", None)) is not None:
        unsaid = partial(deciding, replace(command, words=words.UNSAID))  # type: ignore[type-var]
        kept = await _keep(desk, dossier_id, known, text, unsaid, context.command_id, version, token)
        if not isinstance(kept, str):
            return kept
        command = replace(command, words=kept)  # type: ignore[type-var]
    done = await record(desk, dossier_id, known, partial(deciding, command), context, version)
    if not isinstance(done, Executed):
        return done
    # What follows from the first event, deadlines that a reversal brings back, no command asked for.
    if done.repeated:
        first = event_of(done.events[0])
        if not says(command, first) or words_of(first) != getattr(command, "words", None):
            return REUSED
    return standing(desk, dossier_id, known.filing, done.history[: done.version], known.heard)


async def _keep(
    desk: Desk,
    dossier_id: UUID,
    known: queue_rows.Known,
    text: str,
    unsaid: Callable[[Calendar, Dossier], Sequence[Event] | Rejected],
    command_id: UUID,
    version: int,
    token: str,
) -> str | Rejected | Stale:
    """What names the words of a command that is taken, or was taken before; why it is refused otherwise.

    Guarantee: what is refused leaves no words behind. Test: test_words_of_a_refused_act_are_not_kept.
    """
    history = await desk.store.load(dossier_id)
    if all(stored.command_id != command_id for stored in history):
        if len(history) != version:
            return Stale(len(history))
        events = [event_of(stored) for stored in history]
        refused = unsaid(desk.calendar, fold(known.filing, events, known.heard))
        if isinstance(refused, Rejected):
            return refused
    return await words.keep(desk.intake, dossier_id, text, command_id, token)


async def record(
    desk: Desk,
    dossier_id: UUID,
    known: queue_rows.Known,
    decide: Callable[[Calendar, Dossier], Sequence[Event] | Rejected],
    context: Context,
    version: int | None = None,
) -> Executed | Rejected | Stale:
    """Decides on the dossier as the log has it, and records what follows with its row of the queue."""

    def rows(dossier: Dossier, events: Sequence[Event], _: int) -> list[Row]:
        for event in events:
            dossier = evolve(dossier, event)
        accepted = any(isinstance(event, DossierAccepted) for event in events)
        return [queue_row(dossier, context.occurred_at if accepted else None, desk.calendar)]

    return await execute(
        desk.store,
        EVENTS,
        dossier_id,
        partial(fold, known.filing, heard=known.heard),
        # At every attempt anew: whoever was slower than a recount decides by the calendar of then. Nothing is awaited between a
        # decision and its row, so that one calendar makes both.
        lambda dossier: decide(desk.calendar, dossier),
        context,
        desk.new_id,
        expected_version=version,
        counter=counter_of,
        attachment=rows,
    )


def standing(
    desk: Desk,
    dossier_id: UUID,
    filing: Filing,
    history: Sequence[StoredEvent],
    heard: tuple[Heard, ...] = (),
) -> dict[str, Any]:
    """How a dossier stands after the events of its log: the members of Standing."""
    events = [event_of(stored) for stored in history]
    dossier = fold(filing, events, heard)
    now, held, today = dossier.now, dossier.held, local_day(desk.clock())
    deadline_on = now.request.deadline_on if isinstance(now, AwaitingSupplement | AwaitingPayment) else None
    since = held.clock.accepted_on if held else filing.submitted_on
    due_on = None if isinstance(now, Ended) else dossier.due_on
    return {
        "dossier_id": str(dossier_id),
        "status": dossier.status,
        "version": len(history),
        "code": code_of(filing, events, history),
        "due_on": dossier.due_on,
        "reversal_waits": proposal_of(dossier.acts) is not None,
        "warnings": explanation.warnings(dossier.status, since, (due_on, deadline_on), today, desk.calendar),
    }


async def dossier_of(desk: Desk, row: queue_rows.DossierRow) -> Dossier:
    """A dossier as its log has it; what the applicant did beside it is left out."""
    return fold(row.filing, [event_of(stored) for stored in await desk.store.load(row.dossier_id)])


def code_of(filing: Filing, events: Sequence[Event], history: Sequence[StoredEvent]) -> str | None:
    """The official code that the stored history gave, if it is accepted; an acceptance that was reversed gave none."""
    struck = struck_out(events)
    for event, stored in zip(events, history, strict=True):
        if isinstance(event, DossierAccepted) and stored.version not in struck:
            return official_code(filing.office, event, stored.data)
    return None


def event_of(stored: StoredEvent) -> Event:
    """The event as today's class."""
    return EVENTS.decode(stored.type, stored.schema_version, stored.data)
