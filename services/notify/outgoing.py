"""Says to others what notify recorded: every stored event is one message on `notices`. It decides nothing and adds nothing."""

from __future__ import annotations

from contracts import envelope, notify
from services.chassis.kafka.feeds import attributes_of
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import StoredEvent

TYPES: dict[str, type[envelope.Message]] = {
    "NoticeSent": notify.NoticeSent,
    "NoticeFailed": notify.NoticeFailed,
    "NoticeDelivered": notify.NoticeDelivered,
}


def outgoing(event: StoredEvent) -> Message:
    """Total over what may stand in the log, so that versions on the wire have no holes."""
    said = TYPES[event.type].model_validate_json(event.data)
    attributes = attributes_of(event, said.owner, said.type_name)
    key, value, headers = envelope.encode(attributes, said)
    return Message(said.topic, key, value, headers)
