"""A listener for each test that wants one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.notify.desk import Desk
from tests.notify.returns.door import Door, listening


@pytest.fixture
async def door(desk: Desk, free_ports: Callable[[int], list[int]]) -> AsyncIterator[Door]:
    async with listening(desk, free_ports(1)[0]) as opened:
        yield opened
