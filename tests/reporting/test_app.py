"""Reporting as a process, on real Kafka and PostgreSQL: what the producers say is counted, and how completely is said."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaProducer

from contracts import envelope
from deploy.local.kafka.run import Kafka
from services.chassis.process.settings import KafkaSettings
from tests.databases import Database
from tests.reporting.histories import OFFICES, Life, told

PATIENCE_SECONDS = 90.0


async def until(asked: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """The first answer that is good; the last one when patience ends."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            answer = await asked()
        except httpx.HTTPError:
            answer = None
        if (answer is not None and good(answer)) or asyncio.get_running_loop().time() > deadline:
            return answer
        await asyncio.sleep(0.1)


async def publish(kafka: KafkaSettings, source: str, lives: list[Life]) -> dict[str, int]:
    """Sends what this producer says of the lives; the next offset of each partition."""
    producer = AIOKafkaProducer(**kafka.client_options(), acks="all")
    await producer.start()
    ends: dict[str, int] = {}
    try:
        for life in lives:
            for event in told(life):
                if event.source == source:
                    key, value, headers = envelope.encode(event.attributes(), event.message)
                    sent = await producer.send_and_wait("dossiers", value, key=key, headers=headers)
                    ends[str(sent.partition)] = max(ends.get(str(sent.partition), 0), sent.offset + 1)
    finally:
        await producer.stop()
    return ends


async def say_progress(
    kafka: KafkaSettings, source: str, cluster_id: str, up_to: datetime, offsets: dict[str, int]
) -> None:
    said = {
        "producer": source,
        "cluster_id": cluster_id,
        "position": 7,
        "complete_up_to": up_to.isoformat(),
        "offsets": {"dossiers": offsets},
    }
    producer = AIOKafkaProducer(**kafka.client_options(), acks="all")
    await producer.start()
    try:
        await producer.send_and_wait("progress", orjson.dumps(said), key=source.encode())
    finally:
        await producer.stop()


async def test_what_the_producers_say_is_counted_in_whatever_order_it_comes(
    kafka: Kafka,
    kafka_as: Callable[[str], KafkaSettings],
    database: Callable[..., Database],
    free_ports: Callable[[int], list[int]],
    tmp_path: Path,
) -> None:
    kafka.empty()
    port = free_ports(1)[0]
    reading = kafka_as("reporting")
    settings = {
        "DATABASE_DSN": database("reporting").dsn,
        "KAFKA_BOOTSTRAP": reading.bootstrap,
        "KAFKA_USERNAME": reading.username,
        "KAFKA_PASSWORD": reading.password,
        "PORT": str(port),
        "JWKS": str(tmp_path / "no-keys-are-needed-for-public-routes"),
        "JWT_ISSUER": "issuer",
        "JWT_AUDIENCE": "audience",
        "IDENTITY_CHECK_SECONDS": "0.2",
    }
    lives = [
        Life(n, "1.009982", OFFICES[0], "online", 0, 20, 500 if n % 2 else None, accepting_office=OFFICES[1])
        for n in range(40)
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.reporting.app",
        env=os.environ | {f"MOTCUA_{name}": value for name, value in settings.items()},
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

            async def counts() -> dict[str, Any]:
                answer: dict[str, Any] = (await client.get("/v1/counts?by=office")).json()
                return answer

            # Processing speaks first: what it says waits for intake.
            later = await publish(kafka_as("processing"), "processing", lives)
            held = await until(counts, lambda answer: answer["held"] == 40)
            assert (held["held"], held["submitted"], held["complete_up_to"]) == (40, 0, None)
            first = await publish(kafka_as("intake"), "intake", lives)
            answer = await until(counts, lambda answer: answer["resolved"] == 20)
            assert (answer["received"], answer["resolved"], answer["pending"], answer["held"]) == (
                40,
                20,
                20,
                0,
            )
            assert [row["key"] for row in answer["rows"]] == [OFFICES[1]]

            up_to = datetime(2023, 5, 1, tzinfo=UTC)
            await say_progress(kafka_as("intake"), "intake", kafka.cluster_id, up_to, first)
            await say_progress(
                kafka_as("processing"), "processing", kafka.cluster_id, up_to + timedelta(hours=1), later
            )
            answer = await until(counts, lambda answer: answer["complete_up_to"] is not None)
            assert answer["complete_up_to"] == "2023-05-01T07:00:00+07:00"
            assert answer["positions"] == {"intake": 7, "processing": 7}
            assert (await client.get("/readyz")).status_code == 200

            async def measured() -> str:
                return (await client.get("/metrics")).text

            text = await until(measured, lambda text: "motcua_identity_dossiers 40.0" in text)
            assert "motcua_identity_violations 0.0" in text and "motcua_identity_dossiers 40.0" in text
            assert "motcua_accepted_to_counted_seconds_count" in text
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
