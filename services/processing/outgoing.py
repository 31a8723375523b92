"""What processing says on the wire: every stored event as one message. Total: a type without a message cannot be stored.

The official code travels sealed; whoever has no key reads no code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from contracts import calendar, envelope
from contracts import processing as contract
from contracts.sealed import seal
from services.chassis.event_store import StoredEvent
from services.chassis.sending import Message
from services.processing.code import issue
from services.processing.declarations import FACTS, Fact
from services.processing.events import EVENTS, DossierAccepted, Event, Paper

SOURCE = "processing"
IMPORTER = "importer/"
MESSAGES = {message.__name__: message for message in (*contract.MESSAGES, *calendar.MESSAGES)}


def outgoing(code_key: bytes) -> Callable[[StoredEvent], Message]:
    """The relay's mapping from a stored event to its message; the same message every time it is asked for."""

    def say(stored: StoredEvent) -> Message:
        types = FACTS if stored.type in FACTS.names else EVENTS
        event = types.decode(stored.type, stored.schema_version, stored.data)
        said = _said(event, stored.type, lambda: sealed_code(event, stored, code_key))
        attributes = envelope.Attributes(
            id=stored.event_id,
            source=SOURCE,
            type=said.type_name,
            subject=stored.stream_id,
            sequence=stored.version,
            time=stored.occurred_at,
            recorded_at=stored.recorded_at,
            origin="import" if stored.actor.startswith(IMPORTER) else None,
            traceparent=stored.traceparent,
        )
        key, value, headers = envelope.encode(attributes, said)
        return Message(said.topic, key, value, headers)

    return say


def official_code(office: str, event: DossierAccepted, data: str) -> str:
    """The code of a stored acceptance: its serial was drawn by the log and stands in the data alone."""
    return issue(office, event.on, orjson.loads(data)["number"])


def sealed_code(event: Event | Fact, stored: StoredEvent, code_key: bytes) -> str:
    assert isinstance(event, DossierAccepted)
    dossier_id: UUID = stored.stream_id
    return seal(code_key, official_code(event.office, event, stored.data), dossier_id)


def _said(event: Event | Fact, name: str, sealed: Callable[[], str]) -> envelope.Message:
    """The members of the contract's message are members of the event of that name.

    The contract's models check what is said, whatever the types of the domain promise.
    """
    message = MESSAGES[name]
    members = {m: _plain(getattr(event, m)) for m in message.model_fields if m != "sealed_code"}
    if isinstance(event, DossierAccepted):
        members["sealed_code"] = sealed()
    return message.model_validate(members)


def _plain(value: Any) -> Any:
    return (
        tuple(asdict(each) if isinstance(each, Paper) else each for each in value)
        if type(value) is tuple
        else value
    )
