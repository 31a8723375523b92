"""The services of both sides as processes: their environment, their doors, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import asyncpg

from deploy.local.postgres.run import SUPERUSER
from deploy.local.process import Process
from services.chassis.log.migrations import migrate
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks.house import House, SideName
from tests.benchmarks.issuer import AUDIENCE, ISSUER
from tests.benchmarks.measure import tree_seconds
from tests.benchmarks.processes import UVICORN, free_port, our_environment, start, wait_until_ready


class Services:
    """Some services of one side, on that side's databases; call stop() at the end."""

    def __init__(self, house: House, side: SideName, names: tuple[str, ...], **more: str) -> None:
        self.house, self.side, self.names = house, side, names
        self._more = more
        self.ports = {name: free_port() for name in names}
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Begins the processes; from the main thread, as the children's lives are tied to it."""
        self.prepare()
        for name in self.names:
            self.processes[name] = start(
                self.house.home, f"{self.side}-{name}", self._program(name), self._environment(name)
            )

    def prepare(self) -> None:
        """Makes their databases."""
        for name in self.names:
            self._prepare(name)

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
        if self.side == "ours":
            kafka = KafkaSettings(house.kafka.bootstrap, name, house.kafka.passwords[name])
            dsn, people_port = house.postgres("ours").dsn(name), self.ports.get("intake", 1)
            ours = our_environment(dsn, kafka, house.issuer.jwks, self.ports[name], people_port=people_port)
            return {**ours, **self._more}
        dsn = house.postgres(self.side).dsn(f"{name}_owner")
        return {
            "BASELINE_TOPIC_PREFIX": f"{self.side}-",
            "BASELINE_BATCHES": str(self.side == "batches"),
            "BASELINE_DATABASE_URL": dsn.replace("postgresql://", "postgresql+asyncpg://"),
            "BASELINE_KAFKA_BOOTSTRAP": house.kafka.bootstrap,
            "BASELINE_KAFKA_USERNAME": "admin",
            "BASELINE_KAFKA_PASSWORD": house.kafka.passwords["admin"],
            "BASELINE_JWKS": str(house.issuer.jwks),
            "BASELINE_JWT_ISSUER": ISSUER,
            "BASELINE_JWT_AUDIENCE": AUDIENCE,
            **self._more,
        }
