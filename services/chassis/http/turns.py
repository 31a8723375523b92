"""Dear work, one piece after the other: between two, everybody else has the process for as long as the one before took.

Promises that who asks for dear things, however many and from wherever, keeps at most half of a service busy with them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.001, 0.25
"""A shorter pause would be none: timers of the loop count in milliseconds."""


class Turns:
    """`async with turns.taken()` waits for a turn, first come first served; the next one begins a pause after its end."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Guarantee: between two pieces of dear work others have as long as the one took.
        Test: test_between_two_turns_others_have_theirs."""
        await self._lock.acquire()
        began = time.perf_counter()
        try:
            yield
        finally:
            pause = max(PAUSE_SECONDS_MIN, min(time.perf_counter() - began, PAUSE_SECONDS_MAX))
            asyncio.get_running_loop().call_later(pause, self._lock.release)
