"""Reads the queue of dossiers. Its rows are written by record_v2(), by move_due_dates() and by incoming.py; nothing here changes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.http import paging
from services.processing.clock.working_days import local_day
from services.processing.dossier.official_code import issue
from services.processing.dossier.state import Filing, Heard

STATUSES = (
    "submitted",
    "accepted",
    "in_processing",
    "supplement_requested",
    "payment_requested",
    "withdrawal_requested",
    "rejected",
    "withdrawn",
    "stopped",
    "resolved",
    "returned",
)

COLUMNS = (
    "dossier_id, procedure, office, channel, submitted_at, status, unit, officer, accepted_at, due_on, number, version, "
    "intake_due_at, deadline_on, supplied_at, import_source, result_delivery"
)
# For whom an officer stands in a unit on a day.
STANDS_FOR = """
SELECT DISTINCT a.officer FROM absences a
WHERE a.substitute = {subject} AND a.unit = {unit} AND a.first_on <= {day} AND a.last_on >= {day}
    AND (a.back_on IS NULL OR a.back_on > {day})
"""
# What a decision needs beside the log, in one round trip.
FIND_FOR_COMMAND = f"""
SELECT n.place, {COLUMNS},
    ARRAY(
        SELECT h FROM heard h WHERE h.dossier_id = d.dossier_id ORDER BY h.sequence
    ) AS heard,
    ARRAY(
        {STANDS_FOR.format(subject="n.subject", unit="d.unit", day="n.day")}
    ) AS stands_for
FROM unnest($1::uuid[], $2::text[], $3::date[]) WITH ORDINALITY AS n(id, subject, day, place)
JOIN dossiers d ON d.dossier_id = n.id
"""
# One stretch of an index for each status and each right to see; none is longer than the page.
# Guarantee: a page costs the same however long the queue is. Test: test_a_page_reads_no_more_of_a_long_queue.
PAGE = f"""
SELECT {COLUMNS} FROM (
    SELECT d.* FROM unnest($1::text[]) AS wanted(status), LATERAL (
        SELECT {COLUMNS} FROM dossiers
        WHERE office = $2 AND status = wanted.status AND (submitted_at, dossier_id) > ($5, $6)
        ORDER BY submitted_at, dossier_id LIMIT $7
    ) d
    UNION
    SELECT d.* FROM unnest($1::text[]) AS wanted(status), unnest($3::text[]) AS mine(unit), LATERAL (
        SELECT {COLUMNS} FROM dossiers
        WHERE unit = mine.unit AND status = wanted.status AND (submitted_at, dossier_id) > ($5, $6)
            AND ($4::text IS NULL OR office = $4)
        ORDER BY submitted_at, dossier_id LIMIT $7
    ) d
) page ORDER BY submitted_at, dossier_id LIMIT $7
"""


class DossierRow(NamedTuple):
    """A dossier as it stands in the queue."""

    dossier_id: UUID
    procedure: str
    office: str
    channel: str
    submitted_at: datetime
    status: str
    unit: str | None
    officer: str | None
    accepted_at: datetime | None
    due_on: date | None
    number: int | None
    version: int
    intake_due_at: datetime | None
    deadline_on: date | None
    supplied_at: datetime | None
    import_source: str | None
    result_delivery: str | None = None

    @property
    def filing(self) -> Filing:
        return Filing(self.procedure, self.office, self.channel, self.submitted_at)

    @property
    def code(self) -> str | None:
        """The official code, once accepted."""
        return code_of_row(self.office, self.accepted_at, self.number)


def code_of_row(office: str, accepted_at: datetime | None, number: int | None) -> str | None:
    """The official code of a dossier that was accepted then under this number."""
    if accepted_at is None or number is None:
        return None
    return issue(office, local_day(accepted_at), number)


class Known(NamedTuple):
    """What a command is decided with beside the log: the row, the applicant's acts, for whom the caller stands today."""

    row: DossierRow
    heard: tuple[Heard, ...]
    stands_for: tuple[str, ...]

    @property
    def filing(self) -> Filing:
        return self.row.filing


