"""The tables that are the projection, and the schemas in which a book can stand: read, being made, and kept from before.

A reader's positions and versions go with its book: they say what is in it.
"""

from __future__ import annotations

from typing import Any

import asyncpg

LIVE, REBUILT, BEFORE = "public", "rebuilt", "before"

PROJECTION = (
    *("dossiers", "entries", "sums", "slices", "corrections", "made_up"),
    *("heard", "acts", "measured", "measured_sums", "stays", "not_kept"),
    *("reader_positions", "applied_versions", "held", "held_counts", "reader_marks"),
)
STAYS = ("alembic_version", "counters", "discarded", "reader_logs", "rebuilds", "redrives_asked", "vintages")
"""Guarantee: each table goes with the book, or stays where it is when another book takes its place.
Test: test_every_table_goes_with_the_book_or_stays."""


async def revision(connection: asyncpg.Connection[Any]) -> str:
    """The migration that the live tables are shaped by."""
    return str(await connection.fetchval("SELECT version_num FROM alembic_version"))


async def exists(connection: asyncpg.Connection[Any], schema: str) -> bool:
    query = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"
    return bool(await connection.fetchval(query, schema))


async def lay(connection: asyncpg.Connection[Any], schema: str, role: str) -> None:
    """Makes the schema with empty tables as the live ones are, for the service's role; inside the caller's transaction.

    Guarantee: a book beside the live one has the same columns, keys, indexes, triggers and rights.
    Test: test_a_book_beside_has_the_shape_of_the_live_one.
    """
    await connection.execute("SELECT lay_book_beside($1, $2, $3)", schema, list(PROJECTION), role)


async def exchange(connection: asyncpg.Connection[Any], coming: str) -> None:
    """The tables of `coming` take the live ones' place, which are kept as the book before; inside the caller's transaction."""
    await connection.execute("SELECT exchange_books($1, $2)", coming, list(PROJECTION))
