"""Ends tasks until they have ended. On Python 3.11 a cancellation can be lost, in libraries below us too: one is not enough.

Promises that whoever began tasks leaves none of them behind. Never ends a task in the middle of its own clean-up.
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
    cancelled = False
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        try:
            _, waiting = await asyncio.wait(waiting, timeout=AGAIN_SECONDS)
        except asyncio.CancelledError:
            cancelled = True
            waiting = {task for task in waiting if not task.done()}
            continue
        for task in waiting:
            log.error("a task does not end and is cancelled again: %s", task.get_name())
    if cancelled:
        raise asyncio.CancelledError
