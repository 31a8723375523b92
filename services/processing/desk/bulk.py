"""The bulk door: many dossiers at once, each item's acts folded in memory and recorded together or not at all.

Promises one answer per item, that an item sent again records nothing twice, and that one sent again with more acts goes on
where it stood. An import gives business times; who acts now gives none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import orjson

from services.chassis.http.access import denied
from services.chassis.http.batches import Batch, Refused
from services.chassis.http.tokens import Caller
from services.chassis.kafka.feeds import IMPORTER
from services.chassis.log.decider import ATTEMPTS, Context, Rejected, admitted, new_events
from services.chassis.log.event_store import Appended, Item, StoredEvent
from services.processing.clock.working_days import ZONE, Calendar, local_day
from services.processing.desk import asked_reversals, queue_rows, registers, rights
from services.processing.desk.bulk_answers import Told, malformed, refused, told
from services.processing.desk.bulk_bodies import AcceptAct, BulkItem, Correction, ToldSubmission
from services.processing.desk.carry_out import (
    Desk,
    code_of,
    counter_of,
    decide_as,
    event_of,
    queue_row,
    reached_from,
)
from services.processing.dossier.act import Command
from services.processing.dossier.asked import Order
from services.processing.dossier.correction import correction_of
from services.processing.dossier.decide import BY_NAME
from services.processing.dossier.events import EVENTS, DossierAccepted, Event
from services.processing.dossier.history import as_told, fold
from services.processing.dossier.official_code import issue
from services.processing.dossier.repeats import (
    Asked,
    Difference,
    Missing,
    corrected_away,
    difference_of,
    missing_of,
)
from services.processing.dossier.reversal import ReverseAct, strike
from services.processing.dossier.saying import members, words
from services.processing.dossier.state import Dossier, Filing, Submitted, new

ROUTE = "/v1/bulk"
BYTES_MAX = 4 * 1_048_576
CLOCKS_DIFFER = timedelta(minutes=5)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # the first hours of the calendar have no local day
NOT_YET_KNOWN = Rejected(
    "not-yet-known", "no such dossier in your office, or its submission has not arrived; try again"
)
SUBMISSION_TO_COME = Rejected(
    "not-yet-known",
    "its submission as it is told now has not arrived; until then nothing rests on it; try again",
)
ACTED_ON_HERE = Rejected(
    "acted-on-here",
    "what was done here rests on the submission as it was told before: have a supervisor reverse it, if the log is right, and import again",
)
CASE_OF_ANOTHER = Rejected("case-of-another-dossier", "this case acted on another dossier before")
TWICE = Rejected("dossier-twice", "an earlier item of this batch is about the same dossier")
CONTENDED = Rejected("contended", "others act on this dossier just now; try again")


async def act_on_many(desk: Desk, batch: Batch[BulkItem], caller: Caller, traceparent: str) -> bytes:
    """Carries out every item and answers for each, in order; the answers' JSON."""
    sound = [item for item in batch.items if isinstance(item, BulkItem)]
    rows = await queue_rows.find_for_command(
        desk.pool, [item.dossier_id for item in sound], caller.subject, local_day(desk.clock())
    )
    await admitted(desk.store)
    histories = await desk.store.load_many([i for i, known in rows.items() if known.row.version])
    importing = rights.imports(caller)
    others = await _cases_of_others(desk, sound, rows) if importing else set()

    hidden = 0

    def told_at_once(item: BulkItem | Refused, first: bool) -> Told | None:
        """What is answered to an item of which nothing can be recorded."""
        nonlocal hidden
        if isinstance(item, Refused):
            return malformed(item)
        known = rows.get(item.dossier_id)
        if known is None:
            return refused(item, NOT_YET_KNOWN)
        if not first:
            return refused(item, TWICE)
        by = known.row.import_source
        if importing and (foreign := rights.not_to_be_imported(item.source, item.case, by)):
            return refused(item, foreign)
        if (item.source, item.case) in others:
            return refused(item, CASE_OF_ANOTHER)
        if rights.is_hidden(caller, known.row.office, known.row.unit, histories.get(item.dossier_id, [])):
            hidden += 1
            return refused(item, NOT_YET_KNOWN)
        return None

    seen, answers, recorded = set[UUID](), list[Told | None](), []
    for item in batch.items:
        answers.append(told_at_once(item, isinstance(item, Refused) or item.dossier_id not in seen))
        if isinstance(item, BulkItem):
            seen.add(item.dossier_id)
        # Whoever is refused needs no task: hundreds of them would hold the loop at once.
        if isinstance(item, BulkItem) and answers[-1] is None:
            known, history = rows[item.dossier_id], histories.get(item.dossier_id, [])
            recorded.append(_record(desk, item, known, history, caller, traceparent))
    acted = iter(await asyncio.gather(*recorded))
    if hidden:
        denied(NOT_YET_KNOWN.code, ROUTE, hidden)
    return orjson.dumps({"answers": [next(acted) if each is None else each for each in answers]})


