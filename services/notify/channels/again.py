"""Has failed e-mails sent again, by hand: after a mail server was set up wrongly, or addresses were mended.

The running senders do the work; what was sent, or waits to be, is left alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

# One after the other: two operators at once would each see the same failures.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('notices sent again'))"
FAILED = """
SELECT data ->> 'reason' AS reason, count(*) AS notices, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM (
    SELECT DISTINCT ON (data ->> 'notice_id') type, data, occurred_at FROM events
    WHERE data ->> 'channel' = 'email' ORDER BY data ->> 'notice_id', version DESC
) ends
WHERE type = 'NoticeFailed' AND occurred_at >= $1
  AND NOT EXISTS (SELECT FROM mails WHERE notice_id = (ends.data ->> 'notice_id')::uuid)
GROUP BY 1 ORDER BY 1
"""
SEND_AGAIN = """
WITH ends AS (
    SELECT DISTINCT ON (data ->> 'notice_id') stream_id, (data ->> 'notice_id')::uuid AS notice_id, type,
           data ->> 'reason' AS reason, occurred_at, count(*) OVER (PARTITION BY data ->> 'notice_id')::integer AS endings
    FROM events WHERE data ->> 'channel' = 'email' ORDER BY data ->> 'notice_id', version DESC
)
INSERT INTO mails (notice_id, dossier_id, applicant_id, needs_change, decided_at, not_before, endings)
SELECT e.notice_id, e.stream_id, d.applicant_id, d.contact_change, $3, $3, e.endings
FROM ends e JOIN dossiers d ON d.dossier_id = e.stream_id
WHERE e.type = 'NoticeFailed' AND e.reason = $1 AND e.occurred_at >= $2 AND d.contact_change > 0
  AND NOT EXISTS (SELECT FROM mails m WHERE m.notice_id = e.notice_id)
ON CONFLICT DO NOTHING
"""


async def failed(pool: asyncpg.Pool[Any], since: datetime) -> list[asyncpg.Record]:
    """E-mails whose last end is a failure since then: reason, how many, the first and the last time."""
    return list(await pool.fetch(FAILED, since))


async def send_again(pool: asyncpg.Pool[Any], reason: str, since: datetime, now: datetime) -> int:
    """Queues the e-mails that failed for this reason since then; how many. They have 72 hours from now.

    Guarantee: an e-mail that was sent, or is queued, is not queued again, however many ask.
    Test: test_failed_notices_are_sent_again_by_reason.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(ALONE)
        done = await connection.execute(SEND_AGAIN, reason, since, now)
    return int(done.rpartition(" ")[2])
