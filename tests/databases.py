"""Fresh databases for tests: each service is migrated once into its own database, and tests get copies of that one."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.local.postgres.run import SUPERUSER, Postgres
from services.chassis.log.migrations import migrate


@dataclass(frozen=True, slots=True)
class Database:
    """`dsn`: as the service runs. `owner_dsn`: as it migrates. `admin_dsn`: as superuser."""

    name: str
    dsn: str
    owner_dsn: str
    admin_dsn: str


Lay = Callable[[Database], Coroutine[Any, Any, None]]
"""Makes the tables in a database that has none."""


class Databases:
    """One connection makes and drops all of them, in a thread of its own: whoever asks may be inside a loop or in none."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._migrated: set[str] = set()
        self._laid: dict[Lay, str] = {}
        self._connection: asyncpg.Connection[Any] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="databases", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @contextmanager
    def made_here(self) -> Iterator[Callable[..., Database]]:
        """A maker whose databases are dropped at the end, whoever is still connected."""
        made: list[Database] = []

        def make(service: str, *, migrated: bool = True, lay: Lay | None = None) -> Database:
            made.append(self.laid(service, lay) if lay else self.create(service, migrated=migrated))
            return made[-1]

        try:
            yield make
        finally:
            for database in made:
                self.drop(database)

    def create(self, service: str, *, migrated: bool = True) -> Database:
        if migrated and service not in self._migrated:
            owner = self._postgres.dsn(f"{service}_owner")
            with ThreadPoolExecutor(1) as threads:  # Alembic runs a loop of its own
                threads.submit(migrate, service, owner).result()
            self._migrated.add(service)
        return self._copy(service, service if migrated else "template0")

    def laid(self, service: str, lay: Lay) -> Database:
        """A copy of the one in which `lay` made the tables when it was first asked for."""
        if lay not in self._laid:
            template = self.create(service, migrated=False)
            self._run(lay(template))
            self._laid[lay] = template.name
        return self._copy(service, self._laid[lay])

    def _copy(self, service: str, template: str) -> Database:
        name = f"{service}_{secrets.token_hex(4)}"
        self._run(
            self._administer(
                f"CREATE DATABASE {name} TEMPLATE {template} OWNER {service}_owner STRATEGY file_copy",
                f"GRANT CONNECT ON DATABASE {name} TO {service}{', analyst' if service == 'reporting' else ''}",
            )
        )
        return Database(
            name,
            self._postgres.dsn(service, name),
            self._postgres.dsn(f"{service}_owner", name),
            self._postgres.dsn(SUPERUSER, name),
        )

    def drop(self, database: Database) -> None:
        self._run(self._administer(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)"))

    async def _administer(self, *statements: str) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._postgres.dsn(SUPERUSER, "postgres"))
        for statement in statements:
            await self._connection.execute(statement)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
