"""The HTTP layer alone: the same form sent to a route with nothing behind it, ours beside FastAPI as its documentation shows it.

Both validate the same model, check the bearer token, log, measure and give a trace id. The documented way verifies the
token's signature at every request; a second row gives it our memory of verified tokens, so that the rest is seen alone.
"""

from __future__ import annotations

import os
import random
import sys

from deploy.local.process import Process
from tests.benchmarks.house import House, free_port
from tests.benchmarks.issuer import AUDIENCE, ISSUER
from tests.benchmarks.load import Job, send
from tests.benchmarks.measure import Spread, own_seconds
from tests.benchmarks.results import Row
from tests.benchmarks.rows.accept import CLIENTS, all_created, filings
from tests.benchmarks.sides import REPOSITORY, UVICORN, wait_until_ready

KINDS = ("ours", "documented", "documented, tokens remembered")


def start(house: House, kind: str, port: int) -> Process:
    """One process that answers; from the main thread."""
    prefix = "MOTCUA_" if kind == "ours" else "BASELINE_"
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        prefix + "JWKS": str(house.issuer.jwks),
        prefix + "JWT_ISSUER": ISSUER,
        prefix + "JWT_AUDIENCE": AUDIENCE,
    }
    process = Process(f"http-{KINDS.index(kind)}", home=house.home)
    if kind == "ours":
        environment |= {
            "MOTCUA_DATABASE_DSN": "postgresql://127.0.0.1/none",
            "MOTCUA_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "MOTCUA_PORT": str(port),
        }
        process.start([sys.executable, "-m", "tests.benchmarks.http_alone"], environment)
    else:
        environment["BASELINE_REMEMBER_TOKENS"] = str(kind != "documented")
        program = ["-m", "uvicorn", "tests.benchmarks.baseline.http:app", "--port", str(port), *UVICORN]
        process.start([sys.executable, *program], environment)
    return process


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    count = 1_000 if quick else 5_000
    chance = random.Random(2)
    ports = {kind: free_port() for kind in KINDS}
    processes = {kind: start(house, kind, port) for kind, port in ports.items()}
    cost: dict[str, list[float]] = {kind: [] for kind in KINDS}
    try:
        for kind, process in processes.items():
            await wait_until_ready(process, ports[kind])
            all_created(await send(Job(ports[kind], filings(house, 300, chance), CLIENTS)))
        for _ in range(rounds):
            requests = filings(house, count, chance)
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
