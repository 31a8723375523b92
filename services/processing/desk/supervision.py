"""What a unit's supervisor looks at: who has how much, what waits for a signature, and what the applicant left unanswered.

Counts are those of the queues; the two lists are read from the rows and the log as they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import units_of
from services.processing.clock.working_days import ONE_DAY, ZONE, Calendar
from services.processing.desk import late_and_moved, queues
from services.processing.desk.carry_out import Desk
from services.processing.desk.queue_rows import COLUMNS, DossierRow
from services.processing.desk.queues import Cut, Place

SUNDAY = 6
SIGNATURE = "ky_duyet"
# The step that a dossier is at is that of its last forwarding that stands.
_AT_SIGNATURE = """
FROM dossiers d CROSS JOIN LATERAL (
    SELECT e.data ->> 'step' AS step FROM events e
    WHERE e.stream_id = d.dossier_id AND e.type = 'DossierForwarded' AND NOT EXISTS (
        SELECT FROM events r
        WHERE r.stream_id = e.stream_id AND r.type = 'DossierReversed' AND (r.data ->> 'sequence')::integer = e.version
    )
    ORDER BY e.version DESC LIMIT 1
) last
WHERE d.desk = $1 AND d.unit IS NOT NULL AND d.own_status = 'in_processing' AND d.status = 'in_processing' AND last.step = $2
"""
_DUE = "coalesce(d.due_on, 'infinity')::timestamp"
TO_SIGN = f"""
SELECT {COLUMNS}, {_DUE} AS at {_AT_SIGNATURE} AND ({_DUE}, d.dossier_id) > ($3, $4) ORDER BY {_DUE}, d.dossier_id LIMIT $5
"""
COUNT_TO_SIGN = f"SELECT count(*) {_AT_SIGNATURE}"
COUNT_LAPSED = "SELECT count(*) FROM dossiers WHERE desk = $1 AND lane = 'applicant' AND lane_at <= $2"
OFFICERS = """
SELECT subject, max(name) AS name, bool_or(since <= $2 AND (until IS NULL OR until >= $2)) AS serves
FROM officers WHERE unit = $1 GROUP BY subject ORDER BY subject
"""
START = Place(queues.BEGINNING, UUID(int=0))


class Load(NamedTuple):
    """Dossiers held, of them those that are overdue, and those that are due from today to the end of the week."""

    held: int
    overdue: int
    this_week: int

    def less(self, others: Sequence[Load]) -> Load:
        return Load(*(own - sum(part) for own, *part in zip(self, *others, strict=True)))


def end_of_week(today: date) -> date:
    """The Sunday of its week."""
    return today + timedelta(days=SUNDAY - today.weekday())


def days_left_of_week(today: date, calendar: Calendar) -> int:
    """How many working days of its week come after a day: what is due soon by them is due in this week."""
    days = (end_of_week(today) - today).days
    return sum(calendar.is_working(today + n * ONE_DAY) for n in range(1, days + 1))


def _cuts(today: datetime, officers: tuple[str, ...] = ()) -> list[Cut]:
    sunday = datetime.combine(end_of_week(today.date()), time())
    held = Cut("held", officers=officers)
    return [held, held._replace(until=today - ONE_DAY), held._replace(since=today, until=sunday)]


async def workload(desk: Desk, caller: Caller) -> dict[str, Any]:
    """The members of Workload: of each unit of the caller, officer by officer, and what nobody of the unit has taken.

    Guarantee: the loads of the officers and of nobody add up to the unit's. Test: test_loads_add_up_to_the_units.
    """
    minute = queues.minute_of(desk.clock())
    today, units = datetime.combine(minute.date(), time()), []
    for unit in dict.fromkeys(units_of(caller)):
        await desk.officers.keep()
        officers = await desk.pool.fetch(OFFICERS, unit, today.date())
        cuts = [cut for who in ((), *((each["subject"],) for each in officers)) for cut in _cuts(today, who)]
        counts = await queues.counts(desk.pool, unit, [*cuts, Cut("brought")])
        whole, *loads = [Load(*counts[n : n + 3]) for n in range(0, len(cuts), 3)]
        shown = [
            {"officer": each["subject"], "officer_name": each["name"], **load._asdict()}
            for each, load in zip(officers, loads, strict=True)
            if each["serves"] or load.held
        ]
        units.append(
            {
                "unit": unit,
                **whole._asdict(),
                "brought": counts[-1],
                "to_sign": await desk.pool.fetchval(COUNT_TO_SIGN, unit, SIGNATURE),
                "lapsed": await desk.pool.fetchval(COUNT_LAPSED, unit, today - ONE_DAY),
                **(await late_and_moved.counts(desk, unit))._asdict(),
                "officers": shown,
                "nobody": whole.less(loads)._asdict(),
            }
        )
    return {
        "as_of": minute.replace(tzinfo=ZONE),
        "until": end_of_week(today.date()),
        "units": units,
    }


async def to_sign(
    desk: Desk, unit: str, after: Place | None, limit: int
) -> tuple[int, list[DossierRow], Place | None]:
    """How many of a unit wait for the signature, and the next of them, the first to be due first.

    Guarantee: what can be resolved once it is signed is listed, and nothing else. Test: test_what_waits_for_a_signature_is_listed.
    """
    rows = await desk.pool.fetch(TO_SIGN, unit, SIGNATURE, *(after or START), limit + 1)
    count = await desk.pool.fetchval(COUNT_TO_SIGN, unit, SIGNATURE)
    last = rows[limit - 1] if len(rows) > limit else None
    shown = [DossierRow(*row[:-1]) for row in map(tuple, rows[:limit])]
    return count, shown, last and Place(last["at"], last["dossier_id"])


async def lapsed(
    desk: Desk, unit: str, after: Place | None, limit: int
) -> tuple[int, Sequence[DossierRow], Place | None]:
    """How many wait for papers or a fee past their deadline, and the next of them, the longest past first."""
    yesterday = datetime.combine(queues.minute_of(desk.clock()).date(), time()) - ONE_DAY
    async with desk.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(queues.IN_ORDER)
        rows, following = await queues.page(connection, unit, Cut("applicant", until=yesterday), after, limit)
        count = await connection.fetchval(COUNT_LAPSED, unit, yesterday)
    return count, rows, following
