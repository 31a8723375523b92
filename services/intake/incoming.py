"""What intake hears: the authority's acts, from which an applicant follows the dossier. It decides nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any

import asyncpg
from pydantic import BaseModel, ConfigDict

from contracts.sealed import unseal
from services.chassis.ordering import Delivered


class Narrow(BaseModel):
    """What intake needs of a message; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Accepted(Narrow):
    """The official code, sealed as it came, and the appointment."""

    sealed_code: str
    due_on: date | None


class Resolved(Narrow):
    """The due date may have moved since acceptance."""

    due_on: date | None


class Moved(Narrow):
    """That it happened is all that tracking shows."""


SOURCES = ("processing",)
APPLIED: Mapping[str, type[BaseModel]] = {
    "DossierAccepted.v1": Accepted,
    "DossierRejected.v1": Moved,
    "DossierForwarded.v1": Moved,
    "DossierResolved.v1": Resolved,
    "ResultReturned.v1": Moved,
    "ProcessingStopped.v1": Resolved,
    "ApologyIssued.v1": Moved,
    "ResultCorrected.v1": Moved,
}
PASSED_OVER = frozenset({"DossierSubmitted.v1", "NoticeSent.v1", "NoticeFailed.v1"})

STATUS_AFTER = {
    "DossierAccepted.v1": "accepted",
    "DossierRejected.v1": "rejected",
    "DossierForwarded.v1": "in_processing",
    "DossierResolved.v1": "resolved",
    "ResultReturned.v1": "returned",
    "ProcessingStopped.v1": "stopped",
}
"""An event that is not here leaves the status as it was."""

ADD_STEPS = """
INSERT INTO steps (dossier_id, sequence, what, status, happened_at, code, due_on)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::date[])
"""


def tracking(code_key: bytes) -> Callable[[asyncpg.Connection[Any], Sequence[Delivered]], Awaitable[None]]:
    """The reader's `apply`: one row for each event. A code that cannot be unsealed is a poison message."""

    async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
        await connection.execute(ADD_STEPS, *zip(*(step(d, code_key) for d in deliveries), strict=True))

    return apply


def step(delivered: Delivered, code_key: bytes) -> tuple[Any, ...]:
    """The row of one event."""
    data = delivered.data
    code = unseal(code_key, data.sealed_code, delivered.stream_id) if isinstance(data, Accepted) else None
    due_on = data.due_on if isinstance(data, Accepted | Resolved) else None
    what = delivered.type.partition(".")[0]
    status = STATUS_AFTER.get(delivered.type)
    return delivered.stream_id, delivered.sequence, what, status, delivered.occurred_at, code, due_on
