"""What intake hears: the authority's acts, from which an applicant follows the dossier. It decides nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict

from contracts.sealed import Unsealable, unseal
from services.chassis.kafka.ordering import Delivered
from services.intake import usual


class Narrow(BaseModel):
    """What intake needs of a message; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Moved(Narrow):
    """That it happened is all that tracking shows."""


class Due(Narrow):
    """The due date as it stands now; None while the clock stands still. `provisional`: a date that was told may still move."""

    due_on: date | None
    provisional: bool = False


class Accepted(Due):
    """The official code, sealed as it came, and the appointment."""

    sealed_code: str
    procedure: str
    unit: str | None = None


class At(Narrow):
    """The unit that has it now, and the officer, sealed as the code is; None where nobody of the unit has it yet."""

    unit: str | None = None
    sealed_officer: str | None = None


class Refused(Narrow):
    """The desk did not take it in, and why. `words`, here and below: names what the officer said of it to the applicant."""

    reason: str | None = None
    words: str | None = None


class Stopped(Due):
    reason: str | None = None
    words: str | None = None


class Resolved(Due):
    """How it was decided; a refusal on its merits has its reason and the number of the written answer, in newer messages."""

    outcome: str | None = None
    refusal_reason: str | None = None
    document: str | None = None
    words: str | None = None


class Back(Due):
    """Where the dossier is back."""

    status: str


class Paper(Narrow):
    """The place of a paper among those of the dossier's version, and what is wrong with it."""

    paper: int
    fault: str


class SupplementAsked(Due):
    papers: tuple[Paper, ...]
    deadline_on: date
    clock: str
    words: str | None = None


class FeeAsked(Due):
    amount_vnd: int
    deadline_on: date
    clock: str


class DeadlineMoved(Narrow):
    """Until when the request at `request` is to be answered now."""

    request: int
    deadline_on: date
    provisional: bool = False


class Withdrawn(Due):
    """`request` is the sequence of our own WithdrawalRequested that it answers."""

    request: int | None


class WithdrawalRefused(Narrow):
    request: int
    status: str


class Reversed(Back):
    """Strikes the event at `sequence` as if it had never been."""

    sequence: int


SOURCES = ("processing",)
APPLIED: Mapping[str, type[BaseModel]] = {
    "DossierAccepted.v1": Accepted,
    "DossierRejected.v1": Refused,
    "DossierForwarded.v1": At,
    "DossierResolved.v1": Resolved,
    "ResultReturned.v1": Moved,
    "ProcessingStopped.v1": Stopped,
    "ApologyIssued.v1": Moved,
    "ResultCorrected.v1": Moved,
    "SupplementRequested.v1": SupplementAsked,
    "SupplementAccepted.v1": Back,
    "SupplementLapsed.v1": Moved,
    "FeeRequested.v1": FeeAsked,
    "FeeConfirmed.v1": Back,
    "FeeWaived.v1": Back,
    "OpinionRequested.v1": Moved,
    "OpinionGiven.v1": Moved,
    "ConsentDeemed.v1": Moved,
    "DueDateChanged.v1": Due,
    "DueDateExtended.v1": Due,
    "DeadlineChanged.v1": DeadlineMoved,
    "OpinionDeadlineChanged.v1": Moved,
    "DossierWithdrawn.v1": Withdrawn,
    "WithdrawalRefused.v1": WithdrawalRefused,
    "DossierHandedOver.v1": At,
    "DossierReversed.v1": Reversed,
}
PASSED_OVER = frozenset(
    {
        # Its own, which it knows from its log.
        "DossierSubmitted.v1",
        "SupplementProvided.v1",
        "WithdrawalRequested.v1",
        "FeePaid.v1",
        "SubmissionCorrected.v1",
        "ApplicantActReversed.v1",
        "NoticeSent.v1",
        "NoticeFailed.v1",
        "NoticeDelivered.v1",
        # Nothing changes by it.
        "ReversalProposed.v1",
    }
)

STATUS_AFTER = {
    "DossierAccepted.v1": "accepted",
    "DossierRejected.v1": "rejected",
    "DossierForwarded.v1": "in_processing",
    "DossierResolved.v1": "resolved",
    "ResultReturned.v1": "returned",
    "ProcessingStopped.v1": "stopped",
    "SupplementRequested.v1": "supplement_requested",
    "FeeRequested.v1": "payment_requested",
    "DossierWithdrawn.v1": "withdrawn",
}
"""An event that is not here says its status itself, or leaves it as it was."""
ENDS = frozenset({"DossierResolved.v1", "DossierReversed.v1"})
"""After these the time that a dossier took is another."""

SAYING = (Accepted, At, Refused, Stopped, Resolved, SupplementAsked, FeeAsked, DeadlineMoved)
"""What of these is shown later is kept with their step."""

ADD_STEPS = """
INSERT INTO steps (dossier_id, sequence, what, status, happened_at, code, due_on, sets_due, strikes, answers, said)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::date[],
                     $8::boolean[], $9::int[], $10::int[], $11::json[])
"""


def tracking(
    code_keys: Sequence[bytes],
) -> Callable[[asyncpg.Connection[Any], Sequence[Delivered]], Awaitable[None]]:
    """The reader's `apply`: one row for each event. A code that cannot be unsealed is a poison message."""

    async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
        await connection.execute(ADD_STEPS, *zip(*(step(d, code_keys) for d in deliveries), strict=True))
        ended = {d.stream_id for d in deliveries if d.type in ENDS}
        if ended:
            await usual.keep(connection, ended)

    return apply


def step(delivered: Delivered, code_keys: Sequence[bytes]) -> tuple[Any, ...]:
    """The row of one event."""
    data = delivered.data
    said = None
    if isinstance(data, SAYING):
        told = data.model_dump(exclude={"due_on", "sealed_code", "sealed_officer"}, exclude_none=True)
        if isinstance(data, At) and data.sealed_officer:
            with suppress(Unsealable):  # nothing waits for a name
                told["officer"] = unseal(code_keys, data.sealed_officer, delivered.stream_id)
        said = orjson.dumps(told).decode()
    elif isinstance(data, Due) and data.provisional:
        said = orjson.dumps({"provisional": True}).decode()
    return (
        delivered.stream_id,
        delivered.sequence,
        delivered.type.partition(".")[0],
        getattr(data, "status", None) or STATUS_AFTER.get(delivered.type),
        delivered.occurred_at,
        unseal(code_keys, data.sealed_code, delivered.stream_id) if isinstance(data, Accepted) else None,
        data.due_on if isinstance(data, Due) else None,
        isinstance(data, Due),
        data.sequence if isinstance(data, Reversed) else None,
        data.request if isinstance(data, Withdrawn | WithdrawalRefused) else None,
        said,
    )
