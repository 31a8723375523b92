"""What the official report and its corrections read of the tables, inside the caller's snapshot."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from services.reporting.book.lines import local_date
from services.reporting.report.columns import REPORT_BYS, OfficialReport, ReportBy, official, tells
from services.reporting.report.counts import Window
from services.reporting.report.flows import COLUMNS, load_sums
from services.reporting.report.periods import Known
from services.reporting.report.withheld import Hidden, hidden

_CORRECTIONS = """
SELECT c.dossier_id, c.sequence, c.recorded_at, c.on_date, c.event, c.reason, c.document, c.procedure, c.office, e.flow, e.timeliness,
       e.on_date AS entry_on, e.amount
FROM (
    SELECT * FROM corrections
    WHERE recorded_at > $2::timestamptz AND ($1::date IS NULL OR on_date <= $1::date)
    ORDER BY recorded_at DESC, dossier_id, sequence DESC LIMIT $3
) c
LEFT JOIN entries e ON e.dossier_id = c.dossier_id AND e.sequence = c.sequence AND e.flow <> 'due'
    AND ($1::date IS NULL OR e.on_date <= $1::date)
ORDER BY c.recorded_at DESC, c.dossier_id, c.sequence DESC, e.number
"""

_COUNT = """
SELECT (SELECT count(*) FROM corrections
        WHERE recorded_at > $2::timestamptz AND ($1::date IS NULL OR on_date <= $1::date)) AS corrections,
       (SELECT count(*) FROM entries WHERE recorded_at > $2::timestamptz AND ($1::date IS NULL OR on_date <= $1::date)
        AND NOT EXISTS (SELECT FROM corrections c WHERE c.dossier_id = entries.dossier_id AND c.sequence = entries.sequence)
       ) AS recorded_later
"""


_TOLD = ("recorded_at", "on", "event", "reason", "document", "procedure", "office")


class Changes(NamedTuple):
    """Corrections known only after an instant that touch a window, newest first, `found` are all there are; `recorded_later`: entries of
    such days that no correction made and that were recorded after that instant."""

    listed: list[dict[str, Any]]
    found: int
    recorded_later: int


# Looks into the primary key; the end skips days on which dossiers only became overdue.
_KNOWN = """
SELECT (SELECT min(on_date) FROM sums WHERE spans = 'day/ever'),
       (SELECT on_date FROM sums WHERE spans = 'day/ever' AND on_date <= $1 AND ({happened})
        ORDER BY on_date DESC LIMIT 1)
"""


async def load_known(connection: asyncpg.Connection[Any], today: date) -> Known:
    """Between which days anything happened, up to today, and whether the demonstration is among it."""
    row = await connection.fetchrow(
        _KNOWN.format(
            happened=" OR ".join(f"{name} <> 0" for name in COLUMNS if COLUMNS[name][0] != "overdue")
        ),
        today,
    )
    assert row is not None
    return Known(row[0], row[1], await has_made_up(connection))


async def has_made_up(connection: asyncpg.Connection[Any]) -> bool:
    """Whether the demonstration is among the dossiers.

    Guarantee: no page and no export shows made-up figures without saying so. Test: test_made_up_figures_say_so_everywhere.
    """
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM made_up)"))


async def load_official(
    connection: asyncpg.Connection[Any],
    window: Window,
    by: ReportBy | None,
    tells_on: date,
    as_of: datetime | None = None,
) -> OfficialReport:
    """The report of a window up to the day that tells, of now or as of an instant of record time.

    Guarantee: a report as of before a reversal does not change. Test: test_a_report_as_of_before_a_reversal_does_not_change.
    """
    return official(await load_sums(connection, Window(window.first, tells_on), by, as_of), by)


async def load_hidden(
    connection: asyncpg.Connection[Any],
    window: Window,
    by: str | None,
    today: date,
    as_of: datetime | None = None,
) -> Hidden:
    """What the public is not shown of rows by an attribute, whatever columns a door shows of them.

    Guarantee: two doors that show one breakdown withhold the same. Test: test_every_public_door_withholds_the_same.
    """
    if by is None or by not in REPORT_BYS:
        return {}
    tells_on = tells(window.last, local_date(as_of) if as_of else today)
    return await hidden_of(await load_official(connection, window, by, tells_on, as_of), by)


async def hidden_of(told: OfficialReport, by: str | None) -> Hidden:
    """What the public is not shown of its rows.

    Guarantee: a table of many small numbers holds up nobody else. Test: test_many_small_numbers_hold_up_nobody_else.
    """
    return await asyncio.to_thread(hidden, told.rows, by)


async def load_changes(
    connection: asyncpg.Connection[Any], window: Window, since: datetime, most: int
) -> Changes:
    """What a correction took from or gave to each flow, by day; without anything that names a dossier."""
    listed: list[dict[str, Any]] = []
    last: tuple[Any, ...] | None = None
    for row in await connection.fetch(_CORRECTIONS, window.last, since, most):
        if tuple(row)[:2] != last:
            last = tuple(row)[:2]
            listed.append({**dict(zip(_TOLD, tuple(row)[2:9], strict=True)), "entries": []})
        if row["flow"] is not None:
            entry = {
                "flow": row["flow"],
                "timeliness": row["timeliness"] or None,
                "on": row["entry_on"],
                "amount": row["amount"],
            }
            listed[-1]["entries"].append(entry)
    counted = await connection.fetchrow(_COUNT, window.last, since)
    assert counted is not None
    return Changes(listed, counted["corrections"], counted["recorded_later"])
