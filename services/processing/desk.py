"""What the doors share: a command from what a caller asked, one officer's command carried to the log, and how a dossier then stands.

It opens no transaction and knows no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from contracts import catalogue
from contracts.procedure import Abolition
from services.chassis.decider import Context, Executed, Rejected, Stale, execute
from services.chassis.event_store import EventStore, StoredEvent
from services.chassis.tokens import Caller
from services.processing import rights, tables
from services.processing.bodies import (
    Accept,
    Apologise,
    Correct,
    Forward,
    Reject,
    Resolve,
    Return,
    Standing,
    Stop,
)
from services.processing.calendar import Calendar, local_day
from services.processing.deadline import Limit
from services.processing.life import (
    EVENTS,
    AcceptDossier,
    Command,
    CorrectResult,
    Dossier,
    DossierAccepted,
    Event,
    Filing,
    ForwardDossier,
    IssueApology,
    NotAccepted,
    RejectDossier,
    ResolveDossier,
    ReturnResult,
    StopProcessing,
    Submitted,
)
from services.processing.outgoing import official_code
from services.processing.review import decide, evolve, fold, says

KEYS = UUID("8b1f5f0e-3a55-5d0c-9c07-4b6c2f2c6d5e")
"""Names the space of command ids, which follow from the caller and its key."""
UNIT = re.compile(r"[A-Z0-9./_-]{1,40}", re.ASCII)
UNKNOWN = Rejected("dossier-unknown", "no submission under this id has arrived")
REUSED = Rejected("idempotency-key-reused", "this key came with another command before")

Asked = Accept | Reject | Forward | Resolve | Return | Stop | Apologise | Correct


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a command needs from outside. Clock and ids are given."""

    pool: asyncpg.Pool[Any]
    store: EventStore
    calendar: Calendar
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]


def command_of(
    asked: Asked, caller: Caller, filing: Filing, on: date, *, due_on: date | None = None
) -> Command | Rejected:
    """The command behind a body; level and limit come from the catalogue's version of the day of first submission.

    Guarantee: a dossier keeps the version in force when it was submitted, whenever it is accepted.
    Test: test_a_dossier_keeps_the_version_of_its_submission.
    """
    match asked:
        case Accept(unit=unit):
            version = catalogue.version_on(filing.procedure, filing.submitted_on)
            if version is None:
                return Rejected(
                    "procedure-unknown", "the catalogue has no such procedure on the submission's day"
                )
            if isinstance(version, Abolition):
                return Rejected(
                    "procedure-abolished", f"its procedure was abolished on {version.effective_from}"
                )
            taking = unit or caller.unit or filing.office
            if not UNIT.fullmatch(taking):  # a token may say anything, and what is stored must be sayable
                return Rejected("unit-invalid", "the unit in the caller's token is no unit code")
            limit = Limit(version.limit_days, version.limit_unit)
            return AcceptDossier(on, taking, version.level, limit, due_on)
        case Reject(reason=reason):
            return RejectDossier(on, reason)
        case Forward(unit=unit, step=step):
            return ForwardDossier(on, unit, step)
        case Resolve(outcome=outcome, late_reason=late_reason):
            return ResolveDossier(on, outcome, late_reason, reason_may_lack=caller.role == rights.IMPORTER)
        case Return(method=method):
            return ReturnResult(on, method)
        case Stop(reason=reason):
            return StopProcessing(on, reason)
        case Apologise(reason=reason, appointment_on=appointment_on):
            return IssueApology(on, reason, appointment_on)
        case Correct(reason=reason, document=document):
            return CorrectResult(on, reason, document)


def counter_of(event: Event) -> str | None:
    """The counter from which the log draws an acceptance's serial: one for each office and local day."""
    return f"{event.office}/{event.on}" if isinstance(event, DossierAccepted) else None


def decide_as(
    caller: Caller, command: Command, calendar: Calendar, dossier: Dossier
) -> Sequence[Event] | Rejected:
    """The caller's right first, then the law."""
    return (
        rights.refusal(caller, command, dossier)
        or stopped_by_law(command, dossier)
        or decide(command, dossier, calendar)
    )


def stopped_by_law(command: Command, dossier: Dossier) -> Rejected | None:
    """The refusal to accept what an abolition stopped. Asked here and not in command_of: a repeat gets its first answer before."""
    if not isinstance(command, AcceptDossier) or not isinstance(dossier, Submitted):
        return None
    found = catalogue.version_on(dossier.filing.procedure, command.on)
    if not isinstance(found, Abolition) or found.open_dossiers == "kept":
        return None
    return Rejected("procedure-abolished", f"open dossiers were stopped by law on {found.effective_from}")


def queue_row(
    dossier: Dossier, accepted_at: datetime | None
) -> tuple[str, str | None, datetime | None, date | None]:
    """What record() writes beside the events: the state after them."""
    if isinstance(dossier, Submitted | NotAccepted):
        return dossier.status, None, None, None
    return dossier.status, dossier.unit, accepted_at, dossier.due_on


async def carry_out(
    desk: Desk, dossier_id: UUID, caller: Caller, asked: Asked, key: str, version: int, traceparent: str
) -> Standing | Rejected | Stale:
    """One officer's command, from its body to the log.

    Guarantee: a repeat under the same key gets the first answer, whatever happened since.
    Test: test_a_repeat_gets_the_first_answer_before_the_version_is_compared.
    Guarantee: the same key with another command is refused. Test: test_a_key_is_good_for_one_command.
    """
    row = await tables.find(desk.pool, dossier_id)
    if row is None:
        return UNKNOWN
    now = desk.clock()
    command = command_of(asked, caller, row.filing, local_day(now))
    if isinstance(command, Rejected):
        return command
    context = Context(uuid5(KEYS, f"{caller.actor}\n{key}"), caller.actor, now, traceparent=traceparent)

    def rows(dossier: Dossier, events: Sequence[Event], _: int) -> list[tuple[Any, ...]]:
        for event in events:
            dossier = evolve(dossier, event)
        return [queue_row(dossier, now if isinstance(command, AcceptDossier) else None)]

    done = await execute(
        desk.store,
        EVENTS,
        dossier_id,
        partial(fold, row.filing),
        partial(decide_as, caller, command, desk.calendar),
        context,
        desk.new_id,
        expected_version=version,
        counter=counter_of,
        attachment=rows,
    )
    if not isinstance(done, Executed):
        return done
    if done.repeated and not all(says(command, _event(stored)) for stored in done.events):
        return REUSED
    history = await desk.store.load(dossier_id)
    return standing(dossier_id, row.filing, history[: done.version])


def standing(dossier_id: UUID, filing: Filing, history: Sequence[StoredEvent]) -> Standing:
    """How a dossier stands after the events of its log."""
    events = [_event(stored) for stored in history]
    dossier = fold(filing, events)
    return Standing.model_validate(
        {
            "dossier_id": dossier_id,
            "status": dossier.status,
            "version": len(history),
            "code": code_of(filing, events, history),
            "due_on": None if isinstance(dossier, Submitted | NotAccepted) else dossier.due_on,
        }
    )


def code_of(filing: Filing, events: Sequence[Event], history: Sequence[StoredEvent]) -> str | None:
    """The official code that the stored history gave, if it was accepted."""
    for event, stored in zip(events, history, strict=True):
        if isinstance(event, DossierAccepted):
            return official_code(filing.office, event, stored.data)
    return None


def _event(stored: StoredEvent) -> Event:
    return EVENTS.decode(stored.type, stored.schema_version, stored.data)
