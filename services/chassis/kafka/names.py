"""Keeps what officers are called, for services that show it and hear of officers by their codes alone.

Nothing waits for a name: whoever finds none shows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg
from pydantic import BaseModel, ConfigDict

from contracts.officers import CHANGE_HEADER, TOPIC
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.records import Keyed
from services.chassis.process.settings import KafkaSettings

KEEP = """
INSERT INTO officer_names AS k (officer, change, name) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
ON CONFLICT (officer) DO UPDATE SET change = excluded.change, name = excluded.name WHERE excluded.change > k.change
"""


class Named(NamedTuple):
    """What an officer is called as of a change; None where no name is known any more."""

    officer: str
    change: int
    name: str | None


class _Value(BaseModel):
    """What is needed of a record; it may say more."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    officer: str
    change: int
    name: str


def parse(key: bytes, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Named:
    """A record of the topic; ValueError, which quotes nothing of it, when it is none. A name is one line of what can be seen."""
    officer = key.decode()
    if value is None:
        changes = [int(content) for name, content in headers if name == CHANGE_HEADER]
        if not changes:
            raise ValueError("a tombstone without its change")
        return Named(officer, changes[-1], None)
    said = _Value.model_validate_json(value)
    if said.officer != officer:
        raise ValueError("the value speaks of another officer than the key")
    seen = "".join(each if each.isprintable() else " " for each in said.name)
    return Named(officer, said.change, " ".join(seen.split()) or None)


async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
    """Keeps the newest word on each officer of a batch.

    Guarantee: an older name that arrives again never comes back over a newer one. Test: test_an_older_name_never_comes_back.
    Guarantee: a tombstone leaves nothing of a name. Test: test_a_name_is_gone_with_its_tombstone.
    """
    newest: dict[str, Named] = {}
    for named in sorted((delivered.data for delivered in deliveries), key=lambda each: each.change):
        newest[named.officer] = named
    await connection.execute(KEEP, *zip(*newest.values(), strict=True))


def reader(name: str, pool: asyncpg.Pool[Any], kafka: KafkaSettings) -> Reader:
    """The reader of names of the service of that name."""
    dead_letters = f"{name}.dead-letters"
    return Reader(f"{name}-officers", pool, kafka, [TOPIC], Keyed(parse), apply, dead_letters=dead_letters)
