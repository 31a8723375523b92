"""Compares two books cell by cell: each sum of the report, for reports of now and for those as of earlier days. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from services.reporting.rebuild.shape import LIVE, REBUILT
from services.reporting.report.flows import COLUMNS

LISTED_MOST = 20

_KEY = "spans, known_on, on_date, procedure, field, office, channel, level"
_CELLS = ", ".join(f"('{name}', coalesce(l.{name}, 0), coalesce(o.{name}, 0))" for name in COLUMNS)
_DIFFER = f"""
WITH compared AS (
    SELECT {_KEY}, c.name, c.live, c.other
    FROM (SELECT * FROM {LIVE}.sums WHERE spans = ANY($1::text[]) AND known_on >= $2 AND known_on < $3) l
    FULL JOIN (SELECT * FROM {REBUILT}.sums WHERE spans = ANY($1::text[]) AND known_on >= $2 AND known_on < $3) o USING ({_KEY})
    CROSS JOIN LATERAL (VALUES {_CELLS}) c(name, live, other)
    WHERE c.live <> 0 OR c.other <> 0
)
SELECT {_KEY}, name, live, other, count(*) FILTER (WHERE live <> other) OVER () AS differing, count(*) OVER () AS compared
FROM compared ORDER BY live <> other DESC, spans, known_on, on_date, procedure, office, channel, name LIMIT {LISTED_MOST}
"""


class Cells(NamedTuple):
    """How many cells were compared, how many differ, and the first of these in words."""

    compared: int
    differing: int
    listed: list[str]

    def told(self) -> list[str]:
        more = (
            [f"  and {self.differing - len(self.listed):,} more"] if self.differing > len(self.listed) else []
        )
        return [f"{self.compared:,} cells compared, {self.differing:,} differ", *self.listed, *more]


async def compare(
    connection: asyncpg.Connection[Any], spans: Sequence[str], since: date, before: date
) -> Cells:
    """The sums of these spans that became known in a stretch of days, of the live book and of the one made anew.

    Guarantee: a cell that another book tells otherwise is named. Test: test_a_cell_that_differs_is_named_and_nothing_switched.
    """
    rows = await connection.fetch(_DIFFER, list(spans), since, before)
    if not rows:
        return Cells(0, 0, [])
    listed = [
        f"  {row['name']} on {row['on_date']} ({row['spans']}, known {row['known_on']}), {row['procedure']} at {row['office']}, "
        f"{row['channel']}: {row['live']} before, {row['other']} anew"
        for row in rows
        if row["live"] != row["other"]
    ]
    return Cells(rows[0]["compared"], rows[0]["differing"], listed)
