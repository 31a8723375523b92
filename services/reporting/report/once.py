"""Answers kept for a moment: however many ask the same, it is found out once in a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """Up to `most` answers, each at most `seconds` old; `clock` gives seconds that never go back.

    Guarantee: however many watch, the database is asked once in a while. Test: test_many_who_watch_ask_the_database_once.
    """

    def __init__(self, clock: Callable[[], float], seconds: float, most: int) -> None:
        self._clock, self._seconds, self._most = clock, seconds, most
        self._loading = asyncio.Lock()
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        found = self._fresh(key)
        if found is None:
            async with self._loading:
                found = self._fresh(key)
                if found is None:
                    at = self._clock()
                    found = (at, await load())
                    keep(self._kept, key, found, self._most)
        return found[1]

    def _fresh(self, key: K) -> tuple[float, V] | None:
        kept = self._kept.get(key)
        return kept if kept is not None and self._clock() - kept[0] <= self._seconds else None


def keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """As the newest; the oldest go."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
