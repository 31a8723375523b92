"""Taking a dossier over HTTP: what it costs intake and its database, and how long the client waits.

Both sides get the same requests from the same load client. Only intake runs, with its publication to Kafka; the broker's
own CPU is left out.
"""

from __future__ import annotations

import random
import statistics

from tests.benchmarks.filings import filings
from tests.benchmarks.house import House, SideName
from tests.benchmarks.load import CLIENTS, Job, all_created, send
from tests.benchmarks.measure import Spread, percentile
from tests.benchmarks.results import Row, medians
from tests.benchmarks.sides import Services

SIDES: tuple[SideName, SideName] = ("ours", "baseline")


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    many = {"ours": 1_500 if quick else 6_000, "baseline": 300 if quick else 1_000}
    few = {"ours": 100 if quick else 400, "baseline": 100 if quick else 200}
    chance = random.Random(1)
    cost: dict[str, list[float]] = {side: [] for side in SIDES}
    wall: dict[str, list[float]] = {side: [] for side in SIDES}
    p99: dict[str, list[float]] = {side: [] for side in SIDES}
    p50: dict[str, list[float]] = {side: [] for side in SIDES}
    parts: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    sides = {side: Services(house, side, ("intake",)) for side in SIDES}
    try:
        for services in sides.values():
            services.start()
        for services in sides.values():
            await services.ready()
            warm = filings(house.issuer, 200, chance)
            all_created(await send(Job(services.ports["intake"], warm, CLIENTS)))
        for _ in range(rounds):
            for side, services in sides.items():
                port = services.ports["intake"]
                requests = filings(house.issuer, many[side], chance)
                before, split = services.seconds(), services.split()
                answers = all_created(await send(Job(port, requests, CLIENTS)))
                cost[side].append(1e6 * (services.seconds() - before) / many[side])
                after = services.split()
                parts[side].append({name: 1e6 * (after[name] - split[name]) / many[side] for name in after})
                first = min(answer.at - answer.seconds for answer in answers)
                wall[side].append(many[side] / (max(answer.at for answer in answers) - first))
                p99[side].append(1e3 * percentile([answer.seconds for answer in answers], 0.99))
                alone = all_created(await send(Job(port, filings(house.issuer, few[side], chance), 1)))
                p50[side].append(1e3 * statistics.median(answer.seconds for answer in alone))
    finally:
        for services in sides.values():
            services.stop()

    def row(
        what: str,
        unit: str,
        figures: dict[str, list[float]],
        limit: float | None,
        stretch: float | None,
        at_most: float | None = None,
    ) -> Row:
        consists = {side: medians(found) for side, found in parts.items()} if at_most else {}
        return Row(
            "accept",
            what,
            unit,
            Spread(figures["ours"]),
            Spread(figures["baseline"]),
            limit,
            stretch,
            at_most,
            parts=consists,
        )

    return [
        row(
            "accept a dossier, 32 clients, CPU of intake and its database",
            *("µs/dossier", cost, 1 / 15, 1 / 16, 250),
        ),
        row("p50 at 1 client", "ms", p50, 1 / 2, 1 / 4),
        row("p99 at 32 clients", "ms", p99, 1 / 5, 1 / 15),
        row("accepted a second, 32 clients", "dossiers/s", wall, None, None),
    ]
