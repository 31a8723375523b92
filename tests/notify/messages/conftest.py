"""A house for each test: its own database of notify, and two providers, one of each kind."""

from collections.abc import AsyncIterator

import pytest

from services.chassis.log.databases import open_pool
from tests.notify.messages.house import House
from tests.notify.messages.stand_in import stand_in


@pytest.fixture
async def house(database) -> AsyncIterator[House]:
    async with (
        stand_in("whole-text") as first,
        stand_in("by-template") as second,
        open_pool(database("notify").dsn) as pool,
    ):
        made = House(pool, first, second)
        yield made
        await made.close()
