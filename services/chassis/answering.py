"""Whether a service that only shows what it has read can answer now: while its database does, Kafka away or not."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from services.chassis.http.web import Readiness
from services.chassis.kafka.progress import Complete
from services.chassis.kafka.reconciliation import reconciliation_state
from services.chassis.lifecycle import kafka_state
from services.chassis.log.databases import TRANSIENT

READY_SECONDS = 2.0


async def readiness(pool: asyncpg.Pool[Any], complete: Complete | None, moving: dict[str, bool]) -> Readiness:
    """Ready when its database answers; `moving` says of each reader whether it moves, and `complete_up_to` how old answers are.

    Guarantee: who only shows what it has read goes on showing it while Kafka is away. Test: test_pages_go_on_while_kafka_is_away.
    """
    try:
        async with asyncio.timeout(READY_SECONDS):
            await pool.fetchval("SELECT 1")
        answers = True
    except (asyncpg.PostgresError, *TRANSIENT):
        answers = False
    return Readiness(
        answers,
        {
            "database": "answers" if answers else "away",
            **{name: "moving" if moves else "not moving" for name, moves in moving.items()},
            "complete_up_to": complete.up_to.isoformat(timespec="seconds") if complete else "unknown",
            "kafka": kafka_state(),
            "reconciliation": reconciliation_state(),
        },
    )
