"""Reporting's book out of its database, by the views that analysts may read: its lines, or the dossiers that they make.

All of it is as of one instant, kept with the first page; a page is a query of its own, and no snapshot is held in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import asyncpg

from deploy.export.files import Column
from deploy.export.spool import Row, Spool
from deploy.local.process import Failed
from services.reporting.book.lines import standing
from services.reporting.book.rows import NO_DUE_DATE, Entry

PAGE_LINES = 20_000
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)

ENTRIES = (
    Column("dossier_id", "text"),
    Column("number", "whole"),
    Column("sequence", "whole"),
    Column("struck", "whole"),
    Column("recorded_at", "instant"),
    Column("amount", "whole"),
    Column("unit", "text"),
    Column("on_date", "day"),
    Column("flow", "text"),
    Column("timeliness", "text"),
    Column("procedure", "text"),
    Column("field", "text"),
    Column("office", "text"),
    Column("channel", "text"),
    Column("level", "text"),
    Column("manner", "text"),
    Column("due_on", "day"),
    Column("apologised", "flag"),
    Column("made_up", "flag"),
)
DOSSIERS = (
    Column("dossier_id", "text"),
    Column("status", "text"),
    Column("procedure", "text"),
    Column("field", "text"),
    Column("level", "text"),
    Column("channel", "text"),
    Column("office", "text"),
    Column("unit", "text"),
    Column("submitted_on", "day"),
    Column("accepted_on", "day"),
    Column("accepted_late", "flag"),
    Column("ended_on", "day"),
    Column("timeliness", "text"),
    Column("due_on", "day"),
    Column("apologised", "flag"),
    Column("paused_days", "whole"),
    Column("recorded_at", "instant"),
    Column("made_up", "flag"),
)

_STANDING = "SELECT newest, held, made_up FROM analysts.standing"
_BY_TIME = """
SELECT * FROM analysts.entries
WHERE recorded_at >= $3 AND (recorded_at, dossier_id, number) > ($3, $4, $5) AND recorded_at > $1 AND recorded_at <= $2
ORDER BY recorded_at, dossier_id, number LIMIT $6
"""
_BY_DOSSIER = """
SELECT * FROM analysts.entries WHERE dossier_id > $1 AND recorded_at <= $2 ORDER BY dossier_id, number LIMIT $3
"""
_COUNT = "SELECT count(*) FROM analysts.entries WHERE recorded_at > $1 AND recorded_at <= $2"

Say = Callable[[str], None]


async def gather(
    dsn: str,
    spool: Spool,
    what: str,
    since: datetime | None,
    as_of: datetime | None,
    say: Say,
    page_lines: int = PAGE_LINES,
) -> dict[str, str]:
    """All lines, or all dossiers, that became known after `since` and up to `as_of`; what is to be said of them."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        row = await connection.fetchrow(_STANDING)
        assert row is not None
        if spool.told("as_of") is None:
            spool.keep((), as_of=as_of or row["newest"] or BEGINNING, lines=0)
        pinned = datetime.fromisoformat(spool.told("as_of"))
        read = _lines if what == "entries" else _dossiers
        await read(connection, spool, since or BEGINNING, pinned, say, page_lines)
        return {
            "as_of": pinned.isoformat(),
            "held": str(row["held"]),
            "made_up": str(row["made_up"]).lower(),
        }
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        raise Failed("reporting's views for analysts are not there, or not open to this role") from None
    finally:
        await connection.close()


async def _lines(
    connection: asyncpg.Connection[Any], spool: Spool, since: datetime, as_of: datetime, say: Say, most: int
) -> None:
    expected = await connection.fetchval(_COUNT, since, as_of)
    at, dossier, number = spool.told("after") or (since.isoformat(), str(UUID(int=0)), 0)
    after = (datetime.fromisoformat(at), UUID(dossier), number)
    taken = spool.told("lines")
    while page := await connection.fetch(_BY_TIME, since, as_of, *after, most):
        last, taken = page[-1], taken + len(page)
        after = (last["recorded_at"], last["dossier_id"], last["number"])
        place = (after[0], str(after[1]), after[2])
        spool.keep(((_time_key(line), _plain(line)) for line in page), after=place, lines=taken)
        say(f"{taken:,} of {expected:,} lines")
    await _unmoved(connection, spool, since, as_of)


