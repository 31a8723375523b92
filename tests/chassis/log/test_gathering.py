"""One query for what many ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from services.chassis.log.gathering import KEYS_MAX, Gathering


class Table:
    """Rows that a query reads as they stand when it begins."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {}
        self.asked: list[list[int]] = []
        self.fails = False

    async def ask(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(keys))
        found = {key: self.rows[key] for key in keys if key in self.rows}
        await asyncio.sleep(0.01)
        if self.fails:
            raise ConnectionError
        return found


async def test_who_asks_at_the_same_time_asks_once() -> None:
    table = Table()
    table.rows = {1: "one", 2: "two"}
    gathering = Gathering(table.ask)
    assert await asyncio.gather(*(gathering.get(key) for key in (1, 2, 2, 3))) == ["one", "two", "two", None]
    assert table.asked == [[1, 2, 3]]


async def test_what_was_committed_before_is_seen() -> None:
    """A query that is under way has read already: who asks meanwhile waits for the next."""
    table = Table()
    gathering = Gathering(table.ask)
    first = asyncio.create_task(gathering.get(1))
    await asyncio.sleep(0.005)
    table.rows[1] = "one"
    assert (await gathering.get(1), await first) == ("one", None)
    assert table.asked == [[1], [1]]


async def test_an_error_is_told_to_all_and_the_next_are_asked_anew() -> None:
    table = Table()
    table.fails = True
    gathering = Gathering(table.ask)
    told = await asyncio.gather(gathering.get(1), gathering.get(2), return_exceptions=True)
    assert [type(error) for error in told] == [ConnectionError, ConnectionError]
    table.fails, table.rows = False, {1: "one"}
    assert await gathering.get(1) == "one"


async def test_who_goes_away_keeps_nobody_from_an_answer() -> None:
    table = Table()
    table.rows = {2: "two"}
    gathering = Gathering(table.ask)
    gone, stays = asyncio.create_task(gathering.get(1)), asyncio.create_task(gathering.get(2))
    await asyncio.sleep(0.005)
    gone.cancel()
    assert await stays == "two"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_query_is_bounded() -> None:
    table = Table()
    gathering = Gathering(table.ask)
    await asyncio.gather(*(gathering.get(key) for key in range(KEYS_MAX + 1)))
    assert [len(keys) for keys in table.asked] == [KEYS_MAX, 1]
