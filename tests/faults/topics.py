"""What the run does to topics as their super user: reads them whole, says messages again, in any order, and poisons.

Synchronous, from the main thread. A message is kept as the bytes it came in, so that what is said again is the same.
"""

import random
import time
import uuid
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from deploy.local.kafka.run import Kafka
from tests.faults.record import Heard
from tests.faults.schedule import SERVICES

DOSSIERS = "dossiers"
CALENDAR = "calendar"
NOTICES = "notices"
WAIT_SECONDS = 20.0
ASK_AGAIN_SECONDS = 0.2
SAY_ATTEMPTS = 3
# Others freeze and wipe the broker meanwhile, and this must still arrive.
SAY_SECONDS = 90.0


class Message(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, b"").decode(errors="replace")


def read(kafka: Kafka, topic: str) -> Iterator[Message]:
    """Every message of a topic, from the first to the last that was there when asked."""
    consumer = Consumer(
        {
            **kafka.client("admin"),
            "group.id": f"faults-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        ends = _ends(consumer, topic)
        left = {n for n, end in ends.items() if end}
        consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in left])
        silent_since = time.monotonic()
        while left:
            batch = consumer.consume(1000, timeout=0.2)
            silent_since = time.monotonic() if batch else silent_since
            if time.monotonic() - silent_since > WAIT_SECONDS:
                raise RuntimeError(f"{topic}: partitions {sorted(left)} are not read to their ends")
            for found in batch:
                if found.error() is not None:
                    raise RuntimeError(str(found.error()))
                partition, offset = found.partition() or 0, found.offset() or 0
                headers = _headers(found.headers())
                yield Message(topic, partition, offset, found.key(), found.value(), headers)
                if offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        consumer.close()


