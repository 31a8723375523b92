"""What intake says on the wire: every stored event as one message. Total: a type without a message cannot be stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from pydantic import TypeAdapter

from contracts import envelope
from contracts import intake as contract
from contracts.sealed import seal
from services.chassis.kafka.feeds import attributes_of
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import StoredEvent
from services.intake.dossier import EVENTS

SOURCE = "intake"
PORTAL = "portal/"
NO_CHANGE = 0
SAID_OR_ABSENT = ("import_source", "result_delivery", "office")
MESSAGES = {message.__name__: message for message in contract.MESSAGES}
CHECKS = {name: TypeAdapter(message).validate_json for name, message in MESSAGES.items()}


def outgoing(code_key: bytes) -> Callable[[StoredEvent], Message]:
    """The relay's mapping from a stored event to its message; the same message every time it is asked for."""

    def say(stored: StoredEvent) -> Message:
        message = MESSAGES[stored.type]
        said = orjson.dumps(_said(message, stored, code_key))
        CHECKS[stored.type](said)
        attributes = attributes_of(stored, SOURCE, message.type_name)
        return Message(message.topic, *envelope.encode_members(attributes, message.subject_member, said))

    return say


def _said(message: type[envelope.Message], stored: StoredEvent, code_key: bytes) -> dict[str, Any]:
    """The members of the contract's message are members of the event of that name; the contract's models check them.

    The change of contact that a notice needs stands in the event's data as `number`; of events older than these numbers it is
    their position; 0, which no change has, when nobody can be told.
    Guarantee: a log of before says the same as ever. Test: test_a_log_of_before_goes_on_after_the_migration.
    """
    told = EVENTS.members(stored.type, stored.schema_version, stored.data)
    if message is contract.DossierSubmitted:
        told["contact_change"] = told.get("number", stored.position) if told["reachable"] else NO_CHANGE
        if stored.actor.startswith(PORTAL):
            told["sealed_filer"] = seal(code_key, stored.actor, stored.stream_id)
    absent = {name for name in SAID_OR_ABSENT if told.get(name) is None}
    return {name: told[name] for name in message.model_fields if name in told and name not in absent}
