"""What processing hears: submissions, from which each dossier's life starts, and what applicants do afterwards.

It decides nothing and stores no event of intake's: what was heard stands beside the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.chassis.kafka.ordering import Delivered
from services.processing.clock.working_days import Calendar
from services.processing.clock.working_hours import intake_due_at
from services.processing.desk.rights import SOURCE_UNKNOWN


class Narrow(BaseModel):
    """What processing needs of a message; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Submitted(Narrow):
    procedure: str
    office: str
    channel: str
    import_source: str | None = None
    result_delivery: str | None = None


class SubmissionCorrected(Narrow):
    """These hold instead of what the submission said."""

    submitted_at: AwareDatetime
    procedure: str
    channel: str
    office: str | None = None


class ApplicantActReversed(Narrow):
    """The act heard of under `sequence` is as if it had not been."""

    sequence: int


class SupplementProvided(Narrow):
    request: int | None


class WithdrawalRequested(Narrow):
    """That it was asked is enough."""


class FeePaid(Narrow):
    amount: int
    currency: str
    method: str | None = None


SOURCES = ("intake",)
APPLIED: Mapping[str, type[BaseModel]] = {
    "DossierSubmitted.v1": Submitted,
    "SupplementProvided.v1": SupplementProvided,
    "WithdrawalRequested.v1": WithdrawalRequested,
    "FeePaid.v1": FeePaid,
    "SubmissionCorrected.v1": SubmissionCorrected,
    "ApplicantActReversed.v1": ApplicantActReversed,
}
PASSED_OVER: frozenset[str] = frozenset()

QUEUE_UP = """
INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at, intake_due_at, import_source, result_delivery)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                     $8::text[])
"""
# The day until which to accept is told of a dossier that waits for it, and of no other.
REFILE = """
UPDATE dossiers d SET procedure = n.procedure, channel = n.channel, submitted_at = n.submitted_at,
    intake_due_at = CASE WHEN d.intake_due_at IS NOT NULL THEN n.intake_due_at END, office = coalesce(n.office, d.office)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
    AS n(dossier_id, procedure, channel, submitted_at, intake_due_at, office)
WHERE d.dossier_id = n.dossier_id
"""
HEAR = """
INSERT INTO heard (dossier_id, sequence, what, happened_at, event_id, request, amount, currency, method)
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::uuid[], $6::int[], $7::bigint[], $8::text[], $9::text[]
)
"""
# Columns of the applicant's alone: how the dossier stands is record_v2()'s. What names no request answers the one that waits.
MARK = """
UPDATE dossiers d SET asked = greatest(d.asked, n.asked), supplied_at = greatest(d.supplied_at, n.supplied_at),
    brought = greatest(d.brought, n.brought, CASE WHEN n.unnamed THEN d.requested END)
FROM (
    SELECT h.dossier_id, max(h.sequence) FILTER (WHERE h.what = 'WithdrawalRequested') AS asked,
           max(h.happened_at) FILTER (WHERE h.what = 'SupplementProvided') AS supplied_at,
           max(h.request) AS brought, bool_or(h.what = 'SupplementProvided' AND h.request IS NULL) AS unnamed
    FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::int[])
        AS h(dossier_id, sequence, what, happened_at, request)
    GROUP BY h.dossier_id
) n WHERE d.dossier_id = n.dossier_id
"""
STRIKE = "SELECT strike_heard($1, $2)"
# Whoever writes rows of the queue takes the head of the log first, as record_v2() does.
# Guarantee: none waits for rows that another holds. Test: test_the_reader_waits_for_its_turn_before_it_holds_a_row.
TAKE_TURN = "SELECT log_position()"

Apply = Callable[[Any, Sequence[Delivered]], Awaitable[None]]


def listening(current: Callable[[], Calendar], paid: Callable[[], None] = lambda: None) -> Apply:
    """The reader's `apply`, in the consumer's transaction. The current calendar says until when a desk is to accept.

    `paid` is called of a payment, and of one that is struck out, a moment before the transaction with it ends.
    """

    async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
        calendar = current()
        await connection.execute(TAKE_TURN)
        opened = [d for d in deliveries if isinstance(d.data, Submitted)]
        if opened:
            rows = [
                (
                    d.stream_id,
                    d.data.procedure,
                    d.data.office,
                    d.data.channel,
                    d.occurred_at,
                    intake_due_at(d.occurred_at, calendar),
                    d.data.import_source or (SOURCE_UNKNOWN if d.origin == "import" else None),
                    d.data.result_delivery or "collected",
                )
                for d in opened
            ]
            await connection.execute(QUEUE_UP, *(list(column) for column in zip(*rows, strict=True)))
        # Of several of one dossier the last one holds.
        corrected = {d.stream_id: d.data for d in deliveries if isinstance(d.data, SubmissionCorrected)}
        if corrected:
            told = [
                (i, c.procedure, c.channel, c.submitted_at, intake_due_at(c.submitted_at, calendar), c.office)
                for i, c in corrected.items()
            ]
            await connection.execute(REFILE, *(list(column) for column in zip(*told, strict=True)))
        struck = [d for d in deliveries if isinstance(d.data, ApplicantActReversed)]
        apart = Submitted | SubmissionCorrected | ApplicantActReversed
        acts = [_heard(d) for d in deliveries if not isinstance(d.data, apart)]
        if acts:
            columns = [list(column) for column in zip(*acts, strict=True)]
            await connection.execute(HEAR, *columns)
            await connection.execute(MARK, *columns[:4], columns[5])
        if struck:
            await connection.execute(STRIKE, [d.stream_id for d in struck], [d.data.sequence for d in struck])
        if struck or any(isinstance(d.data, FeePaid) for d in deliveries):
            paid()

    return apply


def _heard(delivered: Delivered) -> tuple[Any, ...]:
    data = delivered.data
    what = delivered.type.partition(".")[0]
    request = data.request if isinstance(data, SupplementProvided) else None
    paid = (data.amount, data.currency, data.method) if isinstance(data, FeePaid) else (None, None, None)
    return delivered.stream_id, delivered.sequence, what, delivered.occurred_at, delivered.id, request, *paid
