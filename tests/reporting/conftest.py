"""A database filled with the nine months, and reporting's application over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import asyncpg
import httpx
import pytest

from services.chassis.http.web import Application
from services.chassis.log.databases import open_pool
from services.reporting.dashboard.plotter import Drawings
from services.reporting.quality.measuring import measure
from services.reporting.report.check import Watch
from tests.databases import Database
from tests.reporting.nine_months import fill
from tests.reporting.serving import Moment, application


class Served(NamedTuple):
    application: Application
    moment: Moment
    watch: Watch
    database: Database

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.application), base_url="http://reporting")


@pytest.fixture(scope="session")
async def served(session_database: Callable[..., Database]) -> AsyncIterator[Served]:
    """Reporting over 13,831 dossiers of nine months; nobody changes them."""
    database = session_database("reporting")
    connection = await asyncpg.connect(database.dsn)
    await fill(connection)
    await connection.close()
    drawings, moment = Drawings(), Moment()
    async with open_pool(database.dsn, size=4) as pool:
        while await measure(pool, 5_000):
            pass
        watch = Watch(pool, lambda: moment.now, 60)
        await watch.once()
        yield Served(application(pool, moment, drawings, watch), moment, watch, database)
    await drawings.close()
