"""What every speaker with Kafka needs to know of it: which cluster it is, and what another record of a compacted topic said last."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from services.chassis.kafka.topic_ids import TopicsRequest, ids_in
from services.chassis.process import metrics
from services.chassis.process.settings import KafkaSettings
from services.chassis.process.turning import turned

ASK_SECONDS = 5.0
START_SECONDS = 10.0
ASK_AGAIN_SECONDS = 1.0


async def bounded(answer: Any) -> Any:
    """The broker's silence as a KafkaError: a database that is away is another matter."""
    try:
        async with asyncio.timeout(START_SECONDS):
            return await answer
    except (OSError, TimeoutError) as error:
        raise KafkaError(type(error).__name__) from error


class Cluster:
    """Asks the broker for its cluster id. A broker that was wiped answers with another one; no client sees it by itself."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin: AIOKafkaAdminClient | None = None

    async def ask(self) -> str:
        """The id of the cluster that answers now; KafkaError or TimeoutError when none does."""
        try:
            if self._admin is None:
                admin = AIOKafkaAdminClient(
                    **self._kafka.client_options(), request_timeout_ms=int(ASK_SECONDS * 1000)
                )
                try:
                    async with asyncio.timeout(ASK_SECONDS):
                        await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            async with asyncio.timeout(ASK_SECONDS):
                description = await self._admin.describe_cluster()
        except (KafkaError, OSError, TimeoutError):
            metrics.KAFKA_REACHABLE.set(0)
            await self.close()
            raise
        metrics.KAFKA_REACHABLE.set(1)
        return str(description["cluster_id"])

    async def first_answer(self) -> str:
        """The same, once a broker answers."""
        while True:
            turned()
            try:
                return await self.ask()
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def topic_ids(self, topics: Collection[str]) -> dict[str, str]:
        """The ids of those of `topics` that are there; one that was deleted and made again has another id."""
        if not topics:
            return {}
        if self._admin is None:
            await self.ask()
        assert self._admin is not None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return ids_in(await self._admin._send_request(TopicsRequest(sorted(topics))))
        except TimeoutError as error:
            raise KafkaTimeoutError("topic ids") from error

    async def partitions(self, topics: Collection[str]) -> list[TopicPartition]:
        """All partitions of those of `topics` that are there."""
        if self._admin is None:
            await self.ask()
        assert self._admin is not None
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await self._admin.describe_topics(sorted(topics))
            for partition in topic["partitions"]
        ]

    async def close(self) -> None:
        """Lets go of the connection; the next question opens another."""
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()


async def last_value(kafka: KafkaSettings, topic: str, key: bytes) -> dict[str, Any] | None:
    """The newest value of `key` on partition 0 of a compacted topic, or None."""
    consumer = AIOKafkaConsumer(**kafka.client_options(), enable_auto_commit=False)
    partition = TopicPartition(topic, 0)
    found: dict[str, Any] | None = None
    try:
        await consumer.start()
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.seek(partition, (await consumer.beginning_offsets([partition]))[partition])
        while await consumer.position(partition) < end:
            for record in (await consumer.getmany(timeout_ms=1000)).get(partition, []):
                if record.key == key and record.value:
                    with suppress(ValueError):  # a record that says nothing must not hide the one before it
                        said = orjson.loads(record.value)
                        found = said if isinstance(said, dict) else found
    finally:
        await consumer.stop()
    return found
