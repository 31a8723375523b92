"""The calendar on the wire: an analyst who reads the topic from its beginning has the whole calendar, withdrawals and all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from uuid_utils.compat import uuid7

from contracts import envelope
from contracts.calendar import CALENDAR_ID
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.relay import Relay
from services.chassis.process.settings import KafkaSettings
from services.processing.clock.working_days import Calendar, Declaration
from services.processing.outgoing import SOURCE, outgoing
from tests.chassis.wire import running, until
from tests.processing.conftest import CODE_KEY, MORNING, House
from tests.processing.declaring_days import accepted, declare, withdraw

KafkaAs = Callable[[str], KafkaSettings]
FRIDAY, MONDAY = date(2023, 3, 10), date(2023, 3, 13)
PATIENCE_SECONDS = 60
CALENDAR = TopicPartition("calendar", 0)


async def test_the_topic_makes_the_whole_calendar(fresh_house: House, kafka_as: KafkaAs) -> None:
    house = fresh_house
    await accepted(house)
    for day in (FRIDAY, MONDAY):
        assert (await declare(house, day)).status_code == 200
    await withdraw(house, FRIDAY, MORNING)
    # A name of its own: other tests publish other logs to this broker.
    name = f"{SOURCE}-{uuid7()}"
    relay = Relay(name, house.pool, kafka_as("processing"), [events_feed(outgoing(CODE_KEY))], uuid7())
    begins_at = await _end(kafka_as("analyst"))

    async def published() -> bool:
        return bool(
            await house.pool.fetchval(
                "SELECT (SELECT max(position) FROM relay_cursors) = (SELECT max(position) FROM events)"
            )
        )

    async with running(relay.run):
        await until(published)
    said = await _read(kafka_as("analyst"), begins_at, house.declaring.version)
    assert [sequence for sequence, _ in said] == [*range(1, house.declaring.version + 1)]
    declared: set[Declaration] = set()
    for _, message in said:
        known = Declaration(
            date.fromisoformat(message["day"]),
            "worked" if message["kind"] == "worked" else "off",
            message["document"],
            datetime.fromisoformat(message["announced_at"]),
        )
        if message["type"] == "DayDeclared.v1":
            declared.add(known)
        elif message["type"] == "DeclarationWithdrawn.v1":
            declared.discard(known)
    rebuilt = Calendar.of(declared)
    assert (rebuilt, rebuilt.documents) == (house.desk.calendar, house.desk.calendar.documents)
    assert not rebuilt.is_working(MONDAY) and rebuilt.is_working(FRIDAY)


@asynccontextmanager
async def _consumer(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(**kafka.client_options(), enable_auto_commit=False) as consumer:
        consumer.assign([CALENDAR])
        yield consumer


async def _end(kafka: KafkaSettings) -> int:
    async with _consumer(kafka) as consumer:
        return int((await consumer.end_offsets([CALENDAR]))[CALENDAR])


async def _read(kafka: KafkaSettings, begins_at: int, count: int) -> list[tuple[int, dict[str, str]]]:
    """So many messages: place in the stream, and the value."""
    found: list[tuple[int, dict[str, str]]] = []
    async with _consumer(kafka) as consumer, asyncio.timeout(PATIENCE_SECONDS):
        consumer.seek(CALENDAR, begins_at)
        while len(found) < count:
            record = await consumer.getone()
            attributes = envelope.read(record.headers)
            assert (record.key, attributes.subject) == (str(CALENDAR_ID).encode(), CALENDAR_ID)
            found.append((attributes.sequence, envelope.json_object(record.value)))
    return found
