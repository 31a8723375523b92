"""The way of an applicant's act after the submission: what is known of the dossier, decide, append with what is kept beside it.

Promises that a repeat gets the first answer and that an act is kept whole: its event, what was brought, which payment it was.
Never changes where a dossier stands: that is the authority's answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypedDict
from uuid import UUID, uuid5

import asyncpg
import orjson
from pydantic import BaseModel

from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.problems import Problem
from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import may_read
from services.chassis.log.decider import Context, Rejected, new_events
from services.chassis.log.event_store import Appended, Conflict, EventStore, Item, RepeatKey, StoredEvent
from services.chassis.process import logs
from services.intake.dossier import (
    EVENTS,
    ApplicantsAct,
    FeePaid,
    Filed,
    PayFee,
    ProvideSupplement,
    SupplementProvided,
    WithdrawalRequested,
    decide,
    fold,
)
from services.intake.following import FIND, Row, asked_for, filed_of, moved_to, own_acts, steps_of
from services.intake.national import ENDED
from services.intake.papers import attached
from services.intake.papers.attached import Named
from services.intake.papers.paper import PaperFiled
from services.intake.people import store as people
from services.intake.submitting import Intake, refuse_other_body
from services.intake.usual import ZONE

KEYS = UUID("c0a6d5a8-6c3d-5a0e-9f55-0d2f6e2f7a11")
"""Names the space of command ids, which follow from the caller and its key."""
PAYMENTS = UUID("5b0b7a51-6f0e-5f55-8f0c-3f1b6f6b9d02")
"""Names the space of the command ids of a provider's payments, which follow from its own id of each."""


class Appending(TypedDict):
    function: str
    attachment_type: str


ACTS: Final[Appending] = {"function": "record_acts_v2", "attachment_type": "new_act_v2"}


class RecordedAct(BaseModel):
    """The receipt of an act. `already_ended`: it is kept, and changes nothing. `sequence` is its place among the applicant's acts."""

    dossier_id: UUID
    what: Literal["SupplementProvided", "WithdrawalRequested", "FeePaid"]
    outcome: Literal["recorded", "already_ended"]
    sequence: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What intake knows of a dossier when an act comes: both histories."""

    dossier_id: UUID
    own: Sequence[Row]
    steps: Sequence[Row]

    @property
    def ended(self) -> bool:
        return moved_to(self.steps) in ENDED

    @property
    def supplement_request(self) -> int | None:
        """The sequence of the request for papers that is open, as far as it has been heard of."""
        asked = asked_for(self.steps)
        return asked.sequence if asked and asked.kind == "supplement" else None

    @property
    def anything_asked(self) -> bool:
        """Whether papers were ever asked for, as far as it has been heard of."""
        return any(step.what == "SupplementRequested" for step in self.steps)

    @property
    def filed(self) -> Filed:
        return filed_of(self.own)


@dataclass(slots=True)
class Applicants:
    """All that an act needs from outside; `acts` appends to the same log as the intake's own store."""

    intake: Intake
    acts: EventStore
    pool: asyncpg.Pool[Any]


def _event(row: Row) -> Any:
    assert row.data is not None
    return EVENTS.decode(row.what, row.schema_version, row.data)


def unknown(*, denied: bool = False) -> Problem:
    """What is answered of a dossier that is not there, and of one that is not the caller's to read."""
    return Problem(404, "dossier-unknown", "no such dossier of yours or your office", denied=denied)


async def find(applicants: Applicants, dossier_id: UUID) -> Known:
    """What is known of a dossier, or Problem 404."""
    logs.subject.set(str(dossier_id))
    rows = [Row(*row) for row in await applicants.pool.fetch(FIND, dossier_id)]
    own = own_acts(rows)
    # The authority's acts may be here before the submission that they are about.
    if not own:
        raise unknown()
    return Known(dossier_id, own, steps_of(rows))


async def find_for(applicants: Applicants, dossier_id: UUID, caller: Caller) -> Known:
    """The same for who may read it: the portal that submitted it, and its office.

    Guarantee: nobody acts for somebody else's dossier. Test: test_nobody_acts_on_anothers_dossier.
    """
    known = await find(applicants, dossier_id)
    if not may_read(caller, office=known.filed.office, filer=known.own[0].actor):
        raise unknown(denied=True)
    return known


def key_of(intake: Intake, dossier_id: UUID, caller: Caller, key: str, what: str, raw: bytes) -> RepeatKey:
    """A key is good for one act on one dossier."""
    return intake.repeat_key(caller.actor, key, raw, f"{what}\n{dossier_id}\n".encode())


