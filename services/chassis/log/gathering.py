"""Asks the database once for what many ask at the same time: while one query is under way, the next gathers.

As the log's appends, whose flushes gather too. It keeps nothing: whoever asks gets what a query read that began afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
KEYS_MAX = 512
MANY = 8
GATHER_SECONDS = 0.002


async def let_gather(asked: int) -> None:
    """A moment after a call for many, so that the next one is for more. A call costs the same dozen of statements, however little it
    carries: of 32 who ask at once half went along with each. Whoever asks alone never waits.
    """
    if asked >= MANY:
        await asyncio.sleep(GATHER_SECONDS)


class Gathering(Generic[K, V]):
    """`ask` reads many keys in one query, those that are there; what it raises is told to all who asked along.

    Guarantee: what was committed before it was asked for is seen. Test: test_what_was_committed_before_is_seen.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What stands under the key, or None."""
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all())
        return await answer

    async def _flush_all(self) -> None:
        await asyncio.sleep(0)  # whoever is ready in this round of the loop goes along
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:KEYS_MAX], self._waiting[KEYS_MAX:]
                await self._answer(batch)
        finally:
            self._flusher = None

    async def _answer(self, batch: Sequence[tuple[K, asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._ask(list(dict.fromkeys(key for key, _ in batch)))
        except BaseException as error:
            for _, answer in batch:
                if not answer.done():  # its caller may have gone away
                    answer.set_exception(error)
            if isinstance(error, Exception):
                return
            raise
        for key, answer in batch:
            if not answer.done():
                answer.set_result(found.get(key))
