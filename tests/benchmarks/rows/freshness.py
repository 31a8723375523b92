"""How soon an accepted dossier is counted while people look things up: nine submissions and 170 look-ups a second.

Times end when reporting's entry can be seen by another connection, looked for every few milliseconds. They begin when the
client has its 201, or when it was to send its request: the yardstick publishes before it answers, so its first kind of
time may end before it began and then counts as LEAST_SECONDS. Both loads are paced: a late answer does not slow them down.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import NamedTuple
from uuid import UUID

from tests.benchmarks.filings import filings
from tests.benchmarks.house import House, SideName
from tests.benchmarks.load import CLIENTS, Failed, Job, all_created, request, send
from tests.benchmarks.measure import Spread, percentile
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

SUBMITS_PER_SECOND = 9
LOOK_UPS_PER_SECOND = 170
LOOK_SECONDS = 0.004
LEAST_SECONDS = 0.001
PATIENCE_SECONDS = 30.0
SEEN = "SELECT dossier_id FROM entries WHERE dossier_id <> ALL ($1::uuid[])"


async def watch(services: Services, known: set[UUID], wanted: int) -> dict[UUID, float]:
    """When each newly counted dossier was first seen, until `wanted` of them were."""
    connection = await services.connect("reporting")
    seen: dict[UUID, float] = {}
    last = -1
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while len(seen) < wanted:
            count = await connection.fetchval("SELECT count(*) FROM entries")
            if count != last:
                last, now = count, time.time()
                for row in await connection.fetch(SEEN, [*known, *seen]):
                    seen[row["dossier_id"]] = now
            if time.monotonic() > deadline:
                raise Failed(f"{services.side}: only {len(seen)} of {wanted} were counted")
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await connection.close()
    return seen


class Times(NamedTuple):
    """Of one round, in seconds."""

    accepted_to_counted: list[float]
    filed_to_counted: list[float]
    looked_up: list[float]


async def one_round(
    house: House, services: Services, seconds: float, known: set[UUID], chance: random.Random
) -> Times:
    port = services.ports["intake"]
    first = all_created(await send(Job(port, filings(house.issuer, 20, chance), 4)))
    found = [json.loads(answer.body)["dossier_id"] for answer in first]
    early = await watch(services, known, len(found))
    known |= set(early)
    token = house.issuer.token("portal", "portal-1")
    submits = filings(house.issuer, round(SUBMITS_PER_SECOND * seconds), chance)
    looks = [
        request("GET", f"/v1/dossiers/{chance.choice(found)}", token=token)
        for _ in range(round(LOOK_UPS_PER_SECOND * seconds))
    ]
    answers, looked, seen = await asyncio.gather(
        send(Job(port, submits, CLIENTS, [n / SUBMITS_PER_SECOND for n in range(len(submits))])),
        send(Job(port, looks, CLIENTS, [n / LOOK_UPS_PER_SECOND for n in range(len(looks))])),
        watch(services, known, len(submits)),
    )
    if any(answer.status != 200 for answer in looked):
        raise Failed(f"{services.side}: a look-up failed: {next(a for a in looked if a.status != 200)}")
    known |= set(seen)
    counted = [seen[UUID(json.loads(answer.body)["dossier_id"])] for answer in all_created(answers)]
    both = list(zip(counted, answers, strict=True))
    return Times(
        [max(LEAST_SECONDS, at - answer.at) for at, answer in both],
        [at - answer.at + answer.seconds for at, answer in both],
        [answer.seconds for answer in looked],
    )


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    seconds = 5.0 if quick else 10.0
    chance = random.Random(5)
    names: tuple[SideName, SideName] = ("ours", "baseline")
    found: dict[str, list[Times]] = {side: [] for side in names}
    known: dict[str, set[UUID]] = {side: set() for side in names}
    sides = {side: Services(house, side, ("intake", "reporting")) for side in names}
    try:
        for services in sides.values():
            services.start()
        for services in sides.values():
            await services.ready()
        for number in range(rounds + 1):
            for side, services in sides.items():
                times = await one_round(house, services, seconds if number else 2.0, known[side], chance)
                if number:
                    found[side].append(times)
    finally:
        for services in sides.values():
            services.stop()
    load = f"{SUBMITS_PER_SECOND} submits/s, {LOOK_UPS_PER_SECOND} look-ups/s"

    def row(what: str, index: int, share: float, at_most: float | None = None) -> Row:
        ours, theirs = (
            Spread([1e3 * percentile(times[index], share) for times in found[side]]) for side in names
        )
        return Row("freshness", f"{what} at {load}", "ms", ours, theirs, at_most=at_most)

    return [
        row("accepted → counted, p99", 0, 0.99),
        row("filed → counted, p99", 1, 0.99, 100),
        row("filed → counted, median", 1, 0.5),
        row("look-up, p99", 2, 0.99),
    ]
