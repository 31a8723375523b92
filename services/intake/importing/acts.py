"""What applicants did in imported cases after the submission: recorded once, in order, each at its own business time.

Promises that acts sent again are recorded once, and that a case sent again with more acts goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID, uuid5

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.catalogue.shipped import PROCEDURES
from contracts.intake import PaymentMethod, WithdrawalReason
from services.chassis.http.problems import Problem
from services.chassis.kafka.feeds import IMPORTER
from services.chassis.log.decider import ATTEMPTS, Context, Rejected, new_events
from services.chassis.log.event_store import Appended, Item, NewEvent, StoredEvent
from services.intake.acting import Applicants
from services.intake.dossier import (
    EVENTS,
    ApplicantsAct,
    Event,
    FeePaid,
    PayFee,
    ProvideSupplement,
    RequestWithdrawal,
    SupplementProvided,
    WithdrawalRequested,
    decide,
    fold,
)
from services.intake.following import FILES, REVERSED, struck_out
from services.intake.people import store as people
from services.intake.usual import ZONE

ACTS_MAX = 50


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    at: AwareDatetime


class Provided(_Act):
    """What was brought is not told by an import, only that it was."""

    act: Literal["provide_supplement"]


class Withdrawing(_Act):
    act: Literal["request_withdrawal"]
    reason: WithdrawalReason


class Paid(_Act):
    act: Literal["pay"]
    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "VND"
    method: PaymentMethod


ActOfCase = Annotated[Provided | Withdrawing | Paid, Field(discriminator="act")]


async def add_acts(
    applicants: Applicants,
    cases: Sequence[tuple[Sequence[ActOfCase], UUID]],
    actor: str,
    traceparent: str,
) -> list[bool]:
    """Records what the log lacks of each case's acts; whether anything was recorded, for each. The submissions stand already.

    Guarantee: the acts of a case are recorded once, however often it comes. Test: test_acts_sent_again_with_more_go_on.
    """
    histories = await applicants.acts.load_many([dossier_id for acts, dossier_id in cases if acts])

    async def add(acts: Sequence[ActOfCase], dossier_id: UUID) -> bool:
        if not acts:
            return False
        history = histories[dossier_id]
        for _ in range(ATTEMPTS):
            item = _lacking(applicants, acts, dossier_id, history, actor, traceparent)
            if item is None:
                return False
            if isinstance(await applicants.acts.append(item), Appended):
                return True
            # Another import was quicker: what it recorded stands.
            history = await applicants.acts.load(dossier_id)
        raise Problem(503, detail="others import this case just now; send it again")

    return await asyncio.gather(*(add(acts, dossier_id) for acts, dossier_id in cases))


def imported(history: Sequence[StoredEvent]) -> list[StoredEvent]:
    """What an import told of the applicant's acts and stands, in order."""
    struck = struck_out((e.type, e.data) for e in history)
    told = [e for e in history if e.actor.startswith(IMPORTER) and e.type not in FILES]
    return [e for e in told if e.type != REVERSED and e.version not in struck]


def acts_differ(acts: Sequence[ActOfCase], history: Sequence[StoredEvent]) -> tuple[int, str] | None:
    """The first recorded act of an import that the acts do not tell as it stands, and how; None when they tell all, and perhaps more."""
    for number, stored in enumerate(imported(history)):
        had = f"the record has {stored.type} at {stored.occurred_at.astimezone(ZONE).isoformat()}"
        if number >= len(acts):
            return number, f"act {number} is told no longer, {had}"
        event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
        if acts[number].at != stored.occurred_at or not _says(acts[number], event):
            return number, f"act {number} is told otherwise, {had}"
    return None


def _says(act: ActOfCase, event: Event) -> bool:
    if isinstance(act, Provided):
        return isinstance(event, SupplementProvided)
    if isinstance(act, Withdrawing):
        return isinstance(event, WithdrawalRequested) and act.reason == event.reason
    paid = (act.amount, act.currency, act.method)
    return isinstance(event, FeePaid) and paid == (event.amount, event.currency, event.method)


def _lacking(
    applicants: Applicants,
    acts: Sequence[ActOfCase],
    dossier_id: UUID,
    history: Sequence[StoredEvent],
    actor: str,
    traceparent: str,
) -> Item | None:
    """All acts that the log lacks as one item: they stand or fall together."""
    intake = applicants.intake
    done = len(imported(history))
    if done >= len(acts):
        return None
    state = fold(EVENTS.decode(stored.type, stored.schema_version, stored.data) for stored in history)
    command_id = uuid5(dossier_id, f"act {done} behind {len(history)}")
    context = Context(command_id, actor, intake.clock(), traceparent=traceparent)
    events: list[NewEvent] = []
    kept: list[people.Act] = []
    for number, act in enumerate(acts[done:], done):
        content = orjson.dumps({"imported_act": number})
        salt = intake.salt()
        command = _command(act, people.commitment(salt, content))
        decision = decide(command, state, PROCEDURES, intake.offices)
        assert not isinstance(decision, Rejected), "the submission stands"
        if isinstance(act, Provided):
            kept.append(people.Act(len(events), content, salt))
        events += new_events(EVENTS, decision, replace(context, occurred_at=act.at), intake.new_id)
    return Item(
        stream_id=dossier_id,
        expected_version=len(history),
        command_id=command_id,
        events=events,
        actor=actor,
        traceparent=traceparent,
        attachment=kept,
    )


def _command(act: ActOfCase, commitment: str) -> ApplicantsAct:
    """An import names no request: the authority's side of the case may not be here yet."""
    if isinstance(act, Provided):
        return ProvideSupplement(None, commitment)
    if isinstance(act, Withdrawing):
        return RequestWithdrawal(act.reason)
    return PayFee(act.amount, act.currency, act.method)
