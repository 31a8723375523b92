"""CloudEvents 1.0 in Kafka's binary mode: attributes in headers, plain JSON in the value, and the main ones repeated there for SQL engines.

Producers are strict: a message is built from a contract model. Readers take what they need: `read` checks the envelope alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict

Headers = list[tuple[str, bytes]]


class Message(BaseModel):
    """The data of one contract message. `type_name` is its logical name with its major version."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    type_name: ClassVar[str]
    owner: ClassVar[str]
    topic: ClassVar[str] = "dossiers"
    subject_member: ClassVar[str] = "dossier_id"
    """How the value names the subject."""


class Attributes(NamedTuple):
    """The envelope of one event, as it stands in the headers.

    `subject` is the dossier id, or the calendar's;
    `sequence` the producer's stream version; `origin` is "import" on events that an import made; `position` is the event's in the
    producer's log: with them, a reader knows that nothing is missing. None on what was published before messages bore it.
    `correlation_id` is the id under which who caused it knows its request, where it gave one.
    """

    id: UUID
    source: str
    type: str
    subject: UUID
    sequence: int
    time: datetime
    recorded_at: datetime
    origin: str | None = None
    traceparent: str | None = None
    position: int | None = None
    correlation_id: UUID | None = None


class BadEnvelope(ValueError):
    """A message that is no event of ours; says which attribute is missing or wrong, never its value."""


def encode(attributes: Attributes, message: Message) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of an event."""
    return encode_members(attributes, message.subject_member, members(message))


def members(message: Message) -> bytes:
    """A message's own members, a JSON object: messages that say the same of many subjects share it. What was not said is left out."""
    return orjson.dumps(message.model_dump(exclude_unset=True))


def encode_members(attributes: Attributes, subject_member: str, said: bytes) -> tuple[bytes, bytes, Headers]:
    """The same as encode(), for a message whose members() are known."""
    event_id, subject = str(attributes.id), str(attributes.subject)
    time = _instant(attributes.time)
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", attributes.source.encode()),
        ("ce_type", attributes.type.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", subject.encode()),
        ("ce_sequence", str(attributes.sequence).encode()),
        ("ce_recordedtime", _instant(attributes.recorded_at).encode()),
        ("content-type", b"application/json"),
    ]
    if attributes.origin:
        headers.append(("ce_origin", attributes.origin.encode()))
    if attributes.traceparent:
        headers.append(("ce_traceparent", attributes.traceparent.encode()))
    if attributes.correlation_id:
        headers.append(("ce_correlationid", str(attributes.correlation_id).encode()))
    if attributes.position is not None:
        headers.append(("ce_position", str(attributes.position).encode()))
    # None of the four needs to be escaped.
    repeated = (
        f'{{"id":"{event_id}","type":"{attributes.type}","time":"{time}","{subject_member}":"{subject}"'
    )
    return subject.encode(), repeated.encode() + (b"}" if said == b"{}" else b"," + said[1:]), headers


def read(headers: Iterable[tuple[str, bytes]]) -> Attributes:
    """The attributes of a message; BadEnvelope when it is no event of ours."""
    found = dict(headers)
    name = "ce_id"
    try:
        event_id = UUID(found[name].decode())
        name = "ce_subject"
        subject = UUID(found[name].decode())
        name = "ce_sequence"
        sequence = int(found[name])
        if sequence < 1:
            raise ValueError
        name = "ce_time"
        time = datetime.fromisoformat(found[name].decode())
        name = "ce_recordedtime"
        recorded_at = datetime.fromisoformat(found[name].decode())
        if time.tzinfo is None or recorded_at.tzinfo is None:
            raise ValueError
        name = "ce_source"
        source = found[name].decode()
        name = "ce_type"
        kind = found[name].decode()
        name = "ce_origin"
        origin = found[name].decode() if name in found else None
        name = "ce_traceparent"
        traceparent = found[name].decode() if name in found else None
        name = "ce_correlationid"
        correlation_id = UUID(found[name].decode()) if name in found else None
        name = "ce_position"
        position = int(found[name]) if name in found else None
        if position is not None and not 0 < position < 2**62:
            raise ValueError
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadEnvelope(name) from error
    return Attributes(
        event_id,
        source,
        kind,
        subject,
        sequence,
        time,
        recorded_at,
        origin,
        traceparent,
        position,
        correlation_id,
    )


def read_of(sources: Collection[bytes], headers: Sequence[tuple[str, bytes]]) -> Attributes | None:
    """The same of these producers' messages; None, and nothing else of it is looked at, when it says that it is another's."""
    for name, value in headers:
        if name == "ce_source" and value not in sources:
            return None
    return read(headers)


def _instant(at: datetime) -> str:
    """RFC 3339 with offset and microseconds."""
    return _written(at, at.tzinfo)


@lru_cache(maxsize=1_000)
def _written(at: datetime, _zone: tzinfo | None) -> str:
    """What was recorded together has one instant. The same instant of another zone is equal to it and written otherwise."""
    return at.isoformat(timespec="microseconds")


def json_object(value: bytes) -> dict[str, Any]:
    """The value of a message as a JSON object; ValueError when it is none."""
    parsed = orjson.loads(value)
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return parsed
