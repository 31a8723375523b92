"""What analysts may read in reporting's database: each column has its meaning, none is of a person, and there is nothing else for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from deploy.local.postgres.run import Postgres
from deploy.views import views
from tests.reporting.conftest import Served

PERSONAL = {("vintages", "published_by"), ("vintages", "request_key")}
NAMES = {
    "uuid": "uuid",
    "integer": "integer",
    "text": "text",
    "boolean": "boolean",
    "date": "date",
    "bigint": "bigint",
}
_COLUMNS = """
SELECT c.relname AS view, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS meaning,
       obj_description(c.oid) AS of_view
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE n.nspname = 'analysts' ORDER BY c.relname, a.attnum
"""
_READ = """
SELECT DISTINCT t.relname, a.attname
FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE n.nspname = 'analysts'
"""
_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)


@pytest.fixture(scope="module")
async def analyst(served: Served, postgres: Postgres) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(postgres.dsn("analyst", served.database.name))
    yield connection
    await connection.close()


async def test_every_column_of_a_view_has_its_meaning_and_is_of_nobody(
    analyst: asyncpg.Connection[Any],
) -> None:
    rows = await analyst.fetch(_COLUMNS)
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for view, name, kind, meaning, of_view in rows:
        assert meaning and of_view, f"{view}.{name}"
        kind = kind.replace("timestamp with time zone", "timestamptz")
        found.setdefault(view, {})[name] = (kind, meaning)
    assert found == {name: dict(view.columns) for name, view in views().items()}, (
        "docs/views.md says otherwise"
    )
    read = {tuple(row) for row in await analyst.fetch(_READ)}
    assert len(read) > 40 and not read & PERSONAL
    assert {table for table, _ in read} == {"entries", "dossiers", "corrections", "vintages", "held_counts"}


async def test_an_analyst_reads_the_views_and_nothing_else(
    analyst: asyncpg.Connection[Any], postgres: Postgres
) -> None:
    assert await analyst.fetchval("SELECT count(*) FROM analysts.dossiers") == 13_831
    tables = await analyst.fetch(_TABLES)
    assert len(tables) > 10
    for schema, table in tables:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.fetch(f'SELECT * FROM "{schema}"."{table}" LIMIT 1')
    for statement in (
        "INSERT INTO analysts.entries (amount) VALUES (1)",
        "CREATE TABLE own (number int)",
        "CREATE TEMP TABLE own (number int)",
        "SET default_transaction_read_only = off; DELETE FROM analysts.dossiers",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await analyst.execute(statement)
    for other in ("intake", "processing", "notify", "postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(postgres.dsn("analyst", other))
