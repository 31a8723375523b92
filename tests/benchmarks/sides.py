"""The services of both sides as processes: their environment, their doors, what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import httpx

from deploy.local.postgres import SUPERUSER
from deploy.local.process import Process
from services.chassis.migrations import migrate
from tests.benchmarks.house import House, SideName, free_port
from tests.benchmarks.issuer import AUDIENCE, ISSUER
from tests.benchmarks.measure import tree_seconds

READY_SECONDS = 60.0
HMAC_KEY = "5" * 64
CODE_KEY = "6" * 128
REPOSITORY = Path(__file__).parents[2]
UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
# The load of a benchmark comes from few callers; what a caller may do is not what is measured here.
WITHOUT_LIMITS = {"MOTCUA_CALLER_REQUESTS_PER_SECOND": "100000", "MOTCUA_CALLER_REQUESTS_BURST": "100000"}


async def wait_until_ready(process: Process, port: int) -> None:
    """Until its /readyz says yes; raises with its last log lines when it ended or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            if not process.running or time.monotonic() > deadline:
                raise RuntimeError(f"{process.name} is not ready:\n{process.last_lines(40)}")
            await asyncio.sleep(0.1)


class Services:
    """Some services of one side, started fresh on empty databases; call stop() at the end."""

    def __init__(self, house: House, side: SideName, names: tuple[str, ...], **more: str) -> None:
        self.house, self.side, self.names = house, side, names
        self._more = more
        self.ports = {name: free_port() for name in names}
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Begins the processes; from the main thread, as the children's lives are tied to it."""
        for name in self.names:
            self._prepare(name)
        for name in self.names:
            process = Process(f"{self.side}-{name}", home=self.house.home)
            program = [sys.executable, *self._program(name)]
            process.start(program, {**os.environ, "PYTHONPATH": str(REPOSITORY), **self._environment(name)})
            self.processes[name] = process

    async def ready(self) -> None:
        """Waits until every service says that it is ready."""
        for name, process in self.processes.items():
            await wait_until_ready(process, self.ports[name])

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def seconds(self) -> float:
        """CPU time so far of these services and of their database server; the broker is left out."""
        services = tree_seconds(process.pid for process in self.processes.values())
        return services + self.house.postgres_seconds(self.side)

    def split(self) -> dict[str, float]:
        """The same, part by part."""
        parts = {name: tree_seconds([process.pid]) for name, process in self.processes.items()}
        return {**parts, "postgres": self.house.postgres_seconds(self.side)}

    async def connect(self, name: str) -> asyncpg.Connection:
        """A superuser's connection into that service's database."""
        return await asyncpg.connect(self.house.postgres(self.side).dsn(SUPERUSER, name))

    def _prepare(self, name: str) -> None:
        if self.side == "ours":
            with ThreadPoolExecutor(1) as threads:  # Alembic runs a loop of its own
                threads.submit(migrate, name, self.house.postgres("ours").dsn(f"{name}_owner")).result()

    def _program(self, name: str) -> list[str]:
        if self.side == "ours":
            return ["-m", f"services.{name}.app"]
        port = str(self.ports[name])
        return ["-m", "uvicorn", f"tests.benchmarks.baseline.{name}:app", "--port", port, *UVICORN]

    def _environment(self, name: str) -> Mapping[str, str]:
        house = self.house
        if self.side == "baseline":
            dsn = house.postgres("baseline").dsn(f"{name}_owner")
            return {
                "BASELINE_DATABASE_URL": dsn.replace("postgresql://", "postgresql+asyncpg://"),
                "BASELINE_KAFKA_BOOTSTRAP": house.kafka.bootstrap,
                "BASELINE_KAFKA_USERNAME": "admin",
                "BASELINE_KAFKA_PASSWORD": house.kafka.passwords["admin"],
                "BASELINE_JWKS": str(house.issuer.jwks),
                "BASELINE_JWT_ISSUER": ISSUER,
                "BASELINE_JWT_AUDIENCE": AUDIENCE,
                **self._more,
            }
        return {
            "MOTCUA_DATABASE_DSN": house.postgres("ours").dsn(name),
            "MOTCUA_KAFKA_BOOTSTRAP": house.kafka.bootstrap,
            "MOTCUA_KAFKA_USERNAME": name,
            "MOTCUA_KAFKA_PASSWORD": house.kafka.passwords[name],
            "MOTCUA_HOST": "127.0.0.1",
            "MOTCUA_PORT": str(self.ports[name]),
            "MOTCUA_JWKS": str(house.issuer.jwks),
            "MOTCUA_JWT_ISSUER": ISSUER,
            "MOTCUA_JWT_AUDIENCE": AUDIENCE,
            "MOTCUA_HMAC_KEY": HMAC_KEY,
            "MOTCUA_CODE_KEY": CODE_KEY,
            "MOTCUA_PEOPLE_URL": f"http://127.0.0.1:{self.ports.get('intake', 1)}",
            "MOTCUA_SMTP_HOST": "127.0.0.1",
            "MOTCUA_SMTP_PORT": "9",
            "MOTCUA_SMTP_FROM": "bench@motcua.example",
            **WITHOUT_LIMITS,
            **self._more,
        }
