"""A database for random lives, and the index measured from all that was heard in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from services.chassis.log.databases import open_pool
from services.reporting.quality.measuring import measure
from tests.databases import Database
from tests.reporting.book.test_book import Reporting


@pytest.fixture(scope="module")
async def reporting(module_database: Callable[..., Database]) -> AsyncIterator[Reporting]:
    database = module_database("reporting")
    owner = await asyncpg.connect(database.admin_dsn)
    async with open_pool(database.dsn, size=4) as pool:
        yield Reporting(pool, owner)
    await owner.close()


async def measured(pool: asyncpg.Pool[Any], most: int = 500) -> None:
    while await measure(pool, most):
        pass
