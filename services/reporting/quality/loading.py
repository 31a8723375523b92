"""What the service-quality index reads: sums of spans for any window, as of any instant, and single lines for times and lists.

Nothing here writes, and no number is added up here but by the database.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg

from services.reporting.quality.index import SUMMED, Part, Times
from services.reporting.quality.signs import Pattern
from services.reporting.report.counts import Window
from services.reporting.report.flows import EARLIEST, LATEST, cover

PLACES = ("unit", "office", "procedure", "channel")
ScopeKind = Literal["unit", "office", "all"]


class Whose(NamedTuple):
    """Whose dossiers: those of one office or one unit, or all of them."""

    kind: ScopeKind = "all"
    code: str = ""


ALL = Whose()

_SCOPES: dict[ScopeKind, str] = {"unit": "unit = $1", "office": "office = $1", "all": "$1 = ''"}
_SUMS = """
SELECT s.kind, {places}, s.what, box.within, sum(s.amount)::bigint, sum(s.value)::bigint
FROM unnest($2::text[], $3::date[], $4::date[], $5::boolean[]) AS box(span, first, until, within)
CROSS JOIN LATERAL (
    SELECT * FROM measured_sums m WHERE m.span = box.span AND m.on_date >= box.first AND m.on_date < box.until AND {scope} OFFSET 0
) s
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
# What is known now, less what became known later, and with what was given up later.
_SINCE = """
SELECT s.kind, {places}, s.what, s.on_date >= $3::date, sum(s.sign * s.amount)::bigint, sum(s.sign * s.amount * s.value)::bigint
FROM (
    SELECT *, -1 AS sign FROM measured WHERE recorded_at > $2 AND gone_at IS NULL
    UNION ALL
    SELECT *, 1 FROM measured WHERE gone_at > $2 AND recorded_at <= $2
) s
WHERE s.kind = ANY($5::text[]) AND s.on_date <= $4 AND {scope}
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
# As of an instant, or now: then $4 is null.
_STANDING = (
    "recorded_at <= coalesce($4::timestamptz, 'infinity') AND (gone_at IS NULL OR gone_at > $4::timestamptz)"
)
_OF_THE_ACCEPTED = """
SELECT s.kind, {places}, s.what, true, count(*), 0::bigint FROM measured s
WHERE s.kind IN ('fee', 'paid_online') AND s.on_date >= $2 AND s.on_date <= $3 AND s.since >= $2 AND {standing} AND {scope}
GROUP BY 1, 2, 3, 4, 5, 6
"""
_TIMES = """
SELECT {key} AS key, {unit} AS unit, count(*), avg(value), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY value)
FROM measured WHERE kind = $5 AND on_date >= $2 AND on_date <= $3 AND what LIKE $6 AND {standing} AND {scope}
GROUP BY 1, 2 ORDER BY 1, 2
"""
_SIGNS = """
SELECT dossier_id, number, on_date, unit, office, procedure, what FROM measured
WHERE kind = $5 AND on_date >= $2 AND on_date <= $3 AND {standing} AND {scope} AND (on_date, dossier_id, number) > ($6, $7, $8)
ORDER BY on_date, dossier_id, number LIMIT $9
"""
_HOW_MANY = """
SELECT count(*) FROM measured WHERE kind = $5 AND on_date >= $2 AND on_date <= $3 AND {standing} AND {scope}
"""
_NEWEST = "SELECT max(recorded_at) FROM measured"


class Found(NamedTuple):
    """A dossier that shows a sign, with its place in the list."""

    dossier_id: UUID
    number: int
    on: date
    unit: str
    office: str
    procedure: str
    seen: str


async def newest(connection: asyncpg.Connection[Any]) -> datetime | None:
    at: datetime | None = await connection.fetchval(_NEWEST)
    return at


async def load_parts(
    connection: asyncpg.Connection[Any],
    window: Window,
    as_of: datetime | None = None,
    whose: Whose = ALL,
    places: tuple[str, ...] = PLACES,
) -> list[Part]:
    """What lines add up to before and inside a window that has a last day, told apart by `places`; empty texts stand for the others.

    Guarantee: any window as of any instant is the sum of the lines in it. Test: test_the_index_is_the_reports_own_numbers.
    """
    assert window.last is not None
    first, until = window.first or EARLIEST, window.last + timedelta(days=1)
    boxes = [(*each, False) for each in cover(EARLIEST, min(first, until))] if window.first else []
    boxes += [(*each, True) for each in cover(first, until)]
    told = ", ".join(f"s.{name}" if name in places else "''" for name in PLACES)
    scope = _SCOPES[whose.kind]
    found: dict[tuple[Any, ...], list[int]] = {}

    def add(rows: list[Any]) -> None:
        for *what, amount, value in rows:
            kept = found.setdefault(tuple(what), [0, 0])
            kept[0] += amount
            kept[1] += value

    add(
        await connection.fetch(
            _SUMS.format(places=told, scope=scope), whose.code, *map(list, zip(*boxes, strict=True))
        )
    )
    if as_of:
        later = _SINCE.format(places=told, scope=scope)
        add(await connection.fetch(later, whose.code, as_of, first, window.last, list(SUMMED)))
    accepted = _OF_THE_ACCEPTED.format(places=told, scope=scope, standing=_STANDING)
    add(await connection.fetch(accepted, whose.code, first, window.last, as_of))
    return [Part(*what, *sums) for what, sums in found.items() if any(sums)]


async def load_times(
    connection: asyncpg.Connection[Any],
    window: Window,
    of: Literal["procedures", "steps"],
    as_of: datetime | None = None,
    whose: Whose = ALL,
) -> list[Times]:
    """Of the results of each procedure, or the steps of each unit, that ended inside a window: mean, median and p90 in days."""
    key, unit, kind, what = ("procedure", "''", "ended", "resolved/%")
    if of == "steps":
        key, unit, kind, what = "what", "unit", "step", "%"
    query = _TIMES.format(key=key, unit=unit, standing=_STANDING, scope=_SCOPES[whose.kind])
    days = (window.first or EARLIEST, window.last or LATEST)
    return [
        Times(name, at, number, *(round(value, 2) for value in (mean, *quantiles)))
        for name, at, number, mean, quantiles in await connection.fetch(
            query, whose.code, *days, as_of, kind, what
        )
    ]


BEGINNING = Found(UUID(int=0), 0, EARLIEST, "", "", "", "")


async def load_signs(
    connection: asyncpg.Connection[Any],
    window: Window,
    pattern: Pattern,
    as_of: datetime,
    whose: Whose,
    after: Found,
    most: int,
) -> list[Found]:
    """Up to `most` dossiers that show a sign, behind one of them, in the order of days."""
    query = _SIGNS.format(standing=_STANDING, scope=_SCOPES[whose.kind])
    place = (after.on, after.dossier_id, after.number)
    rows = await connection.fetch(query, whose.code, *_days(window), as_of, pattern, *place, most)
    return [Found(UUID(int=row[0].int), *tuple(row)[1:]) for row in rows]


async def count_signs(
    connection: asyncpg.Connection[Any], window: Window, pattern: Pattern, as_of: datetime, whose: Whose
) -> int:
    query = _HOW_MANY.format(standing=_STANDING, scope=_SCOPES[whose.kind])
    found: int = await connection.fetchval(query, whose.code, *_days(window), as_of, pattern)
    return found


def _days(window: Window) -> tuple[date, date]:
    return window.first or EARLIEST, window.last or LATEST
