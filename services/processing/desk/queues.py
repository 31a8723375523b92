"""Owns the queues of a desk: which dossiers stand in each, in which order, and how many.

A queue is a stretch of one index, and its count the sum of counters over the same stretch, so that neither reads more of a long
queue. What hurts first stands first: the longest overdue, the deadline that passed first. Everything is as of a whole minute.
Guarantee: a page costs the same at a million dossiers as at a thousand. Test: test_a_page_of_a_queue_costs_the_same_however_long_it_is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from services.chassis.http import paging
from services.processing.clock.working_days import ONE_DAY, ZONE, Calendar
from services.processing.desk.queue_rows import COLUMNS, STANDS_FOR, DossierRow
from services.processing.dossier import becomes_true

QueueName = Literal[
    "waiting-late",
    "waiting-in-time",
    "withdrawals",
    "brought",
    "overdue",
    "apology-due",
    "due-soon",
    "held",
    "mine",
    "applicant",
    "results",
]
QUEUES: tuple[QueueName, ...] = get_args(QueueName)
AT_THE_OFFICE: frozenset[QueueName] = frozenset({"waiting-late", "waiting-in-time", "results"})
"""Queues of dossiers that no unit holds."""
LANES: dict[QueueName, str] = {
    "waiting-late": "waiting",
    "waiting-in-time": "waiting",
    "withdrawals": "withdrawal",
    "brought": "brought",
    "applicant": "applicant",
    "results": "result",
}
BEGINNING, END = datetime.min, datetime.max  # noqa: DTZ901 (local time, as the rows sort)
"""What the database calls -infinity and infinity: a dossier whose clock stands still sorts last."""
INSTANT = timedelta(microseconds=1)


class Cut(NamedTuple):
    """Which dossiers of a desk a queue shows: those of a lane, or those that are held, from `since` to `until` in local time.

    `apologised` and `officers` cut down what is held; no officers means everybody's.
    """

    lane: str
    since: datetime = BEGINNING
    until: datetime = END
    apologised: tuple[bool, ...] = (False, True)
    officers: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a page begins: after the dossier that sorts there (local time), under that id."""

    at: datetime
    dossier_id: UUID


class Stretch(NamedTuple):
    """Counters of one place and lane, by month, day or minute, both ends included."""

    place: str
    lane: str
    apologised: bool
    span: str
    since: datetime
    until: datetime


def minute_of(now: datetime) -> datetime:
    """The local minute as of which a queue is shown."""
    return now.astimezone(ZONE).replace(second=0, microsecond=0, tzinfo=None)


def cut_of(
    queue: QueueName, minute: datetime, soon_days: int, calendar: Calendar, officers: tuple[str, ...]
) -> Cut:
    """What a queue shows at that minute. `officers` are the caller and those for whom the caller stands today.

    Due soon is from today to `soon_days` working days ahead; an apology is due from the opening of the last working day before.
    """
    today = datetime.combine(minute.date(), time())
    match queue:
        case "waiting-late":
            return Cut("waiting", until=minute - INSTANT)
        case "waiting-in-time":
            return Cut("waiting", since=minute)
        case "overdue":
            return Cut("held", until=today - ONE_DAY)
        case "due-soon":
            last = calendar.working_after(minute.date(), soon_days) if soon_days else minute.date()
            return Cut("held", since=today, until=datetime.combine(last, time()))
        case "apology-due":
            last = becomes_true.latest("apology_due", minute.replace(tzinfo=ZONE), calendar)
            return Cut("held", until=datetime.combine(last, time()), apologised=(False,))
        case "held":
            return Cut("held")
        case "mine":
            return Cut("held", officers=officers)
        case _:
            return Cut(LANES[queue])


def stretches_of(desk: str, cut: Cut) -> Iterator[Stretch]:
    """The counters that make up a queue's count."""
    places = [f"officer {desk} {officer}" for officer in cut.officers] or [f"desk {desk}"]
    apologised = cut.apologised if cut.lane == "held" else (False,)
    for place in places:
        for each in apologised:
            for stretch in spans_of(cut.since, cut.until, by_minute=cut.lane == "waiting"):
                yield Stretch(place, cut.lane, each, *stretch)


def spans_of(
    since: datetime, until: datetime, *, by_minute: bool
) -> Iterator[tuple[str, datetime, datetime]]:
    """A stretch of local time as months, days and minutes that have one counter each; pure.

    Whole months where an end is open, so that years of them are few. `until` is before the next minute, or before the next day.
    Guarantee: every instant is in exactly one of them. Test: test_every_instant_of_a_cut_is_in_one_span.
    """
    if since == BEGINNING and until == END:
        yield "month", BEGINNING, END
    elif since == BEGINNING:
        month = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        day = until.replace(hour=0, minute=0, second=0, microsecond=0)
        yield "month", BEGINNING, month - INSTANT
        yield "day", month, day - INSTANT if by_minute else day
        if by_minute:
            yield "minute", day, until
    elif until == END:
        day = since.replace(hour=0, minute=0) + ONE_DAY
        month = (day - ONE_DAY).replace(day=1) + 31 * ONE_DAY
        month = month.replace(day=1)
        yield "minute" if by_minute else "day", since, day - INSTANT
        yield "day", day, month - INSTANT
        yield "month", month, END
    else:
        yield "day", since, until


