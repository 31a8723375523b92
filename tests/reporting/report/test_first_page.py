"""What lists cost: the first page as many buffers however large the book is, and never all connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx

from services.chassis.log.databases import open_pool
from services.reporting.book.rows import snapshot
from services.reporting.dashboard.plotter import Drawings
from services.reporting.report.cell_routes import LISTS_AT_ONCE
from services.reporting.report.cells import _PAGE, BEGINNING, Cell, Cut, Scope, _Query
from services.reporting.report.check import Watch
from services.reporting.report.counts import Window
from tests.databases import Database
from tests.reporting.book.test_book import Reading, Reporting, emptied
from tests.reporting.histories import OFFICES, PROCEDURES, Life, told
from tests.reporting.quality.conftest import measured
from tests.reporting.report.test_cells import ask, supervisor
from tests.reporting.serving import Moment, application

WAITING = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE d.datname = current_database() AND NOT granted"
DUE, AS_OF = date(2023, 2, 1), datetime(2023, 9, 1, tzinfo=UTC)


async def read(pool: asyncpg.Pool[Any], cut: Cut) -> tuple[int, int]:
    """How many dossiers a first page has, and how many buffers it reads."""
    query = _Query(cut, BEGINNING, 51)
    said = _PAGE.format(rows=query.rows(), most=query.most)
    async with snapshot(pool) as connection:
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {said}", *query.values)
    [plan] = json.loads(rows[0][0])
    return plan["Plan"]["Actual Rows"], plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]


async def test_a_first_page_reads_what_it_shows(reporting: Reporting) -> None:
    """However many dossiers there are beside those behind the number, and wherever they stand among them."""
    few = [Life(n, PROCEDURES[0], OFFICES[0], "online", n * 500, n * 500 + 9, None, DUE) for n in range(1, 4)]
    stopped = Life(8, PROCEDURES[0], OFFICES[0], "online", 700, 710, 720, DUE, stopped=True)
    cut = Cut(
        "overdue", Window(None, date(2023, 6, 30)), date(2023, 6, 30), AS_OF, Scope("office", OFFICES[0])
    )
    sparse: tuple[Cell, ...] = ("overdue", "pending", "waiting", "stopped", "carried_over", "withdrawn")
    found: dict[int, dict[str, tuple[int, int]]] = {}
    async with emptied(reporting) as pool:
        reading, begun = Reading(pool), 10
        for size in (300, 3_000):
            many = [
                Life(n, PROCEDURES[1], OFFICES[0], "online", n % 1_000, n % 1_000 + 10, n % 1_000 + 200, DUE)
                for n in range(begun, size)
            ]
            events = [event for life in (*many, *(() if found else (*few, stopped))) for event in told(life)]
            for at in range(0, len(events), 2_000):
                await reading.take(events[at : at + 2_000])
            await measured(pool, 5_000)
            await reporting.owner.execute("VACUUM ANALYZE stays")
            found[size] = {}
            for cell in sparse:
                window = Window(date(2023, 3, 1), date(2023, 6, 30)) if cell == "carried_over" else cut.window
                for _ in range(2):  # the first reads the catalogue, too
                    found[size][cell] = await read(pool, cut._replace(cell=cell, window=window))
            begun = size
    assert {cell: rows for cell, (rows, _) in found[3_000].items()} == {
        cell: rows for cell, (rows, _) in found[300].items()
    }
    assert found[300]["overdue"][0] == 3 and found[300]["stopped"][0] == 1
    for cell, (_, buffers) in found[300].items():
        assert found[3_000][cell][1] <= buffers * 1.2 + 3, (cell, found)


async def test_lists_leave_connections_to_others(module_database: Callable[..., Database]) -> None:
    """Lists that wait in the database, as long ones do, take not all connections."""
    database, moment, drawings = module_database("reporting"), Moment(), Drawings()
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=LISTS_AT_ONCE + 1) as pool:
        made = application(pool, moment, drawings, Watch(pool, lambda: moment.now, 60))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://r") as client:
            async with owner.transaction():
                await owner.execute("LOCK TABLE entries")
                lists = [
                    asyncio.create_task(ask(client, supervisor(), cell="late"))
                    for _ in range(LISTS_AT_ONCE + 2)
                ]
                while await owner.fetchval(WAITING) < LISTS_AT_ONCE:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                async with asyncio.timeout(5):
                    assert (await client.get("/v1/vintages")).json()["items"] == []
            assert [(await each)["count"] for each in lists] == [0] * (LISTS_AT_ONCE + 2)
    await owner.close()
    await drawings.close()
