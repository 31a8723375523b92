"""Whether a service can append now: it sends a whole row of every type, as a request would, and has it taken back.

Arrays without members would pass whatever their types have become.
"""

from __future__ import annotations

import logging
from typing import Any

import asyncpg

from services.chassis.http.web import Readiness
from services.chassis.kafka.log_identity import log_state
from services.chassis.kafka.reconciliation import reconciliation_state
from services.chassis.lifecycle import kafka_state
from services.chassis.log.databases import TRANSIENT, is_transient
from services.chassis.log.event_store import EventStore, Item
from services.chassis.log.log_clock import ClockBehindLog, Gate

log = logging.getLogger(__name__)

READY_SECONDS = 2.0


async def readiness(pool: asyncpg.Pool[Any], *tries: tuple[EventStore, Item]) -> Readiness:
    """Ready when each store takes its item, Kafka away or not; `log` says `writable`, or why not.

    Guarantee: readiness fails of what a request fails of. Test: test_ready_means_that_its_rows_are_taken.
    """
    state = "writable"
    try:
        for store, item in tries:
            await store.try_append(item, READY_SECONDS)
    except (asyncpg.PostgresError, ValueError, TypeError, *TRANSIENT) as error:
        state = await log_state(pool)
        if state == "away" and not is_transient(error):
            log.error("the log refuses whole rows: %s", type(error).__name__)
            state = "refusing"
    else:
        gates = [store.opened for store, _ in tries if store.opened]
        if not all(gate.is_set() for gate in gates):
            state = "not compared yet"
        elif any(isinstance(gate, Gate) and gate.wrong_clock for gate in gates):
            state = ClockBehindLog.code
    return Readiness(
        state == "writable", {"log": state, "kafka": kafka_state(), "reconciliation": reconciliation_state()}
    )
