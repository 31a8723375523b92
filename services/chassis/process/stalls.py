"""How long the loop of a process answered nobody: something that computed without a pause, or a machine without a free core."""

import asyncio

from services.chassis.process import metrics

PROBE_SECONDS = 0.02
WINDOW_SECONDS = 30.0


class Stalls:
    """The longest stall of this window and of the one before, so that a scrape each half minute misses none."""

    def __init__(self, now: float) -> None:
        self._since, self._before, self._this = now, 0.0, 0.0

    def seen(self, seconds: float, now: float) -> float:
        """Takes in one measured stall; the longest of the last 30 to 60 s."""
        if now - self._since >= WINDOW_SECONDS:
            self._since, self._before, self._this = now, self._this, 0.0
        self._this = max(self._this, seconds)
        return max(self._before, self._this)


async def watch() -> None:
    """Measures, for ever."""
    loop = asyncio.get_running_loop()
    stalls, told = Stalls(loop.time()), 0.0
    while True:
        asked = loop.time()
        await asyncio.sleep(PROBE_SECONDS)
        now = loop.time()
        longest = stalls.seen(max(0.0, now - asked - PROBE_SECONDS), now)
        if longest != told:
            metrics.LOOP_STALL_SECONDS.set(told := longest)
