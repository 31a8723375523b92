"""Has plots drawn by the program `plots` and keeps them: each once, one at a time. It knows nothing of what they show."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import OrderedDict

from services.reporting.metrics import PLOTS_DRAWN, PLOTS_FAILED

log = logging.getLogger(__name__)

DRAW_SECONDS_MAX = 40.0
WAITING_MAX = 16
KEPT = 64
ANSWER_BYTES_MAX = 4 << 20


class NotDrawn(Exception):
    """There is no plot now: too many wait for one, or drawing failed. The tables say the same."""


class Drawings:
    """SVGs by what they show. The program that draws is started when it is first needed, and again after it died."""

    def __init__(self, program: str = "services.reporting.dashboard.plots") -> None:
        self._program = program
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def get(self, asked: str) -> str:
        """The SVG of a drawing, which is one line of JSON; or NotDrawn.

        Guarantee: a plot is drawn once, however many watch. Test: test_a_plot_is_drawn_once_however_many_watch.
        Guarantee: strangers who ask for ever new plots fill no queue. Test: test_too_many_new_plots_are_refused.
        """
        if asked in self._kept:
            return self._kept[asked]
        if self._waiting >= WAITING_MAX:
            raise NotDrawn
        self._waiting += 1
        try:
            async with self._turn:
                if asked not in self._kept:
                    self._kept[asked] = await self._draw(asked)
                    while len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
                return self._kept[asked]
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Ends the program."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()

    async def _draw(self, asked: str) -> str:
        answered = False
        try:
            async with asyncio.timeout(DRAW_SECONDS_MAX):
                child = await self._started()
                assert child.stdin is not None and child.stdout is not None
                child.stdin.write(asked.encode() + b"\n")
                await child.stdin.drain()
                answer = json.loads(await child.stdout.readline())
                answered = True
                svg = str(answer["svg"])
        except (TimeoutError, OSError, ValueError, KeyError) as error:
            PLOTS_FAILED.inc()
            log.warning("a plot was not drawn: %s", type(error).__name__)
            raise NotDrawn from error
        finally:
            if not answered:
                # Given up half-way, its answer would be taken for the next one's.
                await asyncio.shield(self.close())
        PLOTS_DRAWN.inc()
        return svg

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=ANSWER_BYTES_MAX,
            )
        return self._child
