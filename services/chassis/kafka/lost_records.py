"""The way out for a reader whose position lies before the beginning of its topic: the broker dropped what stood there.

A reader never passes over records by itself. An operator says that it may, once the logs behind them are published again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.chassis.kafka.cluster import Cluster
from services.chassis.process.settings import KafkaSettings


class Lost(NamedTuple):
    """Records that a reader has not read and that its partition no longer has: from `position` up to `start`."""

    reader: str
    cluster_id: str
    topic: str
    partition: int
    position: int
    start: int


async def find_lost(pool: asyncpg.Pool[Any], kafka: KafkaSettings) -> list[Lost]:
    """What the readers of this database will never read on the topics that are there now."""
    cluster = Cluster(kafka)
    consumer = AIOKafkaConsumer(**kafka.client_options(), group_id=None, enable_auto_commit=False)
    try:
        cluster_id = await cluster.ask()
        rows = await pool.fetch(
            "SELECT reader, topic, partition, position, topic_id FROM reader_positions WHERE cluster_id = $1 "
            "ORDER BY reader, topic, partition",
            cluster_id,
        )
        ids = await cluster.topic_ids({row["topic"] for row in rows})
        there = [row for row in rows if row["topic_id"] == ids.get(row["topic"])]
        await consumer.start()
        places = [TopicPartition(row["topic"], row["partition"]) for row in there]
        starts = await consumer.beginning_offsets(places) if places else {}
        return [
            Lost(row["reader"], cluster_id, place.topic, place.partition, row["position"], starts[place])
            for row, place in zip(there, places, strict=True)
            if row["position"] < starts[place]
        ]
    finally:
        await cluster.close()
        await consumer.stop()


async def pass_over(pool: asyncpg.Pool[Any], lost: Lost, actor: str, reason: str) -> None:
    """Puts the reader's position to the beginning of its partition, and keeps who said so and why; the running reader goes on from there.

    Guarantee: nothing is passed over that the topic has, or that was read meanwhile.
    Test: test_what_the_broker_dropped_is_passed_over_by_hand.
    """
    async with pool.acquire() as connection, connection.transaction():
        moved = await connection.fetchval(
            "UPDATE reader_positions SET position = $6 "
            "WHERE reader = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 AND position = $5 RETURNING true",
            *lost,
        )
        if moved:
            await connection.execute(
                'INSERT INTO discarded (actor, reason, reader, held_reason, topic, partition, "offset") '
                "VALUES ($1, $2, $3, 'lost', $4, $5, $6)",
                actor,
                reason,
                lost.reader,
                lost.topic,
                lost.partition,
                lost.position,
            )
