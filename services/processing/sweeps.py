"""Records what became true of dossiers by itself: one sweep for each kind and office, again and again, each fact once.

A sweep records facts; the law's own stop alone ends a dossier. It may die between any two lines: an event stands under an id that
follows from its fact, and is recognised; a row of `fired` is written after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from contracts.calendar import CALENDAR_ID
from services.chassis.log.decider import Context, Executed, Rejected, Stale
from services.chassis.process.turning import Loop, rest, turned
from services.processing import candidates, metrics
from services.processing.calendar import recount_rows
from services.processing.calendar.current import fact_of
from services.processing.candidates import Fact
from services.processing.clock import declaration
from services.processing.clock.working_days import NOT_READ, Calendar, local_day
from services.processing.desk import out_of_reach, payments, queue_rows
from services.processing.desk.carry_out import ACTOR, FACTS, Desk, event_of, record
from services.processing.dossier import becomes_true
from services.processing.dossier.act import Command
from services.processing.dossier.becomes_true import Kind
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.opinion import DeemConsent
from services.processing.dossier.state import Dossier, Held
from services.processing.dossier.stopping import StopProcessing
from services.processing.dossier.supplement import NoteLapse

log = logging.getLogger(__name__)

BATCH = 500
WAIT_SECONDS = 1.0
LOOKS_SECONDS = (0.02, 0.1, 0.3, 0.6)
"""Between looks at a payment that was heard of: it is there once the transaction has ended that heard of it."""

# A loose index scan: as quick with a million dossiers as with ten.
OFFICES = """
WITH RECURSIVE each(office) AS (
    (SELECT office FROM dossiers ORDER BY office LIMIT 1)
    UNION ALL
    SELECT (SELECT d.office FROM dossiers d WHERE d.office > each.office ORDER BY d.office LIMIT 1)
    FROM each WHERE each.office IS NOT NULL
)
SELECT office FROM each WHERE office IS NOT NULL
"""
KEEP = """
INSERT INTO fired (dossier_id, kind, day, true_at) SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::timestamptz[])
ON CONFLICT DO NOTHING
"""

EVENTS_OF_THEIR_OWN: tuple[Kind, ...] = ("stopped_by_law", "supplement_lapsed", "consent_deemed")
_BEGINNING: Fact = (UUID(int=0), date.min, datetime.min.replace(tzinfo=UTC))


async def run(desk: Desk, every_seconds: float) -> None:
    """Sweeps for ever, once the calendar has been read: without it nobody knows what is due."""
    with Loop("sweeps"):
        while True:
            if desk.calendar is not NOT_READ:
                await sweep(desk)
            await rest(every_seconds)


async def run_payments(desk: Desk, heard: asyncio.Event) -> None:
    """Settles a payment as soon as it was heard of, and not when the next sweep comes.

    Guarantee: a fee that is paid is confirmed without waiting for a sweep. Test: test_a_payment_is_confirmed_as_soon_as_it_is_heard_of.
    """
    with Loop("payments"):
        while True:
            turned()
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await heard.wait()
            if not heard.is_set():
                continue
            heard.clear()
            for pause in LOOKS_SECONDS:
                await asyncio.sleep(pause)
                if desk.calendar is not NOT_READ:
                    await settle_payments(desk)


async def settle_payments(desk: Desk) -> None:
    """Looks at what was paid, then at what of it is to be given back."""
    await _guarded("payments", partial(payments.settle, desk))
    await _guarded("payments", partial(payments.weigh_moved, desk), counts=False)


async def sweep(desk: Desk) -> None:
    """Every kind of every office once, and the payments.

    Guarantee: an office whose sweep fails stops no other. Test: test_one_failing_office_stops_no_other.
    """
    metrics.RECOUNT_OUTSTANDING.set(await desk.pool.fetchval(recount_rows.OUTSTANDING))
    lost = await out_of_reach.count(desk.pool, desk.offices, local_day(desk.clock()))
    metrics.OUT_OF_REACH.set(lost)
    await desk.officers.keep()
    await settle_payments(desk)
    for row in await desk.pool.fetch(OFFICES):
        for kind in becomes_true.KINDS:
            await _guarded(kind, partial(sweep_office, desk, kind, row["office"]))


async def _guarded(kind: str, work: Callable[[], Any], *, counts: bool = True) -> None:
    turned()
    try:
        done = await work()
        metrics.FIRED.labels(kind).inc(done if counts else 0)
    except Exception as error:
        metrics.FAILED.labels(kind).inc()
        log.warning("the sweep of %s failed with %s", kind, type(error).__name__)


async def sweep_office(desk: Desk, kind: Kind, office: str) -> int:
    """What became true of one office's dossiers until now; how many facts were recorded.

    Guarantee: swept again, by whatever process, a fact is recorded once. Test: test_a_fact_is_recorded_once.
    Guarantee: between a declaration and the end of its recount nothing is recorded by a date that the recount moves, and what
    waits for it keeps nothing else waiting.
    Tests: test_what_a_recount_is_about_to_move_is_not_recorded, test_what_waits_for_a_recount_keeps_nothing_else_waiting.
    """
    now, done, after = desk.clock(), 0, _BEGINNING
    while True:
        facts, outstanding = await candidates.find(desk.pool, kind, office, now, desk.calendar, after, BATCH)
        if kind in EVENTS_OF_THEIR_OWN:
            kept = [(fact, await _record(desk, kind, fact)) for fact in facts]
        else:
            standing = await _standing(desk, kind, facts) if outstanding else facts
            kept = [(fact, kind) for fact in standing]
        await _keep(desk, [(fact, name) for fact, name in kept if name])
        done += sum(name == kind for _, name in kept)
        if len(facts) < BATCH:
            return done
        after = facts[-1]


async def _keep(desk: Desk, kept: Sequence[tuple[Fact, str]]) -> None:
    if kept:
        rows = [(dossier_id, name, day, at) for (dossier_id, day, at), name in kept]
        await desk.pool.execute(KEEP, *(list(column) for column in zip(*rows, strict=True)))


async def _declared(desk: Desk) -> Calendar:
    """The calendar as the log has it: another process may have declared it a moment ago."""
    return declaration.fold(map(fact_of, await desk.store.load(CALENDAR_ID))).calendar


async def _standing(desk: Desk, kind: Kind, facts: Sequence[Fact]) -> list[Fact]:
    """Those that stand by the calendar that is declared; the others are found again once the recount has moved their dates."""
    declared, ids = await _declared(desk), [dossier_id for dossier_id, _, _ in facts]
    known = await queue_rows.find_for_command(desk.pool, ids, "", date.min)
    histories = await desk.store.load_many(ids)

    def stands(dossier_id: UUID, day: date, at: datetime) -> bool:
        dossier = fold(known[dossier_id].filing, map(event_of, histories[dossier_id]))
        return becomes_true.stands(kind, day, at, dossier, declared)

    return [fact for fact in facts if stands(*fact)]


async def _record(desk: Desk, kind: Kind, found: Fact) -> str | None:
    """The event of a stop by law, a lapse or an agency's silence, at the time at which it became true; under which name to keep that
    it was looked at. None while it is to be looked at again.

    An event is final, so each is decided by the calendar of its own moment and not by that of its page.
    """
    turned()
    dossier_id, day, at = found
    known = (await queue_rows.find_for_command(desk.pool, [dossier_id], "", day))[dossier_id]
    declared = await _declared(desk) if await desk.pool.fetchval(recount_rows.OUTSTANDING) else None
    # The law stops a dossier once, whatever the day: whoever dies before the row of `fired` leaves one that is stopped, not looked at
    # again, and known by this id alone once the stop is reversed.
    # Guarantee: a reversed stop is not recorded again. Test: test_a_stop_that_was_reversed_is_not_recorded_again.
    fact = dossier_id if kind == "stopped_by_law" else f"{dossier_id}/{day}"
    context = Context(uuid5(FACTS, f"{kind}/{fact}"), ACTOR, at)
    waits = False

    def becomes(calendar: Calendar, dossier: Dossier) -> Sequence[Event]:
        nonlocal waits
        waits = not becomes_true.stands(kind, day, at, dossier, declared)
        events: list[Event] = []
        for command in () if waits else facts_of(kind, dossier, local_day(at)):
            decision = decide(command, dossier, calendar)
            events += [] if isinstance(decision, Rejected) else decision
        return events

    done = await record(desk, dossier_id, known, becomes, context)
    if isinstance(done, Stale):
        raise RuntimeError("others act on this dossier just now")
    if isinstance(done, Executed) and done.events:
        return kind
    # Void, as an answer in time was heard of. A stop waits only for the answer to a request to withdraw.
    return None if waits or kind == "stopped_by_law" else f"{kind}:void"


def facts_of(kind: Kind, dossier: Dossier, on: date) -> list[Command]:
    """The commands that tell the log of it; of several silent agencies, one each."""
    if kind == "stopped_by_law":
        return [StopProcessing(max(on, dossier.since), kind, by_law=True)]
    if kind == "supplement_lapsed":
        return [NoteLapse(on)]
    now = dossier.now
    asked = now.opinions if isinstance(now, Held) else ()
    return [DeemConsent(on, each.agency) for each in asked if each.answer is None and each.answer_by < on]
