"""Has failed e-mails sent again, by hand: after a mail server was set up wrongly, or addresses were mended.

The running senders do the work; what was sent, or waits to be, is left alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

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
FAILED = f"""{_ENDS}
SELECT reason, count(*) AS notices, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM failed WHERE occurred_at >= $1 GROUP BY 1 ORDER BY 1
"""
# Of one that lapsed nobody knows whether a connection broke behind its content: it may have gone out before.
SEND_AGAIN = f"""{_ENDS}
INSERT INTO mails (notice_id, dossier_id, applicant_id, needs_change, decided_at, not_before, endings, ambiguous)
SELECT f.notice_id, f.stream_id, d.applicant_id, d.contact_change, $3, $3, f.endings, f.reason = 'lapsed'
FROM failed f JOIN dossiers d ON d.dossier_id = f.stream_id
WHERE f.reason = $1 AND f.occurred_at >= $2 AND d.contact_change > 0
ON CONFLICT DO NOTHING
"""


async def failed(pool: asyncpg.Pool[Any], since: datetime) -> list[asyncpg.Record]:
    """E-mails whose last end is a failure since then: reason, how many, the first and the last time."""
    return list(await pool.fetch(FAILED, since))


async def send_again(pool: asyncpg.Pool[Any], reason: str, since: datetime, now: datetime) -> int:
    """Queues the e-mails that failed for this reason since then; how many. They have 72 hours from now.

    Guarantee: an e-mail that was sent, or is queued, is not queued again, however many ask.
    Test: test_failed_notices_are_sent_again_by_reason.
    Guarantee: what may have gone out before it lapsed says so when it is sent again. Test: test_what_lapsed_in_doubt_is_ambiguous_again.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(ALONE)
        done = await connection.execute(SEND_AGAIN, reason, since, now)
    return int(done.rpartition(" ")[2])
