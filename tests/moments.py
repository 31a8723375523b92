"""Cancels a task in the very moment in which what it waits for is done: there a cancellation is lost most easily."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

END_SECONDS = 30.0


class Moment:
    """Of a function, the moment in which its call ends: `of` wraps it, and cancels `task` in the step in which it is done.

    `steps` later, when it is more than 0: the result is then on its way to whoever waits.
    """

    def __init__(self, steps: int = 0) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.came = False
        self._steps = steps

    def of(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def called(*arguments: Any, **named: Any) -> Any:
            answer = await call(*arguments, **named)
            if self.task is not None and not self.came:
                self.came = True
                self._cancel(self._steps)
            return answer

        return called

    def _cancel(self, steps: int) -> None:
        assert self.task is not None
        if steps:
            asyncio.get_running_loop().call_soon(self._cancel, steps - 1)
        else:
            self.task.cancel()

    async def ends(self) -> None:
        """The task ends by its cancellation, without a second one."""
        assert self.task is not None
        async with asyncio.timeout(END_SECONDS):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.shield(self.task)
        assert self.came
        assert self.task.cancelled()
