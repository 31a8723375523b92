"""The database of reporting for a module, and its application over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import pytest

from services.chassis.log.databases import open_pool
from services.reporting.dashboard.plotter import Drawings
from services.reporting.report.check import Watch
from tests.databases import Database
from tests.reporting.book.test_book import Reading, Reporting, emptied
from tests.reporting.report.publishing import LATER, House
from tests.reporting.serving import Moment, application


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=2) as pool:
        yield Reporting(pool, owner)
    await owner.close()


@pytest.fixture(scope="module")
async def base(reporting: Reporting) -> AsyncIterator[House]:
    drawings, moment = Drawings(), Moment(now=LATER)
    watch = Watch(reporting.pool, lambda: moment.now, 60)
    made = application(reporting.pool, moment, drawings, watch)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://reporting") as client:
        yield House(client, moment, Reading(reporting.pool))
    await drawings.close()


@pytest.fixture
async def house(reporting: Reporting, base: House) -> AsyncIterator[House]:
    async with emptied(reporting):
        await reporting.owner.execute("DELETE FROM vintages")
        fresh = base._replace(reading=Reading(reporting.pool))
        fresh.heard(LATER)
        yield fresh
