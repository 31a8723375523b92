"""A day is declared off: what it costs to count the open dossiers again, beside as many acts through the officer's door.

The dossiers are put into the database at once; the declaration goes through its own door, and the running service does the
rest. The act beside it is one that counts a due date again too: a supplement is taken in. What moves is published within what is
measured, and so are the acts; the broker's own CPU is left out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
from uuid_utils.compat import uuid7

from contracts import catalogue
from contracts.procedure import Version
from services.processing.calendar import ZONE, Calendar, shipped
from services.processing.clock import Clock, text_of
from services.processing.deadline import Limit, due_date
from services.processing.incoming import HEAR, MARK, TAKE_TURN
from tests.benchmarks.filings import OFFICE, key
from tests.benchmarks.house import House
from tests.benchmarks.load import CLIENTS, Answered, Job, request, send
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

UNIT = "H29.015.00/QLXD"
# As many as each is asked for: certificates, whose limits are calendar days, are three quarters; permits and declarations of
# conformity, whose limits are working days since July 2026, are the rest.
PROCEDURES = (
    *("1.009982", "1.009983", "1.009986", "1.009928", "1.009987") * 3,
    *("1.009980", "1.009981", "1.006871", "1.009978", "1.009974"),
)
IN_WORKING_DAYS = ("1.006871",)
DOCUMENT = "Công văn 2222/VPCP-KGVX"
FAULTY = {"papers": [{"paper": 1, "fault": "missing"}]}
GOAL = 1 / 50
PATIENCE_SECONDS = 300
SWEEP_SECONDS = "3600"


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    count, acts = (5_000, 500) if quick else (100_000, 2_000)
    chance = random.Random(1)
    # What becomes due of so many dossiers at once is the sweeps' own work.
    services = Services(house, "ours", ("processing",), MOTCUA_SWEEP_SECONDS=SWEEP_SECONDS)
    cost: dict[str, list[float]] = {"mixed": [], "all": [], "door": []}
    took: dict[str, list[float]] = {"mixed": [], "all": []}
    moved: dict[str, list[float]] = {"mixed": [], "all": []}
    try:
        services.start()
        await services.ready()
        connection = await services.connect("processing")
        await _published(connection)  # the calendar that the service begins with
        headers = {"authorization": f"Bearer {house.issuer.token('supervisor', office=OFFICE, unit=UNIT)}"}
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{services.ports['processing']}",
            headers=headers,
            trust_env=False,
            timeout=60,
        )
        day = _next_working_day()
        withdrawal = {"day": str(day), "announced_at": datetime.now(ZONE).isoformat()}
        declaration = {**withdrawal, "kind": "off", "document": DOCUMENT}
        for _ in range(rounds):
            for which, procedures in (("mixed", PROCEDURES), ("all", IN_WORKING_DAYS)):
                ids = await _fill(connection, procedures, count, day, chance)
                await _tidied(connection)
                before = services.seconds()
                told = await _change(client, "declarations", declaration)
                await _published(connection)
                cost[which].append(1e6 * (services.seconds() - before) / count)
                began, finished = (datetime.fromisoformat(told[name]) for name in ("began_at", "finished_at"))
                took[which].append((finished - began).total_seconds())
                moved[which].append(told["moved"])
                if which == "all":
                    # A supplement is asked for within three working days of the acceptance.
                    some = chance.sample(ids[-count // 4 :], acts)
                    requests = _acts(house, some, "request-supplement", FAULTY, 2, chance)
                    _all_answered(await send(Job(services.ports["processing"], requests, CLIENTS)))
                    await _supplements_came(connection, some)
                    await _tidied(connection)
                    accepted = _acts(house, some, "accept-supplement", {}, 3, chance)
                    before = services.seconds()
                    _all_answered(await send(Job(services.ports["processing"], accepted, CLIENTS)))
                    await _published(connection)
                    cost["door"].append(1e6 * (services.seconds() - before) / acts)
                await connection.execute("UPDATE dossiers SET own_status = 'returned'")
                await _change(client, "withdrawals", withdrawal)
        await connection.close()
        await client.aclose()
    finally:
        services.stop()
    what = f"{count:,} open dossiers"
    return [
        Row(
            "recount",
            f"{what} counted again, CPU per dossier, beside an officer's act that does",
            "µs/dossier",
            Spread(cost["mixed"]),
            Spread(cost["door"]),
            GOAL,
            note=f"{moved['mixed'][-1]:,.0f} moved",
        ),
        Row(
            "recount",
            f"the same where every date moves: {what}",
            "µs/dossier",
            Spread(cost["all"]),
            Spread(cost["door"]),
            note=f"{moved['all'][-1]:,.0f} moved",
        ),
        Row("recount", f"{what}, from the declaration to its end", "s", Spread(took["mixed"]), None, 30),
        Row("recount", f"{what}, all of which move", "s", Spread(took["all"]), None, 30),
    ]


def _next_working_day() -> date:
    return shipped().next_working(datetime.now(ZONE).date() + timedelta(days=1))


async def _fill(
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
    while True:
        accepted_on = day - timedelta(days=chance.randint(2, 2 * limit.amount))
        due_on = due_date(accepted_on, limit, calendar)
        if due_on >= day:
            at = datetime.combine(accepted_on, time(8), ZONE) + timedelta(seconds=chance.randrange(8 * 3_600))
            return at, due_on, limit


async def _published(connection: asyncpg.Connection) -> None:
    """Waits until the relay has sent what stands in the log."""
    for _ in range(PATIENCE_SECONDS * 5):
        if await connection.fetchval(
            "SELECT (SELECT max(position) FROM relay_cursors) >= (SELECT max(position) FROM events)"
        ):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the log is not published")


async def _tidied(connection: asyncpg.Connection) -> None:
    """What was put into the tables is published and swept up: it is no work of what is measured next."""
    await connection.execute("VACUUM ANALYZE dossiers, events")
    await _published(connection)


async def _change(client: httpx.AsyncClient, door: str, body: dict[str, str]) -> dict[str, Any]:
    """Declares or withdraws; the recount's last word on it."""
    answer = await client.post(f"/v1/calendar/{door}", json=body, headers={"idempotency-key": uuid7().hex})
    version = answer.raise_for_status().json()["version"]
    for _ in range(PATIENCE_SECONDS * 5):
        told: dict[str, Any] = (await client.get("/v1/calendar/recount")).raise_for_status().json()
        if told["version"] >= version and told["finished_at"]:
            return told
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the recount has not ended after {PATIENCE_SECONDS} s: {told}")


