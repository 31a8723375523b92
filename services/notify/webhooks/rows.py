"""Subscriptions and the calls that they await, in the database.

It promises that a call is queued once, with the event that it tells of, and that calls about one dossier keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from contracts.sealed import unseal
from services.chassis.kafka.ordering import Delivered
from services.notify.filers import unsealed
from services.notify.notice import IMPORTED

CLAIM_LASTS = timedelta(seconds=60)
KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5_000

WANTED = "SELECT subscription_id, owner, types FROM subscriptions"
FILERS = "SELECT dossier_id, sealed_filer FROM dossiers WHERE dossier_id = ANY($1::uuid[]) AND sealed_filer IS NOT NULL"
QUEUE = """
INSERT INTO calls (subscription_id, dossier_id, event_id, type, source, sequence, happened_at, recorded_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::timestamptz[], $8::timestamptz[])
"""
TAKE = """
UPDATE subscriptions SET claimed_until = $2, claims = claims + 1 WHERE subscription_id IN (
    SELECT s.subscription_id FROM subscriptions s
    WHERE s.paused_at IS NULL AND s.not_before <= $1 AND (s.claimed_until IS NULL OR s.claimed_until <= $1)
      AND EXISTS (SELECT FROM calls c WHERE c.subscription_id = s.subscription_id AND c.taken_at IS NULL)
    ORDER BY s.not_before LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING *
"""
NEXT = """
SELECT number, dossier_id, event_id, type, source, sequence, happened_at FROM calls
WHERE subscription_id = $1 AND taken_at IS NULL ORDER BY number LIMIT $2
"""
TAKEN = """
WITH told AS (UPDATE calls SET taken_at = $3 WHERE number = $2)
UPDATE subscriptions SET failures = 0, failing_since = NULL, last_failure = NULL
WHERE subscription_id = $1 AND failing_since IS NOT NULL
"""
LEAVE = """
UPDATE subscriptions SET claimed_until = NULL, not_before = $3 WHERE subscription_id = $1 AND claims = $2
"""
PUT_OFF = """
UPDATE subscriptions SET claimed_until = NULL, failures = failures + 1, failing_since = coalesce(failing_since, $3),
       last_failure = $4, not_before = $5, paused_at = CASE WHEN $6 THEN $3 END
WHERE subscription_id = $1 AND claims = $2
"""
FORGET = "DELETE FROM calls WHERE number IN (SELECT number FROM calls WHERE taken_at < $1 LIMIT $2)"
STATE = """
SELECT count(*) FILTER (WHERE c.taken_at IS NULL) AS waiting, min(c.recorded_at) FILTER (WHERE c.taken_at IS NULL) AS oldest,
       (SELECT count(*) FROM subscriptions WHERE paused_at IS NOT NULL) AS paused
FROM calls c JOIN subscriptions s USING (subscription_id) WHERE c.taken_at IS NULL AND s.paused_at IS NULL
"""


class Call(NamedTuple):
    number: int
    dossier_id: UUID
    event_id: UUID
    type: str
    source: str
    sequence: int
    happened_at: datetime


class Subscription(NamedTuple):
    """One that is claimed: nobody else makes its calls until the claim ends."""

    id: UUID
    url: str
    secrets: tuple[str, ...]
    failures: int
    failing_since: datetime | None
    claims: int


async def queue(
    connection: asyncpg.Connection[Any], code_keys: Sequence[bytes], deliveries: Iterable[Delivered]
) -> int:
    """Queues what subscriptions await of these events, in the reader's own transaction; how many calls.

    Nobody is told of what an import brought. A portal is told of what it filed itself.
    Guarantee: an event is queued once for each that awaits it, however often it is delivered. Test: test_a_call_is_queued_with_its_event.
    """
    wanted = await connection.fetch(WANTED)
    told = [d for d in deliveries if d.origin != IMPORTED] if wanted else []
    if not told:
        return 0
    rows = await connection.fetch(FILERS, list({d.stream_id for d in told}))
    filers = {row["dossier_id"]: unsealed(row["sealed_filer"], code_keys, row["dossier_id"]) for row in rows}
    calls = [
        (each["subscription_id"], d)
        for d in told
        for each in wanted
        if filers.get(d.stream_id) == each["owner"] and (not each["types"] or about(d) in each["types"])
    ]
    if calls:
        await connection.execute(
            QUEUE,
            [of for of, _ in calls],
            [d.stream_id for _, d in calls],
            [d.id for _, d in calls],
            [about(d) for _, d in calls],
            [d.source for _, d in calls],
            [d.sequence for _, d in calls],
            [d.occurred_at for _, d in calls],
            [d.recorded_at for _, d in calls],
        )
    return len(calls)


def about(delivered: Delivered) -> str:
    """The event's type without its version."""
    return delivered.type.partition(".")[0]


async def take(
    pool: asyncpg.Pool[Any], code_keys: Sequence[bytes], now: datetime, count: int
) -> list[Subscription]:
    """Claims subscriptions whose turn it is.

    Guarantee: of several processes one at a time calls an address. Test: test_two_who_call_keep_the_order.
    """
    rows = await pool.fetch(TAKE, now, now + CLAIM_LASTS, count)
    return [_subscription(row, code_keys, now) for row in rows]


def _subscription(row: asyncpg.Record, code_keys: Sequence[bytes], now: datetime) -> Subscription:
    return Subscription(
        row["subscription_id"],
        row["url"],
        secrets_of(row, code_keys, now),
        row["failures"],
        row["failing_since"],
        row["claims"],
    )


def secrets_of(row: asyncpg.Record, code_keys: Sequence[bytes], now: datetime) -> tuple[str, ...]:
    """The secrets that sign, the new one first."""
    sealed = [row["sealed_secret"]]
    if row["old_until"] is not None and row["old_until"] > now:
        sealed.append(row["old_sealed_secret"])
    return tuple(unseal(code_keys, each, row["subscription_id"]) for each in sealed)


async def next_calls(pool: asyncpg.Pool[Any], subscription: UUID, count: int) -> list[Call]:
    """Its oldest calls that were not taken."""
    return [Call(*row) for row in await pool.fetch(NEXT, subscription, count)]