Asking = tuple[UUID, str, date]
"""Which dossier, by whom, on which day."""


class After(NamedTuple):
    """Where a page begins: after the dossier submitted then, under that id."""

    submitted_at: datetime
    dossier_id: UUID


BEGINNING = After(datetime.min.replace(tzinfo=UTC), UUID(int=0))


class Stretches(NamedTuple):
    """Which dossiers a page shows: those of one office, and those of units (in `unit_office` alone, if it is given)."""

    office: str | None
    units: list[str]
    unit_office: str | None


def stretches(own_office: str, own_units: list[str], office: str | None, unit: str | None) -> Stretches:
    """What is asked for, cut down to what a caller of that office and those units may see.

    Guarantee: the list shows exactly the dossiers that the item door opens. Test: test_the_list_shows_what_the_item_door_opens.
    """
    if unit is not None:
        if unit in own_units:
            return Stretches(None, [unit], office)
        seen = own_office and office in (None, own_office)
        return Stretches(None, [unit] if seen else [], own_office)
    if office is not None:
        return Stretches(office, [], None) if office == own_office else Stretches(None, own_units, office)
    return Stretches(own_office or None, own_units, None)


async def find(pool: Any, dossier_id: UUID) -> DossierRow | None:
    """One dossier, or None when its submission has not arrived."""
    row = await pool.fetchrow(f"SELECT {COLUMNS} FROM dossiers WHERE dossier_id = $1", dossier_id)
    return None if row is None else DossierRow(*row)


async def find_for_command(
    pool: Any, dossier_ids: Sequence[UUID], subject: str, on: date
) -> dict[UUID, Known]:
    """Those of the dossiers whose submissions have arrived, with all that a command of this caller needs that day."""
    found = await find_known(pool, [(dossier_id, subject, on) for dossier_id in dossier_ids])
    return {dossier_id: known for (dossier_id, _, _), known in found.items()}


async def find_known(pool: Any, asked: Sequence[Asking]) -> dict[Asking, Known]:
    """The same of many commands, each of its own caller and day, in one query."""
    columns = [list(column) for column in zip(*asked, strict=True)] or [[], [], []]
    rows = await pool.fetch(FIND_FOR_COMMAND, *columns)
    return {asked[row["place"] - 1]: _known(row) for row in rows}


_HEARD = ("request", "amount", "currency", "method")


def _known(row: Any) -> Known:
    _, *columns, heard, stands_for = row
    acts = tuple(
        Heard(h["sequence"], h["what"], h["happened_at"], *(h[name] for name in _HEARD)) for h in heard
    )
    return Known(DossierRow(*columns), acts, tuple(stands_for))


async def page(
    pool: Any, statuses: Sequence[str], shown: Stretches, after: After, limit: int
) -> list[DossierRow]:
    """The next dossiers of a queue, the longest submitted first."""
    rows = await pool.fetch(
        PAGE,
        statuses,
        shown.office,
        shown.units,
        shown.unit_office,
        after.submitted_at,
        after.dossier_id,
        limit,
    )
    return [DossierRow(*row) for row in rows]


async def claim_cases(pool: Any, cases: Sequence[tuple[str, str, UUID]]) -> list[UUID]:
    """The dossier of each (source, case): the one it was given before, else the one proposed here."""
    if not cases:
        return []
    columns = [list(column) for column in zip(*cases, strict=True)]
    rows = await pool.fetch("SELECT dossier_id FROM claim_cases($1, $2, $3)", *columns)
    return [row["dossier_id"] for row in rows]


def cursor(row: DossierRow) -> str:
    """Where the page after this row begins, as text for an address."""
    return paging.cursor(row.submitted_at.astimezone(UTC).isoformat(), row.dossier_id)


def read_cursor(text: str) -> After:
    """The inverse of cursor(); ValueError for any other text."""
    return After(*paging.parts_of(text, paging.instant, UUID))
