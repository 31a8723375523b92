"""Published reports: each is kept with its question, what it rested on, and its numbers as bytes; and what lies between two of them.

Nothing that was published is ever changed. Who finds other numbers later publishes again, and compares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.reporting.book.lines import ZONE
from services.reporting.book.rows import Entry
from services.reporting.report.by_lines import report_of
from services.reporting.report.columns import Columns, OfficialReport, ReportBy, differences
from services.reporting.report.counts import Window
from services.reporting.report.withheld import Hidden, hidden, shown

PUBLISHING = 74_657
"""The advisory lock under which numbers are given, so that they have no holes."""


class Question(NamedTuple):
    """What was asked: a window that has an end, the rows, and the instant of record time."""

    window: Window
    by: ReportBy | None
    as_of: datetime


class Vintage(NamedTuple):
    """A published report; the fields are the columns of `vintages`, in their order."""

    number: int
    published_by: str
    request_key: str
    published_at: datetime
    first_on: date | None
    last_on: date
    period: str
    scheme: str
    by: str
    as_of: datetime
    positions: str
    code_version: str
    projection: int
    zone: str
    made_up: bool
    result: str
    result_hash: str

    def question(self) -> Question:
        return Question(Window(self.first_on, self.last_on), self.by or None, self.as_of)  # type: ignore[arg-type]

    def told(self) -> OfficialReport:
        """Its numbers. A column that a later release has and it has not is 0."""
        known = {field.name for field in fields(Columns)}
        said = json.loads(self.result)

        def columns(row: Mapping[str, int]) -> Columns:
            return Columns(**{name: value for name, value in row.items() if name in known})

        return OfficialReport(
            columns(said["total"]), {key: columns(row) for key, row in said["rows"].items()}
        )


def canonical(question: Question, told: OfficialReport) -> bytes:
    """Question and numbers as the bytes that are published and hashed: sorted members, instants in UTC.

    Guarantee: the same numbers of the same question are the same bytes. Test: test_the_topics_alone_give_the_published_bytes.
    """
    (first, last), by, as_of = question
    said = {
        "question": {
            "from": first,
            "to": last,
            "by": by,
            "as_of": as_of.astimezone(UTC),
            "zone": ZONE.tzname(None),
        },
        "total": asdict(told.total),
        "rows": {key: asdict(row) for key, row in told.rows.items()},
    }
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=1024)
def as_shown(result: str, by: str) -> tuple[str, str, Hidden]:
    """A result as the public sees it: null for what is withheld, the hash over that, and what is withheld.

    The hash over all numbers is not for everybody: there are so few small ones that it would tell them.
    Guarantee: what was published is proven as the public sees it too. Test: test_what_the_public_sees_of_a_report_is_proven.
    """
    said = json.loads(result)
    found = hidden(said["rows"], by or None)
    said["rows"] = {key: shown(key, row, found) for key, row in said["rows"].items()}
    told = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return told.decode(), hash_of(told), found


def hash_of(result: bytes) -> str:
    return "sha256:" + hashlib.sha256(result).hexdigest()


_COLUMNS = ", ".join(Vintage._fields)
_PLACES = ", ".join(f"${n}" for n in range(1, len(Vintage._fields)))
_ADD = f"""
INSERT INTO vintages ({_COLUMNS})
SELECT (SELECT coalesce(max(number), 0) + 1 FROM vintages), {_PLACES}
ON CONFLICT ON CONSTRAINT a_request_publishes_once DO NOTHING RETURNING number
"""
_FIND = f"SELECT {_COLUMNS} FROM vintages WHERE number = $1"
_REQUESTED = f"SELECT {_COLUMNS} FROM vintages WHERE published_by = $1 AND request_key = $2"
_LIST = f"SELECT {_COLUMNS} FROM vintages WHERE number < $1 ORDER BY number DESC LIMIT $2"
_HELD = """
SELECT stream_id, min(held_at) AS since, (array_agg(reason ORDER BY held_at))[1] AS reason FROM held
GROUP BY stream_id ORDER BY since LIMIT $1
"""
_BETWEEN = """
SELECT * FROM entries WHERE recorded_at > $1 AND recorded_at <= $2 AND on_date <= $3
ORDER BY recorded_at, dossier_id, number OFFSET $4 LIMIT $5
"""
_COUNT_BETWEEN = "SELECT count(*) FROM entries WHERE recorded_at > $1 AND recorded_at <= $2 AND on_date <= $3"


async def add(connection: asyncpg.Connection[Any], vintage: Vintage) -> Vintage:
    """Publishes it under the next number, or finds what the same request published before.

    Guarantee: a request that is sent again publishes once. Test: test_a_repeated_request_publishes_once.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", PUBLISHING)
        number = await connection.fetchval(_ADD, *vintage[1:])
    if number is not None:
        return vintage._replace(number=number)
    before = await requested(connection, vintage.published_by, vintage.request_key)
    assert before is not None
    return before


async def requested(connection: Any, published_by: str, request_key: str) -> Vintage | None:
    """What this request published before."""
    row = await connection.fetchrow(_REQUESTED, published_by, request_key)
    return Vintage(*row) if row else None


async def find(connection: Any, number: int) -> Vintage | None:
    row = await connection.fetchrow(_FIND, number)
    return Vintage(*row) if row else None


async def newest_first(connection: Any, before: int, most: int) -> list[Vintage]:
    return [Vintage(*row) for row in await connection.fetch(_LIST, before, most)]


async def held(connection: Any, most: int) -> list[tuple[UUID | None, datetime, str]]:
    """Dossiers whose events wait, the oldest first: since when, and why."""
    return [tuple(row) for row in await connection.fetch(_HELD, most)]


class Between(NamedTuple):
    """A page of the entries between two reports, and how many there are in all."""

    entries: list[Entry]
    in_all: int


async def between(
    connection: asyncpg.Connection[Any], one: Vintage, other: Vintage, passed: int, most: int
) -> Between:
    """The lines of the book that the later report knows and the earlier one does not, of days up to the window's end."""
    stretch = (one.as_of, other.as_of, one.last_on)
    rows = await connection.fetch(_BETWEEN, *stretch, passed, most)
    return Between([Entry(*row) for row in rows], await connection.fetchval(_COUNT_BETWEEN, *stretch))


def effect(line: Entry, window: Window) -> dict[str, int]:
    """What one line adds to each column of the report.

    Guarantee: two published reports differ by the sum of the entries between them.
    Test: test_two_reports_differ_by_the_entries_between_them.
    """
    return differences(report_of([line], window, None).total, Columns())
