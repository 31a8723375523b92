"""What a portal has filed, as a list: by cursor, status and time, and what has changed since an instant.

A page looks at so many dossiers and no more; where few of them fit what is asked, it is short, and its cursor goes on behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.http import paging
from services.intake.following import Row, standing
from services.intake.national import Status
from services.intake.usual import ZONE

PAGE_ITEMS_MAX = 200
LOOKED_AT_MAX = 1_000
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]

# By the log's order, which is that of submission. Must match the index's predicate literally, or PostgreSQL ignores it.
FILED = """
SELECT position, stream_id FROM events
WHERE actor = $1 AND type = 'DossierSubmitted' AND position > $2 AND occurred_at >= $3 AND occurred_at < $4
ORDER BY position LIMIT $5
"""
CHANGED = """
SELECT f.position, f.stream_id
FROM (
    SELECT dossier_id FROM steps WHERE heard_at >= $6
    UNION SELECT stream_id FROM events WHERE recorded_at >= $6
) changed (dossier_id)
JOIN events f ON f.stream_id = changed.dossier_id AND f.version = 1
WHERE f.actor = $1 AND f.type = 'DossierSubmitted' AND f.position > $2 AND f.occurred_at >= $3 AND f.occurred_at < $4
ORDER BY f.position LIMIT $5
"""
HISTORIES = """
SELECT stream_id AS dossier_id, recorded_at AS known_at, 'intake' AS producer, version AS sequence, type AS what,
       occurred_at AS happened_at, NULL AS status, NULL AS code, NULL::date AS due_on, false AS sets_due, NULL::int AS strikes,
       NULL::int AS answers, data, schema_version, actor
FROM events WHERE stream_id = ANY($1::uuid[])
UNION ALL
SELECT dossier_id, heard_at, 'processing', sequence, what, happened_at, status, code, due_on, sets_due, strikes, answers, said, 1, NULL
FROM steps WHERE dossier_id = ANY($1::uuid[])
ORDER BY dossier_id, producer, sequence
"""


class OwnAsked(BaseModel):
    """Which of the own dossiers, and from where on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status | None = Field(default=None, description="Those that stand there now.")
    submitted_from: Instant | None = Field(default=None, description="Filed at this instant or later.")
    submitted_before: Instant | None = Field(default=None, description="Filed before this instant.")
    updated_since: Instant | None = Field(
        default=None, description="Of which anything was recorded or heard at this instant or later."
    )
    cursor: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=PAGE_ITEMS_MAX)


class OwnDossier(BaseModel):
    """A dossier of the portal's own; `GET /v1/dossiers/{dossier_id}` says the rest."""

    dossier_id: UUID
    procedure: str
    office: str
    status: Status
    code: str | None
    submitted_at: datetime
    due_on: date | None
    updated_at: datetime


class OwnDossiers(BaseModel):
    """The first filed first. A page may be short, or empty, and still not be the last one: `next` says so."""

    items: list[OwnDossier]
    next: str | None


Asked = Annotated[OwnAsked, Query()]


async def listed(pool: asyncpg.Pool[Any], actor: str, asked: OwnAsked) -> dict[str, Any]:
    """A page of what `actor` has filed: the members of OwnDossiers.

    Guarantee: a portal sees what it filed, and nothing else. Test: test_a_portal_lists_its_own.
    Guarantee: whoever follows the cursors sees each once, and none twice. Test: test_the_cursors_lead_through_all.
    """
    after = paging.given(asked.cursor, lambda text: paging.parts_of(text, int)[0]) or 0
    found: list[dict[str, Any]] = []
    looked_at, more = 0, True
    while more and len(found) < asked.limit and looked_at < LOOKED_AT_MAX:
        candidates = await _candidates(pool, actor, asked, after)
        shown = await _shown(pool, [row["stream_id"] for row in candidates])
        more = len(candidates) == asked.limit
        for row in candidates:
            looked_at, after = looked_at + 1, row["position"]
            item = shown[row["stream_id"]]
            if asked.status in (None, item["status"]):
                found.append(item)
                if len(found) == asked.limit:
                    more = more or row is not candidates[-1]
                    break
    return {"items": found, "next": paging.cursor(after) if more else None}


async def _candidates(
    pool: asyncpg.Pool[Any], actor: str, asked: OwnAsked, after: int
) -> list[asyncpg.Record]:
    window = (asked.submitted_from or EARLIEST, asked.submitted_before or LATEST)
    if asked.updated_since is None:
        return list(await pool.fetch(FILED, actor, after, *window, asked.limit))
    return list(await pool.fetch(CHANGED, actor, after, *window, asked.limit, asked.updated_since))


async def _shown(pool: asyncpg.Pool[Any], dossier_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Where each of the dossiers stands, by the same rule as when it is followed alone."""
    rows = await pool.fetch(HISTORIES, dossier_ids)
    found = {}
    for dossier_id, of_one in groupby(rows, key=lambda row: row["dossier_id"]):
        told = list(of_one)
        seen = standing(dossier_id, [Row(*tuple(row)[2:]) for row in told], {})
        known_at = max(row["known_at"] for row in told if row["known_at"] is not None)
        found[dossier_id] = {name: seen[name] for name in OwnDossier.model_fields if name in seen} | {
            "dossier_id": str(dossier_id),
            "updated_at": known_at.astimezone(ZONE),
        }
    return found
