"""Has failed e-mails and text messages sent again, by hand: after a server was set up wrongly, or addresses were mended.

The running senders do the work; what was sent, or waits to be, is left alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.notify.messages.timing import expires_at
from services.notify.notice import ending_id_of

# One after the other: two operators at once would each see the same failures.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('notices sent again'))"
# How each e-mail ended last, of those that are not queued again already.
_ENDS = """
WITH ends AS (
    SELECT DISTINCT ON (data ->> 'notice_id') stream_id, (data ->> 'notice_id')::uuid AS notice_id, type,
           data ->> 'reason' AS reason, occurred_at, count(*) OVER (PARTITION BY data ->> 'notice_id')::integer AS endings
    FROM events WHERE data ->> 'channel' = 'email' ORDER BY data ->> 'notice_id', version DESC
), failed AS (
    SELECT * FROM ends e WHERE type = 'NoticeFailed' AND NOT EXISTS (SELECT FROM mails m WHERE m.notice_id = e.notice_id)
)
"""
# Why a carrier could not deliver what it had taken is its own word; here it is one reason.
_REASON = "CASE WHEN reason IN ('no_contact', 'refused', 'lapsed') THEN reason ELSE 'undelivered' END"
FAILED = f"""{_ENDS}
SELECT 'email' AS channel, reason, count(*) AS notices, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM failed WHERE occurred_at >= $1 GROUP BY 2
UNION ALL
SELECT 'sms', {_REASON}, count(*), min(ended_at), max(ended_at)
FROM messages WHERE state = 'failed' AND ended_at >= $1 GROUP BY 2 ORDER BY 1, 2
"""
# Of one that lapsed nobody knows whether a connection broke behind its content: it may have gone out before.
SEND_AGAIN = f"""{_ENDS}
INSERT INTO mails (notice_id, dossier_id, applicant_id, needs_change, decided_at, not_before, endings, ambiguous)
SELECT f.notice_id, f.stream_id, d.applicant_id, d.contact_change, $3, $3, f.endings, f.reason = 'lapsed'
FROM failed f JOIN dossiers d ON d.dossier_id = f.stream_id
WHERE f.reason = $1 AND f.occurred_at >= $2 AND d.contact_change > 0
ON CONFLICT DO NOTHING
"""
# Who sends again what came back means to try the addresses, but for those whose owners complained.
END_RESTS = f"""{_ENDS}
UPDATE contacts c SET rested_at = NULL, rested_for = NULL, soft_bounces = 0, soft_bounced_at = NULL
FROM failed f JOIN dossiers d ON d.dossier_id = f.stream_id
WHERE c.applicant_id = d.applicant_id AND f.reason = 'undelivered' AND f.occurred_at >= $1
    AND c.rested_at IS NOT NULL AND c.rested_for <> 'complaint'
"""
# As long as it had at first, from now; under another id, for the provider knows how the first one ended.
SEND_MESSAGES_AGAIN = """
UPDATE messages m SET state = 'waiting', reason = NULL, endings = m.endings + 1, request_id = n.again, provider = NULL, avoid = NULL,
    reference = '', decided_at = $4, not_before = $4, expires_at = n.expires_at, claimed_at = NULL, put_offs = 0,
    ambiguous = m.ambiguous OR m.in_doubt, in_doubt = false
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n(notice_id, again, expires_at)
WHERE m.notice_id = n.notice_id AND m.state = 'failed'
"""
FAILED_MESSAGES = f"""
SELECT notice_id, endings, about FROM messages
WHERE state = 'failed' AND {_REASON} = $1 AND ended_at >= $2 ORDER BY number FOR UPDATE
"""
WAITING = """
SELECT 'email' AS channel, '' AS provider, count(*) AS notices, min(decided_at) AS oldest, count(*) FILTER (WHERE ambiguous) AS in_doubt
FROM mails HAVING count(*) > 0
UNION ALL
SELECT 'sms', coalesce(provider, ''), count(*), min(decided_at), count(*) FILTER (WHERE in_doubt)
FROM messages WHERE state = 'waiting' GROUP BY 2
ORDER BY 1, 2
"""
MESSAGES_SINCE = """
SELECT coalesce(provider, '') AS provider, state, count(*) AS notices, count(*) FILTER (WHERE ambiguous) AS ambiguous,
    sum(units)::bigint AS units
FROM messages WHERE decided_at >= $1 AND state <> 'waiting' GROUP BY 1, 2 ORDER BY 1, 2
"""


async def failed(pool: asyncpg.Pool[Any], since: datetime) -> list[asyncpg.Record]:
    """E-mails and text messages whose last end is a failure since then: channel, reason, how many, the first and the last time."""
    return list(await pool.fetch(FAILED, since))


async def send_again(pool: asyncpg.Pool[Any], reason: str, since: datetime, now: datetime) -> int:
    """Queues the e-mails and text messages that failed for this reason since then; how many. They have their whole time from now.

    Guarantee: an e-mail that was sent, or is queued, is not queued again, however many ask.
    Test: test_failed_notices_are_sent_again_by_reason.
    Guarantee: what may have gone out before it lapsed says so when it is sent again. Test: test_what_lapsed_in_doubt_is_ambiguous_again.
    Guarantee: so does a text message. Test: test_a_message_that_lapsed_in_doubt_is_ambiguous_again.
    Guarantee: an address whose letters are sent again is tried again, but for one whose owner complained.
    Test: test_what_came_back_is_sent_again_by_hand.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(ALONE)
        if reason == "undelivered":
            await connection.execute(END_RESTS, since)
        done = await connection.execute(SEND_AGAIN, reason, since, now)
        queued = int(done.rpartition(" ")[2])
        rows = await connection.fetch(FAILED_MESSAGES, reason, since)
        if rows:
            ids = [UUID(int=row["notice_id"].int) for row in rows]
            again = [ending_id_of(of, row["endings"] + 1) for of, row in zip(ids, rows, strict=True)]
            until = [expires_at(row["about"], now) for row in rows]
            await connection.execute(SEND_MESSAGES_AGAIN, ids, again, until, now)
    return queued + len(rows)


async def waiting(
    pool: asyncpg.Pool[Any], since: datetime
) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
    """What waits by channel and provider, and what became of the text messages since then."""
    return list(await pool.fetch(WAITING)), list(await pool.fetch(MESSAGES_SINCE, since))
