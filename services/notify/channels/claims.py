"""Keeps senders apart: who takes an e-mail holds it for 60 seconds, and what is taken again after that may have gone out before.

Short transactions of its own; nothing is locked while a letter is under way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.chassis.log.databases import BY_KEY
from services.notify.notice import Channel, NoticeFailed
from services.notify.unsaid import Ending, leave
from services.notify.wording.texts import Told

CLAIM_LASTS = timedelta(seconds=60)
PUT_OFF_MAX = timedelta(hours=1)
LOOKS_MAX = 5
WORDS_AWAITED = timedelta(minutes=10)
"""How long a letter waits for what the officer said in words; then it goes without, and says where to read it."""
DUE = "SELECT EXISTS (SELECT FROM mails WHERE not_before <= $1)"
DUE_OR_LATE = "SELECT EXISTS (SELECT FROM mails WHERE not_before <= $1) OR EXISTS (SELECT FROM mails WHERE not_before > $2)"

# A clock that was ahead for a while dated this turn: no wait that was meant is so long.
TURN_BACK = "UPDATE mails SET not_before = $1 WHERE not_before > $2"

# The unit that has the dossier and who of it, as the last notice about one tells; after a reversal nobody has said it again yet.
UNIT = """
LEFT JOIN LATERAL (
    SELECT u.facts ->> 'unit' AS unit, u.facts ->> 'officer' AS officer FROM notices u
    WHERE u.dossier_id = n.dossier_id AND (u.about IN ('DossierAccepted', 'DossierForwarded', 'DossierHandedOver')
        OR u.about = 'DossierReversed' AND u.facts ->> 'event' IN ('DossierAccepted', 'DossierForwarded'))
    ORDER BY u.recorded_at DESC, u.about_event_id DESC LIMIT 1
) at ON true
LEFT JOIN officer_names o ON o.officer = at.officer
"""

# The officer's words with an act that stands; one that a reversal struck says nothing any more.
WORDS = """
CASE WHEN n.facts ->> 'words' IS NOT NULL AND NOT EXISTS (
    SELECT FROM notices r WHERE r.dossier_id = n.dossier_id AND r.about = 'DossierReversed'
        AND r.facts ->> 'sequence' = n.facts ->> 'sequence'
) THEN c.words ->> (n.facts ->> 'words') END AS words
"""

# A claim that ends by itself leaves claimed_at behind: whoever takes the row then cannot know whether the letter went out.
# SKIP LOCKED: senders never wait for one another. A mail whose contact has not come is looked at after 0.5 s, 1 s, … 60 s again:
# contacts.py puts it in front when the contact comes, and a look that missed that finds it.
TAKE = f"""
WITH due AS (
    SELECT m.notice_id,
           c.applicant_id IS NOT NULL
               AND (m.words IS NULL OR c.email IS NULL OR c.words ? m.words OR m.decided_at <= $4) AS known,
           c.applicant_id IS NOT NULL AND (c.email IS NULL OR c.rested_at IS NOT NULL)
               AND m.claimed_at IS NULL AND m.endings = 0 AS nobody
    FROM mails m LEFT JOIN contacts c ON c.applicant_id = m.applicant_id AND c.change >= m.needs_change
    WHERE m.not_before <= $1 ORDER BY m.not_before LIMIT $3 FOR UPDATE OF m SKIP LOCKED
), unknown AS (
    UPDATE mails m SET looks = m.looks + 1,
        not_before = $1 + least(interval '0.5 seconds' * 2 ^ least(m.looks, 7), interval '60 seconds')
    FROM due WHERE m.notice_id = due.notice_id AND NOT due.known
), claimed AS (
    UPDATE mails m SET ambiguous = m.ambiguous OR m.claimed_at IS NOT NULL, claimed_at = $1, not_before = $2,
        claims = m.claims + 1, looks = 0
    FROM due WHERE m.notice_id = due.notice_id AND due.known AND NOT due.nobody
    RETURNING m.*
), gone AS (
    DELETE FROM mails m USING due WHERE m.notice_id = due.notice_id AND due.nobody RETURNING m.*
)
SELECT m.notice_id, m.dossier_id, m.endings, m.claims, m.put_offs, m.ambiguous, m.claimed_at, m.decided_at,
       n.about, n.about_event_id, n.happened_at, n.recorded_at, n.facts, d.procedure, d.office, d.submitted_on,
       d.sealed_code, d.result_delivery, at.unit, o.name AS officer, {WORDS}, m.nobody,
       CASE WHEN c.rested_at IS NULL THEN c.email END AS email, c.email IS NOT NULL AND c.rested_at IS NOT NULL AS rested
