"""The register of dossiers (sổ theo dõi hồ sơ): what an office accepted in a period, or what of it a unit has; in the order of acceptance.

Promises that a register of any length is read a stretch at a time. Reads alone, and knows no person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.http import paging
from services.processing.clock.working_days import ONE_DAY, ZONE
from services.processing.desk.queue_rows import COLUMNS, DossierRow

STRETCH = 500
# IS NOT NULL must match the index's predicate literally. When the result was handed over stands in the log alone.
_ROWS = f"""
SELECT {COLUMNS}, returned_at FROM dossiers d LEFT JOIN LATERAL (
    SELECT e.occurred_at AS returned_at FROM events e
    WHERE d.own_status = 'returned' AND e.stream_id = d.dossier_id AND e.type = 'ResultReturned' AND NOT EXISTS (
        SELECT FROM events r
        WHERE r.stream_id = e.stream_id AND r.type = 'DossierReversed' AND (r.data ->> 'sequence')::integer = e.version
    )
    ORDER BY e.version DESC LIMIT 1
) last ON true
WHERE {{place}} = $1 AND accepted_at IS NOT NULL AND accepted_at >= $2 AND accepted_at < $3 AND (accepted_at, dossier_id) > ($4, $5)
ORDER BY accepted_at, dossier_id LIMIT $6
"""
OF_OFFICE, OF_UNIT = _ROWS.format(place="office"), _ROWS.format(place="unit")


class Entry(NamedTuple):
    """A line of the register; `returned_at` is when the result was handed over."""

    row: DossierRow
    returned_at: datetime | None


class Book(NamedTuple):
    """Which register: of an office, or of a unit, whose code has a slash; days of acceptance, both included."""

    place: str
    since: date
    until: date


class After(NamedTuple):
    """Where a page begins: after the dossier accepted then, under that id."""

    accepted_at: datetime
    dossier_id: UUID


BEGINNING = After(datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def page(pool: Any, book: Book, after: After, limit: int) -> list[Entry]:
    """The next lines.

    Guarantee: a page of an office's register reads no more of a long one. Test: test_a_page_of_the_register_is_a_stretch_of_its_index.
    """
    since, until = _midnight(book.since), _midnight(book.until + ONE_DAY)
    statement = OF_UNIT if "/" in book.place else OF_OFFICE
    rows = await pool.fetch(statement, book.place, since, until, *after, limit)
    return [Entry(DossierRow(*row[:-1]), row[-1]) for row in map(tuple, rows)]


async def stretches(pool: Any, book: Book) -> AsyncIterator[Sequence[Entry]]:
    """All of it, a stretch at a time; the first may be empty.

    Guarantee: a register holds each dossier of its period once, however long it is. Test: test_a_register_is_read_in_stretches.
    """
    after = BEGINNING
    while True:
        entries = await page(pool, book, after, STRETCH)
        yield entries
        if len(entries) < STRETCH:
            return
        after = place_of(entries[-1])


def place_of(entry: Entry) -> After:
    """Where the page after this line begins."""
    assert entry.row.accepted_at is not None, "what is not accepted stands in no register"
    return After(entry.row.accepted_at, entry.row.dossier_id)


def cursor(after: After) -> str:
    return paging.cursor(after.accepted_at.astimezone(UTC).isoformat(), after.dossier_id)


def read_cursor(text: str) -> After:
    """The inverse of cursor(); ValueError for any other text."""
    return After(*paging.parts_of(text, paging.instant, UUID))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
