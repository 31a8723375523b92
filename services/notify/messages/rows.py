"""Text messages in the database: decided once, claimed by one sender at a time, kept with how they ended.

Short transactions; nothing is locked while a message is under way. A message that a provider may have taken stays with that provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.chassis.kafka.ordering import Delivered
from services.chassis.log.databases import BY_KEY
from services.notify import metrics
from services.notify.channels.claims import PUT_OFF_MAX, UNIT, told_in
from services.notify.messages.timing import URGENT, expires_at
from services.notify.notice import Channel
from services.notify.wording.texts import Told

CLAIM_LASTS = timedelta(seconds=60)

# Of nobody who is known to have no mobile number; 0 is no change of contact, and nobody is to be told.
DECIDE = """
INSERT INTO messages (notice_id, request_id, dossier_id, applicant_id, needs_change, about, about_event_id, happened_at, recorded_at,
    decided_at, not_before, expires_at, urgent, facts)
SELECT n.notice_id, n.notice_id, n.dossier_id, d.applicant_id, d.contact_change, n.about, n.about_event_id, n.happened_at,
    n.recorded_at, $10, $10, n.expires_at, n.urgent, n.facts::json
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
    $8::boolean[], $9::text[]) WITH ORDINALITY
    AS n(notice_id, dossier_id, about, about_event_id, happened_at, recorded_at, expires_at, urgent, facts, place)
JOIN dossiers d ON d.dossier_id = n.dossier_id
LEFT JOIN contacts c ON c.applicant_id = d.applicant_id AND c.change >= d.contact_change
WHERE d.contact_change > 0 AND (c.applicant_id IS NULL OR c.phone IS NOT NULL)
ORDER BY n.place
"""
DUE_OR_LATE = """
SELECT EXISTS (SELECT FROM messages WHERE state = 'waiting' AND urgent AND not_before <= $1 AND $4)
    OR EXISTS (SELECT FROM messages WHERE state = 'waiting' AND NOT urgent AND not_before <= $1 AND $3 AND $4)
    OR EXISTS (SELECT FROM messages WHERE state = 'waiting' AND expires_at <= $1 AND not_before <= $1)
    OR EXISTS (SELECT FROM messages WHERE state = 'waiting' AND not_before > $2)
"""
# A clock that was ahead for a while dated this turn: no wait that was meant is so long.
TURN_BACK = "UPDATE messages SET not_before = $1 WHERE state = 'waiting' AND not_before > $2"

# $4: it is day; $5: the providers that are used now, the preferred one first. What one of them may have taken waits for that one.
# Messages of a dossier go one after the other, but for what cannot wait. SKIP LOCKED: senders never wait for one another.
TAKE = f"""
WITH due AS (
    SELECT m.notice_id, c.applicant_id IS NOT NULL AS known, m.expires_at <= $1 AS expired, by.provider,
           c.applicant_id IS NOT NULL AND c.phone IS NULL AND m.claimed_at IS NULL AND m.endings = 0 AND NOT m.in_doubt AS nobody
    FROM messages m
    LEFT JOIN contacts c ON c.applicant_id = m.applicant_id AND c.change >= m.needs_change
    CROSS JOIN LATERAL (SELECT CASE WHEN m.in_doubt OR m.claimed_at IS NOT NULL THEN m.provider ELSE (
        SELECT u FROM unnest($5::text[]) WITH ORDINALITY AS o(u, place) WHERE u IS DISTINCT FROM m.avoid ORDER BY place LIMIT 1
    ) END AS provider) by
    WHERE m.state = 'waiting' AND m.not_before <= $1
        AND (m.expires_at <= $1 OR ($4 OR m.urgent) AND by.provider = ANY($5::text[]))
        AND (m.urgent OR NOT EXISTS (
        SELECT FROM messages e WHERE e.dossier_id = m.dossier_id AND e.number < m.number AND e.state = 'waiting'
    ))
    ORDER BY m.urgent DESC, m.not_before LIMIT $3 FOR UPDATE OF m SKIP LOCKED
), unknown AS (
    UPDATE messages m SET looks = m.looks + 1,
        not_before = $1 + least(interval '0.5 seconds' * 2 ^ least(m.looks, 7), interval '60 seconds')
    FROM due WHERE m.notice_id = due.notice_id AND NOT due.known
), gone AS (
    DELETE FROM messages m USING due WHERE m.notice_id = due.notice_id AND due.nobody
), claimed AS (
    UPDATE messages m SET in_doubt = m.in_doubt OR m.claimed_at IS NOT NULL, claimed_at = $1, not_before = $2,
        provider = due.provider, claims = m.claims + 1, looks = 0
    FROM due WHERE m.notice_id = due.notice_id AND due.known AND NOT due.nobody
    RETURNING m.*, due.expired
)
SELECT n.*, d.procedure, d.office, d.submitted_on, d.sealed_code, d.result_delivery, at.unit, NULL AS words, NULL AS officer, c.phone,
       r.reference AS proven
FROM claimed n
JOIN dossiers d ON d.dossier_id = n.dossier_id
JOIN contacts c ON c.applicant_id = n.applicant_id
LEFT JOIN LATERAL (SELECT reference FROM receipts WHERE request_id = n.request_id AND provider = n.provider LIMIT 1) r ON true
{UNIT}ORDER BY n.urgent DESC, n.decided_at, n.number
"""
GIVE_BACK = """
UPDATE messages SET claimed_at = NULL, not_before = $3, in_doubt = in_doubt OR $5, put_offs = put_offs + $4::integer,
    provider = CASE WHEN in_doubt OR $5 THEN provider END
