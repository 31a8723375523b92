"""Compares the log's record time with the clocks: no event is recorded at a time that is more than AHEAD_SECONDS to come.

Record time never goes back. After a clock that was ahead, all would bear one time until the true one has come there, and completeness
would name the future. The database refuses by its own clock (log_clock.sql), each process by its own as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import asyncpg

from services.chassis.log.event_store import StoreUnavailable
from services.chassis.process import metrics

log = logging.getLogger(__name__)

AHEAD_SECONDS = 5.0
"""As log_is_ahead.sql has it."""

_CLOCKS = """
SELECT clock_timestamp() AS now, (
    SELECT e.recorded_at FROM events e WHERE NOT EXISTS (SELECT FROM log_clock_accepted a WHERE a.up_to >= e.recorded_at)
    AND e.position = (SELECT max(position) FROM events)
) AS last
"""


class ClockBehindLog(asyncpg.PostgresError, StoreUnavailable):  # type: ignore[misc]
    """The clock says a time long before the one at which the last event was recorded, or the next one would be."""

    code = "clock-behind-log"
    sqlstate = "MC003"  # raised by the trigger a_log_ahead_of_the_clock_takes_nothing


class Gate(asyncio.Event):
    """Set once the log may be appended to; whoever waits for it is refused while the clocks are wrong, or the log is."""

    wrong_clock = ""
    refusal: Callable[[], Exception] | None = None

    async def wait(self) -> Literal[True]:
        """Waits until it is set; ClockBehindLog while the clock of this process is behind, LogRewound while the log is refused."""
        await super().wait()
        if self.refusal is not None:
            raise self.refusal()
        if self.wrong_clock:
            raise ClockBehindLog(self.wrong_clock)
        return True


async def compare_clocks(pool: asyncpg.Pool[Any], gate: Gate, clock: Callable[[], datetime]) -> None:
    """Looks how far the next record time lies ahead of the database's clock or this process's, and shuts or opens the gate.

    Guarantee: appends are refused while record time lies ahead of the clock, and go on by themselves when it no longer does.
    Test: test_a_log_ahead_of_the_clock_takes_nothing.
    """
    now, last = await pool.fetchrow(_CLOCKS)
    # Read behind the answer: what a slow answer takes makes it seem less far, never farther.
    ahead = (max(now, last or now) - min(now, clock())).total_seconds()
    metrics.LOG_AHEAD_SECONDS.set(ahead)
    if (wrong := ahead > AHEAD_SECONDS) != bool(gate.wrong_clock):
        gate.wrong_clock = f"{ahead:.0f} s" if wrong else ""
        log.log(logging.CRITICAL if wrong else logging.WARNING, "clock-behind-log: %.0f s", ahead)


async def accept_record_time(log_pool: asyncpg.Pool[Any], actor: str, reason: str) -> datetime:
    """Lets appends go on although the last record time lies ahead of the clock; up to which time. LookupError when it does not.

    `log_pool` is used as the owner. All that is appended until then bears that one record time.
    """
    async with log_pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM log_head FOR UPDATE")
        if not await connection.fetchval("SELECT log_is_ahead()"):
            raise LookupError("the log's last record time does not lie ahead of the database's clock")
        up_to: datetime = await connection.fetchval(
            "INSERT INTO log_clock_accepted (up_to, actor, reason) "
            "SELECT recorded_at, $1, $2 FROM events ORDER BY position DESC LIMIT 1 RETURNING up_to",
            actor,
            reason,
        )
        return up_to
