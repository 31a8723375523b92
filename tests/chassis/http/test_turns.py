"""Dear work takes turns, and leaves time between them."""

import asyncio
import time

import pytest

from services.chassis.http.turns import Turns

WORK_SECONDS = 0.02


async def test_between_two_turns_others_have_theirs() -> None:
    turns, began, ended = Turns(), list[float](), list[float]()

    async def dear() -> None:
        async with turns.taken():
            began.append(time.perf_counter())
            time.sleep(WORK_SECONDS)  # noqa: ASYNC251  as what is reckoned on the loop
            ended.append(time.perf_counter())

    await asyncio.gather(*(dear() for _ in range(4)))
    assert all(after - before > WORK_SECONDS / 2 for before, after in zip(ended[:-1], began[1:], strict=True))


async def test_who_fails_or_goes_away_in_his_turn_keeps_it_from_nobody() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        async with turns.taken():
            _ = 1 / 0

    async def for_ever() -> None:
        async with turns.taken():
            await asyncio.Event().wait()

    stuck = asyncio.create_task(for_ever())
    waiting = asyncio.create_task(for_ever())
    await asyncio.sleep(0)
    for each in (waiting, stuck):
        each.cancel()
    await asyncio.wait([stuck, waiting])
    async with asyncio.timeout(10), turns.taken():
        pass