WHERE notice_id = $1 AND claims = $2 AND state = 'waiting'
"""
# Messages that a sender has put off because the contact had not come.
PUT_IN_FRONT = """
UPDATE messages SET not_before = decided_at, looks = 0
WHERE applicant_id = ANY($1::uuid[]) AND looks > 0 AND claimed_at IS NULL AND state = 'waiting'
"""
STATE = """
SELECT count(*) FILTER (WHERE $2 OR urgent) AS waiting, min(greatest(decided_at, $3)) FILTER (WHERE $2 OR urgent) AS oldest,
       count(*) FILTER (WHERE in_doubt) AS in_doubt
FROM messages WHERE state = 'waiting' AND expires_at > $1
"""
AMBIGUOUS = "SELECT count(*) FROM messages WHERE ambiguous"
UNITS = "SELECT provider, sum(units)::bigint AS units FROM messages WHERE sent_at >= $1 GROUP BY 1"
UNTOLD = "SELECT count(*) FROM messages WHERE state = 'sent' AND ask_at IS NOT NULL AND sent_at < $1"


class Decided(NamedTuple):
    """A message as it is decided; `facts` is the JSON that its text needs."""

    notice_id: UUID
    dossier_id: UUID
    about: str
    about_event_id: UUID
    happened_at: datetime
    recorded_at: datetime
    expires_at: datetime
    urgent: bool
    facts: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process may send until the claim ends; the number is in memory only as long.

    `proven`: a receipt says that the provider has it, which calls it so.
    """

    notice_id: UUID
    request_id: UUID
    about_event_id: UUID
    told: Told
    provider: str
    endings: int
    claims: int
    put_offs: int
    in_doubt: bool
    ambiguous: bool
    expired: bool
    proven: str | None
    claimed_at: datetime
    decided_at: datetime
    recorded_at: datetime
    phone: str | None

    def __repr__(self) -> str:
        """Without the number: a claim may end up in a traceback."""
        return f"Claim({self.notice_id})"


def decided_of(delivered: Delivered, about: str, notice_id: UUID, facts: str) -> Decided:
    """The message about an event, whoever it goes to."""
    return Decided(
        notice_id,
        delivered.stream_id,
        about,
        delivered.id,
        delivered.occurred_at,
        delivered.recorded_at,
        expires_at(about, delivered.recorded_at),
        about in URGENT,
        facts,
    )


async def decide(connection: asyncpg.Connection[Any], decided: Sequence[Decided], now: datetime) -> None:
    """Queues messages in the reader's own transaction, of those who have a mobile number or are not known yet.

    Guarantee: who has no mobile number has no row. Test: test_nobody_without_a_mobile_number_has_a_row.
    """
    done = await connection.execute(DECIDE, *map(list, zip(*decided, strict=True)), now)
    metrics.DECIDED.labels(Channel.SMS.value).inc(int(done.rpartition(" ")[2]))


async def take(
    pool: asyncpg.Pool[Any], now: datetime, *, day: bool, up: Sequence[str], count: int
) -> list[Claim]:
    """Claims messages whose turn it is, for the providers that are `up`; expired ones whoever is.

    Guarantee: a claim is nobody else's for 60 seconds. Test: test_two_senders_share_the_messages.
    Guarantee: a message that a provider may have taken is given to no other. Test: test_no_provider_sends_what_another_may_have_taken.
    Guarantee: messages of a dossier go out in its order. Test: test_messages_of_a_dossier_keep_their_order.
    Guarantee: one that expired before anybody knew whether there is a number is told as lapsed to who has one.
    Test: test_what_expired_before_its_contact_came_is_told_as_lapsed.
    """
    if not await pool.fetchval(DUE_OR_LATE, now, now + PUT_OFF_MAX, day, bool(up)):
        return []  # an idle look is one statement, however many wait while no provider is there
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(BY_KEY)
        await connection.execute(TURN_BACK, now, now + PUT_OFF_MAX)
        rows = await connection.fetch(TAKE, now, now + CLAIM_LASTS, count, day, list(up))
    return [_claim(row) for row in rows]


async def give_back(
    pool: asyncpg.Pool[Any], claim: Claim, *, not_before: datetime, tried: bool, in_doubt: bool
) -> None:
    """Ends a claim without an outcome. `in_doubt`: its provider may have it, and alone may be given it again."""
    await pool.execute(GIVE_BACK, claim.notice_id, claim.claims, not_before, int(tried), in_doubt)


def _claim(row: asyncpg.Record) -> Claim:
    def plain(name: str) -> UUID:
        return UUID(int=row[name].int)  # asyncpg's own class of UUID is not what encoders of events know

    return Claim(
        notice_id=plain("notice_id"),
        request_id=plain("request_id"),
        about_event_id=plain("about_event_id"),
        told=told_in(row),
        provider=row["provider"] or "",
        endings=row["endings"],
        claims=row["claims"],
        put_offs=row["put_offs"],
        in_doubt=row["in_doubt"],
        ambiguous=row["ambiguous"],
        expired=row["expired"],
        proven=row["proven"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
        recorded_at=row["recorded_at"],
        phone=row["phone"],
    )
