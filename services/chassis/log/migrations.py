"""Brings a service's database to its newest schema with Alembic, as the owner role: `python -m services.chassis.log.migrations SERVICE`.

A migration is SQL in a file; `run_sql` executes it with the name of the role that runs the service filled in for `{role}`.
A line `\\i PATH`, as psql has it, stands for another file: each function stands in one, as it is now.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

SERVICES = Path(__file__).parents[2]
INCLUDE = re.compile(r"^\\i (\S+)$", re.M)


def migrate(service: str, dsn: str, revision: str = "head") -> None:
    """Upgrades `service`'s database at `dsn` (the owner's); raises what Alembic and PostgreSQL say."""
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.attributes["dsn"] = dsn
    config.attributes["role"] = service
    command.upgrade(config, revision)


def run_env() -> None:
    """What each service's migrations/env.py calls."""
    asyncio.run(_upgrade(context.config.attributes["dsn"]))


def run_sql(path: Path) -> None:
    """Executes the statements of one SQL file inside the migration's transaction."""
    connection = op.get_bind()
    script = read_sql(path, context.config.attributes["role"])
    raw = connection.connection.dbapi_connection
    assert raw is not None
    # A script of many statements needs the simple protocol, which asyncpg's execute() without arguments speaks.
    raw.run_async(lambda driver: driver.execute(script))


def read_sql(path: Path, role: str) -> str:
    """The statements of a file for the service that runs as `role`, with those of the files that it includes."""
    text = INCLUDE.sub(lambda line: read_sql(path.parent / line[1], role), path.read_text(encoding="utf-8"))
    return text.replace("{role}", role)


def chassis_sql(name: str) -> Path:
    """The chassis' own SQL: event_store, append_v2, relay or consumer."""
    return Path(__file__).parents[1] / f"{name}.sql"


_HEAD = """
DO $$ BEGIN
    IF to_regclass('log_head') IS NOT NULL THEN PERFORM FROM log_head FOR UPDATE; END IF;
END $$
"""


async def _upgrade(dsn: str) -> None:
    # asyncpg reads the address by itself: SQLAlchemy would not pass on what it says of TLS.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


def _run(connection: Connection) -> None:
    context.configure(connection=connection)
    with context.begin_transaction():
        # Two processes that migrate at once take turns.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(74656)")
        # Every append takes the log's head first. Guarantee: in whatever order migrations lock tables, none deadlocks with an append.
        # Test: test_the_release_before_goes_on_while_migrations_run.
        connection.exec_driver_sql(_HEAD)
        context.run_migrations()


if __name__ == "__main__":
    migrate(sys.argv[1], os.environ["MOTCUA_MIGRATION_DSN"])
