from __future__ import annotations

import asyncio
import time

from services.chassis.process import metrics, stalls


def test_the_longest_stall_is_told_for_a_window_and_forgotten_after_two() -> None:
    told = stalls.Stalls(0.0)
    assert [told.seen(seconds, now) for seconds, now in ((0.1, 1), (2.0, 5), (0.3, 29))] == [0.1, 2.0, 2.0]
    assert [told.seen(0.0, now) for now in (31, 59, 62, 93)] == [2.0, 2.0, 0.0, 0.0]


async def test_a_loop_that_answers_nobody_is_measured() -> None:
    watching = asyncio.create_task(stalls.watch())
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251 (the stall)
    await asyncio.sleep(0.05)
    watching.cancel()
    assert (metrics.REGISTRY.get_sample_value("motcua_loop_stall_seconds") or 0) > 0.2
