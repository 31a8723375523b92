"""Fresh databases for tests: each service is migrated once into its own database, and tests get copies of that one."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg

from deploy.local.postgres.run import SUPERUSER, Postgres, in_thread
from services.chassis.log.migrations import migrate


@dataclass(frozen=True, slots=True)
class Database:
    """`dsn`: as the service runs. `owner_dsn`: as it migrates. `admin_dsn`: as superuser."""

    name: str
    dsn: str
    owner_dsn: str
    admin_dsn: str


class Databases:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._migrated: set[str] = set()

    @contextmanager
    def made_here(self) -> Iterator[Callable[..., Database]]:
        """A maker whose databases are dropped at the end, whoever is still connected."""
        made: list[Database] = []

        def make(service: str, *, migrated: bool = True) -> Database:
            made.append(self.create(service, migrated=migrated))
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
        template = service if migrated else "template0"
        name = f"{service}_{secrets.token_hex(4)}"
        self._run(
            f"CREATE DATABASE {name} TEMPLATE {template} OWNER {service}_owner",
            f"GRANT CONNECT ON DATABASE {name} TO {service}{', analyst' if service == 'reporting' else ''}",
        )
        return Database(
            name,
            self._postgres.dsn(service, name),
            self._postgres.dsn(f"{service}_owner", name),
            self._postgres.dsn(SUPERUSER, name),
        )

    def drop(self, database: Database) -> None:
        self._run(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    def _run(self, *statements: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self._postgres.dsn(SUPERUSER, "postgres"))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        in_thread(run())
