"""Puts another book in the place of the live one, in one transaction: who reads sees one of them or the other, never both.

The live reader waits meanwhile, and goes on from the positions of the book that it finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from services.reporting.rebuild.reading import Beside
from services.reporting.rebuild.shape import LIVE, exchange

LOCK_SECONDS = 0.5
"""Less than PostgreSQL takes to look for a deadlock: it is always this transaction that gives way."""
CATCH_UP_SECONDS = 5.0
TRIES = 120
PAUSE_SECONDS = 1.0

# No effect of a message is written from here on: every one of them begins with a row of these.
_STOP = f"LOCK TABLE {LIVE}.reader_positions, {LIVE}.held IN EXCLUSIVE MODE"


class NotSwitched(LookupError):
    """The tables cannot be had: somebody reads them for a long time."""


async def switch(
    owner: asyncpg.Connection[Any],
    book: Beside,
    coming: str,
    agree: Callable[[], Awaitable[None]],
    settle: Callable[[], Awaitable[None]],
    at: Callable[[str], None],
) -> None:
    """Exchanges the books. `agree` is asked when both stand at the same messages, and raises to leave all as it was; `settle` writes
    down what was done.

    Guarantee: each transaction reads one book, and none waits for a switch longer than a moment.
    Test: test_readers_see_one_book_or_the_other.
    Guarantee: the book that comes has read what the one that goes has read, no more and no less.
    Test: test_a_book_made_anew_under_traffic_equals_the_live_one.
    """
    for _ in range(TRIES):
        try:
            async with owner.transaction():
                await owner.execute(f"SET LOCAL lock_timeout = '{int(LOCK_SECONDS * 1000)}ms'")
                await owner.execute(_STOP)
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await book.come_to(await book.live())
                await agree()
                at("agreed")
                await exchange(owner, coming)
                await settle()
                at("moved")
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, TimeoutError):
            await asyncio.sleep(PAUSE_SECONDS)
    raise NotSwitched(
        "somebody reads the tables without a pause, as a dump does; the book that was made stands ready: begin the command again later"
    )
