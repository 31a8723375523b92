"""What providers tell of messages that they took: kept as it comes, then recorded; asked for where nobody called.

It promises that a receipt is recorded once, whenever and however often it comes, and only of a message that the same provider has. Another
provider sends a message again when the receipt of the first says that it failed, and never before.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.log.event_store import EventStore, Item, NewEvent, StoreUnavailable
from services.chassis.process import logs
from services.chassis.process.turning import Loop, rest, turned
from services.notify import metrics
from services.notify.messages.kind import Asked, Receipt
from services.notify.messages.provider import Provider
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

log = logging.getLogger(__name__)

ROUND_MAX = 200
ASKED_AT_ONCE = 50
IDLE_SECONDS = 1.0
BACK_OFF_SECONDS = 1.0
ASK_AGAIN_MOST = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(hours=72)

KEEP = """
WITH told AS (
    SELECT n.*, m.provider IS NOT DISTINCT FROM $1 AND m.reference IN ('', n.reference) AS ours
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS n(request_id, state, reference, reason)
    JOIN messages m ON m.request_id = n.request_id
), kept AS (
    INSERT INTO receipts (request_id, state, provider, reference, reason, received_at)
    SELECT t.request_id, t.state, $1, t.reference, t.reason, $6 FROM told t
    WHERE t.ours AND NOT EXISTS (SELECT FROM messages m WHERE m.request_id = t.request_id AND m.state = t.state)
    ON CONFLICT DO NOTHING RETURNING request_id
)
SELECT (SELECT count(*) FROM told) AS known, (SELECT count(*) FROM told WHERE ours) AS ours, (SELECT count(*) FROM kept) AS kept
"""
NEXT = """
SELECT r.request_id, r.state, r.reason, r.reference, r.provider, m.notice_id, m.dossier_id, m.about, m.about_event_id, m.endings,
       m.expires_at, m.state AS now,
       m.provider = r.provider AND m.reference IN ('', r.reference) AS ours
FROM receipts r JOIN messages m ON m.request_id = r.request_id
WHERE m.state <> 'waiting' ORDER BY r.received_at LIMIT $1
"""
DROP = "DELETE FROM receipts WHERE request_id = $1 AND state = $2"
TO_ASK = """
SELECT notice_id, request_id, reference, provider FROM messages
WHERE ask_at <= $1 AND state = 'sent' ORDER BY provider, ask_at LIMIT $2
"""
ASKED = """
UPDATE messages SET asked = asked + 1,
    ask_at = CASE WHEN sent_at > $3 THEN $2::timestamptz + least(interval '10 minutes' * 2 ^ least(asked, 10), $4) END
WHERE notice_id = ANY($1::uuid[]) AND state = 'sent'
"""


class Receipts:
    """One of any number. `store` appends through record_messages_v1."""

    def __init__(
        self,
        *,
        pool: asyncpg.Pool[Any],
        store: EventStore,
        providers: Sequence[Provider],
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._store = store
        self._providers: Mapping[str, Provider] = {each.name: each for each in providers}
        self._clock = clock
        self._new_id = new_id
        self._wake = wake

    async def run(self) -> None:
        """Records what was told and asks for what was not, until cancelled."""
        with Loop("receipts"):
            while True:
                turned()
                try:
                    done = await self.record_told() + await self.ask_due()
                except Exception as error:
                    if not isinstance(error, StoreUnavailable) and not is_transient(error):
                        raise
                    log.warning("receipts-wait", extra={"fields": logs.describe(error)})
                    done = 0
                    await rest(BACK_OFF_SECONDS)
                if not done:
                    await rest(IDLE_SECONDS)

    async def record_told(self) -> int:
        """Records receipts that were kept, of messages whose hand-over is recorded; how many were looked at."""
        found = await self._pool.fetch(NEXT, ROUND_MAX)
        for row in found:
            turned()
            fits = row["now"] == "sent" or (row["now"], row["state"]) == ("failed", "delivered")
            if row["ours"] and fits:
                await self._record(row)
            else:
                await self._pool.execute(DROP, row["request_id"], row["state"])
        return len(found)

    async def ask_due(self) -> int:
        """Asks providers for receipts that are due; of how many messages.

        Guarantee: a receipt that a callback lost is asked for. Test: test_a_lost_receipt_is_asked_for.
        """
        now = self._clock()
        due = await self._pool.fetch(TO_ASK, now, ASKED_AT_ONCE)
        for name, group in groupby(due, key=lambda row: row["provider"]):
            of = list(group)
            if name in self._providers:
                asked = [Asked(UUID(int=row["request_id"].int), row["reference"]) for row in of]
                await keep(self._pool, name, await self._providers[name].ask(asked), now)
            await self._pool.execute(
                ASKED, [row["notice_id"] for row in of], now, now - GIVEN_UP_AFTER, ASK_AGAIN_MOST
            )
        return len(due)

    async def _record(self, row: asyncpg.Record) -> None:
        now = self._clock()
        notice_id, about_event_id = UUID(int=row["notice_id"].int), UUID(int=row["about_event_id"].int)
        request_id = UUID(int=row["request_id"].int)
        again: UUID | None = None
        event: NotifyEvent
        if row["state"] == "delivered":
            event = NoticeDelivered(notice_id, row["about"], about_event_id, Channel.SMS)
        else:
            event = NoticeFailed(notice_id, row["about"], about_event_id, Channel.SMS, "undelivered")
            others = len(self._providers) > 1 and row["reason"] == "carrier" and row["endings"] == 0
            if others and row["expires_at"] > now:
                again = ending_id_of(notice_id, row["endings"] + 1)
        name, schema_version, data = EVENTS.encode(event)
        told = (notice_id, -1, row["state"], row["reason"], request_id, row["provider"], row["reference"])
        await self._store.append(
            Item(
                stream_id=row["dossier_id"],
                expected_version=None,
                command_id=receipt_id_of(request_id, row["state"]),
                events=[NewEvent(self._new_id(), name, schema_version, now, None, data)],
                actor=ACTOR,
                causation_id=about_event_id,
                attachment=[(*told, 0, False, now, None, again)],
            )
        )
        metrics.RECEIPTS.labels(row["provider"], row["state"]).inc()
        if isinstance(event, NoticeFailed):
            metrics.FAILED.labels("sms", "undelivered").inc()
        if again:
            self._wake()


async def keep(
    pool: asyncpg.Pool[Any], provider: str, receipts: Sequence[Receipt], now: datetime
) -> Counter[str]:
    """Keeps what a provider told, each once; what it told of a message that it was never given is counted and kept nowhere.

    Guarantee: nobody changes what became of another provider's message, or of one under an id that he guessed.
    Test: test_forged_and_unknown_receipts_change_nothing.
    """
    found: Counter[str] = Counter()
    if receipts:
        row = await pool.fetchrow(
            KEEP,
            provider,
            [each.request_id for each in receipts],
            [each.state for each in receipts],
            [each.reference for each in receipts],
            [each.reason for each in receipts],
            now,
        )
        assert row is not None
        found["unknown"] = len(receipts) - row["known"]
        found["forged"] = row["known"] - row["ours"]
        found["repeated"] = row["ours"] - row["kept"]
        for what, count in found.items():
            metrics.RECEIPTS.labels(provider, what).inc(count)
        found["kept"] = row["kept"]
    return found