FROM (SELECT *, false AS nobody FROM claimed UNION ALL SELECT *, true FROM gone) m
JOIN notices n ON n.dossier_id = m.dossier_id AND n.notice_id = m.notice_id
JOIN dossiers d ON d.dossier_id = m.dossier_id
JOIN contacts c ON c.applicant_id = m.applicant_id
{UNIT}ORDER BY m.notice_id
"""
GIVE_BACK = """
UPDATE mails SET claimed_at = NULL, not_before = $3, ambiguous = ambiguous OR $5, put_offs = put_offs + $4::integer
WHERE notice_id = $1 AND claims = $2
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """An e-mail that this process may send until the claim ends; the address is in memory only as long.

    `rested`: letters came back from the address, or somebody complained, and it is left in peace: there is no `email` then.
    """

    notice_id: UUID
    about_event_id: UUID
    told: Told
    endings: int
    claims: int
    put_offs: int
    ambiguous: bool
    claimed_at: datetime
    decided_at: datetime
    recorded_at: datetime
    email: str | None
    rested: bool = False

    def __repr__(self) -> str:
        """Without the address: a claim may end up in a traceback."""
        return f"Claim({self.notice_id})"


class Claims:
    """The queue of e-mails in the database."""

    def __init__(
        self, pool: asyncpg.Pool[Any], clock: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._new_id = new_id

    async def take(self, count: int) -> list[Claim]:
        """Claims up to `count` e-mails whose turn it is and whose applicant's contact has arrived.

        Guarantee: no e-mail goes out before the change of contact that its event names is known. Test: test_an_email_waits_for_its_contact.
        Guarantee: an e-mail that waits for its contact is looked at less and less often.
        Test: test_a_mail_without_contact_is_looked_at_less_and_less.
        Guarantee: an e-mail waits for the officer's words, and ten minutes at most. Test: test_a_letter_waits_for_the_words_so_long.
        Guarantee: a claim is nobody else's for 60 seconds. Test: test_two_senders_share_the_work.
        Guarantee: a notice to somebody without an address ends without a claim. Test: test_nobody_without_an_address_is_claimed_for.
        Guarantee: nothing is sent to an address that rests. Test: test_a_hard_bounce_rests_the_address.
        Guarantee: a clock that was ahead and is right again keeps no e-mail back. Test: test_a_clock_that_was_ahead_keeps_no_email_back.
        """
        now = self._clock()
        if not await self._pool.fetchval(DUE_OR_LATE, now, now + PUT_OFF_MAX):
            return []  # an idle look is one statement
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(BY_KEY)
            await connection.execute(TURN_BACK, now, now + PUT_OFF_MAX)
            for _ in range(LOOKS_MAX):  # those that wait for their contact must not stand before all others
                rows = await connection.fetch(TAKE, now, now + CLAIM_LASTS, count, now - WORDS_AWAITED)
                claims = [_claim(row) for row in rows if not row["nobody"]]
                if nobody := [_ending(row) for row in rows if row["nobody"]]:
                    await leave(connection, nobody, self._new_id)
                if claims or not await connection.fetchval(DUE, now):
                    return claims
            return []

    async def give_back(self, claim: Claim, *, not_before: datetime, tried: bool, in_doubt: bool) -> None:
        """Ends a claim without an outcome. `in_doubt`: the letter may have arrived, and its next sending is ambiguous."""
        await self._pool.execute(GIVE_BACK, claim.notice_id, claim.claims, not_before, int(tried), in_doubt)

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many e-mails wait, and since when the oldest does."""
        row = await self._pool.fetchrow("SELECT count(*), min(decided_at) FROM mails")
        assert row is not None
        return row[0], row[1]

    async def count_ambiguous(self) -> int:
        """E-mails of this database that may have been handed over twice."""
        return int(await self._pool.fetchval("SELECT count(*) FROM ambiguous_notices"))


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        # asyncpg's own class of UUID is not what encoders of events know.
        notice_id=UUID(int=row["notice_id"].int),
        about_event_id=UUID(int=row["about_event_id"].int),
        told=told_in(row),
        endings=row["endings"],
        claims=row["claims"],
        put_offs=row["put_offs"],
        ambiguous=row["ambiguous"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
        recorded_at=row["recorded_at"],
        email=row["email"],
        rested=row["rested"],
    )


def _ending(row: asyncpg.Record) -> Ending:
    about_event_id = UUID(int=row["about_event_id"].int)
    reason = "undelivered" if row["rested"] else "no_contact"
    failed = NoticeFailed(UUID(int=row["notice_id"].int), row["about"], about_event_id, Channel.EMAIL, reason)
    return Ending(row["dossier_id"], row["recorded_at"], None, failed)


def told_in(row: asyncpg.Record) -> Told:
    """What the text of a notice says, from a row of notices and its dossier."""
    return Told(
        about=row["about"],
        dossier_id=row["dossier_id"],
        happened_at=row["happened_at"],
        facts=orjson.loads(row["facts"]),
        submitted_on=row["submitted_on"],
        procedure=row["procedure"],
        office=row["office"],
        sealed_code=row["sealed_code"],
        result_delivery=row["result_delivery"],
        unit=row["unit"],
        words=row["words"],
        officer=row["officer"],
    )
