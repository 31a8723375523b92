"""Declares days at a processing service and looks at what became of its dossiers: for the tests of the recount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from services.processing.calendar.current import Declaring
from services.processing.calendar.recount import Recounter
from services.processing.clock.working_days import NOT_READ
from services.processing.desk.carry_out import Desk, event_of
from services.processing.dossier.events import DueDateChanged
from tests.processing.conftest import KEEPER, OTHER_KEEPER, House, Member

WORKING_DAYS, CALENDAR_DAYS = "1.006871", "1.009982"
"""Five working days; twenty calendar days."""
FRIDAY = date(2026, 3, 6)
DOCUMENT = "Công văn 2222/VPCP-KGVX"


def recounter_of(house: House, holder: int = 1) -> Recounter:
    return Recounter(house.declaring, UUID(int=holder), settled_seconds=0)


async def ask(house: House, door: str, body: dict[str, str], by: Member, key: str = "") -> httpx.Response:
    headers = house.headers(by) | {"idempotency-key": key or uuid7().hex}
    return await house.client.post(f"/v1/calendar/{door}", json=body, headers=headers)


async def propose(
    house: House,
    day: date,
    kind: str = "off",
    *,
    by: Member = KEEPER,
    key: str = "",
    announced_at: datetime | None = None,
    document: str = DOCUMENT,
) -> httpx.Response:
    at = announced_at or house.clock.now
    body = {"day": str(day), "kind": kind, "document": document, "announced_at": at.isoformat()}
    return await ask(house, "declarations", body, by, key)


async def confirm(
    house: House,
    act: str,
    day: date,
    announced_at: datetime,
    *,
    by: Member = OTHER_KEEPER,
    door: str = "confirmations",
    key: str = "",
) -> httpx.Response:
    body = {"act": act, "day": str(day), "announced_at": announced_at.isoformat()}
    return await ask(house, door, body, by, key)


async def declare(
    house: House,
    day: date,
    kind: str = "off",
    *,
    announced_at: datetime | None = None,
    document: str = DOCUMENT,
) -> httpx.Response:
    """By both persons; the first one's answer where it is refused."""
    at = announced_at or house.clock.now
    proposed = await propose(house, day, kind, announced_at=at, document=document)
    return await confirm(house, "declare", day, at) if proposed.status_code == 200 else proposed


async def withdraw(house: House, day: date, announced_at: datetime) -> httpx.Response:
    """By both persons; the first one's answer where it is refused."""
    body = {"day": str(day), "announced_at": announced_at.isoformat()}
    proposed = await ask(house, "withdrawals", body, KEEPER)
    return await confirm(house, "withdraw", day, announced_at) if proposed.status_code == 200 else proposed


async def accepted(house: House, count: int = 1, procedure: str = WORKING_DAYS) -> list[UUID]:
    ids = await house.submitted(count, procedure=procedure, at=house.clock.now - timedelta(hours=1))
    for each in ids:
        answer = await house.act(each, "accept")
        assert answer.status_code == 200, answer.text
    return ids


async def without_clocks(house: House, dossiers: Sequence[UUID]) -> None:
    """As rows are that nobody has acted on since rows have clocks."""
    connection = await asyncpg.connect(house.database.admin_dsn)
    try:
        await connection.execute(
            "UPDATE dossiers SET clock = NULL, acted_on = NULL WHERE dossier_id = ANY($1::uuid[])", dossiers
        )
    finally:
        await connection.close()


async def due_on(house: House, dossier: UUID) -> str | None:
    due: str | None = (await house.get(f"/v1/dossiers/{dossier}")).json()["due_on"]
    return due


async def changes(house: House, dossier: UUID) -> list[DueDateChanged]:
    events = [event_of(stored) for stored in await house.desk.store.load(dossier)]
    return [event for event in events if isinstance(event, DueDateChanged)]


async def another_process(house: House) -> Declaring:
    """One that has read the calendar."""
    desk = house.desk
    declaring = Declaring(Desk(desk.pool, desk.store, NOT_READ, desk.clock, desk.new_id))
    await declaring.refresh()
    return declaring
