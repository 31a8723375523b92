"""Lets the log that opens streams be first on a new broker or topic, so that readers need not hold what answers it.

Promises that the wait ends: when the other has published what this log had heard of it, or does not get on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from services.chassis.kafka.cluster import Cluster, bounded, last_value
from services.chassis.kafka.log_identity import PROGRESS_TOPIC
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import turned

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
STILL_SECONDS = 30.0
# What this log says rests on no later position of the other's log than the last one that its own reader has had.
HEARD = "SELECT coalesce(max(last_position), 0) FROM reader_marks WHERE producer = $1 AND EXISTS (SELECT FROM events)"


async def others_first(
    pool: asyncpg.Pool[Any], kafka: KafkaSettings, cluster: Cluster, cluster_id: str, producer: str
) -> None:
    """Waits until `producer` says that it has published, on this cluster and its topics of now, what was heard of it here.

    Guarantee: after a wiped broker no reader holds what waits only for its opener. Test: test_a_refill_waits_for_the_log_that_it_answers.
    Guarantee: topics of the other's that are not ours to see hold up nothing.
    Test: test_what_the_other_publishes_elsewhere_holds_up_nothing.
    Guarantee: it goes on without a producer that does not get on. Test: test_a_refill_waits_no_longer_for_one_that_stands_still.
    """
    heard = await pool.fetchval(HEARD, producer)
    at, moved = 0, time.monotonic()
    while at < heard:
        turned()
        position = await _published(kafka, cluster, cluster_id, producer)
        if position > at:
            at, moved = position, time.monotonic()
        elif time.monotonic() - moved > STILL_SECONDS:
            log.warning("%s does not get on: published before it, and readers hold it", producer)
            return
        if at < heard:
            await asyncio.sleep(LOOK_SECONDS)


async def _published(kafka: KafkaSettings, cluster: Cluster, cluster_id: str, producer: str) -> int:
    """Up to which position it is published here, as it says itself; 0 while it has said nothing of what is there now."""
    try:
        said = await bounded(last_value(kafka, PROGRESS_TOPIC, producer.encode()))
        if said is None or said["cluster_id"] != cluster_id:
            return 0
        topic_ids: dict[str, str] = said["topic_ids"]
        # It may publish to topics of which we may not know that they exist: those that we see say whether it speaks of now.
        seen = await cluster.topic_ids(topic_ids)
        return int(said["position"]) if seen and seen.items() <= topic_ids.items() else 0
    except (KafkaError, OSError, TimeoutError):
        return 0  # the broker is away: nothing can be published either
    except (KeyError, TypeError, ValueError):
        return 0  # it says nothing that could be read
