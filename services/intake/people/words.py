"""What officers say to an applicant in words: kept sealed under the dossier's key, beside what was filed, and erased with it.

They are handed in before the act that says them is recorded by processing, whose event names them by a commitment: a salted hash, so
that few words cannot be guessed from it. What no event names is taken away after a day. Never lets any into a log line or an error.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.http.problems import Problem
from services.intake.following import Row
from services.intake.papers.sealing import new_key, unwrap, wrap

SALT_BYTES = 16
TOLD_MAX = 20
"""Of how many sayings, the latest, notify is told."""
ATTEMPTS = 3

# Asked for again, they are kept for another day: the act may be on its way. What an event names stays as it is.
_FIND = """
WITH found AS (
    UPDATE officer_words SET kept_at = clock_timestamp() WHERE dossier_id = $1 AND actor = $2 AND key = $3
    RETURNING commitment, sealed
)
SELECT f.commitment, f.sealed, k.key FROM found f LEFT JOIN dossier_keys k ON k.dossier_id = $1
"""
_HAS_LEFT = "SELECT EXISTS (SELECT FROM officer_words WHERE dossier_id = $1 AND actor = $2 AND key = $3)"
_DOSSIER_KEY = """
INSERT INTO dossier_keys (dossier_id, key) VALUES ($1, $2)
ON CONFLICT (dossier_id) DO UPDATE SET key = dossier_keys.key RETURNING key
"""
_KEEP = "SELECT keep_words($1, $2, $3, $4, $5, $6)"
_KEPT = """
SELECT w.applicant_id, w.commitment, w.sealed, k.key
FROM officer_words w JOIN dossier_keys k ON k.dossier_id = w.dossier_id
WHERE {whose} = ANY($1::uuid[]) AND w.sealed IS NOT NULL AND k.key IS NOT NULL ORDER BY w.kept_at
"""
_OF_DOSSIER, _OF_APPLICANTS = _KEPT.format(whose="w.dossier_id"), _KEPT.format(whose="w.applicant_id")


def commitment(salt: bytes, words: str) -> str:
    """Names words in an event; without the salt, which is erased with them, it can be matched with nothing."""
    return hashlib.sha256(salt + words.encode()).hexdigest()


async def keep(pool: asyncpg.Pool[Any], dossier_id: UUID, actor: str, key: str, words: str) -> str:
    """The commitment to words, the same for the same key; Problem 409 for what is erased, 422 for a key that came with other words.

    Guarantee: words that are sent again are kept once, under one commitment. Test: test_words_sent_again_are_kept_once.
    Guarantee: a key is good for one text. Test: test_a_key_is_good_for_one_text.
    """
    for _ in range(ATTEMPTS):
        found = await pool.fetchrow(_FIND, dossier_id, actor, key)
        if found is not None:
            # Erased meanwhile, they are compared with nothing: the act that names them may be recorded.
            if found["sealed"] and found["key"] and _opened(found["key"], found["sealed"])[1] != words:
                raise Problem(422, "idempotency-key-reused", "this Idempotency-Key came with other words")
            return str(found["commitment"])
        dossier_key = await pool.fetchval(_DOSSIER_KEY, dossier_id, new_key())
        outcome = "destroyed"
        if dossier_key is not None:
            salt = os.urandom(SALT_BYTES)
            committed = commitment(salt, words)
            sealed = wrap(dossier_key, salt + words.encode())
            kept = (dossier_id, actor, key, committed, sealed, dossier_key)
            outcome = await pool.fetchval(_KEEP, *kept)
            if outcome == "kept":
                return committed
        if outcome == "erased":
            raise Problem(409, "content-erased", "what was filed is erased: nothing is said to its applicant")
        if outcome == "destroyed":
            raise Problem(409, "papers-destroyed", "the key of this dossier was destroyed")
    raise Problem(409, "contended", "the same key is being used by another request: send it again")


async def has_left(pool: asyncpg.Pool[Any], dossier_id: UUID, actor: str, key: str) -> bool:
    """Whether words came under this key before: who left them is answered again, whoever has the dossier since."""
    return bool(await pool.fetchval(_HAS_LEFT, dossier_id, actor, key))


def _opened(dossier_key: bytes, sealed: bytes) -> tuple[bytes, str]:
    content = unwrap(dossier_key, sealed)
    return content[:SALT_BYTES], content[SALT_BYTES:].decode()


async def kept_of(pool: asyncpg.Pool[Any], dossier_id: UUID) -> dict[str, str]:
    """The words that are kept of a dossier, by their commitments."""
    found = _read(await pool.fetch(_OF_DOSSIER, [dossier_id]))
    return {name: words for said in found.values() for name, words in said.items()}


async def kept_for(connection: Any, applicants: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """The latest that are kept of each applicant, likewise."""
    found = _read(await connection.fetch(_OF_APPLICANTS, list(applicants)))
    return {who: dict([*said.items()][-TOLD_MAX:]) for who, said in found.items()}


def _read(rows: Sequence[Any]) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        salt, words = _opened(row["key"], row["sealed"])
        if commitment(salt, words) == row["commitment"]:
            found.setdefault(row["applicant_id"], {})[row["commitment"]] = words
    return found


async def shown(pool: asyncpg.Pool[Any], dossier_id: UUID, steps: Sequence[Row]) -> Mapping[str, str]:
    """The same for the applicant's view; nothing is asked where no act says anything in words."""
    return await kept_of(pool, dossier_id) if any('"words"' in (step.data or "") for step in steps) else {}
