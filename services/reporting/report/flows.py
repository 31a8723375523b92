"""What flowed, added up by whole decades, years, months and days, and by single lines only on the day of an as-of instant.

A window is covered by the fewest spans, on both axes: when things happened and when we knew. So a report reads as much after ten years as
after one. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from services.reporting.book.lines import ZONE, local_date
from services.reporting.report.columns import Sum
from services.reporting.report.counts import By, FlowSum, Window

SPANS = ("decade", "year", "month", "day")
EARLIEST, LATEST = date.min, date.max  # what PostgreSQL calls -infinity and infinity


# The columns of `sums` and the flow, timeliness, manner and apology of the lines that they add up.
COLUMNS: dict[str, tuple[str, str, str, bool]] = {
    "submitted": ("submitted", "", "", False),
    "rejected": ("not_accepted", "", "rejected", False),
    "withdrawn_waiting": ("not_accepted", "", "withdrawn", False),
    "accepted_in_time": ("received_new", "", "", False),
    "accepted_late": ("received_new", "", "late", False),
    "resolved_early": ("resolved", "early", "resolved", False),
    **{
        f"{manner}_{how}{'_sorry' if sorry else ''}": ("resolved", how, manner, sorry)
        for manner in ("resolved", "stopped", "withdrawn")
        for how, sorry in (("on_time", False), ("late", False), ("late", True))
    },
    "overdue": ("overdue", "", "", False),
    "overdue_sorry": ("overdue", "", "", True),
}


class Cover(NamedTuple):
    """Whole spans of one kind that begin on `first` or later and before `until`."""

    span: str
    first: date
    until: date


def cover(first: date, until: date, spans: Sequence[str] = SPANS) -> list[Cover]:
    """The days from `first` up to and without `until` by the fewest whole spans; EARLIEST and LATEST have no bound.

    Guarantee: each day is covered once. Test: test_every_day_of_a_window_is_covered_once.
    """
    if first >= until:
        return []
    span, finer = spans[0], spans[1:]
    if not finer:
        return [Cover(span, first, until)]
    begin, end = first, until
    if first != EARLIEST and first != begin_of(span, first):
        begin = next_of(span, first)
    if until != LATEST:
        end = begin_of(span, until)
    if begin >= end:
        return cover(first, until, finer)
    return [Cover(span, begin, end), *cover(first, begin, finer), *cover(end, until, finer)]


def begin_of(span: str, day: date) -> date:
    if span == "decade":
        return day.replace(year=day.year // 10 * 10, month=1, day=1)
    if span == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if span == "month" else day


def next_of(span: str, day: date) -> date:
    """The first day of the next span."""
    ahead = {"decade": 3653, "year": 366, "month": 31, "day": 1}[span]
    return begin_of(span, begin_of(span, day) + timedelta(days=ahead))


# `known`: by the order of the key, so that each stretch is read from its beginning to its end.
_SUMS = """
SELECT {key} AS key, {stretch} AS stretch, {channel} AS channel, {level} AS level, {sums}
FROM unnest($1::text[], $2::date[], $3::date[], $4::date[], $5::date[], $6::boolean[])
    AS box(spans, first, until, known_first, known_until, within)
CROSS JOIN LATERAL (
    SELECT * FROM sums WHERE spans = box.spans AND {known} AND on_date >= box.first AND on_date < box.until {only} OFFSET 0
) s
GROUP BY 1, 2, 3, 4
"""
_EVER = "known_on = box.known_first"
_STRETCH = "known_on >= box.known_first AND known_on < box.known_until"

# The lines of one day of record time, after an instant of it.
_LINES = """
WITH known AS MATERIALIZED (
    SELECT * FROM entries WHERE recorded_at > $3::timestamptz AND recorded_at < $4::timestamptz {only}
), dated AS (
    SELECT {key} AS key, on_date, flow, timeliness, channel, level, manner, apologised, amount FROM known WHERE flow <> 'due'
    UNION ALL
    SELECT {key}, greatest(on_date, due_on + 1), 'overdue', '', channel, level, '', apologised,
           CASE flow WHEN 'resolved' THEN -amount ELSE amount END
    FROM known WHERE flow IN ('received_new', 'resolved', 'due') AND due_on < 'infinity'
)
SELECT key, CASE WHEN on_date >= $1::date THEN {stretch} END AS stretch, flow, timeliness, {channel} AS channel, {level} AS level,
       manner, apologised, sum(amount)::bigint AS amount
