"""Looking for a dossier by what people know of it: its code, a name or an identifier; for the dossier's own office alone.

Promises that a search is written down with its purpose as a read of each person that it finds, and that nobody finds another
office's. Names are looked for without accents and capitals, from the beginning of any of their words.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.http.tokens import Caller
from services.intake.look_up import as_printed
from services.intake.people.store import Purpose

FOUND_MAX = 50
EVENTS_AT_ONCE = 500
LOOK_SECONDS = 1.0
SEARCH = "SELECT * FROM search_people($1, $2, $3, $4, $5, $6)"
By = Literal["code", "name", "identifier"]


class AskedPeople(BaseModel):
    """What is looked for, and why. It goes in the body, so that no name stands in an address."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    by: By
    asked: Annotated[str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)] = Field(
        description="The official code or the look-up code; the beginning of a name or of its later words; a whole identifier.",
        examples=["nguyen van thu"],
    )
    purpose: Purpose


class FoundPerson(BaseModel):
    """A dossier with its submitter, and its owner where that is somebody else."""

    dossier_id: UUID
    name: str | None
    owner_name: str | None


class FoundPeople(BaseModel):
    """The newest first. `more`: not all that fit; ask for more letters."""

    items: list[FoundPerson]
    more: bool


async def search(pool: asyncpg.Pool[Any], asked: AskedPeople, caller: Caller) -> dict[str, Any]:
    """The members of FoundPeople.

    Guarantee: who was looked for and found is written down as read. Test: test_a_search_leaves_a_line_for_each_that_it_finds.
    """
    by, text = str(asked.by), asked.asked
    if asked.by == "code":
        code = as_printed(text)
        if code is None:
            return {"items": [], "more": False}
        by, text = ("code", code) if isinstance(code, str) else ("id", str(code))
    rows = await pool.fetch(SEARCH, caller.office, by, text, caller.actor, asked.purpose, FOUND_MAX + 1)
    items = [dict(row) | {"dossier_id": str(row["dossier_id"])} for row in rows[:FOUND_MAX]]
    return {"items": items, "more": len(rows) > FOUND_MAX}


async def keep_index(pool: asyncpg.Pool[Any]) -> None:
    """Fills the index behind the log, for ever.

    Guarantee: a submission waits for no index, and is found a second later. Test: test_people_are_found_by_any_word_of_their_name.
    """
    while True:
        more = await pool.fetchval("SELECT index_people($1)", EVENTS_AT_ONCE)
        await asyncio.sleep(0 if more else LOOK_SECONDS)