def _all_answered(answers: Sequence[Answered]) -> None:
    others = [answer for answer in answers if answer.status != 200]
    if others:
        raise RuntimeError(f"{len(others)} acts were refused: {others[0].status} {others[0].body[:300]!r}")


async def _supplements_came(connection: asyncpg.Connection, ids: Sequence[UUID]) -> None:
    """As the service hears it from intake."""
    now, count = datetime.now(UTC), len(ids)
    heard = (list(ids), [2] * count, ["SupplementProvided"] * count, [now] * count)
    async with connection.transaction():
        await connection.execute(TAKE_TURN)
        events, unsaid = [UUID(int=uuid7().int) for _ in ids], [None] * count
        await connection.execute(HEAR, *heard, events, unsaid, unsaid, unsaid)
        await connection.execute(MARK, *heard, unsaid)


def _acts(
    house: House, ids: Sequence[UUID], door: str, body: dict[str, Any], version: int, chance: random.Random
) -> list[bytes]:
    token = house.issuer.token("officer", office=OFFICE, unit=UNIT)
    return [
        request(
            "POST",
            f"/v1/dossiers/{each}/{door}",
            token=token,
            body=orjson.dumps(body),
            headers={"idempotency-key": key(chance), "if-match": f'"{version}"'},
        )
        for each in ids
    ]
