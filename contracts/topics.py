"""The topics: who writes each, who may read it, and the settings on which its promises rest.

What a broker must be told (topics, settings, rights) follows from these declarations alone; partitions never change,
for the order within a dossier hangs on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Right = Literal["READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"]
Kind = Literal["TOPIC", "GROUP"]

SERVICES = ("intake", "processing", "notify", "reporting")
ANALYST = "analyst"
GROUP_PREFIX = "motcua."

BATCH_BYTES_MAX = 1_048_588
"""The largest batch of records that a topic takes; producers' batches and each message of ours stay below."""
DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = "-1"

# LogAppendTime: an imported event is years old by its own time, and would be the first to be deleted.
# No unclean election: a replica that lacks acknowledged records never becomes the leader.
EVERY_TOPIC = {
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    "max.message.bytes": str(BATCH_BYTES_MAX),
}
KEPT_FOR_EVER = {
    **EVERY_TOPIC,
    "cleanup.policy": "delete",
    "retention.ms": FOR_EVER,
    "retention.bytes": FOR_EVER,
}
# A contact, or an officer's name, is gone from the disks a day or so after its tombstone, which itself stays for a reader that was away.
ERASABLE = {
    **EVERY_TOPIC,
    "cleanup.policy": "compact",
    "segment.ms": str(DAY_MS),
    "max.compaction.lag.ms": str(DAY_MS),
    "delete.retention.ms": str(90 * DAY_MS),
}
LATEST_ONLY = {**EVERY_TOPIC, "cleanup.policy": "compact", "segment.ms": str(DAY_MS // 24)}


@dataclass(frozen=True, slots=True)
class Topic:
    """`writers` may append; `readers` may read; nobody else learns that it exists."""

    name: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    partitions: int
    config: Mapping[str, str] = field(default_factory=lambda: KEPT_FOR_EVER)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A user's right to one topic, or to every consumer group whose name begins so."""

    user: str
    kind: Kind
    name: str
    right: Right


DEAD_LETTERS = tuple(Topic(f"{reader}.dead-letters", (reader,), (), 1) for reader in SERVICES)

TOPICS = (
    Topic("dossiers", ("intake", "processing"), (*SERVICES, ANALYST), 12),
    # Who publishes a log reads it too: a restored log is compared with what was published of it.
    Topic("calendar", ("processing",), ("processing", "intake", "notify", "reporting", ANALYST), 1),
    Topic("notices", ("notify",), ("notify", "intake", "reporting", ANALYST), 12),
    Topic("contacts", ("intake",), ("notify",), 12, ERASABLE),
    Topic("officers", ("processing",), ("intake", "notify"), 1, ERASABLE),
    Topic("progress", ("intake", "processing", "notify"), (*SERVICES, ANALYST), 1, LATEST_ONLY),
    *DEAD_LETTERS,
)


def grants() -> list[Grant]:
    """Every right that anybody but the broker and its administrator has."""
    found: set[Grant] = set()
    for topic in TOPICS:
        for users, right in ((topic.writers, "WRITE"), (topic.readers, "READ")):
            for user in users:
                rights: tuple[Right, ...] = (right, "DESCRIBE", "DESCRIBE_CONFIGS")  # type: ignore[assignment]
                found |= {Grant(user, "TOPIC", topic.name, each) for each in rights}
    for user in (*SERVICES, ANALYST):
        found.add(Grant(user, "GROUP", f"{GROUP_PREFIX}{user}", "READ"))
    return sorted(found)


def topics_of(user: str) -> list[Topic]:
    """What this user writes or reads."""
    return [topic for topic in TOPICS if user in topic.writers or user in topic.readers]
