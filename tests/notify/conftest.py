"""A desk for each test: its own database of notify, its own mail server."""

from collections.abc import AsyncIterator

import pytest

from services.chassis.log.databases import open_pool
from tests.notify.desk import Desk
from tests.notify.mailbox import Mailbox, open_mailbox


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def desk(database, mailbox: Mailbox) -> AsyncIterator[Desk]:
    async with open_pool(database("notify").dsn) as pool:
        yield Desk(pool, mailbox.port)
