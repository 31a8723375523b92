"""What processing says on the wire: every stored event as one message. Total: a type without a message cannot be stored.

The official code travels sealed; whoever has no key reads no code.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import orjson

from contracts import envelope
from contracts import processing as contract
from contracts.sealed import seal
from services.chassis.event_store import StoredEvent
from services.chassis.sending import Message
from services.processing.code import issue
from services.processing.life import (
    EVENTS,
    ApologyIssued,
    DossierAccepted,
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    Event,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
)

SOURCE = "processing"
IMPORTER = "importer/"


def outgoing(code_key: bytes) -> Callable[[StoredEvent], Message]:
    """The relay's mapping from a stored event to its message; the same message every time it is asked for."""

    def say(stored: StoredEvent) -> Message:
        event = EVENTS.decode(stored.type, stored.schema_version, stored.data)
        said = _said(event, lambda: sealed_code(event, stored, code_key))
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


def sealed_code(event: Event, stored: StoredEvent, code_key: bytes) -> str:
    assert isinstance(event, DossierAccepted)
    dossier_id: UUID = stored.stream_id
    return seal(code_key, official_code(event.office, event, stored.data), dossier_id)


def _said(event: Event, sealed: Callable[[], str]) -> envelope.Message:
    # The contract's models check what is said, whatever the types of the domain promise.
    match event:
        case DossierAccepted():
            return contract.DossierAccepted.model_validate(
                {
                    "sealed_code": sealed(),
                    "procedure": event.procedure,
                    "level": event.level,
                    "office": event.office,
                    "unit": event.unit,
                    "channel": event.channel,
                    "due_on": event.due_on,
                }
            )
        case DossierRejected(reason=reason):
            return contract.DossierRejected.model_validate({"reason": reason})
        case DossierForwarded(unit=unit, step=step):
            return contract.DossierForwarded.model_validate({"unit": unit, "step": step})
        case DossierResolved(outcome=outcome, due_on=due_on, late_reason=late_reason):
            return contract.DossierResolved.model_validate(
                {"outcome": outcome, "due_on": due_on, "late_reason": late_reason}
            )
        case ResultReturned(method=method):
            return contract.ResultReturned.model_validate({"method": method})
        case ProcessingStopped(reason=reason, due_on=due_on):
            return contract.ProcessingStopped.model_validate({"reason": reason, "due_on": due_on})
        case ApologyIssued(reason=reason, appointment_on=appointment_on, in_time=in_time):
            said = {"reason": reason, "appointment_on": appointment_on, "in_time": in_time}
            return contract.ApologyIssued.model_validate(said)
        case ResultCorrected(reason=reason, document=document):
            return contract.ResultCorrected.model_validate({"reason": reason, "document": document})
