"""What a reader holds back, for the people who look after it: the list, the second try, the discard, and the dead letters.

The held table is the truth; the dead-letter topic is filled from it at least once.
"""

from __future__ import annotations

import hashlib
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
from aiokafka.errors import KafkaError

from services.chassis.kafka.records import unpacked
from services.chassis.kafka.redrive import ask_redrive
from services.chassis.process import metrics

log = logging.getLogger(__name__)

PUBLISH_AT_ONCE = 100
LISTED_AT_ONCE = 1_000
LETTER_VALUE_BYTES = 16_384
LETTER_PART_BYTES = 256
LETTER_HEADERS = 50
HELD_REASONS = ("poison", "unknown-type", "gap", "before-opener", "behind")

# As the indexes say it, or PostgreSQL does not use them.
WITHOUT_LETTER = """
SELECT * FROM held WHERE reader = $1 AND reason = 'poison' AND dead_lettered_at IS NULL ORDER BY held_id LIMIT $2
"""
COUNT_HELD = (
    "SELECT reason, sum(streams)::bigint AS streams FROM held_counts WHERE reader = $1 GROUP BY reason"
)
OLDEST_HELD = """
SELECT extract(epoch FROM clock_timestamp() - held_at)::float8 FROM held WHERE reader = $1 ORDER BY held_at LIMIT 1
"""


class NotNext(LookupError):
    """Versions are missing before the one to be discarded."""


class Publisher(Protocol):
    """The part of FastStream's broker that a dead letter needs."""

    async def publish(self, message: Any, topic: str, *, key: bytes | None = None) -> Any: ...


async def list_held(pool: asyncpg.Pool[Any]) -> AsyncIterator[asyncpg.Record]:
    """What is held, oldest first: coordinates and reasons, never a value. However much it is, few rows are in memory."""
    listed = 'SELECT held_id, reader, stream_id, reason, detail, topic, partition, "offset", held_at FROM held ORDER BY held_id'
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(listed, prefetch=LISTED_AT_ONCE):
            yield row


async def discard(pool: asyncpg.Pool[Any], held_id: int, actor: str, reason: str) -> UUID | None:
    """Drops one poison for good, with who and why; the stream's later messages may go on. Returns the stream, LookupError if none is held.

    The discarded version counts as seen, so that nothing waits for it.
    Guarantee: no version before it is passed over; with one missing it is refused (NotNext).
    Test: test_a_discard_passes_over_no_version_that_is_missing.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT * FROM held WHERE held_id = $1 AND reason IN ('poison', 'unknown-type') FOR UPDATE",
            held_id,
        )
        if row is None:
            raise LookupError(f"no poison is held under {held_id}")
        stream_id: UUID | None = row["stream_id"]
        if stream_id is not None:
            await _pass_over(connection, stream_id, dict(unpacked(row["headers"])))
            await ask_redrive(connection, row["reader"], stream_id)
        await connection.execute(
            'INSERT INTO discarded (actor, reason, reader, stream_id, held_reason, topic, partition, "offset") '
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            actor,
            reason,
            row["reader"],
            stream_id,
            row["reason"],
            row["topic"],
            row["partition"],
            row["offset"],
        )
        await connection.execute(
            "INSERT INTO reader_marks (reader, producer, positions) "
            "SELECT reader, producer, int8multirange(int8range(log_position, log_position + 1)) FROM held "
            "WHERE held_id = $1 AND log_position IS NOT NULL",
            held_id,
        )
        await connection.execute("DELETE FROM held WHERE held_id = $1", held_id)
        return stream_id


async def _pass_over(connection: Any, stream_id: UUID, headers: dict[str, bytes]) -> None:
    """Counts a version as seen. The stream's held row is locked, and a reader locks that before it applies anything of the stream."""
    producer, version = headers["ce_source"].decode(), int(headers["ce_sequence"])
    seen = await connection.fetchval(
        "SELECT version FROM applied_versions WHERE stream_id = $1 AND producer = $2", stream_id, producer
    )
    if version > (seen or 0) + 1:
        raise NotNext(
            f"it is version {version} of {producer}, and {seen or 0} is the last one applied: discarded now, what is missing "
            "before it would be lost. It comes by itself, or by `motcua republish`; what is held before it is discarded first"
        )
    await connection.execute(
        "INSERT INTO applied_versions (stream_id, producer, version, event_id) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (stream_id, producer) DO UPDATE SET version = excluded.version, event_id = excluded.event_id "
        "WHERE applied_versions.version = excluded.version - 1",
        stream_id,
        producer,
        version,
        UUID(headers["ce_id"].decode()),
    )


async def publish_dead_letters(pool: asyncpg.Pool[Any], broker: Publisher, reader: str, topic: str) -> None:
    """Puts poison that is not there yet on the dead-letter topic; a crash in between puts it there twice, under the same key."""
    rows = await pool.fetch(WITHOUT_LETTER, reader, PUBLISH_AT_ONCE)
    for row in rows:
        headers = unpacked(row["headers"])
        place = f"{row['topic']}/{row['partition']}/{row['offset']}"
        key = dict(headers).get("ce_id", place.encode())
        letter = {
            "reader": reader,
            "cluster_id": row["cluster_id"],
            "topic": row["topic"],
            "partition": row["partition"],
            "offset": row["offset"],
            "reason": row["reason"],
            "detail": row["detail"],
            "held_at": row["held_at"],
            **excerpt(row["key"], row["value"], headers),
        }
        try:
            await broker.publish(orjson.dumps(letter), topic, key=key[:LETTER_PART_BYTES])
        except KafkaError as error:  # a side product: the reader goes on, and the letters wait
            metrics.DEAD_LETTERS_WAIT.inc()
            log.warning("%s: dead letters wait: %s", reader, type(error).__name__)
            return
        await pool.execute(
            "UPDATE held SET dead_lettered_at = clock_timestamp() WHERE held_id = $1", row["held_id"]
        )
        metrics.DEAD_LETTERS.inc()


def excerpt(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """What a dead letter shows of a message: the head of each part, the size of the whole, and the digest that tells it from others.

    Guarantee: a dead letter is far smaller than the largest message of a topic. Test: test_a_dead_letter_is_bounded.
    """
    return {
        "key": _text(key and key[:LETTER_PART_BYTES]),
        "value": _text(value and value[:LETTER_VALUE_BYTES]),
        "value_bytes": len(value or b""),
        "value_sha256": hashlib.sha256(value or b"").hexdigest(),
        "headers": [
            [name[:LETTER_PART_BYTES], _text(told[:LETTER_PART_BYTES])]
            for name, told in headers[:LETTER_HEADERS]
        ],
    }


async def measure_held(pool: asyncpg.Pool[Any], reader: str) -> None:
    """Sets the metrics of what one reader holds; the age is the oldest one's.

    Guarantee: it costs the same however much is held. Test: test_looking_at_what_is_held_reads_no_held_row_but_the_oldest.
    """
    counts = {row["reason"]: row["streams"] for row in await pool.fetch(COUNT_HELD, reader)}
    for reason in HELD_REASONS:
        metrics.HELD_STREAMS.labels(reader, reason).set(counts.get(reason, 0))
    metrics.HELD_OLDEST_SECONDS.labels(reader).set(await pool.fetchval(OLDEST_HELD, reader) or 0.0)


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()
