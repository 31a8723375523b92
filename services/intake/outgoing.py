"""What intake says on the wire: every stored event as one message. Total: a type without a message cannot be stored."""

from __future__ import annotations

from contracts import envelope
from contracts import intake as contract
from services.chassis.event_store import StoredEvent
from services.chassis.sending import Message
from services.intake.dossier import EVENTS, DossierSubmitted, Event

SOURCE = "intake"
IMPORTER = "importer/"
NO_CHANGE = 0
MESSAGES = {message.__name__: message for message in contract.MESSAGES}


def outgoing(stored: StoredEvent) -> Message:
    """The message of a stored event; the same every time it is asked for."""
    event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
    said = _said(event, stored)
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


def _said(event: Event, stored: StoredEvent) -> envelope.Message:
    """The members of the contract's message are members of the event of that name; the contract's models check them.

    The change of contact that a notice needs is the submission's own position; 0, which no change has, when nobody can be told.
    """
    message = MESSAGES[stored.type]
    members = {name: getattr(event, name) for name in message.model_fields if name != "contact_change"}
    if isinstance(event, DossierSubmitted):
        members["contact_change"] = stored.position if event.reachable else NO_CHANGE
        if event.import_source is None:
            del members["import_source"]
    return message.model_validate(members)
