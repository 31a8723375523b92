"""By which of their addresses applicants want to be told of a filing. An address that they do not want used stays in the people store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal
from uuid import UUID

import asyncpg

Way = Literal["email", "sms"]

_KEEP = (
    "INSERT INTO contact_wishes (applicant_id, by_email, by_phone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
# Of a filing that never came to the log, or of somebody who was erased.
_LEFT = """
DELETE FROM contact_wishes w WHERE w.made_at < clock_timestamp() - interval '1 day'
AND NOT EXISTS (SELECT FROM applicants a WHERE a.applicant_id = w.applicant_id)
"""


async def keep(pool: asyncpg.Pool[Any], applicant_id: UUID, ways: Collection[Way] | None) -> None:
    """Before the filing is recorded: whoever hears of it hears of the wish with it. None: no wish.

    Guarantee: nobody is told by a way that they did not want. Test: test_who_wants_no_text_messages_is_sent_none.
    """
    if ways is not None:
        await pool.execute(_KEEP, applicant_id, "email" in ways, "sms" in ways)


async def sweep(pool: asyncpg.Pool[Any]) -> None:
    """Takes away what is about nobody."""
    await pool.execute(_LEFT)
