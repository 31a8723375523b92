"""Keeps how people can be reached, as `contacts` says: the only personal data of this service, in one table.

It never sends, never logs a value, and forgets a person when told to: what stays is that there was somebody, and up to which change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict

from services.chassis.kafka.ordering import Delivered
from services.notify.choices.rows import FORGET
from services.notify.messages import rows

CHANGE_HEADER = "change"
READER, READER_WITH_PHONES = "notify-contacts", "notify-contacts-with-phones"
"""Two readers: what the first has read of people had no numbers, so that the second begins anew."""


class Contact(NamedTuple):
    """What is known of a person as of a change; without name and address when it was erased."""

    applicant_id: UUID
    change: int
    erased: bool
    name: str | None
    email: str | None
    words: str | None = None
    """What officers said to them, each by the commitment in its event: JSON text; None where nothing was said."""
    phone: str | None = None

    def __repr__(self) -> str:
        """Without name, address and number: a contact may end up in a traceback."""
        return f"Contact(change={self.change})"


class _Value(BaseModel):
    """What notify needs of a contact."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    applicant_id: UUID
    change: int
    name: str
    email: str | None = None
    words: dict[str, str] = {}
    phone: str | None = None


# Mobile numbers of Vietnam, as E.164 or as they were written in older contacts: no other takes our messages.
MOBILE = re.compile(r"(?:\+84|0)([35789][0-9]{8})")
# At one and the same change the tombstone is the newer word: what is published under a change is what is held when it is published.
KEEP = """
INSERT INTO contacts AS c (applicant_id, change, erased, name, email, words, phone)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::jsonb[], $7::text[])
ON CONFLICT (applicant_id) DO UPDATE
SET change = excluded.change, erased = excluded.erased, name = excluded.name, email = excluded.email, words = excluded.words,
    phone = excluded.phone
WHERE excluded.change > c.change OR (excluded.change = c.change AND (excluded.erased OR NOT c.erased))
"""
# In one statement with the position of who reads numbers: switched on again, all are read again.
FORGET_PHONES = """
WITH known AS (UPDATE reader_positions SET position = 0 WHERE reader = $1 AND position > 0 RETURNING reader)
UPDATE contacts SET phone = NULL WHERE phone IS NOT NULL AND EXISTS (SELECT FROM known)
"""
# Mails that a sender has put off because the contact, or what an officer said, had not come. One that is claimed at this moment was not.
PUT_IN_FRONT = """
UPDATE mails SET not_before = decided_at, looks = 0
WHERE applicant_id = ANY($1::uuid[]) AND looks > 0 AND claimed_at IS NULL
"""


def parse(
    key: bytes, value: bytes | None, headers: Sequence[tuple[str, bytes]], *, phones: bool = False
) -> Contact:
    """A record of `contacts`; ValueError, which quotes nothing of it, when it is none. `phones`: text messages are sent.

    Guarantee: where no text messages are sent, no telephone number is kept. Test: test_a_number_is_kept_where_messages_are_sent.
    """
    applicant_id = UUID(key.decode())
    if value is None:
        changes = [int(content) for name, content in headers if name == CHANGE_HEADER]
        if not changes:
            raise ValueError("a tombstone without its change")
        return Contact(applicant_id, changes[-1], True, None, None)
    said = _Value.model_validate_json(value)
    if said.applicant_id != applicant_id:
        raise ValueError("the value speaks of another applicant than the key")
    words = orjson.dumps(said.words).decode() if said.words else None
    mobile = MOBILE.fullmatch(said.phone or "") if phones else None
    phone = f"+84{mobile[1]}" if mobile else None
    return Contact(applicant_id, said.change, False, said.name, said.email, words, phone)


async def forget_phones(pool: asyncpg.Pool[Any]) -> None:
    """Forgets the numbers that were kept while text messages were sent.

    Guarantee: no number outlives the switch. Test: test_numbers_are_forgotten_where_messages_are_sent_no_more.
    """
    await pool.execute(FORGET_PHONES, READER_WITH_PHONES)


async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
    """Keeps the newest word on each person of a batch.

    Guarantee: a tombstone leaves nothing of a person but the number of the change. Test: test_a_tombstone_leaves_only_the_change.
    Guarantee: an older contact that arrives again never comes back over a newer one. Test: test_an_older_contact_never_comes_back.
    """
    newest = newest_of([delivered.data for delivered in deliveries])
    await connection.execute(KEEP, *zip(*newest.values(), strict=True))
    await connection.execute(PUT_IN_FRONT, list(newest))
    await connection.execute(rows.PUT_IN_FRONT, list(newest))
    if gone := [each.applicant_id for each in newest.values() if each.erased]:
        await connection.execute(FORGET, gone)


def newest_of(contacts: Sequence[Contact]) -> dict[UUID, Contact]:
    """The word on each person that counts, whatever their order: the latest change, a tombstone before a contact."""
    newest: dict[UUID, Contact] = {}
    for contact in contacts:
        known = newest.get(contact.applicant_id)
        if known is None or (contact.change, contact.erased) >= (known.change, known.erased):
            newest[contact.applicant_id] = contact
    return newest