async def _cases_of_others(
    desk: Desk, items: Sequence[BulkItem], rows: Mapping[UUID, queue_rows.Known]
) -> set[tuple[str | None, str | None]]:
    """The cases among the items that belong to other dossiers than they say.

    Guarantee: a case acts on one dossier for ever. Test: test_a_case_acts_on_one_dossier_for_ever.
    """
    own = [
        i
        for i in items
        if (k := rows.get(i.dossier_id))
        and not rights.not_to_be_imported(i.source, i.case, k.row.import_source)
    ]
    cases = [(i.source, i.case, i.dossier_id) for i in own if i.source is not None and i.case is not None]
    owners = await queue_rows.claim_cases(desk.pool, cases)
    return {case[:2] for case, owner in zip(cases, owners, strict=True) if owner != case[2]}


async def _record(
    desk: Desk,
    item: BulkItem,
    known: queue_rows.Known,
    history: list[StoredEvent],
    caller: Caller,
    traceparent: str,
) -> Told:
    """All that is missing of one item, as one item of several events.

    Guarantee: an item is recorded whole or not at all. Test: test_an_item_is_recorded_whole_or_not_at_all.
    """
    filing = known.filing
    rests = item.submission is None or _rests(item.submission, filing)
    if not rests and item.correction is None:
        return refused(item, SUBMISSION_TO_COME)
    # On another submission nothing can be told: what rests on it is struck out.
    acts = item if rests else item.model_copy(update={"acts": []})
    now = desk.clock()
    unit = reached_from(known.row.unit, caller, desk.offices, local_day(now))
    asked = commands_of(acts, caller, filing, unit, now)
    if isinstance(asked, Rejected):
        return refused(item, asked)
    names, commands = [act.act for act in acts.acts], [command for command, _ in asked.commands]
    officers = (
        None
        if asked.dated
        else await registers.officers_named(desk.officers, names, commands, local_day(now))
    )
    unknown = registers.unknown_in(names, commands, desk.offices, officers)
    if any(isinstance(command, ReverseAct) and command.by for command, _ in asked.commands):
        await asked_reversals.keep(desk.pool, item.dossier_id)

    def decide(command: Command, dossier: Dossier) -> Sequence[Event] | Rejected:
        then = dossier if item.correction is None else as_told(dossier)
        return decide_as(
            caller,
            known.stands_for,
            command,
            desk.calendar,
            then,
            offices=desk.offices,
            unknown=unknown.get(command),
        )

    opened = new(filing, known.heard)
    for _ in range(ATTEMPTS):
        events = [event_of(stored) for stored in history]
        imported = [stored.occurred_at if stored.actor.startswith(IMPORTER) else None for stored in history]
        differs = difference_of(asked, opened, events, imported, decide) if asked.dated else None
        if differs is None:
            missing = missing_of(asked, opened, events, decide, corrected_away(asked, events, imported))
        elif item.correction is None:
            return refused(item, _told_otherwise(item, asked, differs))
        else:
            striking = partial(_strike, item.correction, desk.calendar)
            missing = correction_of(differs, asked, opened, events, imported, decide, striking)
        if isinstance(missing, Rejected):
            return refused(item, missing)
        if not missing.events and not rests:
            acted = not isinstance(fold(filing, events).now, Submitted)
            return refused(item, ACTED_ON_HERE if acted else SUBMISSION_TO_COME)
        if not missing.events:
            code = code_of(filing, events, history)
            return told(item, "repeated", version=len(history), dossier_code=code)
        answer = await desk.store.append(
            _item(desk, item.dossier_id, missing, len(history), caller, traceparent)
        )
        if isinstance(answer, Appended):
            if not rests:
                return refused(item, SUBMISSION_TO_COME)
            code = _drawn(filing, missing, answer.numbers) or code_of(filing, events, history)
            outcome = "recorded" if differs is None else "corrected"
            return told(item, outcome, version=answer.version, dossier_code=code)
        # Somebody was quicker, or the answer was lost: what stands now decides what is still missing.
        history = await desk.store.load(item.dossier_id)
    return refused(item, CONTENDED)


