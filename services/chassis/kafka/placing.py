"""What a relay says of the positions that it has published: from which one on messages bear theirs, and which went to another topic.

A reader of one topic may expect all the others there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import orjson

from services.chassis.kafka.lease import LostLease
from services.chassis.kafka.sending import Message

Apart = Mapping[str, Sequence[Sequence[int]]]
"""Topic → first and last positions of stretches that were published there."""

# The release before moves the cursor and does not place: then nobody knows of which messages bear their positions.
LOAD = """
UPDATE relay_cursors SET
    unplaced_to = CASE WHEN placed_to = position THEN unplaced_to ELSE position END,
    apart = CASE WHEN placed_to = position THEN apart ELSE '{}' END,
    placed_to = position
WHERE cluster_id = $1 AND feed = $2 AND epoch = $3 RETURNING unplaced_to, apart
"""


class Placed(NamedTuple):
    """Up to `unplaced_to` messages may not bear positions; `apart` are the ones outside of the feed's main topic."""

    unplaced_to: int
    apart: Apart


async def load_placed(pool: asyncpg.Pool[Any], cluster_id: str, feed: str, epoch: int) -> Placed:
    """What the last owner of the lease left; LostLease when a later one has begun."""
    row = await pool.fetchrow(LOAD, cluster_id, feed, epoch)
    if row is None:
        raise LostLease
    return Placed(row["unplaced_to"], orjson.loads(row["apart"]))


def with_others(apart: Apart, main: str | None, messages: Sequence[tuple[int, Message]]) -> Apart:
    """`apart` after these messages too; positions that follow on one another are one stretch."""
    if main is None or all(message.topic == main for _, message in messages):
        return apart
    after = {topic: [list(stretch) for stretch in stretches] for topic, stretches in apart.items()}
    for position, message in messages:
        if message.topic == main:
            continue
        stretches = after.setdefault(message.topic, [])
        if stretches and stretches[-1][1] == position - 1:
            stretches[-1][1] = position
        else:
            stretches.append([position, position])
    return after
