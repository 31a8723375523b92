"""The way out of a refused log: publish this log, as it is, to a broker that holds nothing which it lacks.

It opens a log only when nobody holds an event that the log lacks: neither the broker nor any reader. What the lost part of the log
said is not brought back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg

from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.log_identity import LogGuard, lacking_of
from services.chassis.kafka.records import unpacked
from services.chassis.kafka.republish import begin_again
from services.chassis.kafka.sent import Sent, sent_of
from services.chassis.process.settings import KafkaSettings

ROWS = 10_000


class NoWayOut(Exception):
    """Somebody still holds what this log lacks; the text says who and what to do."""


async def recover(
    producer: str,
    log: asyncpg.Pool[Any],
    kafka: KafkaSettings,
    readers: Mapping[str, asyncpg.Pool[Any]],
    actor: str,
    reason: str,
) -> int:
    """Lifts the refusal of `producer`'s log and has it published from its beginning; how many events. `log` is used as the owner.

    Guarantee: a log is not opened while the broker or a reader has an event that it lacks.
    Test: test_a_restored_log_is_published_to_a_new_broker.
    """
    if not await log.fetchval("SELECT EXISTS (SELECT FROM log_refusals WHERE lifted_at IS NULL)"):
        raise NoWayOut(f"the log of {producer} is not refused")
    cluster = Cluster(kafka)
    try:
        difference = await LogGuard(producer, log, kafka).difference(await cluster.ask())
    finally:
        await cluster.close()
    if difference is not None:
        raise NoWayOut(
            f"the broker holds what this log lacks: {difference}. Restore the newer log, or begin a new, empty broker and restore "
            "the readers' databases from the same time or before"
        )
    for name, pool in readers.items():
        await _refuse_what_is_read(producer, log, name, pool)
    async with log.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE log_refusals SET lifted_at = clock_timestamp(), lifted_by = $1, reason = $2 WHERE lifted_at IS NULL",
            actor,
            reason,
        )
        await connection.execute("DELETE FROM log_digests")  # of the log as it is now, they are made again
        return await begin_again(connection)


async def _refuse_what_is_read(
    producer: str, log: asyncpg.Pool[Any], name: str, reader: asyncpg.Pool[Any]
) -> None:
    async with reader.acquire() as connection, connection.transaction():
        async for seen in _seen_by(connection, producer):
            lacking = await lacking_of(log, seen)
            if lacking:
                raise NoWayOut(
                    f"{name} has read what this log lacks, event {lacking[0].event_id} of {lacking[0].stream_id} among it: "
                    f"restore the database of {name} from the same time as the log or before, or begin it anew"
                )


async def _seen_by(connection: Any, producer: str) -> AsyncIterator[list[Sent]]:
    """The last event of each stream that was applied, and every one that is held."""
    applied = await connection.cursor(
        "SELECT stream_id, version, event_id FROM applied_versions WHERE producer = $1", producer
    )
    while rows := await applied.fetch(ROWS):
        yield [Sent(*row) for row in rows]
    held = await connection.cursor("SELECT headers FROM held WHERE value IS NOT NULL")
    while rows := await held.fetch(ROWS):
        read = (sent_of(unpacked(row["headers"]), producer.encode()) for row in rows)
        yield [each for each in read if each is not None]
