"""The person behind a dossier, and who has read whom for what: for the dossier's own office alone.

Promises that reading is bounded per caller, leaves a line, and that the supervisor of the office can see each one.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.officer_words import WORDS_CHARACTERS_MAX, Words
from services.chassis.http import paging
from services.chassis.http.limits import Buckets
from services.chassis.http.visibility import may_read
from services.chassis.http.web import Application, Caller, IdempotencyKey, require, throttle
from services.intake.acting import Applicants, find, find_for, unknown
from services.intake.endings import at_of
from services.intake.offers import Day
from services.intake.papers.attached import listed
from services.intake.people import listing, searching
from services.intake.people import store as people
from services.intake.people import words as said
from services.intake.usual import ZONE

PAGE_ITEMS_MAX = 200
READS = "SELECT * FROM people_reads($1, $2, $3, $4, $5, $6, $7)"
STAFF = ("officer", "supervisor")
NEWEST = 2**63 - 1

Staff = Annotated[Caller, Depends(require(*STAFF))]
Supervisor = Annotated[Caller, Depends(require("supervisor"))]


class Saying(BaseModel):
    """What an officer says to the applicant, before the act that says it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    words: Words = Field(
        examples=["Bản vẽ thiếu chữ ký của chủ trì thiết kế."],
        description=f"Plain text of several lines, up to {WORDS_CHARACTERS_MAX} characters, without addresses of sites or of mail.",
    )


class KeptWords(BaseModel):
    """Under which name the words are kept; an act whose event names it has them shown."""

    commitment: str = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="Salted SHA-256; the salt is erased with the words.",
    )


class PersonRead(BaseModel):
    """One look at the person behind a dossier; `actor` is the reader's role and subject."""

    at: datetime
    actor: str
    dossier_id: UUID
    purpose: people.Purpose


class PersonReads(BaseModel):
    """The latest first; `next` goes on where this page ends."""

    items: list[PersonRead]
    next: str | None


def add_routes(application: Application, applicants: Applicants, people_reads: Buckets) -> None:
    """Adds them. `people_reads` bounds what one caller may read."""
    pool = applicants.pool

    @application.get(
        "/v1/people/{dossier_id}", response_model=people.Person, summary="The person behind a dossier"
    )
    async def person(dossier_id: UUID, purpose: people.Purpose, caller: Staff) -> people.Person:
        """For officers of the dossier's own office; who looked, when and why is kept. So many a minute and no more.

        Guarantee: nobody reads the people of an office one after the other at once.
        Test: test_reads_of_people_are_bounded_per_caller.
        """
        throttle(people_reads, caller.actor, "people")
        known = await find_for(applicants, dossier_id, caller)
        found = await people.read_person(pool, dossier_id, known.filed.office, caller.actor, purpose)
        assert found is not None, "a submission has an office"
        kept = [
            people.Said(commitment=name, words=words)
            for name, words in (await said.kept_of(pool, dossier_id)).items()
        ]
        more = {"papers": await listed(pool, dossier_id, known.own), "words": kept}
        return found.model_copy(update=more)

    @application.post(
        "/v1/dossiers/{dossier_id}/words",
        response_model=KeptWords,
        status_code=201,
        summary="Keep an officer's words to the applicant",
    )
    async def keep_words(dossier_id: UUID, body: Saying, caller: Staff, key: IdempotencyKey) -> KeptWords:
        """Processing asks for it in the officer's name before it records the act that says them. What no act names is gone after a day.

        Guarantee: who cannot act on a dossier leaves no words for its applicant. Test: test_only_its_desk_and_its_unit_leave_words.
        """
        throttle(people_reads, f"{caller.actor} words", "words")
        known = await find(applicants, dossier_id)
        may = may_read(caller, office=known.filed.office, filer=None, unit=at_of(known.steps)[0])
        if not may and not await said.has_left(pool, dossier_id, caller.actor, key):
            raise unknown(denied=True)
        return KeptWords(commitment=await said.keep(pool, dossier_id, caller.actor, key, body.words))

    @application.post(
        "/v1/people-searches",
        response_model=searching.FoundPeople,
        summary="Look for a dossier by its people",
    )
    async def search(body: searching.AskedPeople, caller: Staff) -> Response:
        """Of the caller's own office, by code, name or identifier. Each that is found is written down as read; a search counts as one."""
        throttle(people_reads, caller.actor, "people")
        told = await searching.search(pool, body, caller)
        return Response(orjson.dumps(told), media_type="application/json")

    @application.post(
        "/v1/people-lists", response_model=listing.ListedPeople, summary="The people behind many dossiers"
    )
    async def people_of_many(body: listing.AskedMany, caller: Staff) -> Response:
        """For the register of the caller's own office. Each person is written down as read; a list counts as one, as a search does."""
        throttle(people_reads, caller.actor, "people")
        told = await listing.read_many(pool, body, caller)
        return Response(orjson.dumps(told), media_type="application/json")

    @application.get(
        "/v1/people-reads", response_model=PersonReads, summary="Who has read whom, and for what?"
    )
    async def reads(
        caller: Supervisor,
        officer: Annotated[str, Query(max_length=200, description="By subject.")] = "",
        dossier_id: UUID | None = None,
        since: Annotated[Day | None, Query(alias="from", description="First local day.")] = None,
        until: Annotated[Day | None, Query(alias="to", description="Last local day.")] = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """Of the caller's own office, the latest first, by officer, by dossier and by day."""
        before = paging.given(cursor, lambda text: paging.parts_of(text, _number)[0]) or NEWEST
        actors = [f"{role}/{officer}" for role in STAFF] if officer else None
        begin, end = since and _midnight(since), until and _midnight(until + timedelta(days=1))
        rows = await pool.fetch(READS, caller.office, actors, dossier_id, begin, end, before, limit + 1)
        items = [_read(row) for row in rows[:limit]]
        following = paging.cursor(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Response(orjson.dumps({"items": items, "next": following}), media_type="application/json")


def _read(row: asyncpg.Record) -> dict[str, object]:
    return {
        "at": row["accessed_at"].astimezone(ZONE),
        "actor": row["actor"],
        "dossier_id": str(row["dossier_id"]),
        "purpose": row["purpose"],
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _number(text: str) -> int:
    """The number of a line; ValueError for what the database cannot compare."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= NEWEST:
        raise ValueError("no number")
    return int(text)
