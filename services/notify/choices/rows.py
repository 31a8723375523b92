"""What applicants switched off, by kind and channel; who switched off nothing has no row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.chassis.kafka.ordering import Delivered
from services.notify.choices.kinds import CHANNELS, KIND_OF, KINDS, OF_CHOICE, Kind
from services.notify.notice import Channel, Happened, Notice

# Of notices that may be switched off, those that are.
OFF = """
SELECT n.notice_id FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n(notice_id, dossier_id, kind, channel)
JOIN dossiers d ON d.dossier_id = n.dossier_id
JOIN switched_off s ON s.applicant_id = d.applicant_id AND s.kind = n.kind AND s.channel = n.channel
"""
OF_LETTER = """
SELECT n.about, n.dossier_id, d.applicant_id, d.sealed_code, c.email, c.phone IS NOT NULL AS has_phone,
       array(SELECT s.kind || ' ' || s.channel FROM switched_off s WHERE s.applicant_id = d.applicant_id) AS off
FROM notices n JOIN dossiers d ON d.dossier_id = n.dossier_id JOIN contacts c ON c.applicant_id = d.applicant_id
WHERE n.notice_id = $1 AND n.channel = 'email' AND c.email IS NOT NULL
"""
SWITCH_OFF = """
INSERT INTO switched_off (applicant_id, kind, channel, since)
SELECT $1, n.kind, n.channel, $4 FROM unnest($2::text[], $3::text[]) AS n(kind, channel) ON CONFLICT DO NOTHING
"""
SWITCH_ON = """
DELETE FROM switched_off s USING unnest($2::text[], $3::text[]) AS n(kind, channel)
WHERE s.applicant_id = $1 AND s.kind = n.kind AND s.channel = n.channel
"""
# A message may wait for the morning. One that a provider may have is left to it.
DROP_WAITING = """
DELETE FROM messages WHERE applicant_id = $1 AND about = ANY($2::text[]) AND state = 'waiting' AND claimed_at IS NULL AND NOT in_doubt
    AND endings = 0
"""
FORGET = "DELETE FROM switched_off WHERE applicant_id = ANY($1::uuid[])"

Told = tuple[Delivered, Happened, Notice]
Choice = tuple[Kind, str]
"""A kind and a channel."""
ALL: tuple[Choice, ...] = tuple((kind, channel) for kind in KINDS for channel in CHANNELS)


class OfLetter(NamedTuple):
    """What the link of a letter leads to; `off` is what is switched off."""

    about: str
    dossier_id: UUID
    applicant_id: UUID
    sealed_code: str | None
    email: str
    has_phone: bool
    off: frozenset[Choice]

    def __repr__(self) -> str:
        """Without the address."""
        return f"OfLetter({self.dossier_id})"


async def wanted(connection: asyncpg.Connection[Any], told: Sequence[Told]) -> list[Told]:
    """Without what the applicant switched off; most events give nothing that can be, and then nobody is asked.

    Guarantee: what the applicant switched off stands in the web inbox alone. Test: test_what_was_switched_off_stands_in_the_inbox_alone.
    """
    asked = [
        (notice.notice_id, delivered.stream_id, KIND_OF[happened.about], notice.channel.value)
        for delivered, happened, notice in told
        if happened.about in KIND_OF and notice.channel is not Channel.INBOX
    ]
    if not asked:
        return list(told)
    off = {row["notice_id"] for row in await connection.fetch(OFF, *map(list, zip(*asked, strict=True)))}
    return [each for each in told if each[2].notice_id not in off]


async def of_letter(pool: asyncpg.Pool[Any], notice_id: UUID) -> OfLetter | None:
    """None where the letter is not known, or nobody has an address there any more."""
    row = await pool.fetchrow(OF_LETTER, notice_id)
    if row is None:
        return None
    off = frozenset(each for each in ALL if " ".join(each) in row["off"])
    return OfLetter(**{**row, "off": off})


async def choose(
    pool: asyncpg.Pool[Any],
    applicant_id: UUID,
    off: Collection[Choice],
    on: Collection[Choice],
    now: datetime,
) -> None:
    """Switches off and on; what is neither in `off` nor in `on` stays as it is. The same twice changes nothing."""
    async with pool.acquire() as connection, connection.transaction():
        if off:
            await connection.execute(SWITCH_OFF, applicant_id, *map(list, zip(*off, strict=True)), now)
        if on:
            await connection.execute(SWITCH_ON, applicant_id, *map(list, zip(*on, strict=True)))
        if waiting := [about for kind, channel in off if channel == "sms" for about in OF_CHOICE[kind]]:
            await connection.execute(DROP_WAITING, applicant_id, waiting)
