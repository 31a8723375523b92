"""Puts open dossiers into processing's database, as its doors would have left them: rows of the queue with the events behind them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import asyncpg
import orjson
from uuid_utils.compat import uuid7

from contracts.catalogue import shipped as catalogue
from contracts.catalogue.procedure import Version
from services.processing.clock.due_date import Limit, due_date
from services.processing.clock.statutory import Clock, text_of
from services.processing.clock.working_days import ZONE, Calendar, shipped
from services.processing.incoming import HEAR, MARK, TAKE_TURN
from tests.benchmarks.filings import OFFICE

UNIT = "H29.015.00/QLXD"
# As many as each is asked for: certificates, whose limits are calendar days, are three quarters; permits and declarations of
# conformity, whose limits are working days since July 2026, are the rest.
PROCEDURES = (
    *("1.009982", "1.009983", "1.009986", "1.009928", "1.009987") * 3,
    *("1.009980", "1.009981", "1.006871", "1.009978", "1.009974"),
)
IN_WORKING_DAYS = ("1.006871",)


def next_day_to_declare() -> date:
    """The next working day behind a working day. Limits in calendar days that end on a weekend are due on the Monday: declared off,
    it moves half as many dates again, and figures of one week would not be those of the next."""
    calendar, day = shipped(), datetime.now(ZONE).date() + timedelta(days=1)
    while not (calendar.is_working(day) and calendar.is_working(day - timedelta(days=1))):
        day += timedelta(days=1)
    return day


async def fill(
    connection: asyncpg.Connection, procedures: Sequence[str], count: int, day: date, chance: random.Random
) -> list[UUID]:
    """Dossiers that a desk accepted in the days before, all of whose limits reach the day or go beyond it."""
    head = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
    calendar, rows, events = shipped(), [], []
    ids = []
    # Ids rise with time, as those of filings do.
    dates = sorted(
        (
            (*_dates(procedure, day, calendar, chance), procedure)
            for procedure in (procedures[n % len(procedures)] for n in range(count))
        ),
        key=lambda dated: dated[0],
    )
    for n, (accepted_at, due_on, limit, procedure) in enumerate(dates):
        accepted_on = accepted_at.date()
        dossier = UUID(int=uuid7().int)
        ids.append(dossier)
        rows.append(
            (
                dossier,
                procedure,
                OFFICE,
                "online",
                accepted_at,
                "accepted",
                UNIT,
                accepted_at,
                due_on,
                n + 1,
                1,
                text_of(Clock(accepted_on, limit)),
                accepted_on,
            )
        )
        data = {
            "number": n + 1,
            "on": accepted_on,
            "procedure": procedure,
            "level": "full",
            "office": OFFICE,
            "unit": UNIT,
            "channel": "online",
            "due_on": due_on,
            "limit": {"amount": limit.amount, "unit": limit.unit},
            "given": False,
            "late": False,
        }
        event, command = UUID(int=uuid7().int), UUID(int=uuid7().int)
        events.append(
            (
                *(head + n + 1, dossier, 1, event, command, 0, "DossierAccepted", 1, accepted_at),
                *(datetime.now(UTC), "officer/bench", orjson.dumps(data).decode()),
            )
        )
    await connection.copy_records_to_table(
        "dossiers",
        records=rows,
        columns=[
            *("dossier_id", "procedure", "office", "channel", "submitted_at", "own_status", "unit"),
            *("accepted_at", "due_on", "number", "version", "clock", "acted_on"),
        ],
    )
    await connection.copy_records_to_table(
        "events",
        records=events,
        columns=[
            *(
                "position",
                "stream_id",
                "version",
                "event_id",
                "command_id",
                "index",
                "type",
                "schema_version",
            ),
            *("occurred_at", "recorded_at", "actor", "data"),
        ],
    )
    return ids


def _dates(
    procedure: str, day: date, calendar: Calendar, chance: random.Random
) -> tuple[datetime, date, Limit]:
    version = catalogue.version_on(procedure, day)
    assert isinstance(version, Version)
    limit = Limit(version.limit_days, version.limit_unit)
    today = datetime.now(ZONE).date()
    while True:
        accepted_on = today - timedelta(days=chance.randint(1, 2 * limit.amount))
        due_on = due_date(accepted_on, limit, calendar)
        if due_on >= day:
            at = datetime.combine(accepted_on, time(8), ZONE) + timedelta(seconds=chance.randrange(8 * 3_600))
            return at, due_on, limit


async def supplements_came(connection: asyncpg.Connection, ids: Sequence[UUID]) -> None:
    """As the service hears it from intake."""
    now, count = datetime.now(UTC), len(ids)
    heard = (list(ids), [2] * count, ["SupplementProvided"] * count, [now] * count)
    async with connection.transaction():
        await connection.execute(TAKE_TURN)
        events, unsaid = [UUID(int=uuid7().int) for _ in ids], [None] * count
        await connection.execute(HEAR, *heard, events, unsaid, unsaid, unsaid)
        await connection.execute(MARK, *heard, unsaid)
