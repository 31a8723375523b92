"""What processing hears: submissions, from which each dossier's life starts. It decides nothing and stores no event of intake's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from pydantic import BaseModel, ConfigDict

from services.chassis.ordering import Delivered


class Submitted(BaseModel):
    """What processing needs of a submission; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    procedure: str
    office: str
    channel: str


SOURCES = ("intake",)
APPLIED: Mapping[str, type[BaseModel]] = {"DossierSubmitted.v1": Submitted}
PASSED_OVER: frozenset[str] = frozenset()

QUEUE_UP = """
INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
"""


async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
    """Puts the submitted dossiers into the queue, in the consumer's transaction."""
    rows = [(d.stream_id, d.data.procedure, d.data.office, d.data.channel, d.occurred_at) for d in deliveries]
    await connection.execute(QUEUE_UP, *(list(column) for column in zip(*rows, strict=True)))
