"""Endings of notices that need no carrier, left for the log by the batch: record_unsaid_v2() records them soon, and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.notify.notice import EVENTS, NotifyEvent

LEAVE = """
INSERT INTO unsaid (oldest_recorded_at, dossier_ids, notice_ids, event_ids, about_event_ids, channels, traceparents, types, data)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


class Ending(NamedTuple):
    """How a notice of a dossier ended; `recorded_at` and `traceparent` are of the event that it tells of."""

    dossier_id: UUID
    recorded_at: datetime
    traceparent: str | None
    event: NotifyEvent


async def leave(connection: Any, ended: Sequence[Ending], new_id: Callable[[], UUID]) -> None:
    """Stands with the transaction that decides the endings, or that takes the notices out of another queue."""
    said = [EVENTS.encode(each.event) for each in ended]
    await connection.execute(
        LEAVE,
        min(each.recorded_at for each in ended),
        [each.dossier_id for each in ended],
        [each.event.notice_id for each in ended],
        [new_id() for _ in ended],
        [each.event.about_event_id for each in ended],
        [each.event.channel.value for each in ended],
        [each.traceparent for each in ended],
        [name for name, _, _ in said],
        [data for _, _, data in said],
    )