COUNT = """
SELECT q.queue, coalesce(sum(c.dossiers), 0)::bigint
FROM unnest($1::int[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::timestamp[], $7::timestamp[])
    AS q(queue, place, lane, apologised, span, since, until)
LEFT JOIN LATERAL (
    SELECT sum(c.dossiers) AS dossiers FROM desk_counts c
    WHERE c.place = q.place AND c.lane = q.lane AND c.apologised = q.apologised AND c.span = q.span
        AND c.at BETWEEN q.since AND q.until
) c ON true
GROUP BY q.queue
"""
IN_LANE = f"""
SELECT {COLUMNS}, lane_at AS at FROM dossiers
WHERE desk = $1 AND lane = $2 AND lane IS NOT NULL AND (lane_at, dossier_id) > ($3, $4) AND lane_at <= $5
ORDER BY lane_at, dossier_id LIMIT $6
"""
_DUE = "coalesce(due_on, 'infinity')::timestamp"
_HELD = f"""
SELECT {COLUMNS}, {_DUE} AS at FROM dossiers
WHERE desk = $1 AND {{whose}} AND apologised = a.apologised AND ({_DUE}, dossier_id) > ($3, $4) AND {_DUE} <= $5
    AND own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested') AND unit IS NOT NULL
ORDER BY {_DUE}, dossier_id LIMIT $6
"""
HELD = f"""
SELECT d.* FROM unnest($2::bool[]) AS a(apologised), LATERAL ({_HELD.format(whose="true")}) d
ORDER BY d.at, d.dossier_id LIMIT $6
"""
MINE = f"""
SELECT d.* FROM unnest($2::bool[]) AS a(apologised), unnest($7::text[]) AS o(name),
    LATERAL ({_HELD.format(whose="officer = o.name AND officer IS NOT NULL")}) d
ORDER BY d.at, d.dossier_id LIMIT $6
"""


HERE_FOR = STANDS_FOR.format(subject="$1::text", unit="$2::text", day="$3::date")


async def officers_of(pool: Any, subject: str, unit: str, on: date) -> tuple[str, ...]:
    """The caller, and the colleagues in a unit for whom the caller stands that day."""
    return (subject, *(row["officer"] for row in await pool.fetch(HERE_FOR, subject, unit, on)))


async def counts(pool: Any, desk: str, cuts: Iterable[Cut]) -> list[int]:
    """How many dossiers stand in each of a desk's queues, in one round trip.

    Guarantee: the count is that of the pages' items. Test: test_every_count_is_that_of_its_pages.
    """
    asked = [(n, *stretch) for n, cut in enumerate(cuts) for stretch in stretches_of(desk, cut)]
    columns = [list(column) for column in zip(*asked, strict=True)]
    found = {row[0]: row[1] for row in await pool.fetch(COUNT, *columns)}
    return [found[n] for n in sorted(found)]


IN_ORDER = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"
"""Said first in the transaction of a page: a plan that sorts reads the whole queue, and looks cheap while the queue is short."""


async def stretch(
    connection: Any, desk: str, cut: Cut, after: Place | None, limit: int
) -> list[tuple[DossierRow, Place]]:
    """The next dossiers of a queue, each with its place; on a connection that has said IN_ORDER."""
    begins = max(after or Place(cut.since, UUID(int=0)), Place(cut.since, UUID(int=0)))
    bounds = (*begins, cut.until, limit)
    if cut.lane != "held":
        rows = await connection.fetch(IN_LANE, desk, cut.lane, *bounds)
    elif cut.officers:
        rows = await connection.fetch(MINE, desk, cut.apologised, *bounds, cut.officers)
    else:
        rows = await connection.fetch(HELD, desk, cut.apologised, *bounds)
    return [(DossierRow(*row[:-1]), Place(row[-1], row[0])) for row in map(tuple, rows)]


async def page(
    connection: Any, desk: str, cut: Cut, after: Place | None, limit: int
) -> tuple[Sequence[DossierRow], Place | None]:
    """The same of a page, and where the page after them begins."""
    found = await stretch(connection, desk, cut, after, limit + 1)
    return [row for row, _ in found[:limit]], found[limit - 1][1] if len(found) > limit else None


def cursor(place: Place) -> str:
    """A place as text for an address."""
    return paging.cursor(place.at.isoformat(), place.dossier_id)


def read_cursor(text: str) -> Place:
    """The inverse of cursor(); ValueError for any other text."""
    place = Place(*paging.parts_of(text, datetime.fromisoformat, UUID))
    if place.at.tzinfo is not None:
        raise ValueError("no cursor")
    return place
