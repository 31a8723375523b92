"""How long a procedure usually takes, from what was resolved: calendar days from acceptance to resolution, pauses not counted.

Calendar days, because an applicant asks when to come back; the days that the law counts are the authority's to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, Field

from services.chassis.log.databases import TRANSIENT

ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
WITHIN_DAYS = 90
DOSSIERS_MIN = 5
"""Of fewer, the time would say more of single dossiers than of the procedure."""
KEPT_FOR = timedelta(seconds=60)

ASKS = frozenset({"SupplementRequested", "FeeRequested"})
SETTLES = frozenset({"SupplementAccepted", "FeeConfirmed", "FeeWaived"})


class UsualTime(BaseModel):
    """What half and nine tenths of the dossiers that were resolved lately took at most."""

    p50_days: int
    p90_days: int
    unit: Literal["calendar_days"] = "calendar_days"
    dossiers: int = Field(description="From how many it was taken.")
    within_days: int = Field(default=WITHIN_DAYS, description="Resolved in so many last days.")


class Step(NamedTuple):
    """One of the authority's acts, as far as time is concerned; `said` is JSON text."""

    sequence: int
    what: str
    happened_at: datetime
    strikes: int | None
    said: str | None


class Taken(NamedTuple):
    """What a resolved dossier took."""

    procedure: str
    ended_on: date
    days: int


def taken(steps: Sequence[Step]) -> Taken | None:
    """The days of a dossier that stands resolved, or None. Pure: `steps` are all of processing's, in their order.

    Guarantee: a pause is not counted, and what was reversed is as if it had not been. Test: test_pauses_are_not_counted.
    """
    struck = {step.strikes for step in steps}
    procedure: str | None = None
    accepted_on = resolved_on = asked_on = None
    paused = 0
    for step in steps:
        if step.sequence in struck:
            continue
        said = orjson.loads(step.said) if step.said else {}
        on = step.happened_at.astimezone(ZONE).date()
        if step.what == "DossierAccepted":
            accepted_on, procedure, asked_on, paused = on, said.get("procedure"), None, 0
        elif step.what in ASKS or step.what in SETTLES:
            paused += (on - asked_on).days if asked_on else 0
            asked_on = on if step.what in ASKS and said.get("clock") == "paused" else None
        elif step.what == "DossierResolved":
            resolved_on = on
    if procedure is None or accepted_on is None or resolved_on is None:
        return None
    return Taken(procedure, resolved_on, max(0, (resolved_on - accepted_on).days - paused))


STEPS = """
SELECT dossier_id, sequence, what, happened_at, strikes, said FROM steps
WHERE dossier_id = ANY($1::uuid[]) ORDER BY dossier_id, sequence
"""
KEEP = """
INSERT INTO durations (dossier_id, procedure, ended_on, days)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[])
"""


async def keep(connection: asyncpg.Connection[Any], dossier_ids: Collection[UUID]) -> None:
    """Writes anew what these dossiers took, in the reader's transaction and from all their steps."""
    steps: dict[UUID, list[Step]] = {}
    for dossier_id, *row in await connection.fetch(STEPS, list(dossier_ids)):
        steps.setdefault(dossier_id, []).append(Step(*row))
    await connection.execute("DELETE FROM durations WHERE dossier_id = ANY($1::uuid[])", list(dossier_ids))
    rows = [(dossier_id, *found) for dossier_id, its in steps.items() if (found := taken(its))]
    if rows:
        await connection.execute(KEEP, *(list(column) for column in zip(*rows, strict=True)))


USUAL = f"""
SELECT procedure, percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS p50_days,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY days) AS p90_days, count(*) AS dossiers
FROM durations WHERE ended_on > $1::date - {WITHIN_DAYS} AND ended_on <= $1::date
GROUP BY procedure HAVING count(*) >= {DOSSIERS_MIN}
"""

Times = dict[str, UsualTime]


class Usual:
    """The usual times by procedure, asked of the database once a minute at most; while it is away, those known last."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._times: Times = {}
        self._asked_at = datetime.min.replace(tzinfo=UTC)

    async def times(self, now: datetime) -> Times:
        if abs(now - self._asked_at) >= KEPT_FOR:
            self._asked_at = now
            try:
                rows = await self._pool.fetch(USUAL, now.astimezone(ZONE).date())
            except (asyncpg.PostgresError, *TRANSIENT):
                return self._times
            found = {row["procedure"]: UsualTime(**dict(row)) for row in rows}
            # The same answer stays the same object, by which a page made from it is known.
            self._times = self._times if found == self._times else found
        return self._times
