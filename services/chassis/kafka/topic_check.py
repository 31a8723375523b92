"""Compares the broker's topics with their declarations, refuses to run on others, and waits for those that are not there yet.

A topic with other settings breaks a promise silently: fewer partitions change the order, a retention time loses history.
Never changes a topic.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from services.chassis.process.settings import KafkaSettings

log = logging.getLogger(__name__)

COPIES = 3
IN_STEP = "min.insync.replicas"


class Declared(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def config(self) -> Mapping[str, str]: ...


class OtherSettings(Exception):
    """The broker's topics are not the declared ones; the text names every difference."""


class TopicsMissing(KafkaError):  # type: ignore[misc]
    """Topics are not there yet, or not to be seen: a broker that is being set up, and as good as away until it is done."""


async def check_topics(kafka: KafkaSettings, declared: Sequence[Declared]) -> None:
    """Raises OtherSettings with all that differs, TopicsMissing when only some are not there, KafkaError when nobody answers.

    Guarantee: a service refuses to run on topics with other settings. Test: test_other_settings_are_refused_by_name.
    """
    admin = AIOKafkaAdminClient(**kafka.client_options())
    await admin.start()
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        described = {
            topic["topic"]: topic for topic in await admin.describe_topics([t.name for t in declared])
        }
        there = [topic.name for topic in declared if described[topic.name]["error_code"] == 0]
        configs = await _configs(admin, there)
    finally:
        await admin.close()
    faults: list[str] = []
    for topic in declared:
        if topic.name in configs:
            faults += _differences(topic, described[topic.name]["partitions"], configs[topic.name], brokers)
    if faults:
        raise OtherSettings("; ".join(faults))
    missing = [topic.name for topic in declared if topic.name not in configs]
    if missing:
        # A service started while a wiped broker is filled again must go on with what needs no broker.
        log.warning("topics-missing", extra={"fields": {"topics": missing}})
        raise TopicsMissing(", ".join(missing))


async def _configs(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    found: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(resources):
        for error, _message, _kind, name, entries in response.resources:
            if error == 0:
                found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def _differences(
    topic: Declared, partitions: Sequence[Mapping[str, Any]], config: Mapping[str, str], brokers: int
) -> list[str]:
    faults = []
    if len(partitions) != topic.partitions:
        faults.append(f"{topic.name}: {len(partitions)} partitions, not {topic.partitions}")
    wanted = dict(topic.config)
    copies = min(len(partition["replicas"]) for partition in partitions)
    if brokers >= COPIES and copies < COPIES:
        faults.append(f"{topic.name}: {copies} copies, not {COPIES}")
    if copies >= COPIES:
        # One copy may be away without losing an acknowledged record, and without stopping.
        wanted[IN_STEP] = "2"
    for name, value in wanted.items():
        if config.get(name) != value:
            faults.append(f"{topic.name}: {name} is {config.get(name)}, not {value}")
    return faults
