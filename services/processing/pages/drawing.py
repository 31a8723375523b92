"""Has pages of a paper drawn by a program of its own, one paper after the other; what the applicant made reaches no browser."""

from __future__ import annotations

import asyncio
import sys
from typing import IO, Any

import orjson

from services.chassis.http.problems import Problem
from services.processing.pages import draw

DRAW_SECONDS_MAX = 20.0
WAITING_MAX = 8
KINDS = frozenset(draw.IMAGES)
"""What can be drawn; of anything else the paper is saved."""


class Drawing:
    """At most one program at once."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def pages(
        self, paper: IO[bytes], kind: str, first: int, pages: int, pixels_per_inch: int
    ) -> Any | None:
        """How many pages there are, and pictures (PNG, base64) of those from `first` on; None for a paper that cannot be drawn. Problem 503
        when too many wait.

        Guarantee: what a paper breaks is the program that draws it. Test: test_a_paper_that_cannot_be_drawn_breaks_nothing.
        """
        if self._waiting >= WAITING_MAX:
            raise Problem(503, "unavailable", "too many wait for a paper", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._turn:
                made = await _draw(paper, kind, str(first), str(pages), str(pixels_per_inch))
        finally:
            self._waiting -= 1
        return orjson.loads(made) if made else None


async def _draw(paper: IO[bytes], *asked: str) -> bytes:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", draw.__name__, *asked),
        stdin=paper.fileno(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    made = b""
    try:
        async with asyncio.timeout(DRAW_SECONDS_MAX):
            made, _ = await child.communicate()
    except TimeoutError:
        pass
    finally:
        if child.returncode is None:
            child.kill()
            await asyncio.shield(child.wait())
    return b"" if child.returncode else made
