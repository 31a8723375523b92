"""What a unit's supervisor answers for beside the queues: papers that were asked for late, papers that came late, and transfers.

Reads alone; the lists are those of the rows and the log as they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.processing.clock.working_days import ZONE
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import COLUMNS, DossierRow, code_of_row
from services.processing.desk.queues import BEGINNING, Place

START = Place(BEGINNING, UUID(int=0))
TRANSFERS_DAYS = timedelta(days=30)
TRANSFERS_MAX = 100
# The open request is the event of that version.
ASKED_LATE = """
d.desk = $1 AND d.unit IS NOT NULL AND d.own_status = 'supplement_requested' AND EXISTS (
    SELECT FROM events e WHERE e.stream_id = d.dossier_id AND e.version = d.requested AND (e.data ->> 'late')::boolean
)
"""
CAME_LATE = "d.desk = $1 AND d.lane = 'brought' AND (d.supplied_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date > d.deadline_on"
_PAGE = f"""
SELECT {COLUMNS}, lane_at AS at FROM dossiers d
WHERE {{which}} AND (lane_at, dossier_id) > ($2, $3) ORDER BY lane_at, dossier_id LIMIT $4
"""
_COUNT = "SELECT count(*) FROM dossiers d WHERE {which}"
# From which unit: the last that had it before. The condition must match the index's predicate literally.
TRANSFERS = """
SELECT e.occurred_at, e.actor, e.data ->> 'unit' AS to_unit, before.unit AS from_unit,
    d.dossier_id, d.office, d.accepted_at, d.number, d.procedure, d.unit, d.officer, d.status
FROM events e JOIN dossiers d ON d.dossier_id = e.stream_id CROSS JOIN LATERAL (
    SELECT p.data ->> 'unit' AS unit FROM events p
    WHERE p.stream_id = e.stream_id AND p.version < e.version
        AND p.type IN ('DossierAccepted', 'DossierForwarded', 'DossierHandedOver') AND NOT EXISTS (
            SELECT FROM events r
            WHERE r.stream_id = p.stream_id AND r.type = 'DossierReversed' AND (r.data ->> 'sequence')::integer = p.version
        )
    ORDER BY p.version DESC LIMIT 1
) before
WHERE e.type = 'DossierHandedOver' AND (e.data ->> 'how') = 'transferred' AND e.occurred_at >= $2
    AND $1 IN (e.data ->> 'unit', before.unit)
"""
COUNT_TRANSFERS = f"SELECT count(*) FROM ({TRANSFERS}) t"
SHOW_TRANSFERS = f"{TRANSFERS} ORDER BY e.occurred_at DESC, e.position DESC LIMIT $3"


class Counts(NamedTuple):
    """Of one unit."""

    asked_late: int
    came_late: int
    transfers: int


async def counts(desk: Desk, unit: str) -> Counts:
    """How many there are in each list."""
    return Counts(
        int(await desk.pool.fetchval(_COUNT.format(which=ASKED_LATE), unit)),
        int(await desk.pool.fetchval(_COUNT.format(which=CAME_LATE), unit)),
        int(await desk.pool.fetchval(COUNT_TRANSFERS, unit, _since(desk))),
    )


async def asked_late(
    desk: Desk, unit: str, after: Place | None, limit: int
) -> tuple[int, Sequence[DossierRow], Place | None]:
    """Dossiers that wait for papers which only the supervisor could still ask for, the first deadline first.

    Guarantee: what was asked for late is listed until it is settled. Test: test_what_was_asked_for_late_is_listed.
    """
    return await _listed(desk, ASKED_LATE, unit, after, limit)


async def came_late(
    desk: Desk, unit: str, after: Place | None, limit: int
) -> tuple[int, Sequence[DossierRow], Place | None]:
    """Dossiers whose papers came after their last day and wait for an officer, the longest there first.

    Guarantee: what came late is listed until it was looked at. Test: test_what_came_late_is_listed.
    """
    return await _listed(desk, CAME_LATE, unit, after, limit)


async def _listed(
    desk: Desk, which: str, unit: str, after: Place | None, limit: int
) -> tuple[int, Sequence[DossierRow], Place | None]:
    rows = await desk.pool.fetch(_PAGE.format(which=which), unit, *(after or START), limit + 1)
    count = int(await desk.pool.fetchval(_COUNT.format(which=which), unit))
    last = rows[limit - 1] if len(rows) > limit else None
    shown = [DossierRow(*row[:-1]) for row in map(tuple, rows[:limit])]
    return count, shown, last and Place(last["at"], last["dossier_id"])


async def transfers(desk: Desk, unit: str) -> list[dict[str, Any]]:
    """The members of MovedDossier: what the unit got or gave away in the last 30 days, and where it is now; the latest first.

    Guarantee: a transfer is seen by the unit that got it and by the one that gave it. Test: test_a_transfer_is_seen_on_both_sides.
    """
    rows = await desk.pool.fetch(SHOW_TRANSFERS, unit, _since(desk), TRANSFERS_MAX)
    by = [row["actor"].partition("/")[2] for row in rows]
    names = await desk.officers.names([*by, *(row["officer"] for row in rows)])
    return [
        {
            "dossier_id": str(row["dossier_id"]),
            "code": code_of_row(row["office"], row["accepted_at"], row["number"]),
            "procedure": row["procedure"],
            "office": row["office"],
            "status": row["status"],
            "from_unit": row["from_unit"],
            "to_unit": row["to_unit"],
            "at": row["occurred_at"].astimezone(ZONE),
            "by": who,
            "by_name": names.get(who),
            "unit": row["unit"],
            "officer": row["officer"],
            "officer_name": names.get(row["officer"] or ""),
        }
        for row, who in zip(rows, by, strict=True)
    ]


def _since(desk: Desk) -> datetime:
    return desk.clock() - TRANSFERS_DAYS
