"""Ends tasks until they have ended. On Python 3.11 a cancellation can be lost, in libraries below us too: one is not enough.

Promises that whoever began tasks leaves none of them behind, and that each has AGAIN_SECONDS for its own clean-up before it is
cancelled again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

# Longer than what a task may do after its cancellation: stop a producer (5 s), end the letters under way (5 s).
AGAIN_SECONDS = 8.0
T = TypeVar("T")


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Returns when all have ended; what they raised stays with them. Cancelled itself meanwhile, it first ends them all the same.

    Guarantee: a task that lost its cancellation is cancelled again. Test: test_a_task_that_lost_its_cancellation_is_ended.
    """
    clock = asyncio.get_running_loop().time
    cancelled = False
    again_at = 0.0
    while waiting := [task for task in tasks if not task.done()]:
        if clock() >= again_at:
            if again_at:
                log.error(
                    "tasks do not end and are cancelled again: %s", [task.get_name() for task in waiting]
                )
            again_at = clock() + AGAIN_SECONDS
            for task in waiting:
                task.cancel()
        try:
            await asyncio.wait(waiting, timeout=max(0.0, again_at - clock()))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them returns, in order. When one fails, or the caller is cancelled, the others have ended before that is told.

    Guarantee: what fails leaves nothing running beside it. Test: test_what_fails_together_leaves_nothing_running.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        return [task.result() for task in tasks]
    finally:
        await end(tasks)


async def first_failure(tasks: Collection[asyncio.Task[None]]) -> None:
    """Waits for the first of tasks that never end by themselves, ends the others, and raises what it raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await end(tasks)
