"""What intake says on the wire: every stored event as one message. Total: a type without a message cannot be stored."""

from __future__ import annotations

from contracts import envelope
from contracts import intake as contract
from services.chassis.event_store import StoredEvent
from services.chassis.sending import Message
from services.intake.dossier import EVENTS, DossierSubmitted

SOURCE = "intake"
IMPORTER = "importer/"
NO_CHANGE = 0


def outgoing(stored: StoredEvent) -> Message:
    """The message of a stored event; the same every time it is asked for."""
    event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
    attributes = envelope.Attributes(
        id=stored.event_id,
        source=SOURCE,
        type=contract.DossierSubmitted.type_name,
        subject=stored.stream_id,
        sequence=stored.version,
        time=stored.occurred_at,
        recorded_at=stored.recorded_at,
        origin="import" if stored.actor.startswith(IMPORTER) else None,
        traceparent=stored.traceparent,
    )
    key, value, headers = envelope.encode(attributes, submitted(event, stored.position))
    return Message(contract.DossierSubmitted.topic, key, value, headers)


def submitted(event: DossierSubmitted, position: int) -> contract.DossierSubmitted:
    """The change of contact that a notice needs is the event's own position; 0, which no change has, when nobody can be told."""
    return contract.DossierSubmitted(
        procedure=event.procedure,
        office=event.office,
        channel=event.channel,  # type: ignore[arg-type]  # the contract's model checks it
        applicant_id=event.applicant_id,
        contact_change=position if event.reachable else NO_CHANGE,
        content_commitment=event.content_commitment,
    )