def _rests(told: ToldSubmission, filing: Filing) -> bool:
    return filing == Filing(told.procedure, told.office or filing.office, told.channel, told.submitted_at)


def _told_otherwise(item: BulkItem, asked: Asked, found: Difference) -> Rejected:
    """What an import tells otherwise than before. Guarantee: a repeat is the same content, not the same name.

    Test: test_a_case_that_its_log_tells_otherwise_now_is_refused.
    """
    recorded = f"the record has {words(found.event)} at {found.at.astimezone(ZONE).isoformat()}"
    if found.place is None:
        return Rejected("differs-from-record", f"{recorded}; the import tells it no longer")
    command, at = asked.commands[found.place]
    now = f"the import tells {item.acts[found.place].act} at {at.astimezone(ZONE).isoformat()}{members(command)}"
    return Rejected("differs-from-record", f"{recorded}; {now}")


def _strike(
    correction: Correction, calendar: Calendar, dossier: Dossier, version: int, on: date
) -> Sequence[Event]:
    return strike(ReverseAct(on, version, correction.reason, correction.document), dossier, calendar)


def commands_of(
    item: BulkItem, caller: Caller, filing: Filing, unit: str | None, now: datetime
) -> Asked | Rejected:
    """An item's acts as commands. Only an import gives business times, none of them in the future."""
    importing = rights.imports(caller)
    if item.correction is not None and not importing:
        return Rejected("correction-not-allowed", "an import corrects what it told before, and nobody else")
    commands: list[tuple[Command, datetime]] = []
    for act in item.acts:
        due_on = act.due_on if isinstance(act, AcceptAct) else None
        if importing and act.at is None:
            return Rejected("business-time-missing", f"{act.act}: an import says when it happened")
        if not importing and (act.at is not None or due_on is not None):
            return Rejected("business-time-not-allowed", f"{act.act}: only an import gives times of its own")
        if getattr(act, "words", None) is not None:
            return Rejected("words-not-in-bulk", f"{act.act}: words are said with one act, at its own door")
        at = act.at or now
        if at < EARLIEST:
            return Rejected("too-long-ago", f"{act.act}: it happened in 1900 or later")
        if at > now + CLOCKS_DIFFER:
            return Rejected("in-the-future", f"{act.act}: an import tells what has happened")
        command = BY_NAME[act.act].command_of(act, Order(caller, filing, at, unit, due_on))
        if isinstance(command, Rejected):
            return command
        unit = getattr(command, "unit", unit)  # who is to take, assign or hand over next is of that unit
        commands.append((command, at))
    return Asked(commands, importing)


def _item(
    desk: Desk, dossier_id: UUID, missing: Missing, version: int, caller: Caller, traceparent: str
) -> Item:
    context = Context(desk.new_id(), caller.actor, desk.clock(), traceparent=traceparent)
    accepted_at = next((at for event, at in missing.events if isinstance(event, DossierAccepted)), None)
    return Item(
        stream_id=dossier_id,
        expected_version=version,
        command_id=context.command_id,
        events=[
            stored
            for event, at in missing.events
            for stored in new_events(
                EVENTS, [event], replace(context, occurred_at=at), desk.new_id, counter_of
            )
        ],
        actor=caller.actor,
        traceparent=traceparent,
        attachment=[queue_row(missing.dossier, accepted_at, desk.calendar)],
    )


def _drawn(filing: Filing, missing: Missing, numbers: list[int]) -> str | None:
    """The code that this append gave, if the acceptance was in it."""
    for event, _ in missing.events:
        if isinstance(event, DossierAccepted):
            return issue(filing.office, event.on, numbers[0])
    return None