def supplement(
    intake: Intake, known: Known, content: bytes, papers: Sequence[Named] = ()
) -> tuple[ProvideSupplement, people.Act]:
    """What was brought, as a command that commits to it and the row that keeps it."""
    salt = intake.salt()
    committed = people.commitment(salt, content, attached.manifest(papers))
    return ProvideSupplement(known.supplement_request, committed, known.ended), people.Act(0, content, salt)


async def bring(
    applicants: Applicants,
    known: Known,
    content: bytes,
    asked: Sequence[PaperFiled],
    key: RepeatKey,
    traceparent: str,
) -> bytes:
    """A supplement with its papers; the answer's JSON."""
    intake, filed = applicants.intake, known.filed
    papers = await attached.asked_for(intake.uploads, key.caller, asked, filed.procedure, filed.submitted_at)
    if isinstance(papers, Problem):
        if await applicants.acts.find_first(key) is None:
            raise papers
        papers = []  # what was brought before is answered again
    command, kept = supplement(intake, known, content, papers)
    await attached.name(applicants.pool, known.dossier_id, command.content_commitment, papers, key)
    return await carry_out(applicants, known, command, key, traceparent, [kept])


async def carry_out(
    applicants: Applicants,
    known: Known,
    command: ApplicantsAct,
    key: RepeatKey,
    traceparent: str,
    kept: Sequence[people.Act] = (),
) -> bytes:
    """One act under the caller's key, to the log; the answer's JSON.

    Guarantee: a repeat of an act gets the first answer, whatever happened since. Test: test_a_repeated_act_gets_the_first_answer.
    """
    command_id = uuid5(KEYS, f"{key.caller}\n{key.key}")
    context = Context(command_id, key.caller, applicants.intake.clock(), traceparent=traceparent)
    answer = await applicants.acts.append(item_of(applicants.intake, known, command, context, kept, key))
    if not isinstance(answer, Appended):
        assert not isinstance(answer, Conflict), "no version was expected"
        refuse_other_body(answer.body_hmac, key)
    return await _answer(applicants, known.dossier_id, command_id)


def item_of(
    intake: Intake,
    known: Known,
    command: ApplicantsAct,
    context: Context,
    kept: Sequence[people.Act] = (),
    repeat: RepeatKey | None = None,
) -> Item:
    """The decided act as the store takes it, at the end of the stream: no act of an applicant's depends on another one's."""
    events = decide(command, fold(_event(row) for row in known.own), PROCEDURES, intake.offices)
    if isinstance(events, Rejected):
        raise Problem(422, events.code, events.detail)
    return Item(
        stream_id=known.dossier_id,
        expected_version=None,
        command_id=context.command_id,
        events=new_events(EVENTS, events, context, intake.new_id),
        actor=context.actor,
        traceparent=context.traceparent,
        repeat=repeat,
        attachment=kept,
    )


async def _answer(applicants: Applicants, dossier_id: UUID, command_id: UUID) -> bytes:
    """The answer as it follows from the log alone, the same each time it is made."""
    history = await applicants.acts.load(dossier_id)
    found = next((stored for stored in history if stored.command_id == command_id), None)
    if found is None:  # the key was used for another dossier, whose body said the same
        raise Problem(422, "idempotency-key-reused", "this Idempotency-Key came before with another body")
    return answer_of(found)


def answer_of(stored: StoredEvent) -> bytes:
    event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
    assert isinstance(event, SupplementProvided | WithdrawalRequested | FeePaid)
    return orjson.dumps(
        {
            "dossier_id": str(stored.stream_id),
            "what": stored.type,
            "outcome": "already_ended" if event.ended else "recorded",
            "sequence": stored.version,
            "recorded_at": stored.recorded_at.astimezone(ZONE),
        }
    )


FIRST_PAYMENT = "SELECT dossier_id, body_hmac FROM payments WHERE reference = $1"


async def take_payment(
    applicants: Applicants,
    known: Known,
    command: PayFee,
    reference: str,
    marks: Sequence[bytes],
    context: Context,
) -> bytes:
    """A provider's payment, recorded once for ever; the answer's JSON.

    Guarantee: a payment is recorded once, however often and wherever it is told. Test: test_a_payment_is_recorded_once_for_ever.
    """
    kept = people.Act(0, reference=reference, body_hmac=marks[0])
    first = await applicants.pool.fetchrow(FIRST_PAYMENT, reference)
    if first is None:
        # Told of another dossier a moment ago, it is not recorded for this one, and what stands is compared below.
        with suppress(asyncpg.UniqueViolationError):
            await applicants.acts.append(item_of(applicants.intake, known, command, context, [kept]))
        first = await applicants.pool.fetchrow(FIRST_PAYMENT, reference)
        assert first is not None
    if not any(hmac.compare_digest(first["body_hmac"], mark) for mark in marks):
        raise Problem(422, "payment-id-reused", "this payment came before with another body", field="id")
    return await _answer(applicants, first["dossier_id"], context.command_id)
