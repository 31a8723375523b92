"""Which of a stream's messages may be applied now, which wait and why: one pure function over what was seen, held and has arrived.

Order is promised per producer only. Between two producers of one stream there is none to rely on, so a stream's opener comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

Seen = dict[str, tuple[int, UUID]]
"""Per producer the last version applied, and the id of its event."""


class Delivered(NamedTuple):
    """A message as a reader's `apply` gets it; `data` is the reader's own narrow model of it.

    `source` is the producer, `sequence` its stream version, `origin` "import" on what an import made, `position` its place in the
    producer's log where it says so.
    """

    topic: str
    partition: int
    offset: int
    id: UUID
    source: str
    type: str
    stream_id: UUID
    sequence: int
    occurred_at: datetime
    recorded_at: datetime
    origin: str | None
    traceparent: str | None
    data: Any
    position: int | None = None
    correlation_id: UUID | None = None

    @property
    def found_by(self) -> tuple[UUID, str | None, UUID | None]:
        """The ids under which a line of the log that speaks of it is looked for."""
        return self.stream_id, self.traceparent, self.correlation_id


class Arrival(NamedTuple):
    """A message with the record it came in; `fault` says why it cannot be applied, `held_id` that it waits already."""

    message: Delivered
    record: Any
    fault: str | None = None
    held_id: int | None = None


class Sorted(NamedTuple):
    """What becomes of a stream's arrivals. `hold` gives each waiting one its reason; `done` are held ones that wait no longer."""

    apply: list[Arrival]
    hold: list[tuple[Arrival, str]]
    done: list[int]
    repeats: int
    forks: int


def sort_out(arrivals: Sequence[Arrival], seen: Seen, opener: str | None) -> Sorted:
    """Sorts one stream's arrivals, held ones first; `seen` is brought up to what is applied.

    Guarantee: repeats are recognised by (stream, producer, version), so a message applied twice is impossible.
    Test: test_every_interleaving_gives_the_same_result.
    Guarantee: a faulty message holds its whole stream and nothing else. Test: test_a_poison_holds_its_stream_alone.
    Guarantee: what stands before it in its stream is applied, however late it comes.
    Test: test_a_fault_holds_nothing_before_its_turn.
    """
    result = Sorted([], [], [], 0, 0)
    repeats = forks = 0
    waiting = list(arrivals)
    while True:
        blocked = False
        rest: list[Arrival] = []
        moved = False
        for arrival in waiting:
            message = arrival.message
            version, event_id = seen.get(message.source, (0, message.id))
            if message.sequence <= version:
                repeats += 1
                forks += message.sequence == version and message.id != event_id
            elif blocked or arrival.fault or not _due(message, seen, opener):
                blocked = blocked or (arrival.fault is not None and _due(message, seen, opener))
                rest.append(arrival)
                continue
            else:
                seen[message.source] = (message.sequence, message.id)
                result.apply.append(arrival)
            moved = True
            if arrival.held_id is not None:
                result.done.append(arrival.held_id)
        waiting = rest
        if not moved or not waiting:
            break
    behind = False
    for arrival in waiting:
        result.hold.append((arrival, _reason(arrival, seen, opener, behind)))
        behind = behind or (arrival.fault is not None and _due(arrival.message, seen, opener))
    return result._replace(repeats=repeats, forks=forks)


def _due(message: Delivered, seen: Seen, opener: str | None) -> bool:
    """Whether it is the next of its producer, or a repeat, in a stream that is open."""
    version = seen[message.source][0] if message.source in seen else 0
    return message.sequence <= version + 1 and _open(message, seen, opener)


def _open(message: Delivered, seen: Mapping[str, Any], opener: str | None) -> bool:
    return opener is None or message.source == opener or opener in seen


def _reason(arrival: Arrival, seen: Seen, opener: str | None, behind: bool) -> str:
    message = arrival.message
    if arrival.fault:
        return arrival.fault
    if behind:
        return "behind"
    if not _open(message, seen, opener):
        return "before-opener"
    return "gap"
