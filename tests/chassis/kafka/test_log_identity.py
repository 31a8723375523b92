"""A log restored from a copy, with its real relay running on it: what was published of the newer log stays the only meaning."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from deploy.local.kafka.run import Kafka
from services.chassis.kafka.log_identity import LogRewound
from services.chassis.kafka.recover import NoWayOut
from services.chassis.kafka.sending import start, stop
from services.chassis.kafka.sent import sent_since
from services.chassis.log.decider import Context, execute
from services.chassis.log.event_store import EventStore
from services.chassis.process import metrics
from tests.chassis.conftest import NOW, item, new_id
from tests.chassis.copies import Copied, supervised
from tests.chassis.log.test_decider import TYPES, total
from tests.chassis.wire import (
    reader_of,
    running,
    until,
    write,
)


async def submit(store: EventStore, number: int) -> list[Any]:
    return await asyncio.gather(*(store.append(item()) for _ in range(number)), return_exceptions=True)


async def test_a_restored_backup_is_refused_for_ever(copied: Copied) -> None:
    """Position 60 of 80, then 25 more submissions, then another process: every one is refused, nothing is published."""
    await copied.run_until(60)
    older = await copied.copy()
    await copied.run_until(80)
    await copied.restore(older)
    assert await copied.length() == 60
    for _ in range(2):
        store, relay = copied.begin()
        reader = reader_of(copied.read, copied.kafka, copied.topic)
        async with running(relay.run, relay.guard.run, reader.run):
            answers = await submit(store, 25)
            assert {type(answer) for answer in answers} == {LogRewound}
            await until(copied.refused)
            assert metrics.REGISTRY.get_sample_value("motcua_log_rewound") == 1
            await asyncio.sleep(1.2)
            assert {type(answer) for answer in await submit(store, 25)} == {LogRewound}
    assert await copied.length() == 60
    assert await copied.log.fetchval("SELECT count(*) FROM log_refusals") == 1
    await copied.nothing_had_a_second_meaning(80)


async def test_a_refused_log_decides_nothing(copied: Copied) -> None:
    """Whoever saw a later version is told that the log is refused, and not that the version is stale."""
    await copied.run_until(20)
    older = await copied.copy()
    await copied.run_until(40)
    await copied.restore(older)
    store, relay = copied.begin()
    told = Context(new_id(), "officer/o1", NOW)
    async with running(relay.run, relay.guard.run):
        for _ in range(2):
            with pytest.raises(LogRewound):
                await execute(store, TYPES, new_id(), total, lambda _: [], told, new_id, expected_version=9)
            await asyncio.sleep(1.2)


async def test_a_restored_log_that_grew_while_kafka_was_away_is_refused(copied: Copied, kafka: Kafka) -> None:
    """Intake takes dossiers while Kafka is away; that the log is longer than what was published does not make it the same."""
    await copied.run_until(20)
    older = await copied.copy()
    await copied.run_until(40)
    await copied.restore(older)
    kafka.kill()
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        try:
            answers = await submit(store, 30)
            assert not [answer for answer in answers if isinstance(answer, BaseException)]
        finally:
            kafka.start()
        await until(copied.refused, 60)
        assert await copied.length() == 50
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_what_was_published_after_the_last_word_is_compared_too(copied: Copied) -> None:
    """The relay died between a round and the next word on `progress`: what stands on the topic behind it counts."""
    await copied.run_until(20)
    word = await copied.said()
    older = await copied.copy()
    await copied.run_until(40)
    await copied.restore(older)
    producer = await start(copied.kafka)
    for said in (orjson.dumps(word), b"nothing", b"[1]"):
        await producer.send_and_wait("progress", said, key=copied.topic.encode(), partition=0)
    await stop(producer)
    assert await copied.is_said(20)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        assert {type(answer) for answer in await submit(store, 25)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_a_log_restored_under_a_running_service_is_refused(copied: Copied) -> None:
    """The relay knows the last event that it published; what was appended before it looked is not published."""
    await copied.run_until(20)
    older = await copied.copy()
    store, relay = copied.begin()
    reader = reader_of(copied.read, copied.kafka, copied.topic)
    async with running(*(supervised(run) for run in (relay.run, relay.guard.run, reader.run))):
        await write(store, 5)
        relay.poke()
        await until(lambda: copied.is_read(40))
        await copied.restore(older)
        await submit(store, 30)
        relay.poke()
        await until(copied.refused)
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
    await copied.nothing_had_a_second_meaning(40)


async def test_a_restored_log_is_published_to_a_new_broker(copied: Copied, kafka: Kafka) -> None:
    """The way out opens the log only when neither the broker nor a reader holds what it lacks; then all goes on, once each."""
    await copied.run_until(20)
    older, older_reader = await copied.copy(), await copied.copy(copied.reading)
    await copied.run_until(40)
    await copied.restore(older)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        await until(copied.refused)
        with pytest.raises(NoWayOut, match="the broker holds"):
            await copied.recover()
        kafka.wipe()
        kafka.create_topic(copied.topic, partitions=3)
        with pytest.raises(NoWayOut, match="reader has read"):
            await copied.recover()
        await copied.restore(older_reader, copied.reading)
        assert {type(answer) for answer in await submit(store, 3)} == {LogRewound}
        assert await copied.recover() == 20
        await until(copied.not_refused)

        async def admitted() -> bool:
            return relay.guard.opened.refusal is None

        await until(admitted)  # it is compared once more before that, a second later at most
        await write(store, 5)
        reader = reader_of(copied.read, copied.kafka, copied.topic)
        async with running(reader.run):
            await until(lambda: copied.is_read(40))
        await until(lambda: copied.is_said(40))
    assert not await copied.refused()
    await copied.nothing_had_a_second_meaning(40)
    lifted = await copied.log.fetchrow("SELECT lifted_by, reason FROM log_refusals")
    assert tuple(lifted) == ("operator/o1", "tried")
    with pytest.raises(NoWayOut, match="not refused"):
        await copied.recover()


async def test_a_log_that_was_not_restored_goes_on(copied: Copied) -> None:
    """Started again on the same log, another process compares and publishes."""
    await copied.run_until(20)
    await copied.run_until(40)
    await copied.nothing_had_a_second_meaning(40)
    assert not await copied.refused()
    assert (await copied.said())["event_id"] == str(
        await copied.log.fetchval("SELECT event_id FROM events WHERE position = 40")
    )


async def test_a_message_without_a_position_of_ours_closes_no_log(copied: Copied) -> None:
    """Whoever may write to the topic can say that he is we; where our messages stand he does not know."""
    await copied.run_until(20)
    consumer = AIOKafkaConsumer(copied.topic, **copied.kafka.client_options(), auto_offset_reset="earliest")
    await consumer.start()
    known = await consumer.getone()
    await consumer.stop()
    forged = [(name, value) for name, value in known.headers if name not in ("ce_id", "ce_position")]
    producer = await start(copied.kafka)
    await producer.send_and_wait(
        copied.topic, known.value, key=known.key, headers=[*forged, ("ce_id", str(new_id()).encode())]
    )
    await stop(producer)
    store, relay = copied.begin()
    async with running(relay.run, relay.guard.run):
        assert not [answer for answer in await submit(store, 5) if isinstance(answer, Exception)]
    assert not await copied.refused()


async def test_a_wiped_broker_ends_a_comparison(copied: Copied, kafka: Kafka) -> None:
    """In the middle of it the broker is another one, on which more and more is said: that is no end, and it is made again."""
    await copied.run_until(40)
    producer = await start(copied.kafka)
    for _ in range(5_000):
        await producer.send(copied.topic, os.urandom(2_000))  # more than is fetched before it is asked for
    await stop(producer)
    comparing = sent_since(copied.kafka, {copied.topic: {}}, copied.topic.encode(), placed=True)
    assert await anext(comparing)
    kafka.wipe()
    kafka.create_topic(copied.topic, partitions=3)
    producer = await start(copied.kafka)

    async def say() -> None:
        while True:
            await producer.send_and_wait(copied.topic, b"more")
            await asyncio.sleep(0.2)

    async with running(say):
        with pytest.raises(KafkaError):
            async with asyncio.timeout(30):
                async for _ in comparing:
                    pass
    await stop(producer)