def wait_for_progress(kafka: Kafka, of: set[bytes]) -> None:
    """Until all of these logs have said on this cluster how far they have published."""
    give_up_at = time.monotonic() + 2 * WAIT_SECONDS
    while of - {message.key for message in read(kafka, "progress")}:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"{sorted(of)} have not all said that they publish")
        time.sleep(ASK_AGAIN_SECONDS)


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """The end of each partition. A broker that has just come back names partitions that it does not lead yet, or none at all:
    it is asked again, for a topic without partitions would read as an empty one."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            partitions = consumer.list_topics(topic, timeout=WAIT_SECONDS).topics[topic].partitions
            ends = {
                n: consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=WAIT_SECONDS)[1]
                for n in partitions
            }
            if ends:
                return ends
            fault: Exception = RuntimeError(f"{topic} has no partitions")
        except KafkaException as error:
            fault = error
        if time.monotonic() > give_up_at:
            raise fault
        time.sleep(ASK_AGAIN_SECONDS)


def _headers(found: Any) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value or b"") for name, value in found or ())


def heard(messages: Iterable[Message]) -> list[Heard]:
    """The messages as the checkers know them; one without an envelope is left out (the poison is counted elsewhere)."""
    return [
        Heard(
            m.topic,
            m.partition,
            m.offset,
            m.header("ce_source"),
            m.header("ce_subject"),
            int(m.header("ce_sequence")),
            m.header("ce_id"),
        )
        for m in messages
        if m.header("ce_sequence").isdigit()
    ]


def dead_letters(kafka: Kafka) -> dict[str, list[Message]]:
    """What is on each reader's dead-letter topic; a letter's key is the id of what it buried."""
    return {reader: list(read(kafka, f"{reader}.dead-letters")) for reader in SERVICES}


def opened(letters: Iterable[Message]) -> str:
    """What dead letters show of the messages that they bury, decoded."""
    parts = []
    for letter in letters:
        said = orjson.loads(letter.value or b"{}")
        coded = [said.get("key"), said.get("value"), *(told for _, told in said.get("headers", []))]
        parts += [b64decode(each) for each in coded if each]
    return b"\n".join(parts).decode(errors="replace")


def text_of(messages: Iterable[Message]) -> str:
    """All that messages say, with their keys and headers."""
    parts = (part for m in messages for part in (m.key, m.value, *(value for _, value in m.headers)))
    return b"\n".join(part or b"" for part in parts).decode(errors="replace")


def say(kafka: Kafka, messages: Iterable[Message]) -> int:
    """Produces the messages on their partitions in the given order; returns how many were acknowledged.

    A topic made a moment ago was seen to refuse a producer's first batch for good: then another producer says all of it again.
    """
    told = list(messages)
    for left in range(SAY_ATTEMPTS - 1, -1, -1):
        try:
            return _say(kafka, told)
        except (KafkaException, RuntimeError):
            if not left:
                raise
            time.sleep(ASK_AGAIN_SECONDS)
    raise AssertionError


def _say(kafka: Kafka, messages: Iterable[Message]) -> int:
    failed: list[KafkaError] = []
    producer = Producer({**kafka.client("admin"), "acks": "all", "enable.idempotence": True})

    def acknowledged(error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            failed.append(error)

    count = 0
    for m in messages:
        producer.produce(
            m.topic, m.value, m.key, partition=m.partition, headers=list(m.headers), on_delivery=acknowledged
        )
        count += 1
    if producer.flush(SAY_SECONDS) or failed:
        raise RuntimeError(f"the broker did not take it: {failed[:1]}")
    return count


def duplicates(kafka: Kafka, draw: random.Random) -> list[Message]:
    """Some whole stretches of what was said before, and single messages of long ago, the later ones first."""
    known = list(read(kafka, DOSSIERS))
    if not known:
        return []
    start = draw.randrange(len(known))
    singles = draw.sample(known, min(30, len(known)))
    return [*known[start : start + 40], *sorted(singles, key=lambda m: -m.offset)]


def scrambled(messages: Iterable[Message], draw: random.Random, dossiers: int = 25) -> list[Message]:
    """All messages of some dossiers with several, none at its place: the last of each first."""
    by_dossier: dict[bytes, list[Message]] = defaultdict(list)
    for m in messages:
        if m.key and m.header("ce_sequence").isdigit():
            by_dossier[m.key].append(m)
    several = sorted(key for key, ms in by_dossier.items() if len({m.header("ce_id") for m in ms}) > 3)
    chosen = draw.sample(several, min(dossiers, len(several)))
    return [m for key in chosen for m in sorted(by_dossier[key], key=lambda m: -int(m.header("ce_sequence")))]


class Poison(NamedTuple):
    """A message that nobody can apply, and the readers in whose dead letters it must be found."""

    message: Message
    readers: tuple[str, ...]


OF_INTAKE = ("processing", "notify", "reporting")
OF_PROCESSING = ("intake", "notify", "reporting")


def poison(draw: random.Random) -> list[Poison]:
    """Each of a dossier of its own: no JSON, fields missing, an envelope that cannot be read, and a type unknown to all.

    Whoever does not read a producer looks no further into what says that it is that producer's.

    An unknown type waits for a release that knows it: it is held, and is no dead letter.
    """
    no_json, empty = b"\xff{", b"{}"
    return [
        Poison(_bad(draw, "intake", "DossierSubmitted.v1", no_json), OF_INTAKE),
        Poison(_bad(draw, "intake", "DossierSubmitted.v1", empty), OF_INTAKE),
        Poison(_bad(draw, "processing", "DossierAccepted.v1", empty), OF_PROCESSING),
        Poison(_bad(draw, "processing", "DossierAccepted.v1", empty, sequence=b"one"), OF_PROCESSING),
        Poison(_bad(draw, "intake", "DossierVanished.v1", empty), ()),
    ]


def _bad(draw: random.Random, source: str, kind: str, value: bytes, sequence: bytes = b"1") -> Message:
    dossier_id, event_id = _uuid7(draw), _uuid7(draw)
    at = datetime.now(UTC).isoformat(timespec="microseconds").encode()
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
        ("ce_time", at),
        ("ce_subject", dossier_id),
        ("ce_sequence", sequence),
        ("ce_recordedtime", at),
        ("content-type", b"application/json"),
    )
    return Message(DOSSIERS, draw.randrange(12), 0, dossier_id, value, headers)


def _uuid7(draw: random.Random) -> bytes:
    bits = draw.getrandbits(128) & ~(0xF << 76) & ~(0b11 << 62)
    return str(uuid.UUID(int=bits | (7 << 76) | (0b10 << 62))).encode()
