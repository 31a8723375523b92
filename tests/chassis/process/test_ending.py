"""Tasks that lose their cancellation, as `asyncio.wait_for` lets them on Python 3.11, and those who end them."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.process import ending
from services.chassis.process.ending import end, first_failure, together


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.05)


async def loses(cancellations: int) -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if cancellations == 0:
                raise
            cancellations -= 1


@pytest.mark.parametrize("lost", [0, 1, 3])
async def test_a_task_that_lost_its_cancellation_is_ended(lost: int) -> None:
    task = asyncio.create_task(loses(lost))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end([task])
    assert task.cancelled()


async def test_of_a_relay_whose_feed_lost_its_cancellation_nothing_is_left() -> None:
    """The keeper fails: what it raised comes through, and the loops beside it have ended."""

    async def fails() -> None:
        raise ConnectionError

    tasks = [asyncio.create_task(loses(lost)) for lost in (0, 1, 2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionError):
            await first_failure([*tasks, asyncio.create_task(fails())])
    assert all(task.done() for task in tasks)


async def test_a_relay_that_is_cancelled_in_the_moment_in_which_a_feed_is_done_ends() -> None:
    done = asyncio.Event()

    async def feed() -> None:
        # The library's own fault, as it is: the result comes with the cancellation, and the cancellation is lost.
        await asyncio.wait_for(done.wait(), 60)
        await asyncio.sleep(60)

    tasks = [asyncio.create_task(feed()), asyncio.create_task(loses(1))]
    relay = asyncio.create_task(first_failure(tasks))
    await asyncio.sleep(0.01)
    done.set()
    await asyncio.sleep(0)
    relay.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await relay
    assert all(task.done() for task in tasks)


async def test_who_is_cancelled_while_ending_others_ends_them_first() -> None:
    task = asyncio.create_task(loses(2))
    ender = asyncio.create_task(end([task]))
    await asyncio.sleep(0.01)
    ender.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await ender
    assert task.done()


async def test_who_is_cancelled_while_ending_others_does_not_cut_their_clean_up_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 60)
    cleaned = False

    async def cleans() -> None:
        nonlocal cleaned
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            cleaned = True

    task = asyncio.create_task(cleans())
    await asyncio.sleep(0)
    ender = asyncio.create_task(end([task]))
    await asyncio.sleep(0.01)
    ender.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await ender
    assert cleaned


async def test_what_a_task_raised_stays_with_it_and_its_clean_up_is_awaited() -> None:
    cleaned = False

    async def cleans() -> None:
        nonlocal cleaned
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            cleaned = True
            raise ValueError

    task = asyncio.create_task(cleans())
    await asyncio.sleep(0)
    await end([task])
    assert cleaned
    assert isinstance(task.exception(), ValueError)


async def test_what_fails_together_leaves_nothing_running() -> None:
    running = 0

    async def one(fails: bool) -> int:
        nonlocal running
        running += 1
        try:
            await asyncio.sleep(0 if fails else 60)
            raise ConnectionError
        finally:
            running -= 1

    with pytest.raises(ConnectionError):
        await together([one(False), one(True), one(False)])
    assert running == 0
    whole = asyncio.create_task(together([one(False), one(False)]))
    await asyncio.sleep(0.01)
    assert running == 2
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert running == 0
    assert await together(asyncio.sleep(0.01 * (3 - n), n) for n in range(3)) == [0, 1, 2]
    assert await together([]) == []
