"""A day is declared off: what it costs to count the open dossiers again, beside as many acts through the officer's door.

The dossiers are put into the database at once; the declaration goes through its own door, and the running service does the
rest. The act beside it is one that counts a due date again too: a supplement is taken in. Both are measured until they are durable,
and again until all of it is published too. What the service costs when there is nothing to do is taken off, for a recount waits
three seconds for other processes; the broker's own CPU is left out.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
from uuid_utils.compat import uuid7

from services.processing.clock.working_days import ZONE
from tests.benchmarks.filings import OFFICE, key
from tests.benchmarks.house import House
from tests.benchmarks.load import CLIENTS, Answered, Job, request, send
from tests.benchmarks.measure import Spread
from tests.benchmarks.open_dossiers import (
    IN_WORKING_DAYS,
    PROCEDURES,
    UNIT,
    fill,
    next_day_to_declare,
    supplements_came,
)
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

DOCUMENT = "Công văn 2222/VPCP-KGVX"
FAULTY = {"papers": [{"paper": 1, "fault": "missing"}]}
GOAL = 1 / 50
PATIENCE_SECONDS = 300
SWEEP_SECONDS = "3600"
TAKE_LEASE = "UPDATE relay_lease SET owner = gen_random_uuid(), epoch = epoch + 1, expires_at = 'infinity'"
GIVE_LEASE_BACK = "UPDATE relay_lease SET owner = NULL, expires_at = '-infinity'"
LEASE_SECONDS = 2.5
"""By then the service's relay has seen that it lost the lease."""
IDLE_SECONDS = 4.0


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    count, acts = (5_000, 500) if quick else (100_000, 2_000)
    chance = random.Random(1)
    # What becomes due of so many dossiers at once is the sweeps' own work.
    services = Services(house, "ours", ("processing",), MOTCUA_SWEEP_SECONDS=SWEEP_SECONDS)
    costs = {name: Costs() for name in ("mixed", "all", "door")}
    moved: dict[str, int] = {}
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
        day = next_day_to_declare()
        withdrawal = {"day": str(day), "announced_at": datetime.now(ZONE).isoformat()}
        declaration = {**withdrawal, "kind": "off", "document": DOCUMENT}
        for _ in range(rounds):
            for which, procedures in (("mixed", PROCEDURES), ("all", IN_WORKING_DAYS)):
                ids = await fill(connection, procedures, count, day, chance)
                await _tidied(connection)
                async with costs[which].of(services, connection, count):
                    told = await _change(client, "declarations", declaration)
                moved[which] = told["moved"]
                if which == "all":
                    # A supplement is asked for within three working days of the acceptance.
                    some = chance.sample(ids[-count // 4 :], acts)
                    requests = _acts(house, some, "request-supplement", FAULTY, 2, chance)
                    _all_answered(await send(Job(services.ports["processing"], requests, CLIENTS)))
                    await supplements_came(connection, some)
                    await _tidied(connection)
                    accepted = _acts(house, some, "accept-supplement", {}, 3, chance)
                    async with costs["door"].of(services, connection, acts):
                        _all_answered(await send(Job(services.ports["processing"], accepted, CLIENTS)))
                await connection.execute("UPDATE dossiers SET own_status = 'returned'")
                await _change(client, "withdrawals", withdrawal)
        await connection.close()
        await client.aclose()
    finally:
        services.stop()
    what, door = f"{count:,} open dossiers", costs["door"]
    rows = []
    for which, text, goal in (
        ("mixed", f"{what} counted again", GOAL),
        ("all", f"{what}, all of which move", None),
    ):
        cost, note = costs[which], f"{moved[which]:,.0f} moved"
        beside = "CPU per dossier to durable, beside an officer's act that counts a date again"
        rows.append(
            Row(
                *("recount", f"{text}, {beside}", "µs/dossier"),
                *(Spread(cost.durable), Spread(door.durable), goal),
                note=note,
            )
        )
        rows.append(
            Row(
                *("recount", f"{text}, the same until all is published, the acts too", "µs/dossier"),
                *(Spread(cost.published), Spread(door.published)),
                note=note,
            )
        )
    return [
        *rows,
        Row(
            "recount",
            f"{what}, from the declaration until all is published",
            "s",
            Spread(costs["mixed"].seconds),
            None,
            30,
        ),
        Row("recount", f"{what}, all of which move", "s", Spread(costs["all"].seconds), None, 30),
    ]


@dataclass
class Costs:
    """CPU for each dossier in microseconds, until what was done is durable and until it is published too; `seconds` are all of it."""

    durable: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def of(self, services: Services, connection: asyncpg.Connection, count: int) -> AsyncIterator[None]:
        """Measures what is done inside, while somebody else's relay has the lease, and then its publication."""
        await connection.execute(TAKE_LEASE)
        await asyncio.sleep(LEASE_SECONDS)
        before = services.seconds()
        await asyncio.sleep(IDLE_SECONDS)
        idle = (services.seconds() - before) / IDLE_SECONDS
        before, began = services.seconds(), time.monotonic()

        def cost() -> float:
            return 1e6 * (services.seconds() - before - idle * (time.monotonic() - began)) / count

        yield
        self.durable.append(cost())
        await connection.execute(GIVE_LEASE_BACK)
        await _published(connection)
        self.published.append(cost())
        self.seconds.append(time.monotonic() - began)


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
