"""The HTTP layer alone: the same form sent to a route with nothing behind it, ours beside FastAPI as its documentation shows it.

Both validate the same model, check the bearer token, log, measure and give a trace id. The documented way verifies the
token's signature at every request; a second row gives it our memory of verified tokens, so that the rest is seen alone.
"""

from __future__ import annotations

import random

from deploy.local.process import Process
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks.filings import filings
from tests.benchmarks.house import House
from tests.benchmarks.issuer import AUDIENCE, ISSUER
from tests.benchmarks.load import CLIENTS, Job, all_created, send
from tests.benchmarks.measure import Spread, own_seconds
from tests.benchmarks.processes import UVICORN, free_port, our_environment, start, wait_until_ready
from tests.benchmarks.results import Row

KINDS = ("ours", "documented", "documented, tokens remembered")


def begin(house: House, kind: str, port: int) -> Process:
    """One process that answers."""
    name = f"http-{KINDS.index(kind)}"
    if kind == "ours":
        nowhere = KafkaSettings("127.0.0.1:1", "", "")
        environment = our_environment("postgresql://127.0.0.1/none", nowhere, house.issuer.jwks, port)
        return start(house.home, name, ["-m", "tests.benchmarks.http_alone"], environment)
    program = ["-m", "uvicorn", "tests.benchmarks.baseline.http:app", "--port", str(port), *UVICORN]
    environment = {
        "BASELINE_JWKS": str(house.issuer.jwks),
        "BASELINE_JWT_ISSUER": ISSUER,
        "BASELINE_JWT_AUDIENCE": AUDIENCE,
        "BASELINE_REMEMBER_TOKENS": str(kind != "documented"),
    }
    return start(house.home, name, program, environment)


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    count = 1_000 if quick else 5_000
    chance = random.Random(2)
    ports = {kind: free_port() for kind in KINDS}
    processes = {kind: begin(house, kind, port) for kind, port in ports.items()}
    cost: dict[str, list[float]] = {kind: [] for kind in KINDS}
    try:
        for kind, process in processes.items():
            await wait_until_ready(process, ports[kind])
            all_created(await send(Job(ports[kind], filings(house.issuer, 300, chance), CLIENTS)))
        for _ in range(rounds):
            requests = filings(house.issuer, count, chance)
            for kind, process in processes.items():
                before = own_seconds(process.pid)
                all_created(await send(Job(ports[kind], requests, CLIENTS)))
                cost[kind].append(1e6 * (own_seconds(process.pid) - before) / count)
    finally:
        for process in processes.values():
            process.stop()
    ours, documented, remembered = (Spread(cost[kind]) for kind in KINDS)
    return [
        Row(
            "http",
            "HTTP layer alone, CPU beside FastAPI as documented",
            "µs/request",
            ours,
            documented,
            0.65,
            0.5,
        ),
        Row(
            "http",
            "HTTP layer alone, beside FastAPI with our memory of tokens",
            "µs/request",
            ours,
            remembered,
        ),
    ]
