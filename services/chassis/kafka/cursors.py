"""How far each feed of a relay is published: a row for a cluster, which speaks of the topics with the ids that it bears."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.lease import LostLease
from services.chassis.kafka.topic_check import TopicsMissing

log = logging.getLogger(__name__)

Cursor = tuple[int, dict[str, dict[str, int]], dict[str, str]]
"""Position, offsets by topic and partition, ids by topic."""


async def load_cursor(
    pool: asyncpg.Pool[Any], cluster: Cluster, cluster_id: str, feed: str, epoch: int
) -> Cursor:
    """Where the feed is published on this cluster and these topics, now under `epoch`; LostLease when a later one has begun.

    Guarantee: a topic that was deleted and made again gets everything again. Test: test_a_topic_made_again_is_filled_and_read_again.
    """
    row = await pool.fetchrow(
        "INSERT INTO relay_cursors (cluster_id, feed, epoch) VALUES ($1, $2, $3) "
        "ON CONFLICT (cluster_id, feed) DO UPDATE SET epoch = excluded.epoch WHERE relay_cursors.epoch <= excluded.epoch "
        "RETURNING position, offsets, topic_ids",
        cluster_id,
        feed,
        epoch,
    )
    if row is None:
        raise LostLease
    offsets, known = orjson.loads(row["offsets"]), orjson.loads(row["topic_ids"])
    ids = await cluster.topic_ids(offsets.keys() | known.keys())
    if offsets.keys() - ids.keys():
        raise TopicsMissing(", ".join(sorted(offsets.keys() - ids.keys())))
    if all(ids.get(topic) == topic_id for topic, topic_id in known.items()):
        return row["position"], offsets, known
    log.warning("topic-made-again: %s is published from the beginning", feed)
    await pool.execute(
        "UPDATE relay_cursors SET position = 0, offsets = '{}', topic_ids = '{}' "
        "WHERE cluster_id = $1 AND feed = $2 AND epoch = $3",
        cluster_id,
        feed,
        epoch,
    )
    return 0, {}, {}


async def keep_topic_ids(
    pool: asyncpg.Pool[Any], cluster_id: str, feed: str, epoch: int, ids: Mapping[str, str]
) -> None:
    """Says of which topics the cursor speaks."""
    await pool.execute(
        "UPDATE relay_cursors SET topic_ids = $4 WHERE cluster_id = $1 AND feed = $2 AND epoch = $3",
        cluster_id,
        feed,
        epoch,
        orjson.dumps(ids).decode(),
    )
