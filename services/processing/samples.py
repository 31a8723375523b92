"""An item as processing appends it, with every member filled: what readiness sends and has taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

from services.chassis.log.decider import Context, new_events
from services.chassis.log.event_store import Item, RepeatKey
from services.processing.desk.carry_out import Row
from services.processing.dossier.events import EVENTS, ApologyIssued

ACTOR = "system/processing"
AT = datetime(2026, 1, 1, tzinfo=UTC)
ON = date(2026, 1, 1)
ROW: Row = ("accepted", "-", "-", AT, ON, AT, ON, 0, ON, False, 1, 0, "-", ON)
TRACE = f"00-{1:032x}-{1:016x}-00"


def whole_item(new_id: Callable[[], UUID]) -> Item:
    """On a stream of its own that nothing stands on, so that it moves no row of the queue."""
    stream_id, command_id = new_id(), new_id()
    event = ApologyIssued(ON, "-", ON, False)
    return Item(
        stream_id=stream_id,
        expected_version=0,
        command_id=command_id,
        events=new_events(EVENTS, [event], Context(command_id, ACTOR, AT), new_id, lambda _: "sample"),
        actor=ACTOR,
        correlation_id=command_id,
        causation_id=command_id,
        traceparent=TRACE,
        repeat=RepeatKey(ACTOR, str(stream_id), bytes(32)),
        attachment=(ROW,),
    )
