"""Takes away what nobody will ask for: uploads that no dossier named within a day, what was destroyed, and objects without a row.

It can stop between any two lines: rows go after their objects, and what is left is found the next time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from services.intake.papers.attached import NAMED
from services.intake.papers.objects import INCOMING
from services.intake.papers.uploads import PARTS, Uploads

KEPT = timedelta(days=1)
AT_ONCE = 200
# What is named without an event is let alone for an hour: the event may be on its way.
_LEFT = f"""
SELECT f.file_id FROM files f
WHERE f.begun_at < clock_timestamp() - $1::interval AND NOT EXISTS (
    SELECT FROM papers p WHERE p.file_id = f.file_id
        AND (p.named_at > clock_timestamp() - interval '1 hour' OR {NAMED})
)
ORDER BY f.begun_at LIMIT $2
"""
_DELETE = """
WITH unnamed AS (DELETE FROM papers WHERE file_id = $1) DELETE FROM files WHERE file_id = $1
"""
# The dossier's key opens it from the event on; its own is needed no longer.
_ATTACHED = f"""
UPDATE files SET key = NULL WHERE key IS NOT NULL AND file_id IN (
    SELECT p.file_id FROM papers p WHERE p.named_at < clock_timestamp() - interval '1 hour' AND {NAMED}
)
"""
_DESTROYED = """
SELECT f.file_id FROM files f JOIN file_parts s ON s.file_id = f.file_id
WHERE f.key IS NULL AND NOT EXISTS (
    SELECT FROM papers p JOIN dossier_keys k ON k.dossier_id = p.dossier_id WHERE p.file_id = f.file_id AND k.key IS NOT NULL
) LIMIT $1
"""
_KNOWN = "SELECT object FROM file_parts WHERE object = ANY($1::text[])"


async def sweep(uploads: Uploads, hour: int) -> None:
    """`hour` chooses which of the 256 folders is looked through for objects without a row.

    Guarantee: an upload that no dossier names is gone after a day. Test: test_an_upload_that_no_dossier_names_is_gone_after_a_day.
    """
    pool: asyncpg.Pool[Any] = uploads.pool
    await pool.execute(_ATTACHED)
    while left := await pool.fetch(_LEFT, KEPT, AT_ONCE):
        for (file_id,) in left:
            await uploads.objects.delete([name for _, name in await pool.fetch(PARTS, file_id)])
            await pool.execute(_DELETE, file_id)
    for (file_id,) in await pool.fetch(_DESTROYED, AT_ONCE):
        await uploads.drop(file_id)
    async for names in uploads.objects.older(INCOMING, KEPT):
        await uploads.objects.delete(names)
    async for names in uploads.objects.older(f"{hour % 256:02x}", KEPT):
        known = {name for (name,) in await pool.fetch(_KNOWN, names)}
        await uploads.objects.delete([name for name in names if name not in known])
