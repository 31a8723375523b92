"""Provisions a cluster with the topics and rights of contracts/topics; run again, it adds what is missing.

It changes no topic that is there: a service that starts compares the broker's settings with the declaration and
refuses to run on others.
"""

import time
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from contracts.topics import SERVICES, TOPICS, Grant, grants

TIMEOUT_SECONDS = 30.0


def provision(admin: AdminClient, replication: int, in_step: int) -> None:
    _create(
        admin,
        [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                config={**topic.config, "min.insync.replicas": str(in_step)},
            )
            for topic in TOPICS
        ],
    )
    _allow(admin, grants())


def create_topic(
    admin: AdminClient, name: str, partitions: int, replication: int, config: Mapping[str, str]
) -> None:
    _create(admin, [NewTopic(name, partitions, replication, config=dict(config))])
    rights = ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
    _allow(admin, [Grant(user, "TOPIC", name, right) for user in SERVICES for right in rights])  # type: ignore[arg-type]


def delete_topics(admin: AdminClient) -> None:
    """All but Kafka's own, and wait until they are gone."""
    names = [name for name in admin.list_topics(timeout=TIMEOUT_SECONDS).topics if not name.startswith("__")]
    for future in (admin.delete_topics(names, operation_timeout=TIMEOUT_SECONDS) if names else {}).values():
        future.result(TIMEOUT_SECONDS)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while set(names) & set(admin.list_topics(timeout=TIMEOUT_SECONDS).topics):
        if time.monotonic() > deadline:
            raise TimeoutError("the topics are still there")
        time.sleep(0.05)


def _create(admin: AdminClient, topics: Iterable[NewTopic]) -> None:
    there = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    missing = [topic for topic in topics if topic.topic not in there]
    for future in (admin.create_topics(missing, operation_timeout=TIMEOUT_SECONDS) if missing else {}).values():
        try:
            future.result(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _allow(admin: AdminClient, wanted: Iterable[Grant]) -> None:
    there = set(admin.describe_acls(_ANY).result(TIMEOUT_SECONDS))
    missing = [binding for binding in map(_binding, wanted) if binding not in there]
    for future in (admin.create_acls(missing) if missing else {}).values():
        future.result(TIMEOUT_SECONDS)


def _binding(grant: Grant) -> AclBinding:
    group = grant.kind == "GROUP"
    return AclBinding(
        ResourceType.GROUP if group else ResourceType.TOPIC,
        grant.name,
        ResourcePatternType.PREFIXED if group else ResourcePatternType.LITERAL,
        f"User:{grant.user}",
        "*",
        AclOperation[grant.right],
        AclPermissionType.ALLOW,
    )


_ANY = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)
