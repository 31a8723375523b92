"""Open dossiers on which nobody can act, as they stand at a unit or an office that the register does not have today.

Their office's supervisor transfers or assigns them to where somebody can: see rights.py. Reads alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.catalogue.offices import Offices
from services.processing.desk.queue_rows import COLUMNS, After, DossierRow

# A loose index scan over the counters of the queues: as quick with a million dossiers as with ten.
DESKS = """
WITH RECURSIVE each(place) AS (
    (SELECT place FROM desk_counts WHERE place >= 'desk ' AND place < 'desk!' ORDER BY place LIMIT 1)
    UNION ALL
    SELECT (
        SELECT c.place FROM desk_counts c WHERE c.place > each.place AND c.place < 'desk!' ORDER BY c.place LIMIT 1
    )
    FROM each WHERE each.place IS NOT NULL
)
SELECT substr(place, 6) AS desk FROM each WHERE place IS NOT NULL
"""
# Each half must match its index's predicate literally.
_OPEN = f"""
SELECT {COLUMNS} FROM dossiers WHERE desk = ANY($1::text[]) AND lane IS NOT NULL
UNION
SELECT {COLUMNS} FROM dossiers WHERE desk = ANY($1::text[])
    AND own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested') AND unit IS NOT NULL
"""
COUNT = f"SELECT count(*) FROM ({_OPEN}) d WHERE $2::text IS NULL OR office = $2"
PAGE = f"""
SELECT {COLUMNS} FROM ({_OPEN}) d WHERE ($2::text IS NULL OR office = $2) AND (submitted_at, dossier_id) > ($3, $4)
ORDER BY submitted_at, dossier_id LIMIT $5
"""


async def lost_desks(pool: Any, offices: Offices, on: date) -> list[str]:
    """The desks of today at which dossiers stand and that are no unit and no office of the register."""
    rows = await pool.fetch(DESKS)
    return [row["desk"] for row in rows if not offices.is_unit(row["desk"], on)]


async def count(pool: Any, offices: Offices, on: date, office: str | None = None) -> int:
    """How many dossiers stand where nobody can act on them, of one office or of all."""
    lost = await lost_desks(pool, offices, on)
    return int(await pool.fetchval(COUNT, lost, office)) if lost else 0


async def page(
    pool: Any, offices: Offices, on: date, office: str | None, after: After, limit: int
) -> Sequence[DossierRow]:
    """The next of them, of one office or of all, the longest submitted first."""
    lost = await lost_desks(pool, offices, on)
    if not lost:
        return []
    return [DossierRow(*row) for row in await pool.fetch(PAGE, lost, office, *after, limit)]
