"""What is kept of each message for the service-quality index: which act it was, when, and what it says of places, times and papers.

Codes, dates and numbers alone. Making measures of it is not the reader's work (services/reporting/quality).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from services.chassis.kafka.ordering import Delivered

_DUE = ("due_on",)
SAID: dict[str, tuple[str, ...]] = {
    "DossierSubmitted.v1": ("procedure", "office", "channel"),
    "SubmissionCorrected.v1": ("submitted_at", "procedure", "office", "channel"),
    "ApplicantActReversed.v1": ("sequence",),
    "FeePaid.v1": ("method",),
    "DossierAccepted.v1": ("procedure", "office", "unit", "level", "due_on", "late"),
    "DossierRejected.v1": (),
    "DossierResolved.v1": _DUE,
    "ProcessingStopped.v1": ("due_on", "reason"),
    "DossierWithdrawn.v1": _DUE,
    "SupplementRequested.v1": _DUE,
    "SupplementAccepted.v1": _DUE,
    "FeeRequested.v1": _DUE,
    "FeeConfirmed.v1": _DUE,
    "FeeWaived.v1": _DUE,
    "DueDateChanged.v1": _DUE,
    "DueDateExtended.v1": _DUE,
    "DossierReversed.v1": ("due_on", "sequence"),
    "DossierForwarded.v1": ("unit", "step"),
    "DossierHandedOver.v1": ("unit",),
    "ApologyIssued.v1": (),
    "ResultReturned.v1": (),
}
"""The acts that the index rests on, and which of their members."""


class Heard(NamedTuple):
    """An act as it was heard; the columns of `heard` behind its number, in their order."""

    dossier_id: UUID
    source: str
    version: int
    type: str
    at: datetime
    recorded_at: datetime
    said: str


def heard(delivered: Delivered) -> Heard:
    said = {name: value for name in SAID[delivered.type] if (value := getattr(delivered.data, name))}
    return Heard(
        delivered.stream_id,
        delivered.source,
        delivered.sequence,
        delivered.type,
        delivered.occurred_at,
        delivered.recorded_at,
        orjson.dumps(said).decode(),
    )
