"""Ends tasks until they have ended. On Python 3.11 a cancellation can be lost, in libraries below us too: one is not enough.

Promises that whoever began tasks leaves none of them behind, and that each has AGAIN_SECONDS for its own clean-up before it is
cancelled again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

log = logging.getLogger(__name__)

# Longer than what a task may do after its cancellation: stop a producer (5 s), end the letters under way (5 s).
AGAIN_SECONDS = 8.0


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
