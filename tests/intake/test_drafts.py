"""Drafts as they are kept: sealed, for their owner alone, until they are filed, deleted or 30 days old."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.intake.app import uploads_of
from services.intake.papers.sweeping import sweep
from services.intake.people import drafts
from services.intake.people.drafts import DRAFTS_MAX, KEPT, Draft, Full, Saved
from services.intake.settings import IntakeSettings
from tests.intake.conftest import Front
from tests.intake.papers.sending import sent

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWNER = "portal/s1"
TYPED = [
    ("content.residence_address", "12 đường số 3"),
    ("content.specialties", "a"),
    ("content.specialties", "b"),
]


def draft(draft_id: UUID, version: int = 0, typed: Any = TYPED, at: datetime = NOW) -> Draft:
    return Draft(draft_id, "1.009982", version, at, typed)


def new_id() -> UUID:
    return UUID(int=uuid7().int)


async def test_of_two_tabs_the_slower_one_is_told(front: Front) -> None:
    """Whatever each has typed is kept until somebody chose; the same twice is no difference, and neither is another step."""
    draft_id = new_id()
    assert await drafts.save(front.pool, OWNER, draft(draft_id), []) == Saved(1, NOW)
    assert await drafts.save(front.pool, OWNER, draft(draft_id), []) == Saved(1, NOW), "sent twice"
    later = NOW + timedelta(minutes=1)
    first, second = [*TYPED, ("email", "a@example.vn")], [*TYPED, ("email", "b@example.vn")]
    saved = await drafts.save(front.pool, OWNER, draft(draft_id, 1, [*first, ("step", "check")], later), [])
    assert saved == Saved(2, later)
    told = await drafts.save(front.pool, OWNER, draft(draft_id, 1, second), [])
    assert isinstance(told, Draft) and (told.version, told.saved_at) == (2, later)
    assert [*told.typed] == [*first, ("step", "check")]
    assert await drafts.save(
        front.pool, OWNER, draft(draft_id, 0, [*first, ("change", "1")], later), []
    ) == Saved(2, later)
    assert await drafts.save(front.pool, OWNER, draft(draft_id, 2, second, later), []) == Saved(3, later)
    other = draft(draft_id)._replace(procedure="1.009983")
    assert await drafts.save(front.pool, OWNER, other, []) == Full(), "a key of another form"


async def test_of_two_tabs_at_once_each_is_kept_or_told(front: Front) -> None:
    draft_id = new_id()
    both = [drafts.save(front.pool, OWNER, draft(draft_id, 0, [("email", each)]), []) for each in "ab"]
    answers = await asyncio.gather(*both)
    assert sorted(type(each).__name__ for each in answers) == ["Draft", "Saved"]


async def test_a_draft_is_its_owners_alone(front: Front) -> None:
    draft_id = new_id()
    await drafts.save(front.pool, OWNER, draft(draft_id), [])
    found = await drafts.find(front.pool, OWNER, draft_id, NOW)
    assert found is not None and [*found.typed] == TYPED
    assert await drafts.find(front.pool, "portal/s2", draft_id, NOW) is None
    assert await drafts.listed(front.pool, "portal/s2", NOW) == []
    assert not await drafts.delete(front.pool, "portal/s2", draft_id)
    assert await drafts.save(front.pool, "portal/s2", draft(draft_id, 0, []), []) == Saved(1, NOW), (
        "one of their own"
    )
    assert await drafts.delete(front.pool, OWNER, draft_id)
    assert await drafts.find(front.pool, OWNER, draft_id, NOW) is None


async def test_the_table_of_drafts_says_nothing(front: Front, admin: asyncpg.Connection[Any]) -> None:
    await drafts.save(front.pool, OWNER, draft(new_id()), [])
    (row,) = await admin.fetch("SELECT drafts::text AS line, sealed FROM drafts")
    for said in ("đường số 3", "residence_address", "specialties"):
        assert said not in row["line"] and said.encode() not in row["sealed"]


async def test_a_draft_is_gone_after_thirty_days(front: Front, admin: asyncpg.Connection[Any]) -> None:
    """Since it was last saved; its last week is told."""
    old, young = new_id(), new_id()
    for each in (old, young):
        await drafts.save(front.pool, OWNER, draft(each), [])
    await drafts.save(front.pool, OWNER, draft(young, 1, [], NOW + timedelta(days=1)), [])
    (_, listed) = await drafts.listed(front.pool, OWNER, NOW)
    assert (listed.draft_id, listed.days_left(NOW), listed.is_soon_gone(NOW)) == (old, 30, False)
    assert (
        listed.is_soon_gone(NOW + timedelta(days=23))
        and listed.days_left(NOW + timedelta(days=29, hours=1)) == 1
    )
    for at, left in ((NOW + KEPT - timedelta(seconds=1), {old, young}), (NOW + KEPT, {young})):
        assert {each.draft_id for each in await drafts.listed(front.pool, OWNER, at)} == left
        assert (await drafts.find(front.pool, OWNER, old, at) is not None) == (old in left)
        await drafts.sweep(front.pool, at)
        assert {row[0] for row in await admin.fetch("SELECT draft_id FROM drafts")} == left


async def test_a_draft_that_was_filed_is_swept_away(front: Front) -> None:
    """Whoever filed it died before it was deleted."""
    filed, other = new_id(), new_id()
    for each in (filed, other):
        await drafts.save(front.pool, OWNER, draft(each), [])
    assert (await front.file(key=str(filed))).status_code == 201
    await drafts.sweep(front.pool, NOW)
    assert [each.draft_id for each in await drafts.listed(front.pool, OWNER, NOW)] == [other]


async def test_as_many_drafts_as_one_person_may_have(front: Front) -> None:
    ids = [new_id() for _ in range(DRAFTS_MAX + 1)]
    answers = [await drafts.save(front.pool, OWNER, draft(each), []) for each in ids]
    assert answers == [Saved(1, NOW)] * DRAFTS_MAX + [Full()]
    assert isinstance(await drafts.save(front.pool, "portal/s2", draft(new_id()), []), Saved)
    await drafts.delete(front.pool, OWNER, ids[0])
    assert await drafts.save(front.pool, OWNER, draft(ids[-1]), []) == Saved(1, NOW)


@pytest.mark.parametrize("ends", ["deleted", "taken out"])
async def test_the_files_of_a_draft_are_kept_as_long_as_it_is(
    front: Front, settings: IntakeSettings, admin: asyncpg.Connection[Any], ends: str
) -> None:
    mine, others = UUID(await sent(front)), UUID(await sent(front, key="f2", subject="s2"))
    draft_id, uploads = new_id(), uploads_of(settings, front.pool)
    await drafts.save(front.pool, OWNER, draft(draft_id), [mine, others, new_id()])
    assert [row[0] for row in await admin.fetch("SELECT file_id FROM draft_files")] == [mine], (
        "its owner's own"
    )
    await admin.execute("UPDATE files SET begun_at = begun_at - interval '2 days'")
    await sweep(uploads, 0)
    assert [row[0] for row in await admin.fetch("SELECT file_id FROM files")] == [mine]
    if ends == "deleted":
        await drafts.delete(front.pool, OWNER, draft_id)
    else:
        await drafts.save(front.pool, OWNER, draft(draft_id, 1, []), [])
    await sweep(uploads, 0)
    assert await admin.fetchval("SELECT count(*) FROM files") == 0
