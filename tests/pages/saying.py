"""What the tests of officers' words do at the doors of processing and intake."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from contracts.envelope import json_object
from tests.pages.town import Town
from tests.processing.conftest import OFFICER, Member

WORDS = "Bản vẽ tầng 2 thiếu chữ ký của chủ trì thiết kế.\n\nCăn cứ: Điều 95."
PAPERS = {"papers": [{"paper": 1, "fault": "not_signed"}]}


async def do(
    town: Town,
    dossier_id: UUID,
    name: str,
    body: dict[str, Any],
    *,
    by: Member = OFFICER,
    version: int = 0,
    key: str = "",
) -> httpx.Response:
    """At the JSON door."""
    return await town.house.act(dossier_id, name, body, by=by, version=version, key=key)


async def follow(town: Town, dossier_id: UUID, role: str = "portal", subject: str = "p1") -> Any:
    await town.tell_intake()
    token = town.house.issuer.token(role, subject=subject, office="H29.015.00")
    async with httpx.AsyncClient(base_url=town.intake) as client:
        answer = await client.get(f"/v1/dossiers/{dossier_id}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def kept(town: Town, dossier_id: UUID) -> int:
    statement = "SELECT count(*) FROM officer_words WHERE dossier_id = $1"
    count: int = await town.intake_pool.fetchval(statement, dossier_id)
    return count


async def named(town: Town, dossier_id: UUID) -> list[str | None]:
    """What the events of a dossier name."""
    return [
        json_object(each.data.encode()).get("words") for each in await town.house.desk.store.load(dossier_id)
    ]
