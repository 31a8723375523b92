"""Between Kafka's records and a reader's messages: reads the envelope, validates the reader's narrow model, keeps what is held.

It promises that nothing is skipped: what cannot be read is an arrival with a fault, never an exception and never silence.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from services.chassis.kafka.ordering import Arrival, Delivered

POISON = "poison"
UNKNOWN_TYPE = "unknown-type"
NO_STREAM = UUID(int=0)
"""A record of a compacted topic is of no stream; its data says what it is of."""


class Record(NamedTuple):
    """What is kept of a Kafka record: where it stood, and its bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def record_of(raw: Any) -> Record:
    """Of a record as Kafka's client gives it."""
    return Record(raw.topic, raw.partition, raw.offset, raw.key, raw.value, raw.headers)


class Unread(NamedTuple):
    """A record without a readable envelope, which does not say that it is another producer's: of no stream, and held by itself."""

    record: Record
    detail: str


class Dialect:
    """What one reader understands: the types it applies with its narrow models, those it passes over, whose events it wants.

    `read_envelope` may answer None for an event of somebody else's.
    """

    ordered = True
    keeps_bytes = True

    def __init__(
        self,
        read_envelope: Callable[[Sequence[tuple[str, bytes]]], Any],
        applied: Mapping[str, Any],
        passed_over: Collection[str],
        sources: Collection[str],
    ) -> None:
        self._read_envelope = read_envelope
        self._validate = {
            name: TypeAdapter(model).validate_json if model is not None else None
            for name, model in applied.items()
        }
        self._passed_over = frozenset(passed_over)
        self._sources = frozenset(sources)

    def arrival(self, record: Record, held_id: int | None = None) -> Arrival | Unread | None:
        """The record as an arrival; Unread without envelope; None when it is another producer's and none of ours.

        Guarantee: a type that is neither applied nor passed over is held, never skipped. Test: test_an_unknown_type_is_held.
        """
        try:
            envelope = self._read_envelope(record.headers)
        except ValueError as error:
            return Unread(record, f"envelope: {error}")
        if envelope is None or envelope.source not in self._sources:
            return None
        data = None
        fault = None
        if envelope.type in self._validate:
            validate = self._validate[envelope.type]
            try:
                data = validate(record.value or b"") if validate else None
            except ValidationError:
                fault = POISON
        elif envelope.type not in self._passed_over:
            fault = UNKNOWN_TYPE
        return Arrival(
            Delivered(
                record.topic,
                record.partition,
                record.offset,
                envelope.id,
                envelope.source,
                envelope.type,
                envelope.subject,
                envelope.sequence,
                envelope.time,
                envelope.recorded_at,
                envelope.origin,
                envelope.traceparent,
                data,
                envelope.position,
                envelope.correlation_id,
            ),
            record,
            fault,
            held_id,
        )

    def applies(self, message: Delivered) -> bool:
        """Whether the message is one that `apply` is to see; the others only count as seen."""
        return message.type in self._validate


class Keyed:
    """What a reader of a compacted topic understands: the newest value of a key, without versions.

    `parse(key, value, headers)` gives the message's data or raises ValueError. Nothing of a faulty record is kept but its place:
    such topics may carry personal data. Guarantee: no key and no value of them is held. Test: test_a_keyed_poison_keeps_its_place_alone.
    """

    ordered = False
    keeps_bytes = False

    def __init__(self, parse: Callable[[bytes, bytes | None, Sequence[tuple[str, bytes]]], Any]) -> None:
        self._parse = parse

    def arrival(self, record: Record, held_id: int | None = None) -> Arrival | Unread | None:
        """The record with its parsed data; Unread when it cannot be parsed."""
        try:
            data = self._parse(record.key or b"", record.value, record.headers)
        except ValueError as error:
            return Unread(record, type(error).__name__)
        never = datetime.fromtimestamp(0, UTC)
        where = (record.topic, record.partition, record.offset)
        return Arrival(
            Delivered(*where, NO_STREAM, "", "", NO_STREAM, 0, never, never, None, None, data),
            record,
            None,
            held_id,
        )

    def applies(self, message: Delivered) -> bool:
        """Every message of such a topic is applied."""
        return True


def packed(headers: Sequence[tuple[str, bytes]]) -> str:
    """Headers as JSON text, values in base64: they may be any bytes."""
    return orjson.dumps([[name, b64encode(value or b"").decode()] for name, value in headers]).decode()


def unpacked(packed: str) -> list[tuple[str, bytes]]:
    """The inverse of packed."""
    return [(name, b64decode(value)) for name, value in orjson.loads(packed)]
