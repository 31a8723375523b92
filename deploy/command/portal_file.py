"""A file of the national portal beside what we say: which dossier stands elsewhere there, since when, and why. It changes nothing.

The file is CSV with the columns `code` (official code, look-up code or id) and `status` (the portal's number), and `reason` if it has one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import asyncpg

from deploy.local.process import Failed
from services.intake.look_up import as_printed, look_up
from services.intake.national import Status, national, status_of

LISTED_MOST = 50

_SINCE = """
SELECT (array_agg(happened_at ORDER BY sequence DESC))[1] AS since, array_agg(DISTINCT status) AS been
FROM steps WHERE status IS NOT NULL AND dossier_id = coalesce($2, (SELECT dossier_id FROM steps WHERE code = $1 LIMIT 1))
"""


class Row(NamedTuple):
    line: int
    code: str
    status: str
    reason: str | None


def rows_of(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            if not {"code", "status"} <= set(lines.fieldnames or ()):
                raise Failed(f"{path} has no columns `code` and `status`")
            for line in lines:
                given = {name: (line[name] or "").strip() for name in ("code", "status")}
                yield Row(lines.line_num, **given, reason=(line.get("reason") or "").strip() or None)
    except (OSError, UnicodeError, csv.Error) as error:
        raise Failed(f"{path} cannot be read: {type(error).__name__}") from None


async def differs(pool: asyncpg.Pool[Any], row: Row, now: datetime) -> str:
    """How the portal's word differs from ours, with its cause and age; nothing when it does not.

    Guarantee: a dossier that the portal tells otherwise is named with its cause. Test: test_what_the_portal_tells_otherwise_is_named.
    """
    there = (
        status_of(int(row.status), row.reason) if row.status.isascii() and row.status.isdecimal() else None
    )
    if there is None:
        return f"`{row.status}` is no status of the portal"
    found = await look_up(pool, row.code)
    if found is None:
        return "nobody here was given this code"
    here = cast(Status, found["status"])
    if here == there:
        return ""
    code = as_printed(row.code)
    history = await pool.fetchrow(_SINCE, *((code, None) if isinstance(code, str) else (None, code)))
    been = {"submitted", *(history["been"] or ())} if history else {"submitted"}
    said = f"the portal says {_named(there)}, we say {_named(here)}"
    if history and history["since"]:
        said += f" for {(now - history['since']).days} days, since {history['since']:%Y-%m-%d %H:%M:%S%z}"
    return f"{said}: {'the portal stands behind' if there in been else 'it never stood there with us'}"


async def compare_with_portal(pool: asyncpg.Pool[Any], path: Path, say: Callable[[str], None]) -> int:
    """Compares row by row; the exit code, 0 when all agree. An empty file proves nothing."""
    now, compared, different = datetime.now(UTC), 0, 0
    for row in rows_of(path):
        compared += 1
        if said := await differs(pool, row, now):
            different += 1
            if different <= LISTED_MOST:
                say(f"  line {row.line}  {row.code}  {said}")
    if not compared:
        say(f"{path} is EMPTY, which proves nothing")
        return 1
    say(f"{path}: {compared:,} dossiers compared, {different:,} differ")
    return int(different > 0)


def _named(status: Status) -> str:
    told = national(status)
    return f"{told.number} {told.name}" + (f" ({told.reason})" if told.reason else "")
