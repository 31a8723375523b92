"""Keeps which notices of the web inbox an applicant has read, as the portal that shows them tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http.tokens import Caller
from services.chassis.http.web import require
from services.notify.routes import SHOWN_MAX, check_right

# The first reading stands.
READ = """
INSERT INTO inbox_reads (dossier_id, notice_id, read_at)
SELECT n.dossier_id, n.notice_id, $3 FROM notices n WHERE n.dossier_id = $1 AND n.notice_id = ANY($2::uuid[]) AND n.channel = 'inbox'
ON CONFLICT DO NOTHING
"""
# One that lapsed is shown, and waits for nobody to read it.
UNREAD = """
SELECT count(*) FROM notices n WHERE n.dossier_id = $1 AND n.channel = 'inbox'
    AND NOT EXISTS (SELECT FROM inbox_reads i WHERE i.dossier_id = n.dossier_id AND i.notice_id = n.notice_id)
    AND NOT EXISTS (SELECT FROM events e WHERE e.stream_id = n.dossier_id AND e.data ->> 'notice_id' = n.notice_id::text
                    AND e.type = 'NoticeFailed')
"""


class ReadIn(BaseModel):
    """What the applicant has read just now."""

    model_config = ConfigDict(extra="forbid")

    dossier_id: UUID = Field(
        description="Whose notices they are.", examples=["01990000-0000-7000-8000-000000000001"]
    )
    notice_ids: list[UUID] = Field(
        min_length=1,
        max_length=SHOWN_MAX,
        description="Notices of the web inbox, as `GET /v1/notices` names them; others are passed over.",
        examples=[["01990000-0000-7000-8000-000000000002"]],
    )


class ReadView(BaseModel):
    """What is left."""

    unread: int = Field(
        description="How many of the dossier's inbox the applicant has not read.", examples=[0]
    )


def add_read_route(
    application: FastAPI,
    pool: asyncpg.Pool[Any],
    code_keys: Sequence[bytes],
    *,
    clock: Callable[[], datetime],
) -> None:
    """Adds the route."""

    @application.post("/v1/notices/read", summary="Mark notices as read")
    async def mark_read(asked: ReadIn, caller: Annotated[Caller, Depends(require("portal"))]) -> ReadView:
        """By the portal that filed the dossier. Told twice, the first time stands.

        Guarantee: nobody marks what another portal filed, and nothing but the web inbox is marked.
        Test: test_read_marks_are_of_the_portal_that_filed_it.
        """
        await check_right(pool, code_keys, asked.dossier_id, caller)
        await pool.execute(READ, asked.dossier_id, asked.notice_ids, clock())
        return ReadView(unread=await pool.fetchval(UNREAD, asked.dossier_id))
