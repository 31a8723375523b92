"""The servers of a benchmark run: for each side a PostgreSQL of its own with the same settings, and one Kafka.

Two database servers, so that the background work that one side leaves behind (vacuum, checkpoints) is never paid by the other.
Everything is started when a row first asks for it, on loopback, in a directory that is deleted afterwards.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Literal
from uuid import uuid4

import asyncpg

from deploy.local.kafka.node import Ports
from deploy.local.kafka.run import USERS, Kafka
from deploy.local.postgres.run import ROLES, SUPERUSER, Postgres
from tests.benchmarks.issuer import Issuer
from tests.benchmarks.measure import tree_seconds
from tests.benchmarks.processes import free_port

SideName = Literal["ours", "baseline", "batches"]
"""Ours, the yardstick, and the yardstick whose subscribers take batches."""


class House:
    """Use as a context manager; what was started is stopped at its end, in reverse order."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="motcua-bench-"))
        self.issuer = Issuer(self.home)
        self._postgres: dict[SideName, Postgres] = {}
        self._kafka: Kafka | None = None

    def __enter__(self) -> House:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kafka is not None:
            self._kafka.stop()
        for postgres in self._postgres.values():
            postgres.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def postgres(self, side: SideName) -> Postgres:
        if side not in self._postgres:
            passwords = {role: secrets.token_hex(16) for role in (*ROLES, SUPERUSER)}
            postgres = Postgres(self.home / side, free_port(), passwords)
            postgres.start()
            self._postgres[side] = postgres
        return self._postgres[side]

    @property
    def kafka(self) -> Kafka:
        if self._kafka is None:
            passwords = {user: secrets.token_hex(16) for user in USERS}
            self._kafka = Kafka(self.home, [Ports(free_port(), free_port())], passwords)
            self._kafka.start()
            for side in ("baseline", "batches"):
                for topic in ("dossiers", "notices"):
                    self._kafka.create_topic(f"{side}-{topic}", 12)
        return self._kafka

    def postgres_seconds(self, side: SideName) -> float:
        """CPU time so far of that side's database server: the postmaster and all its backends and workers."""
        pid = self.postgres(side).pid
        assert pid is not None
        return tree_seconds([pid])

    async def new_database(self, side: SideName) -> str:
        """The superuser's DSN of a database made for one row."""
        name = f"bench_{uuid4().hex[:12]}"
        connection = await asyncpg.connect(self.postgres(side).dsn(SUPERUSER))
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return self.postgres(side).dsn(SUPERUSER, name)
