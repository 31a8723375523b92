"""Counting a backlog exactly once: our reporting in batches beside the yardstick's, one message at a time.

The reader is stopped with SIGSTOP while its backlog is published, so that neither starting it nor producing is measured; the
CPU is that of the reporting process and its database from the moment it goes on until all is counted.
"""

from __future__ import annotations

import asyncio
import json
import random
import time

from tests.benchmarks import backlog
from tests.benchmarks.house import House, SideName
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

COUNTED: dict[SideName, str] = {
    "ours": "SELECT coalesce(sum(submitted + accepted_in_time + accepted_late), 0)::bigint FROM sums "
    "WHERE spans = 'decade/ever'",
    "baseline": "SELECT coalesce(sum(submitted + received_new), 0)::bigint FROM day_counts",
    "batches": "SELECT coalesce(sum(submitted + received_new), 0)::bigint FROM day_counts",
}
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.05


async def until_counted(services: Services, wanted: int) -> None:
    """Until that many events are counted by this side's reporting; more would be a fault, too."""
    connection = await services.connect("reporting")
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while (counted := await connection.fetchval(COUNTED[services.side])) != wanted:
            if time.monotonic() > deadline or counted > wanted:
                raise RuntimeError(f"{services.side} counted {counted} of {wanted}")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    dossiers: dict[SideName, int] = {
        "ours": 2_000 if quick else 10_000,
        "baseline": 150 if quick else 400,
        "batches": 2_000 if quick else 10_000,
    }
    chance = random.Random(3)
    made = {"ours": backlog.ours, "baseline": backlog.baseline, "batches": backlog.batches}
    cost: dict[str, list[float]] = {side: [] for side in dossiers}
    loads: list[float] = []
    counted = dict.fromkeys(dossiers, 0)
    sides = {side: Services(house, side, ("reporting",)) for side in dossiers}
    try:
        for services in sides.values():
            services.start()
        for services in sides.values():
            await services.ready()
        for number in range(rounds + 1):
            for side, services in sides.items():
                count = dossiers[side] if number else 100
                records = made[side](count, chance)
                reporting = services.processes["reporting"]
                reporting.pause()
                await backlog.publish(house.kafka, records)
                before = services.seconds()
                reporting.resume()
                counted[side] += len(records)
                await until_counted(services, counted[side])
                if number:
                    cost[side].append(1e6 * (services.seconds() - before) / len(records))
                    if side == "ours":
                        begin = time.process_time()
                        for record in records:
                            json.loads(record[2])
                        loads.append(1e6 * (time.process_time() - begin) / len(records))
    finally:
        for services in sides.values():
            services.stop()
    return [
        Row(
            "counting",
            "counting exactly once from a backlog, CPU of reporting and its database",
            "µs/event",
            Spread(cost["ours"]),
            Spread(cost["baseline"]),
            limit=1 / 120,
            stretch=1 / 120,
        ),
        Row(
            "counting",
            "the same, beside subscribers that take batches",
            "µs/event",
            Spread(cost["ours"]),
            Spread(cost["batches"]),
        ),
        Row(
            "counting",
            "counting, beside json.loads of the same bytes",
            "µs/event",
            Spread(cost["ours"]),
            Spread(loads),
        ),
    ]
