"""The demonstration's nine months as reporting's deliveries, so that a page can be looked at as a department fills it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

import asyncpg
from uuid_utils.compat import uuid7

from contracts.catalogue import shipped as catalogue
from deploy.demo.histories import histories
from services.chassis.kafka.ordering import Delivered
from services.reporting import incoming

BATCH = 2_000
# What else the demonstration's dossiers live through ends none of them.
ENDS = {"resolve": "DossierResolved", "stop": "ProcessingStopped", "withdraw": "DossierWithdrawn"}


def deliveries() -> Iterator[Delivered]:
    for case in histories():
        stream_id = uuid7()

        told = count(1)

        def message(
            kind: str, at: datetime, data: Any, stream_id: Any = stream_id, told: Any = told
        ) -> Delivered:
            partition = stream_id.int % 12
            source = "intake" if kind == "DossierSubmitted" else "processing"
            return Delivered(
                "dossiers",
                partition,
                0,
                uuid7(),
                source,
                f"{kind}.v1",
                stream_id,
                1 if source == "intake" else next(told),
                at,
                at,
                None,
                None,
                data,
            )

        submitted = incoming.Submitted(procedure=case.procedure, office=case.office, channel=case.channel)
        yield message("DossierSubmitted", case.submitted_at, submitted)
        due_on = None
        for act in case.acts:
            if act.act == "accept":
                due_on = act.due_on
                accepted = incoming.Accepted(
                    procedure=case.procedure,
                    level=catalogue.PROCEDURES[case.procedure].level,
                    office=case.office,
                    unit=act.unit or "",
                    channel=case.channel,
                    due_on=act.due_on,
                )
                yield message("DossierAccepted", act.at, accepted)
            elif act.act == "reject":
                yield message("DossierRejected", act.at, incoming.Told())
            elif act.act in ENDS:
                kind = ENDS[act.act]
                yield message(kind, act.at, incoming.APPLIED[f"{kind}.v1"](due_on=due_on))


async def fill(connection: asyncpg.Connection[Any]) -> None:
    """Puts the nine months into the tables."""
    batch: list[Delivered] = []
    for delivered in deliveries():
        batch.append(delivered)
        if len(batch) == BATCH:
            await _apply(connection, batch)
            batch = []
    await _apply(connection, batch)


async def _apply(connection: asyncpg.Connection[Any], batch: list[Delivered]) -> None:
    async with connection.transaction():
        await incoming.apply(connection, batch)
