"""What processing says on the wire: every stored event as one message. Total: a type without a message cannot be stored.

The official code and the officer who has a dossier travel sealed; whoever has no key reads neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from contracts import calendar, envelope
from contracts import processing as contract
from contracts.sealed import seal
from services.chassis.kafka.feeds import attributes_of
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import StoredEvent
from services.processing.clock.declaration import FACTS, Fact
from services.processing.dossier.events import EVENTS, DossierAccepted, Event, Paper
from services.processing.dossier.official_code import issue

SOURCE = "processing"
SEALED = frozenset({"sealed_code", "sealed_officer"})
SEALING = frozenset(message for message in contract.MESSAGES if SEALED & message.model_fields.keys())
"""What of these identifies goes sealed."""
MESSAGES = {message.__name__: message for message in (*contract.MESSAGES, *calendar.MESSAGES)}


def outgoing(code_key: bytes) -> Callable[[StoredEvent], Message]:
    """The relay's mapping from a stored event to its message; the same message every time it is asked for."""

    def say(stored: StoredEvent) -> Message:
        message = MESSAGES[stored.type]
        if message in SEALING:
            event = decoded(stored.type, stored.schema_version, stored.data)
            said = envelope.members(_said(event, message, **_sealed(event, stored, code_key)))
        else:
            said = _members(stored.type, stored.schema_version, stored.data)
        attributes = attributes_of(stored, SOURCE, message.type_name)
        return Message(message.topic, *envelope.encode_members(attributes, message.subject_member, said))

    return say


def decoded(name: str, schema_version: int, data: str) -> Event | Fact:
    """A stored event of a dossier or of the calendar; KeyError on a name of neither."""
    types = FACTS if name in FACTS.names else EVENTS
    return types.decode(name, schema_version, data)


@lru_cache(maxsize=1_000)
def _members(name: str, schema_version: int, data: str) -> bytes:
    """What a stored event says of its subject. When a day is declared off, thousands in a row say the same."""
    return envelope.members(_said(decoded(name, schema_version, data), MESSAGES[name]))


def official_code(office: str, event: DossierAccepted, data: str) -> str:
    """The code of a stored acceptance: its serial was drawn by the log and stands in the data alone."""
    return issue(office, event.on, orjson.loads(data)["number"])


def _sealed(event: Event | Fact, stored: StoredEvent, code_key: bytes) -> dict[str, str]:
    """Guarantee: who has a dossier travels sealed, and nobody's name does. Test: test_who_has_a_dossier_travels_sealed."""
    if isinstance(event, DossierAccepted):
        return {"sealed_code": sealed_code(event, stored, code_key)}
    officer = getattr(event, "officer", None)
    return {} if officer is None else {"sealed_officer": seal(code_key, officer, stored.stream_id)}


def sealed_code(event: Event | Fact, stored: StoredEvent, code_key: bytes) -> str:
    assert isinstance(event, DossierAccepted)
    dossier_id: UUID = stored.stream_id
    return seal(code_key, official_code(event.office, event, stored.data), dossier_id)


def _said(event: Event | Fact, message: type[envelope.Message], **more: str) -> envelope.Message:
    """The members of the contract's message are members of the event of that name.

    The contract's models check what is said, whatever the types of the domain promise.
    """
    own = {name: _plain(getattr(event, name)) for name in message.model_fields if name not in SEALED}
    return message.model_validate(own | more)


def _plain(value: Any) -> Any:
    return (
        tuple(asdict(each) if isinstance(each, Paper) else each for each in value)
        if type(value) is tuple
        else value
    )
