"""Where a reader stands on each partition: a row for a cluster, which speaks of the topic with the id that it bears."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from services.chassis.process import metrics

log = logging.getLogger(__name__)

Place = tuple[str, int]
"""Topic and partition."""


async def load_positions(
    pool: asyncpg.Pool[Any],
    reader: str,
    cluster_id: str,
    places: Sequence[Place],
    topic_ids: Mapping[str, str],
) -> dict[Place, int]:
    """The positions of the places; what speaks of a topic with another id is put to 0. An unknown id changes nothing."""
    topics, partitions = [place[0] for place in places], [place[1] for place in places]
    rows = await pool.fetch(
        "INSERT INTO reader_positions AS p (reader, cluster_id, topic, partition, topic_id) "
        "SELECT $1, $2, topic, partition, topic_id FROM unnest($3::text[], $4::int[], $5::text[]) "
        "AS a(topic, partition, topic_id) ORDER BY topic, partition "
        "ON CONFLICT (reader, cluster_id, topic, partition) DO UPDATE SET "
        "topic_id = coalesce(nullif(excluded.topic_id, ''), p.topic_id), "
        "position = CASE WHEN '' IN (p.topic_id, excluded.topic_id) OR p.topic_id = excluded.topic_id THEN p.position ELSE 0 END "
        "RETURNING topic, partition, position",
        reader,
        cluster_id,
        topics,
        partitions,
        [topic_ids.get(topic, "") for topic in topics],
    )
    return {(row["topic"], row["partition"]): row["position"] for row in rows}


async def begin_again(
    pool: asyncpg.Pool[Any], reader: str, cluster_id: str, place: Place, position: int
) -> None:
    """Puts a position that its partition does not have to the beginning."""
    await pool.execute(
        "UPDATE reader_positions SET position = 0 "
        "WHERE reader = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 AND position = $5",
        reader,
        cluster_id,
        *place,
        position,
    )


async def passed_on(
    pool: asyncpg.Pool[Any], reader: str, cluster_id: str, topic_ids: Mapping[str, str]
) -> dict[Place, int] | None:
    """The positions of all members; None while one speaks of another topic than the one that is there."""
    rows = await pool.fetch(
        "SELECT topic, partition, position, topic_id FROM reader_positions WHERE reader = $1 AND cluster_id = $2",
        reader,
        cluster_id,
    )
    if any(row["topic_id"] != topic_ids.get(row["topic"]) for row in rows):
        return None
    return {(row["topic"], row["partition"]): row["position"] for row in rows}


async def compare(
    consumer: Any, positions: Mapping[Place, int], beyond: dict[Place, int]
) -> tuple[dict[Place, int], list[Place]]:
    """Messages to read by place, and the places whose position their partition does not have. Less than 0 is told of a place that stands
    before the beginning of its partition: it cannot go on by itself.

    Such a place stands in `beyond`, with the partition's end, until its reader has come there again from the beginning.
    Guarantee: a position that its topic does not have is a fault, told, and begun from 0; never a lag of 0.
    Test: test_a_position_beyond_the_end_is_a_fault_and_begun_again.
    """
    places = {TopicPartition(*place): position for place, position in positions.items()}
    starts = await consumer.beginning_offsets(list(places)) if places else {}
    ends = await consumer.end_offsets(list(places)) if places else {}
    lag: dict[Place, int] = {}
    lost: list[Place] = []
    for place, position in places.items():
        key = (place.topic, place.partition)
        lag[key] = ends[place] - position if starts[place] <= position else -1
        is_there = starts[place] <= position <= ends[place]
        if is_there and position >= beyond.get(key, 0):
            beyond.pop(key, None)
        elif not is_there and key not in beyond:
            log.critical(
                "position-lost: %s of %s, which has %s to %s", position, key, starts[place], ends[place]
            )
            metrics.CONSUMER_POSITIONS_LOST.labels(place.topic).inc()
            beyond[key] = ends[place]
            lost.append(key)
    return lag, lost


def measure_lag(lag: Mapping[Place, int], topics: Sequence[str]) -> None:
    """Sets the metric of what each topic has to read."""
    for topic in topics:
        behind = sum(max(messages, 0) for place, messages in lag.items() if place[0] == topic)
        metrics.CONSUMER_LAG_MESSAGES.labels(topic).set(behind)
