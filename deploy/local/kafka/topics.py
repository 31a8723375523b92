"""Provisions a cluster with the topics and rights of contracts/topics; run again, it adds what is missing.

It changes no topic that is there: a service that starts compares the broker's settings with the declaration and
refuses to run on others.
"""

import time
from collections.abc import Callable, Iterable, Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from contracts.topics import SERVICES, TOPICS, Grant, grants
from deploy.local.process import Failed

TIMEOUT_SECONDS = 30.0
SCRAM_ITERATIONS = 4096


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


def set_passwords(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    """By user, made where missing, for connections that are opened from now on; those that are open stay."""
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, mechanism, word.encode()) for user, word in passwords.items()
    ]
    for future in admin.alter_user_scram_credentials(wanted).values():
        future.result(TIMEOUT_SECONDS)


def create_topic(
    admin: AdminClient, name: str, partitions: int, replication: int, config: Mapping[str, str]
) -> None:
    _create(admin, [NewTopic(name, partitions, replication, config=dict(config))])
    rights = ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
    _allow(admin, [Grant(user, "TOPIC", name, right) for user in SERVICES for right in rights])  # type: ignore[arg-type]


def delete_topics(admin: AdminClient) -> None:
    """All but Kafka's own, and wait until they are gone."""
    names = {name for name in _topics(admin) if not name.startswith("__")}
    for future in (
        admin.delete_topics(list(names), operation_timeout=TIMEOUT_SECONDS) if names else {}
    ).values():
        future.result(TIMEOUT_SECONDS)
    _wait(lambda: not names & _topics(admin))


def _create(admin: AdminClient, topics: Iterable[NewTopic]) -> None:
    wanted = {topic.topic: topic for topic in topics}
    missing = [wanted[name] for name in wanted.keys() - _topics(admin)]
    for future in (
        admin.create_topics(missing, operation_timeout=TIMEOUT_SECONDS) if missing else {}
    ).values():
        try:
            future.result(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    _wait(lambda: wanted.keys() <= _topics(admin))


def _allow(admin: AdminClient, grants: Iterable[Grant]) -> None:
    wanted = {_binding(grant) for grant in grants}
    missing = wanted - _acls(admin)
    for future in (admin.create_acls(list(missing)) if missing else {}).values():
        future.result(TIMEOUT_SECONDS)
    # The controller has said yes; the brokers learn of it a moment later.
    _wait(lambda: wanted <= _acls(admin))


def _topics(admin: AdminClient) -> set[str]:
    return set(admin.list_topics(timeout=TIMEOUT_SECONDS).topics)


def _acls(admin: AdminClient) -> set[AclBinding]:
    return set(admin.describe_acls(_ANY).result(TIMEOUT_SECONDS))


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise Failed("Kafka does not carry out a change of its topics")
        time.sleep(0.02)


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
    ResourceType.ANY,
    None,  # type: ignore[arg-type]
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]
    None,  # type: ignore[arg-type]
    AclOperation.ANY,
    AclPermissionType.ANY,
)
