"""Drafts of filings: what somebody typed so far, kept for the same log-in on every device until it is filed, deleted or 30 days old.

Promises that nothing of a draft lies open, that of two tabs which save the slower one is told, and that what was filed or deleted is gone
with its key. A draft is known by the key of its form, under which the same form is filed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.intake.papers.sealing import new_key, unwrap, wrap

KEPT = timedelta(days=30)
"""Since it was last saved."""
SOON = timedelta(days=7)
"""So long before it is gone its owner is told on every list."""
DRAFTS_MAX = 20
STEPS = frozenset({"step", "change"})
"""What says on which page somebody is: no change of what was typed."""

Typed = Sequence[tuple[str, str]]

_FIND = "SELECT procedure, version, saved_at, key, sealed FROM drafts WHERE owner = $1 AND draft_id = $2"
_LOCK = _FIND + " FOR UPDATE"
_LISTED = """
SELECT draft_id, procedure, saved_at FROM drafts WHERE owner = $1 AND saved_at > $2 ORDER BY saved_at DESC, draft_id
"""
_BEGIN = """
INSERT INTO drafts (owner, draft_id, procedure, version, key, sealed, saved_at)
SELECT $1, $2::uuid, $3, 1, $4::bytea, $5::bytea, $6::timestamptz
WHERE (SELECT count(*) FROM drafts WHERE owner = $1 AND saved_at > $7) < $8
ON CONFLICT ON CONSTRAINT one_draft_of_each_form DO NOTHING RETURNING version
"""
_GO_ON = "UPDATE drafts SET version = $3, sealed = $4, saved_at = $5 WHERE owner = $1 AND draft_id = $2"
_LET_GO_OF = "DELETE FROM draft_files WHERE owner = $1 AND draft_id = $2 AND file_id <> ALL($3::uuid[])"
# A file that is swept away at this moment is not named, and one that is named is not swept away.
_NAME = """
INSERT INTO draft_files (owner, draft_id, file_id)
SELECT $1, $2::uuid, f.file_id FROM files f WHERE f.file_id = ANY($3::uuid[]) AND f.owner = $1 FOR KEY SHARE
ON CONFLICT DO NOTHING
"""
_DELETE = "DELETE FROM drafts WHERE owner = $1 AND draft_id = $2 RETURNING draft_id"
_EXPIRED = "DELETE FROM drafts WHERE saved_at <= $1"
# Whoever filed it died before the draft was deleted.
_FILED = """
DELETE FROM drafts d
WHERE EXISTS (SELECT FROM idempotency_keys k WHERE k.caller = d.owner AND k.key = d.draft_id::text)
"""


class Listed(NamedTuple):
    """A draft in a list."""

    draft_id: UUID
    procedure: str
    saved_at: datetime

    def days_left(self, now: datetime) -> int:
        """The day on which it is gone counts too."""
        return ceil((self.saved_at + KEPT - now) / timedelta(days=1))

    def is_soon_gone(self, now: datetime) -> bool:
        return self.saved_at + KEPT - now <= SOON


class Draft(NamedTuple):
    """A draft as it was last saved."""

    draft_id: UUID
    procedure: str
    version: int
    saved_at: datetime
    typed: Typed


class Saved(NamedTuple):
    """It is kept as it was sent."""

    version: int
    saved_at: datetime


class Full(NamedTuple):
    """There are as many as one person may have: this one is not kept."""


async def save(
    pool: asyncpg.Pool[Any],
    owner: str,
    draft: Draft,
    files: Sequence[UUID],
) -> Saved | Draft | Full:
    """Keeps `draft`, whose `version` is the one that its page showed; or gives what was saved elsewhere meanwhile, or what hinders.
    The same once more changes nothing.

    Guarantee: what was typed in another tab is never overwritten unseen. Test: test_of_two_tabs_the_slower_one_is_told.
    """
    async with pool.acquire() as connection, connection.transaction():
        where = owner, draft.draft_id
        row = await connection.fetchrow(_LOCK, *where)
        if row is None:
            key, at = new_key(), draft.saved_at
            made = (draft.procedure, key, _seal(key, draft.typed), at, at - KEPT, DRAFTS_MAX)
            if await connection.fetchval(_BEGIN, *where, *made) is not None:
                await connection.execute(_NAME, *where, files)
                return Saved(1, at)
            row = await connection.fetchrow(_LOCK, *where)  # another tab began it at this moment
        if row is None or row["procedure"] != draft.procedure:
            return Full()
        kept = _opened(draft.draft_id, row)
        is_same = _plain(kept.typed) == _plain(draft.typed)
        if not is_same and kept.version != draft.version:
            return kept
        version = kept.version if is_same else kept.version + 1
        await connection.execute(
            _GO_ON, *where, version, _seal(row["key"], draft.typed), max(draft.saved_at, kept.saved_at)
        )
        await connection.execute(_LET_GO_OF, *where, files)
        await connection.execute(_NAME, *where, files)
        return Saved(version, draft.saved_at)


async def find(pool: asyncpg.Pool[Any], owner: str, draft_id: UUID, now: datetime) -> Draft | None:
    """One of the owner's own, unless its time is over.

    Guarantee: a draft is its owner's alone. Test: test_a_draft_is_its_owners_alone.
    """
    row = await pool.fetchrow(_FIND, owner, draft_id)
    return None if row is None or row["saved_at"] <= now - KEPT else _opened(draft_id, row)


async def listed(pool: asyncpg.Pool[Any], owner: str, now: datetime) -> list[Listed]:
    """The owner's, the latest first."""
    return [Listed(*row) for row in await pool.fetch(_LISTED, owner, now - KEPT)]


async def delete(pool: asyncpg.Pool[Any], owner: str, draft_id: UUID) -> bool:
    """Whether there was one. Its files are gone within a day, unless they were filed."""
    return await pool.fetchval(_DELETE, owner, draft_id) is not None


async def sweep(pool: asyncpg.Pool[Any], now: datetime) -> None:
    """Deletes those whose time is over and those that were filed.

    Guarantee: a draft is gone after 30 days. Test: test_a_draft_is_gone_after_thirty_days.
    """
    await pool.execute(_EXPIRED, now - KEPT)
    await pool.execute(_FILED)


def _seal(key: bytes, typed: Typed) -> bytes:
    """Guarantee: nothing that was typed lies open in the table of drafts. Test: test_the_table_of_drafts_says_nothing."""
    return wrap(key, orjson.dumps([list(each) for each in typed]))


def _opened(draft_id: UUID, row: asyncpg.Record) -> Draft:
    typed = [(name, value) for name, value in orjson.loads(unwrap(row["key"], row["sealed"]))]
    return Draft(draft_id, row["procedure"], row["version"], row["saved_at"], typed)


def _plain(typed: Typed) -> list[tuple[str, str]]:
    return [each for each in typed if each[0] not in STEPS]
