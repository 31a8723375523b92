"""Takes away what nobody will ask for: uploads that no dossier named within a day and no draft has, what was destroyed, and
objects without a row.

It can stop between any two lines: rows go before their objects, and an object without a row is found by its folder. It reads what
waits, and never what was settled before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.intake.papers.attached import NAMED
from services.intake.papers.objects import INCOMING
from services.intake.papers.uploads import Uploads

KEPT = timedelta(days=1)
AT_ONCE = 200
# What is named without an event is let alone for an hour: the event may be on its way.
_TO_SETTLE = "NOT p.settled AND p.named_at < clock_timestamp() - interval '1 hour'"
# The dossier's key opens a file from the event on; its own is needed no longer.
_SETTLE = f"""
WITH settled AS (UPDATE papers p SET settled = true WHERE {_TO_SETTLE} AND {NAMED} RETURNING p.file_id)
UPDATE files SET key = NULL WHERE file_id IN (SELECT file_id FROM settled)
"""
_UNNAME = f"""
WITH unnamed AS (DELETE FROM papers p WHERE {_TO_SETTLE} AND NOT {NAMED} RETURNING p.dossier_id)
DELETE FROM dossier_keys k WHERE k.dossier_id IN (SELECT dossier_id FROM unnamed)
AND NOT EXISTS (SELECT FROM events e WHERE e.stream_id = k.dossier_id)
"""
_LEFT = """
SELECT f.file_id FROM files f
WHERE (f.key IS NOT NULL OR f.fault IS NOT NULL) AND f.begun_at < clock_timestamp() - $1::interval
AND NOT EXISTS (SELECT FROM papers p WHERE p.file_id = f.file_id)
AND NOT EXISTS (SELECT FROM draft_files d WHERE d.file_id = f.file_id)
ORDER BY f.begun_at LIMIT $2
"""
_FORGET = """
WITH parts AS (SELECT object FROM file_parts WHERE file_id = $1), gone AS (DELETE FROM files WHERE file_id = $1 RETURNING file_id)
SELECT parts.object FROM parts, gone
"""
_REFUSED = """
SELECT DISTINCT f.file_id FROM files f JOIN file_parts s ON s.file_id = f.file_id WHERE f.fault IS NOT NULL LIMIT $1
"""
_KNOWN = "SELECT object FROM file_parts WHERE object = ANY($1::text[])"


async def sweep(uploads: Uploads, hour: int) -> None:
    """`hour` chooses which of the 256 folders is looked through for objects without a row.

    Guarantee: the files of a draft are kept as long as it is. Test: test_the_files_of_a_draft_are_kept_as_long_as_it_is.
    Guarantee: an upload that no dossier names is gone after a day. Test: test_an_upload_that_no_dossier_names_is_gone_after_a_day.
    Guarantee: what a commitment that never came to the log named is gone, with its keys. Test: test_what_no_event_names_is_let_go_of.
    """
    pool: asyncpg.Pool[Any] = uploads.pool
    await pool.execute(_SETTLE)
    await pool.execute(_UNNAME)
    while left := await pool.fetch(_LEFT, KEPT, AT_ONCE):
        for (file_id,) in left:
            await uploads.objects.delete(await forget(pool, file_id))
    for (file_id,) in await pool.fetch(_REFUSED, AT_ONCE):
        await uploads.drop(file_id)
    await uploads.objects.forget_half_written(KEPT)
    async for names in uploads.objects.older(INCOMING, KEPT):
        await uploads.objects.delete(names)
    async for names in uploads.objects.older(f"{hour % 256:02x}", KEPT):
        known = {name for (name,) in await pool.fetch(_KNOWN, names)}
        await uploads.objects.delete([name for name in names if name not in known])


async def forget(pool: asyncpg.Pool[Any], file_id: UUID) -> list[str]:
    """Takes the rows of a file away, and gives the names of its objects; none where it was named meanwhile.

    Guarantee: a file that is being named is not swept away. Test: test_a_file_that_is_named_meanwhile_stays.
    """
    try:
        return [name for (name,) in await pool.fetch(_FORGET, file_id)]
    except asyncpg.ForeignKeyViolationError:
        return []
