"""Migrations beside a running release: what it calls stays, and goes on being answered while they run."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from services.chassis.kafka.feeds import read_after
from services.chassis.log.databases import open_pool
from services.chassis.log.migrations import SERVICES as ROOMS
from services.chassis.log.migrations import migrate
from tests.chassis.wire import until
from tests.databases import Database
from tests.house.release_before import FUNCTIONS, READS, REVISIONS, TYPES, calls

APPENDING = ("intake", "processing", "notify")
NewDatabase = Callable[..., Database]

FUNCTIONS_OF = """
SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.proname = ANY($1::text[])
"""
TYPES_OF = """
SELECT t.typname AS name, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) AS text
FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE t.typname = ANY($1::text[]) GROUP BY t.typname
"""


def since(service: str) -> list[str]:
    """The revisions that the release before does not have, in order."""
    config = Config()
    config.set_main_option("script_location", str(ROOMS / service / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    return [s.revision for s in reversed(list(scripts.iterate_revisions("head", REVISIONS[service])))]


async def standing(dsn: str) -> dict[str, str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = [*await connection.fetch(FUNCTIONS_OF, FUNCTIONS), *await connection.fetch(TYPES_OF, TYPES)]
        return {row["name"]: row["text"] for row in rows}
    finally:
        await connection.close()


async def grown(pool: asyncpg.Pool[Any]) -> None:
    """Waits until somebody has appended five events more."""
    length = "SELECT count(*) FROM events"
    at = await pool.fetchval(length)
    await until(lambda: pool.fetchval(f"SELECT ({length}) >= $1", at + 5))


@pytest.mark.parametrize("service", APPENDING)
async def test_the_release_before_goes_on_while_migrations_run(service: str, database: NewDatabase) -> None:
    """It appends and reads through its own functions and types, on connections that know them by heart."""
    made = database(service, migrated=False)
    await asyncio.to_thread(migrate, service, made.owner_dsn, REVISIONS[service])
    before = await standing(made.owner_dsn)
    finished = asyncio.Event()
    async with open_pool(made.dsn, size=4) as pool:

        async def release_before() -> int:
            appended = 0
            while not finished.is_set():
                for call in calls(service):
                    row = (await pool.fetch(call.statement, *call.arguments))[0]
                    assert row["outcome"] == "appended"
                    appended += 1
                assert (await read_after(pool, appended - 1, 10))[0].position == appended
                await pool.fetch(READS[service], 0, 10)
            return appended

        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(release_before())
            for revision in since(service):
                await grown(pool)
                await asyncio.to_thread(migrate, service, made.owner_dsn, revision)
            await grown(pool)
            finished.set()
        positions = await pool.fetchrow("SELECT count(*), max(position) FROM events")
        assert tuple(positions) == (running.result(), running.result())
    after = await standing(made.owner_dsn)
    assert {name: after.get(name) for name in before} == before


def test_a_migration_alters_and_drops_nothing_that_the_release_before_uses() -> None:
    names = "|".join((*TYPES, *FUNCTIONS))
    changes = re.compile(
        rf"(?:ALTER|DROP) (?:TYPE|FUNCTION) (?:IF EXISTS )?(?:{names})\b|OR REPLACE FUNCTION (?:{names})\("
    )
    found = [
        f"{path.name}: {match.group()}"
        for service in APPENDING
        for revision in since(service)
        for path in (ROOMS / service / "migrations" / "versions").glob(f"{revision}_*")
        for match in changes.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert changes.search("ALTER TYPE new_filing ADD ATTRIBUTE x text")
    assert changes.search("DROP FUNCTION record(new_item[], new_event[])")


def test_an_sql_function_stands_in_one_file() -> None:
    """As it is now: migrations load that file. A versioned name is another function."""
    found: Counter[tuple[str, str]] = Counter()
    for path in ROOMS.rglob("*.sql"):
        room = path.relative_to(ROOMS).parts[0]
        for name in re.findall(r"^CREATE (?:OR REPLACE )?FUNCTION (\w+)", path.read_text("utf-8"), re.M):
            found[room, name] += 1
    assert {where: count for where, count in found.items() if count > 1} == {}
    assert len(found) > 10


def test_every_function_file_is_loaded_by_a_migration() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in ROOMS.rglob("*.sql"))
    loaded = set(re.findall(r"^\\i \S*functions/(\w+)\.sql$", texts, re.M))
    assert {path.stem for path in ROOMS.glob("*/functions/*.sql")} == loaded


@pytest.mark.parametrize("service", APPENDING)
async def test_what_the_program_sends_bears_a_version(service: str, database: NewDatabase) -> None:
    """Asked of the catalogue: whatever takes a composite type, but for the pairs of the release before."""
    connection = await asyncpg.connect(database(service).owner_dsn)
    rows: list[Any] = await connection.fetch(
        "SELECT DISTINCT p.proname, t.typname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, "
        "unnest(p.proargtypes) a JOIN pg_type array_type ON array_type.oid = a JOIN pg_type t ON t.oid = array_type.typelem "
        "WHERE n.nspname = 'public' AND t.typtype = 'c'"
    )
    await connection.close()
    names = {name for row in rows for name in row} - {*TYPES, *FUNCTIONS}
    assert names
    assert [name for name in names if not re.search(r"_v\d+$", name)] == []


def test_the_files_of_a_release_before_name_its_last_migrations() -> None:
    for service, revision in REVISIONS.items():
        files = list(Path(ROOMS / service / "migrations" / "versions").glob(f"{revision}_*.py"))
        assert len(files) == 1, service
