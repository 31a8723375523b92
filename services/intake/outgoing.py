"""What intake says on the wire: every stored event as one message. Total: a type without a message cannot be stored."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from contracts import envelope
from contracts import intake as contract
from contracts.sealed import seal
from services.chassis.kafka.feeds import attributes_of
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import StoredEvent
from services.intake.dossier import EVENTS, DossierSubmitted, Event

SOURCE = "intake"
PORTAL = "portal/"
NO_CHANGE = 0
NOT_OF_THE_EVENT = frozenset({"contact_change", "sealed_filer"})
MESSAGES = {message.__name__: message for message in contract.MESSAGES}


def outgoing(code_key: bytes) -> Callable[[StoredEvent], Message]:
    """The relay's mapping from a stored event to its message; the same message every time it is asked for."""

    def say(stored: StoredEvent) -> Message:
        event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
        said = _said(event, stored, code_key)
        attributes = attributes_of(stored, SOURCE, said.type_name)
        key, value, headers = envelope.encode(attributes, said)
        return Message(said.topic, key, value, headers)

    return say


def _said(event: Event, stored: StoredEvent, code_key: bytes) -> envelope.Message:
    """The members of the contract's message are members of the event of that name; the contract's models check them.

    The change of contact that a notice needs stands in the event's data as `number`; of events older than these numbers it is
    their position; 0, which no change has, when nobody can be told.
    Guarantee: a log of before says the same as ever. Test: test_a_log_of_before_goes_on_after_the_migration.
    """
    message = MESSAGES[stored.type]
    members = {name: getattr(event, name) for name in message.model_fields if name not in NOT_OF_THE_EVENT}
    if isinstance(event, DossierSubmitted):
        members["contact_change"] = (
            orjson.loads(stored.data).get("number", stored.position) if event.reachable else NO_CHANGE
        )
        if event.import_source is None:
            del members["import_source"]
        if stored.actor.startswith(PORTAL):
            members["sealed_filer"] = seal(code_key, stored.actor, stored.stream_id)
    return message.model_validate(members)
