"""Watches the loops that must turn for ever. One that stands still is told, and in the end its process ends and is begun again.

A thread looks, apart from the event loop that it watches. It counts its own looks and reads no clock, so a process that was stopped and
goes on is not taken for one that stands still.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Self

from services.chassis.process import metrics

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
END_SECONDS = 120.0
"""Longer than what a slow server may take: a statement 60 s, a request to the broker 40 s."""
LAST_WORD_SECONDS = 2.0
EX_SOFTWARE = 70

_current: ContextVar[Loop | None] = ContextVar("loop", default=None)
_running: set[Loop] = set()


class Loop:
    """A loop that must turn, watched while it is entered; `name` is a metric's label.

    What runs inside it, its child tasks too, says turned(). With `needs_broker` it may stand still while the broker is away.
    """

    def __init__(self, name: str, *, needs_broker: bool = False) -> None:
        self.name, self.needs_broker, self.turns = name, needs_broker, 0
        self._token: Token[Loop | None] | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        _running.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _running.discard(self)
        if self._token is not None:
            _current.reset(self._token)

    def turned(self) -> None:
        """Says that this loop goes on."""
        self.turns += 1


def turned() -> None:
    """Says that the loop inside which this runs goes on."""
    loop = _current.get()
    if loop is not None:
        loop.turned()


async def rest(seconds: float) -> None:
    """Sleeps, and says meanwhile that the loop goes on: for pauses that are meant."""
    while seconds > 0:
        turned()
        await asyncio.sleep(min(seconds, LOOK_SECONDS))
        seconds -= LOOK_SECONDS


class Watchdog:
    """Looks at all loops of the process, and gives the name of one that has stood still for END_SECONDS to `end`."""

    def __init__(self, end: Callable[[str], None]) -> None:
        self._end = end
        self._seen: dict[Loop, tuple[int, int]] = {}

    def look(self) -> None:
        """One look; to be called every LOOK_SECONDS.

        Guarantee: a loop that stands still is told, whatever stands still with it. Test: test_a_loop_that_stands_still_is_told.
        """
        away = not metrics.value("kafka_reachable")
        running = tuple(_running)
        for loop in self._seen.keys() - set(running):
            del self._seen[loop]
            metrics.LOOPS_STILL_SECONDS.labels(loop.name).set(0)
        for loop in running:
            turns, still = self._seen.get(loop, (loop.turns - 1, 0))
            still = 0 if turns != loop.turns or (away and loop.needs_broker) else still + 1
            self._seen[loop] = (loop.turns, still)
            metrics.LOOPS_STILL_SECONDS.labels(loop.name).set(still * LOOK_SECONDS)
            if still * LOOK_SECONDS >= END_SECONDS:
                self._end(loop.name)


def watch() -> None:
    """Begins the thread that looks until the process ends.

    Guarantee: a process one of whose loops stands still ends, even when nothing in it turns any more.
    Test: test_a_process_whose_loop_stands_still_ends.
    """
    watchdog = Watchdog(_end_process)

    def look() -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            watchdog.look()

    threading.Thread(target=look, name="watchdog", daemon=True).start()


def _end_process(name: str) -> None:
    """The last word has a thread of its own: what stands still may stand in the middle of a line of the log."""
    word = threading.Thread(
        target=log.critical, args=("loop-stands-still",), kwargs={"extra": {"fields": {"loop": name}}}
    )
    word.daemon = True
    word.start()
    word.join(LAST_WORD_SECONDS)
    os._exit(EX_SOFTWARE)
