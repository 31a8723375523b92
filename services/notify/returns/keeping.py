"""Keeps what came back, rests the address in the same transaction, and records it in the log once the hand-over is recorded.

It promises that each report counts once, whenever and however often it comes, and only of the sending that it speaks of. It sends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.log.event_store import Appended, EventStore, Item, NewEvent, StoreUnavailable
from services.chassis.process import logs
from services.chassis.process.turning import Loop, rest, turned
from services.notify import metrics
from services.notify.notice import (
    ACTOR,
    EVENTS,
    Channel,
    NoticeDelivered,
    NoticeFailed,
    NotifyEvent,
    ending_id_of,
    receipt_id_of,
)
from services.notify.returns.reports import Report
from services.notify.returns.rest import Rest, after
from services.notify.returns.return_path import Returned, ReturnPaths

log = logging.getLogger(__name__)

ROUND_MAX = 200
IDLE_SECONDS = 1.0
BACK_OFF_SECONDS = 1.0
Kept = Literal["hard", "soft", "complaint", "delivered", "repeated", "late", "unknown"]

WHOSE = """
SELECT d.applicant_id FROM notices n JOIN dossiers d ON d.dossier_id = n.dossier_id WHERE n.notice_id = $1 AND n.channel = 'email'
"""
KEEP = """
INSERT INTO returns (notice_id, sending, state, reason, received_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING true
"""
STANDS = """
SELECT email, rested_at, rested_for, soft_bounces, soft_bounced_at FROM contacts
WHERE applicant_id = $1 AND email IS NOT NULL FOR UPDATE
"""
REST = """
UPDATE contacts SET rested_at = $2, rested_for = $3, soft_bounces = $4, soft_bounced_at = $5 WHERE applicant_id = $1
"""
# One whose hand-over is not recorded yet waits; the end of that is the beginning of this.
NEXT = """
SELECT r.notice_id, r.sending, r.state, n.dossier_id, n.about, n.about_event_id, m.notice_id IS NOT NULL AS under_way
FROM returns r JOIN notices n ON n.notice_id = r.notice_id AND n.channel = 'email'
LEFT JOIN mails m ON m.notice_id = r.notice_id
WHERE NOT r.recorded AND (m.notice_id IS NULL OR m.endings <> r.sending) ORDER BY r.received_at LIMIT $1
"""
ENDS = """
SELECT command_id, type FROM events WHERE stream_id = $1 AND data ->> 'notice_id' = $2 ORDER BY version
"""
RECORDED = "UPDATE returns SET recorded = true WHERE notice_id = $1 AND sending = $2 AND state = $3"
RESTED = "SELECT count(*) FROM contacts WHERE rested_at IS NOT NULL"


class End(NamedTuple):
    """An event of a notice: under which id it was recorded, and of which type."""

    command_id: UUID
    type: str


class Keeper:
    """One of any number. `store` appends through record_notices_v2."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        store: EventStore,
        paths: ReturnPaths,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._pool, self._store, self._paths = pool, store, paths
        self._clock, self._new_id = clock, new_id

    async def keep(self, returned: Returned, report: Report) -> Kept:
        """Keeps a report and rests the address that it speaks of, in one transaction: what is answered with 250 is never lost.

        Guarantee: a report that comes twice counts once. Test: test_a_bounce_counts_once.
        """
        now = self._clock()
        async with self._pool.acquire() as connection, connection.transaction():
            applicant_id = await connection.fetchval(WHOSE, returned.notice_id)
            if applicant_id is None:
                return "unknown"
            told = (returned.notice_id, returned.sending, report.state, report.reason, now)
            if not await connection.fetchval(KEEP, *told):
                return "repeated"
            held = await connection.fetchrow(STANDS, applicant_id)
            if held is None or not self._paths.fits(returned, held["email"]):
                return "late"
            before = Rest(*held[1:])
            if (stands := after(before, report, now)) != before:
                await connection.execute(REST, applicant_id, *stands)
        if report.state == "failed":
            return "hard" if report.hard else "soft"
        return "complaint" if report.state == "complained" else "delivered"

    async def run(self) -> None:
        """Records what was kept, until cancelled."""
        with Loop("returns"):
            while True:
                turned()
                try:
                    done = await self.record_kept()
                    metrics.ADDRESSES_RESTED.set(await self._pool.fetchval(RESTED))
                except Exception as error:
                    if not isinstance(error, StoreUnavailable) and not is_transient(error):
                        raise
                    log.warning("returns-wait", extra={"fields": logs.describe(error)})
                    done = 0
                    await rest(BACK_OFF_SECONDS)
                if not done:
                    await rest(IDLE_SECONDS)

    async def record_kept(self) -> int:
        """Records what came back of sendings whose end is recorded; how many were looked at.

        Guarantee: a process that dies between any two lines leaves it unrecorded, or recorded under the same id once more.
        Test: test_a_bounce_counts_once.
        """
        found = await self._pool.fetch(NEXT, ROUND_MAX)
        for row in found:
            turned()
            notice_id, sending, state = UUID(int=row["notice_id"].int), row["sending"], row["state"]
            ends = [End(*end) for end in await self._pool.fetch(ENDS, row["dossier_id"], str(notice_id))]
            if not row["under_way"] and follows(ends, ending_id_of(notice_id, sending), state):
                await self._record(row, notice_id, ending_id_of(notice_id, sending), state)
            await self._pool.execute(RECORDED, notice_id, sending, state)
        return len(found)

    async def _record(self, row: asyncpg.Record, notice_id: UUID, ending_id: UUID, state: str) -> None:
        about, event_id = row["about"], UUID(int=row["about_event_id"].int)
        event: NotifyEvent = NoticeDelivered(notice_id, about, event_id, Channel.EMAIL)
        if state == "failed":
            event = NoticeFailed(notice_id, about, event_id, Channel.EMAIL, "undelivered")
        name, schema_version, data = EVENTS.encode(event)
        answer = await self._store.append(
            Item(
                stream_id=row["dossier_id"],
                expected_version=None,
                command_id=_receipt_id(ending_id, state),
                events=[NewEvent(self._new_id(), name, schema_version, self._clock(), None, data)],
                actor=ACTOR,
                causation_id=event_id,
            )
        )
        if isinstance(event, NoticeFailed) and isinstance(answer, Appended):
            metrics.FAILED.labels("email", event.reason).inc()


def follows(ends: Sequence[End], ending_id: UUID, state: str) -> bool:
    """Whether what came back of one sending says something new: that sending is the last one, and went out.

    A letter that arrived after all, or was complained of, did arrive: that may follow on its failure. A failure follows on a hand-over
    alone.

    Guarantee: a bounce of an earlier sending says nothing of a later one.
    Test: test_a_bounce_of_an_earlier_sending_says_nothing_of_a_later_one.
    """
    failed, delivered = _receipt_id(ending_id, "failed"), _receipt_id(ending_id, "delivered")
    if not ends or not any(end == End(ending_id, "NoticeSent") for end in ends):
        return False
    last = ends[-1].command_id
    return last == ending_id or (state != "failed" and last == failed and last != delivered)


def _receipt_id(ending_id: UUID, state: str) -> UUID:
    return receipt_id_of(ending_id, "failed" if state == "failed" else "delivered")
