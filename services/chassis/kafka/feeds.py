"""What a relay publishes, each in the order of its own positions: the log first, then what a service has beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from contracts.envelope import Attributes
from services.chassis.kafka.log_identity import FEED, OtherEvent
from services.chassis.kafka.sending import Message
from services.chassis.log.event_store import COLUMNS, StoredEvent

READ_EVENTS = 2_000
IMPORTER = "importer/"


class Feed(NamedTuple):
    """Something to publish in the order of its positions: `read(connection, after, limit)` gives the next messages."""

    name: str
    read: Callable[[Any, int, int], Awaitable[list[tuple[int, Message]]]]
    main: str | None = None


async def read_after(connection: Any, position: int, limit: int) -> list[StoredEvent]:
    """The next events of the log after `position`, in order; `connection` is a pool or a connection."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2", position, limit
    )
    return [StoredEvent(*row) for row in rows]


def attributes_of(stored: StoredEvent, source: str, type_name: str) -> Attributes:
    """The envelope of a stored event. What an importer did says so: its actor tells."""
    return Attributes(
        id=stored.event_id,
        source=source,
        type=type_name,
        subject=stored.stream_id,
        sequence=stored.version,
        time=stored.occurred_at,
        recorded_at=stored.recorded_at,
        origin="import" if stored.actor.startswith(IMPORTER) else None,
        traceparent=stored.traceparent,
        position=stored.position,
        correlation_id=stored.correlation_id,
    )


class LogFeed:
    """The log itself; `outgoing` is total: every stored event is one message. It remembers the last event that it gave.

    Guarantee: nothing is read behind a position at which another event stands than was read there. Test:
    test_a_log_restored_under_a_running_service_is_refused.
    Guarantee: a log with a hole is refused, not published. Test: test_a_log_with_a_hole_is_not_published.
    """

    name = FEED

    def __init__(self, outgoing: Callable[[StoredEvent], Message], main: str | None = None) -> None:
        self._outgoing = outgoing
        self.main = main
        self._ids: dict[int, UUID] = {}

    def id_at(self, position: int) -> UUID | None:
        """The id of the event at the position before the last read, or at its end."""
        return self._ids.get(position)

    def begin(self) -> None:
        """Forgets what it gave: another process may have published meanwhile."""
        self._ids = {}

    async def read(self, connection: Any, after: int, limit: int) -> list[tuple[int, Message]]:
        """The next events with the one before them, which must be the same as ever; OtherEvent when it is not."""
        events = await read_after(connection, max(after - 1, 0), limit + 1 if after else limit)
        if after:
            before = events.pop(0) if events else None
            if before is None or before.position != after:
                raise OtherEvent(f"position {after} was published and is not there")
            if before.event_id != self._ids.get(after, before.event_id):
                was = self._ids[after]
                raise OtherEvent(f"position {after} was {was} a moment ago, and is {before.event_id}")
            self._ids = {after: before.event_id}
        if events:
            if events[-1].position != after + len(events):
                raise OtherEvent(f"positions behind {after} have a hole")
            self._ids[events[-1].position] = events[-1].event_id
        return [(event.position, self._outgoing(event)) for event in events]


def events_feed(outgoing: Callable[[StoredEvent], Message], main: str | None = None) -> LogFeed:
    """The feed that every service publishes first. Where it has several topics, `main` is the one that is read with the others left out."""
    return LogFeed(outgoing, main)
