"""One answer of the bulk door: what became of an item, under the names that it came with."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from services.chassis.http.batches import Refused
from services.chassis.log.decider import Rejected
from services.processing.desk.bulk_bodies import BulkItem
from services.processing.dossier.decide import FAULTS

Told = dict[str, Any]


def told(item: BulkItem, outcome: str, **members: Any) -> Told:
    named = {name: value for name in ("source", "case") if (value := getattr(item, name)) is not None}
    return {**named, "dossier_id": item.dossier_id, "outcome": outcome, **members}


def refused(item: BulkItem, rejected: Rejected) -> Told:
    field = {"field": FAULTS[rejected.code]} if rejected.code in FAULTS else {}
    return told(item, "refused", code=rejected.code, detail=rejected.detail, **field)


def malformed(refused: Refused) -> Told:
    """The case is named as it came, as far as it can be."""
    came, fault = refused.item, refused.fault
    named: Told = {name: str(came[name])[:100] for name in ("source", "case") if came.get(name) is not None}
    with suppress(KeyError, ValueError, TypeError, AttributeError):
        named["dossier_id"] = UUID(came["dossier_id"])
    return {**named, "outcome": "refused", "code": fault.code, "detail": fault.detail, "field": fault.field}
