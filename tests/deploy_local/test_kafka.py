"""The embedded Kafka: passwords, rights, settings, and what survives a kill."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from contracts.topics import TOPICS, topics_of
from deploy.local.kafka.run import Kafka
from services.chassis.kafka.topic_check import OtherSettings, TopicsMissing, check_topics
from services.chassis.process.settings import KafkaSettings

As = Callable[[str], KafkaSettings]


async def send(kafka: KafkaSettings, topic: str) -> None:
    async with AIOKafkaProducer(**kafka.client_options(), acks="all") as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")


async def read(
    kafka: KafkaSettings, topic: str, group: str | None = None, *, patience_ms: int = 30_000
) -> list[bytes | None]:
    """What comes first; nothing when patience ends."""
    consumer = AIOKafkaConsumer(topic, **kafka.client_options(), group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        batches = await consumer.getmany(timeout_ms=patience_ms)
        return [record.value for records in batches.values() for record in records]
    finally:
        await consumer.stop()


async def test_an_owner_writes_and_a_reader_reads(kafka_as: As) -> None:
    await send(kafka_as("intake"), "dossiers")
    assert b"value" in await read(kafka_as("analyst"), "dossiers", "motcua.analyst.report")


@pytest.mark.parametrize("topic", ["contacts", "officers", "notify.dead-letters", "intake.dead-letters"])
async def test_an_analyst_reads_nobodys_name_and_no_dead_letters(kafka_as: As, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await read(kafka_as("analyst"), topic)


async def test_nobody_writes_anothers_topic(kafka_as: As) -> None:
    for user, topic in (
        ("reporting", "dossiers"),
        ("analyst", "progress"),
        ("processing", "contacts"),
        ("intake", "officers"),
    ):
        with pytest.raises(TopicAuthorizationFailedError):
            await send(kafka_as(user), topic)


async def test_nobody_joins_anothers_group(kafka_as: As) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        await read(kafka_as("analyst"), "dossiers", "motcua.reporting")


async def test_no_password_no_entry(kafka: Kafka) -> None:
    with pytest.raises(KafkaError):
        await send(KafkaSettings(kafka.bootstrap, "intake", "wrong"), "dossiers")


@pytest.mark.parametrize("service", ["intake", "processing", "notify", "reporting"])
async def test_every_service_may_check_its_topics(kafka_as: As, service: str) -> None:
    await check_topics(kafka_as(service), topics_of(service))


async def test_other_settings_are_refused_by_name(kafka: Kafka, kafka_as: As) -> None:
    kafka.create_topic("other-settings", 3, {"retention.ms": "1000"})
    declared = [TOPICS[0].__class__("other-settings", ("intake",), (), 12)]
    with pytest.raises(OtherSettings) as refused:
        await check_topics(kafka_as("intake"), declared)
    assert "other-settings: 3 partitions, not 12" in str(refused.value)
    assert "other-settings: retention.ms is 1000, not -1" in str(refused.value)


async def test_a_missing_topic_is_waited_for(kafka_as: As) -> None:
    """A service that starts while a wiped broker is set up again waits as for an absent broker, and does not end."""
    assert issubclass(TopicsMissing, KafkaError)
    with pytest.raises(TopicsMissing, match="nowhere"):
        await check_topics(kafka_as("admin"), [TOPICS[0].__class__("nowhere", (), (), 1)])


async def test_a_killed_broker_comes_back_with_all_it_acknowledged(kafka: Kafka, kafka_as: As) -> None:
    before = kafka.cluster_id
    kafka.create_topic("survives")
    await send(kafka_as("intake"), "survives")
    kafka.kill()
    assert not kafka.running
    kafka.start()
    assert await read(kafka_as("intake"), "survives") == [b"value"]
    assert kafka.cluster_id == before


async def test_a_wiped_broker_is_empty_and_another_cluster(kafka: Kafka, kafka_as: As) -> None:
    before = kafka.cluster_id
    await send(kafka_as("intake"), "dossiers")
    kafka.wipe()
    metadata = kafka.admin().list_topics(timeout=10)
    assert metadata.cluster_id == kafka.cluster_id != before
    assert {topic.name for topic in TOPICS} <= set(metadata.topics)
    assert await read(kafka_as("admin"), "dossiers", patience_ms=5_000) == []


async def asked(port: int, request: Any, **how: Any) -> Any:
    """What a port answers to a client of the protocol's own words; None when it hangs up."""
    try:
        connection = await create_conn("127.0.0.1", port, request_timeout_ms=5_000, **how)
    except KafkaError:
        return None
    try:
        return await connection.send(request)
    except KafkaError:
        return None
    finally:
        connection.close()


async def test_a_stranger_gets_nothing_from_the_controllers_port(kafka: Kafka) -> None:
    """Without a password, with a client's own, and with a guessed one: no right is read and none is given."""
    node = kafka.nodes[0]
    secret = re.search(r'user_controller="(\w+)"', (node.folder / "server.properties").read_text("utf-8"))
    assert secret is not None

    def login(user: str, password: str) -> dict[str, str]:
        sasl = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
        return {**sasl, "sasl_plain_username": user, "sasl_plain_password": password}

    everything = DescribeAclsRequest(1, None, 1, None, None, 1, 1)  # type: ignore[arg-type]
    a_right = CreateAclsRequest(2, "contacts", 3, "User:analyst", "*", 3, 3)
    for how in ({}, login("analyst", kafka.passwords["analyst"]), login("controller", "guessed")):
        for request in (everything, a_right):
            assert await asked(node.ports.controller, request, **how) is None
    told = await asked(node.ports.controller, everything, **login("controller", secret[1]))
    assert "contacts" in str(told) and "User:analyst" in str(told)
    with pytest.raises(TopicAuthorizationFailedError):
        await read(KafkaSettings(kafka.bootstrap, "analyst", kafka.passwords["analyst"]), "contacts")


async def test_a_change_of_passwords_that_was_cut_short_is_ended_by_the_next_start_of_the_broker(
    kafka: Kafka, servers_home: Path
) -> None:
    old, new = dict(kafka.passwords), {user: secrets.token_hex(8) for user in kafka.passwords}
    kafka.stop()
    again = Kafka(servers_home, [kafka.nodes[0].ports], new, earlier=old["admin"])
    try:
        again.start()
        await send(KafkaSettings(again.bootstrap, "intake", new["intake"]), "dossiers")
        with pytest.raises(KafkaError):
            await send(KafkaSettings(again.bootstrap, "intake", old["intake"]), "dossiers")
    finally:
        again.set_passwords(old)
        again.stop()
        kafka.start()
