"""How far the dossier of a code is: by the look-up code of the receipt and the mails, or by the official code, however it is typed.

Promises that a code once printed is answered for ever, with what became of it. Shows no more than code and status: official codes are
sequential and can be guessed.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import BaseModel, Field

from services.intake.national import ENDED, Status

# Hyphens and dashes of every length: what is pasted from a letter has them.
_BETWEEN = re.compile("[ .\u2010-\u2015\u2212-]+")
_ID = re.compile("[0-9a-f]{32}")
_OF_NOW = re.compile("([A-Z][0-9]{2})([0-9]{3})([0-9]{2})([0-9]{6})([0-9]{4,9})")
_OF_2018 = re.compile("([0-9]{3})([0-9]{2})([0-9]{2})([A-Z][0-9]{2})([0-9]{6})([0-9]{4,9})")

Typed = Annotated[
    str,
    Query(
        pattern="^[0-9A-Za-z .\u2010-\u2015\u2212-]{8,60}$",
        description="The look-up code, or the official code; capitals, spaces and dashes do not matter.",
    ),
]


class Found(BaseModel):
    """All that a code shows."""

    code: str = Field(description="What was asked for, as it is printed.")
    status: Status
    official_code: str | None = Field(
        default=None,
        description="The dossier's official code now, where it is another than what was asked for.",
    )
    reversed: Literal[True] | None = Field(
        default=None,
        description="There where the acceptance that gave the official code asked for was reversed.",
    )


def as_printed(typed: str) -> str | UUID | None:
    """The official code or the dossier's id that was meant; None for what is neither.

    Guarantee: what is printed is found as people type it. Test: test_a_code_is_found_however_it_is_typed.
    """
    code = _BETWEEN.sub("", typed)
    if _ID.fullmatch(code.lower()):
        return UUID(code)
    code = code.upper()
    if parts := _OF_NOW.fullmatch(code):
        return "{}.{}.{}-{}-{}".format(*parts.groups())
    if parts := _OF_2018.fullmatch(code):
        return "{}.{}.{}.{}-{}-{}".format(*parts.groups())
    return None


# The status is that of standing(), cut down to what it needs; the dossier is that of the id, or of the acceptance under the code.
_FIND = """
SELECT CASE WHEN last.status = ANY($3::text[]) OR asked.version IS NULL
                 OR asked.version <= coalesce(answered.version, 0) THEN coalesce(last.status, 'submitted')
            ELSE 'withdrawal_requested' END AS status, nullif(now.code, $1) AS official_code,
       nullif($1::text IS NOT NULL AND $1 IS DISTINCT FROM now.code, false) AS reversed
FROM (
    (SELECT dossier_id AS id FROM steps WHERE code = $1 LIMIT 1)
    UNION ALL (SELECT stream_id FROM events WHERE stream_id = $2 AND version = 1)
) dossier
LEFT JOIN LATERAL (
    SELECT s.status FROM steps s WHERE s.dossier_id = dossier.id AND s.status IS NOT NULL
    ORDER BY s.sequence DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT s.code FROM steps s WHERE s.dossier_id = dossier.id AND s.code IS NOT NULL
      AND NOT EXISTS (SELECT FROM steps r WHERE r.dossier_id = s.dossier_id AND r.strikes = s.sequence)
    ORDER BY s.sequence DESC LIMIT 1
) now ON true
CROSS JOIN LATERAL (
    SELECT max(e.version) AS version FROM events e WHERE e.stream_id = dossier.id AND e.type = 'WithdrawalRequested'
      AND NOT EXISTS (
        SELECT FROM events r WHERE r.stream_id = dossier.id AND r.type = 'ApplicantActReversed'
          AND (r.data ->> 'sequence')::integer = e.version
      )
) asked
CROSS JOIN LATERAL (SELECT max(s.answers) AS version FROM steps s WHERE s.dossier_id = dossier.id) answered
"""


async def look_up(pool: asyncpg.Pool[Any], typed: str) -> dict[str, Any] | None:
    """The members of Found; None for a code that nobody was given.

    Guarantee: a code once printed is answered for ever. Test: test_a_code_whose_acceptance_was_reversed_says_what_became_of_it.
    """
    code = as_printed(typed)
    official, dossier_id = (code, None) if isinstance(code, str) else (None, code)
    row = None if code is None else await pool.fetchrow(_FIND, official, dossier_id, list(ENDED))
    if row is None:
        return None
    return {"code": str(code)} | {name: told for name, told in row.items() if told is not None}
