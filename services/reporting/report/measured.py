"""How far what is made behind the reader has come: lists of dossiers, and the service-quality index (services/reporting/quality)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.chassis.http.problems import Problem

_WAITS = "SELECT min(recorded_at) FROM heard"
_KEPT = "SELECT NOT EXISTS (SELECT FROM not_kept)"


async def waits_since(connection: asyncpg.Connection[Any]) -> datetime | None:
    """When the oldest act was recorded that is heard and not measured yet; 503 where acts of before were not kept."""
    if not await connection.fetchval(_KEPT):
        raise Problem(
            503,
            "index-not-begun",
            "the book was begun before its acts were kept: `motcua rebuild reporting` makes it anew",
        )
    at: datetime | None = await connection.fetchval(_WAITS)
    return at


def measured_up_to(complete_up_to: datetime | None, waits: datetime | None) -> datetime | None:
    """Up to when all is measured: what was heard and waits is not."""
    if complete_up_to is None or waits is None:
        return complete_up_to
    return min(complete_up_to, waits - timedelta(microseconds=1))