FROM dated WHERE on_date < $2::date GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(amount) <> 0
"""

_STRETCHES = {"month": "date_trunc('month', {day})::date", "day": "{day}", None: "DATE '0001-01-01'"}


async def load_sums(
    connection: asyncpg.Connection[Any],
    window: Window,
    key: str | None,
    as_of: datetime | None = None,
    *,
    stretch: str | None = None,
    doors: bool = True,
    only: Mapping[str, str] = MappingProxyType({}),
) -> list[Sum]:
    """What flowed before and inside a window, by one attribute, `stretch` (month, day) or in all, as far as it was known at `as_of`.

    Without `doors` channel and level are left empty; `only` names attributes that all of it has.
    Guarantee: any window as of any instant is the sum of the lines in it. Test: test_any_window_as_of_any_instant_is_the_sum_of_its_lines.
    """
    first = window.first or EARLIEST
    until = window.last + timedelta(days=1) if window.last else LATEST
    spans = {None: SPANS, "month": SPANS[2:], "day": SPANS[3:]}[stretch]
    happened = [(c, False) for c in cover(EARLIEST, min(first, until))] if window.first else []
    happened += [(c, True) for c in cover(first, until, spans)]
    parts = {
        "key": key or "''",
        "channel": "channel" if doors else "''",
        "level": "level" if doors else "''",
        "sums": ", ".join(f"sum({name})::bigint" for name in COLUMNS),
    }
    begins = _STRETCHES[stretch]
    within = f"CASE WHEN box.within THEN {begins.format(day='s.on_date')} END"
    found: dict[tuple[Any, ...], int] = {}

    async def add(sign: int, known: Sequence[Cover], by_key: str) -> None:
        boxes = [
            (f"{span}/{known_span}", *days, *known_days, inside)
            for (span, *days), inside in happened
            for known_span, *known_days in known
        ]
        query = _SUMS.format(**parts, stretch=within, known=by_key, only=_where(only, 7))
        for told, began, channel, level, *amounts in await connection.fetch(
            query, *map(list, zip(*boxes, strict=True)), *only.values()
        ):
            for (flow, timeliness, manner, apologised), amount in zip(COLUMNS.values(), amounts, strict=True):
                if amount:
                    what = (told, began, flow, timeliness, channel, level, manner, apologised)
                    found[what] = found.get(what, 0) + sign * amount

    await add(1, [Cover("ever", EARLIEST, LATEST)], _EVER)
    if as_of:
        # All that is known, without what became known later: most instants that are asked for are recent, and little did.
        next_day = local_date(as_of) + timedelta(days=1)
        await add(-1, cover(next_day, LATEST, SPANS[1:]), _STRETCH)
        lines = _LINES.format(**parts, stretch=begins.format(day="on_date"), only=_where(only, 5))
        midnight = datetime.combine(next_day, time.min, ZONE)
        for *line, amount in await connection.fetch(lines, first, until, as_of, midnight, *only.values()):
            found[*line,] = found.get((*line,), 0) - amount
    return [Sum._make((*what, amount)) for what, amount in found.items() if amount]


def _where(only: Mapping[str, str], number: int) -> str:
    return "".join(f" AND {name} = ${number + n}" for n, name in enumerate(only))


async def load_flows(
    connection: asyncpg.Connection[Any], window: Window, by: By | None, as_of: datetime | None = None
) -> list[FlowSum]:
    """The flows before and inside a window, of now or as of an instant of record time."""
    stretch = by if by in ("month", "day") else None
    sums = await load_sums(connection, window, None if stretch else by, as_of, stretch=stretch, doors=False)
    return [
        FlowSum(part.key, part.stretch, part.timeliness or part.flow, part.amount)
        for part in sums
        if part.flow != "overdue"
    ]
