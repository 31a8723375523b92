"""The whole pipeline: filed over HTTP, accepted through processing's bulk door in hundreds, counted, notices claimed and recorded.

All four services of a side run; the CPU is theirs and their database server's from the first request until the last
count and the last recorded notice. Nobody has an e-mail address, so notices stand in the web inbox and no SMTP is spoken.
"""

from __future__ import annotations

import asyncio
import json
import random
import time

import asyncpg

from tests.benchmarks.filings import filings
from tests.benchmarks.house import House, SideName
from tests.benchmarks.load import CLIENTS, Failed, Job, all_created, request, send
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row, medians
from tests.benchmarks.rows.counting import COUNTED
from tests.benchmarks.sides import Services

NAMES = ("intake", "processing", "notify", "reporting")
OFFICERS = 2
HUNDRED = 100
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1
NOTICES_PER_DOSSIER = 2

# Where each side shows that a step is done: service, query, how many rows one dossier makes.
KNOWN: dict[SideName, str] = {
    "ours": "SELECT count(*) FROM dossiers",
    "baseline": "SELECT count(*) FROM dossiers",
    "batches": "SELECT count(*) FROM dossiers",
}
TOLD: dict[SideName, str] = {
    "ours": "SELECT count(*) FROM events",
    "baseline": "SELECT count(*) FROM notices WHERE status = 'sent'",
    "batches": "SELECT count(*) FROM notices WHERE status = 'sent'",
}
TRACKED: dict[SideName, str] = {
    "ours": "SELECT count(*) FROM steps",
    "baseline": "SELECT count(*) FROM dossiers WHERE status = 'accepted'",
    "batches": "SELECT count(*) FROM dossiers WHERE status = 'accepted'",
}


class Progress:
    """Watches how far a side is, over one connection for each database."""

    def __init__(self, side: SideName, connections: dict[str, asyncpg.Connection]) -> None:
        self._side = side
        self._connections = connections

    @classmethod
    async def of(cls, services: Services) -> Progress:
        return cls(services.side, {name: await services.connect(name) for name in NAMES})

    async def until(self, name: str, query: str, wanted: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := await self._connections[name].fetchval(query)) != wanted:
            if time.monotonic() > deadline or found > wanted:
                raise Failed(f"{self._side} {name}: {found} instead of {wanted} of: {query}")
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()


async def carry(
    house: House, services: Services, progress: Progress, count: int, before: int, chance: random.Random
) -> None:
    """Brings `count` dossiers from the front door to the last notice; `before` of them were brought earlier."""
    side, total = services.side, before + count
    answers = all_created(
        await send(Job(services.ports["intake"], filings(house.issuer, count, chance), CLIENTS))
    )
    ids = [json.loads(answer.body)["dossier_id"] for answer in answers]
    await progress.until("processing", KNOWN[side], total)
    officer = house.issuer.token("supervisor", "officer-1", office="H29.015.00", unit="H29.015.00/QLXD")
    bodies = [
        {
            "items": [
                {"dossier_id": each, "acts": [{"act": "accept"}]} for each in ids[start : start + HUNDRED]
            ]
        }
        for start in range(0, count, HUNDRED)
    ]
    requests = [request("POST", "/v1/bulk", token=officer, body=json.dumps(body).encode()) for body in bodies]
    for answer in await send(Job(services.ports["processing"], requests, OFFICERS)):
        outcomes = {each["outcome"] for each in json.loads(answer.body).get("answers", [])}
        if answer.status != 200 or outcomes != {"recorded"}:
            raise Failed(f"{side}: the bulk door said {answer.status} {answer.body[:300]!r}")
    await progress.until("reporting", COUNTED[side], 2 * total)
    await progress.until("notify", TOLD[side], NOTICES_PER_DOSSIER * total)
    await progress.until("intake", TRACKED[side], total)


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    counts: dict[SideName, int] = {
        "ours": 1_000 if quick else 4_000,
        "baseline": 100 if quick else 300,
        "batches": 300 if quick else 1_000,
    }
    chance = random.Random(4)
    cost: dict[SideName, list[float]] = {side: [] for side in counts}
    wall: dict[SideName, list[float]] = {side: [] for side in counts}
    parts: dict[str, list[dict[str, float]]] = {side: [] for side in counts}
    brought: dict[SideName, int] = dict.fromkeys(counts, 0)
    sides = {side: Services(house, side, NAMES, MOTCUA_NOTICE_CHANNELS="email") for side in counts}
    watching: list[Progress] = []
    try:
        for services in sides.values():
            services.start()
        for services in sides.values():
            await services.ready()
            watching.append(await Progress.of(services))
        for number in range(rounds + 1):
            for services, progress in zip(sides.values(), watching, strict=True):
                side = services.side
                count = counts[side] if number else 100
                before, split, begin = services.seconds(), services.split(), time.monotonic()
                await carry(house, services, progress, count, brought[side], chance)
                brought[side] += count
                if number:
                    cost[side].append(1e6 * (services.seconds() - before) / count)
                    wall[side].append(time.monotonic() - begin)
                    after = services.split()
                    parts[side].append({name: 1e6 * (after[name] - split[name]) / count for name in after})
    finally:
        for progress in watching:
            await progress.close()
        for services in sides.values():
            services.stop()
    return [
        Row(
            "pipeline",
            "whole pipeline, CPU of all processes but the broker",
            "µs/dossier",
            Spread(cost["ours"]),
            Spread(cost["baseline"]),
            limit=1 / 28,
            stretch=1 / 35,
            at_most=1_000,
            parts={side: medians(found) for side, found in parts.items()},
            extra={"wall_seconds": wall, "dossiers": counts},
        ),
        Row(
            "pipeline",
            "notify's part of it, two notices a dossier",
            "µs/dossier",
            Spread([each["notify"] for each in parts["ours"]]),
            limit=150,
            stretch=100,
        ),
        Row(
            "pipeline",
            "the same, beside subscribers that take batches",
            "µs/dossier",
            Spread(cost["ours"]),
            Spread(cost["batches"]),
        ),
    ]
