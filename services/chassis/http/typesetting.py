"""Makes PDFs of a template by a program of its own, one after the other: it takes a processor for a moment and must hold up nobody."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson

from services.chassis.http import typeset
from services.chassis.http.problems import Problem

TYPESET_SECONDS_MAX = 20.0
WAITING_MAX = 8


class Typesetting:
    """`template` reads what it says as JSON, never as markup."""

    def __init__(self, template: Path, program: str = typeset.__name__) -> None:
        self._template, self._program = template, program
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def pdf(self, said: Any) -> bytes:
        """The form on paper; Problem 503 when too many wait, or when it cannot be made.

        Guarantee: strangers who ask for PDFs on and on fill no queue. Test: test_too_many_pdfs_at_once_are_refused.
        """
        if self._waiting >= WAITING_MAX:
            raise Problem(503, "unavailable", "too many wait for a PDF", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._turn:
                return await self._typeset(orjson.dumps(said))
        finally:
            self._waiting -= 1

    async def _typeset(self, asked: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._program, str(self._template)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(TYPESET_SECONDS_MAX):
                made, _ = await child.communicate(asked)
        except TimeoutError:
            made = b""
        finally:
            if child.returncode is None:
                child.kill()
                await asyncio.shield(child.wait())
        if child.returncode or not made:
            raise Problem(503, "unavailable", "the PDF could not be made", headers={"Retry-After": "5"})
        return made