async def _dossiers(
    connection: asyncpg.Connection[Any], spool: Spool, since: datetime, as_of: datetime, say: Say, most: int
) -> None:
    """A page ends between two dossiers, and so may have one line less than was asked for."""
    expected = await connection.fetchval(_COUNT, BEGINNING, as_of)
    after, taken = UUID(spool.told("after") or str(UUID(int=0))), spool.told("lines")
    while page := await connection.fetch(_BY_DOSSIER, after, as_of, most):
        if len(page) == most:
            last = page[-1]["dossier_id"]
            page = [line for line in page if line["dossier_id"] != last] or page
        after, taken = page[-1]["dossier_id"], taken + len(page)
        kept = [(UUID(row["dossier_id"]).bytes, row) for row in _lives(page) if row["recorded_at"] > since]
        spool.keep(kept, after=str(after), lines=taken)
        say(f"{taken:,} of {expected:,} lines")
    await _unmoved(connection, spool, BEGINNING, as_of)


async def _unmoved(
    connection: asyncpg.Connection[Any], spool: Spool, since: datetime, as_of: datetime
) -> None:
    """Failed where a line of that time came in behind the page that it belonged to; the instant stays, so that by the next time all of
    it has been heard.

    Guarantee: a file of the book is the book as of one instant. Test: test_a_book_that_moved_is_gathered_again.
    """
    if await connection.fetchval(_COUNT, since, as_of) != spool.told("lines"):
        spool.keep((), alone=True, after=None, lines=0)
        raise Failed(
            f"more was heard of the time up to {as_of.isoformat()} meanwhile: give the same words again"
        )


def _lives(page: Sequence[asyncpg.Record]) -> Iterator[Row]:
    for _, lines in groupby(page, key=lambda line: line["dossier_id"]):
        told = list(lines)
        yield life_of([_entry(line) for line in told]) | {"made_up": told[0]["made_up"]}


def life_of(lines: Sequence[Entry]) -> Row:
    """A dossier as its lines tell it: by its columns, without whether it is made up.

    Guarantee: dossiers that are counted from a file are those that the report counts, as of any instant.
    Test: test_the_exports_count_what_the_report_counts.
    """
    stand = [line for line in standing(lines) if line.amount > 0]
    latest = {line.flow: line for line in stand}
    filed, accepted = latest["submitted"], latest.get("received_new")
    ended = latest.get("resolved") or latest.get("not_accepted")
    dated = [line for line in stand if line.flow in ("received_new", "due")] if accepted else []
    now = ended or (dated[-1] if dated else filed)
    return {
        "dossier_id": str(filed.dossier_id),
        "status": ended.manner if ended else "accepted" if accepted else "submitted",
        "procedure": now.procedure,
        "field": now.field,
        "level": now.level,
        "channel": now.channel,
        "office": now.office,
        "unit": now.unit,
        "submitted_on": filed.on_date,
        "accepted_on": accepted.on_date if accepted else None,
        "accepted_late": bool(accepted and accepted.manner == "late"),
        "ended_on": ended.on_date if ended else None,
        "timeliness": ended.timeliness if ended else "",
        "due_on": None if now.due_on == NO_DUE_DATE else now.due_on,
        "apologised": now.apologised,
        "paused_days": _paused(dated, ended.on_date if ended else None),
        "recorded_at": max(line.recorded_at for line in lines),
    }


def _paused(dated: Sequence[Entry], ended_on: date | None) -> int | None:
    """Days of which the clock stood still: from the request to the answer; none is told while it stands still now."""
    days, since = 0, None
    for before, line in pairwise(dated):
        if line.due_on == NO_DUE_DATE and before.due_on != NO_DUE_DATE:
            since = line.on_date
        elif since and line.due_on != NO_DUE_DATE:
            days, since = days + (line.on_date - since).days, None
    if since is None:
        return days
    return days + (ended_on - since).days if ended_on else None


def _entry(line: asyncpg.Record) -> Entry:
    known = [line[name] for name in Entry._fields]
    entry = Entry(*known)
    return entry._replace(dossier_id=UUID(int=entry.dossier_id.int), due_on=entry.due_on or NO_DUE_DATE)


def _plain(line: asyncpg.Record) -> Row:
    return {**line, "dossier_id": str(line["dossier_id"])}


def _time_key(line: asyncpg.Record) -> bytes:
    microseconds = (line["recorded_at"] - BEGINNING) // timedelta(microseconds=1)
    return bytes(
        microseconds.to_bytes(8, "big") + line["dossier_id"].bytes + line["number"].to_bytes(4, "big")
    )
