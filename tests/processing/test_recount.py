"""A declaration moves the running clocks that it touches, whoever dies meanwhile and whoever acts at the same time."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.processing import recounter, recounts
from services.processing.calendar import NOT_READ, ZONE, CalendarUnknown, shipped
from services.processing.deadline import Limit, due_date
from services.processing.declaring import CALENDAR_ID, Declaring
from services.processing.desk import Desk, event_of
from services.processing.events import DueDateChanged
from services.processing.recounter import Recounter
from tests.processing.conftest import SUPERVISOR, House, Member

WORKING_DAYS, CALENDAR_DAYS = "1.006871", "1.009982"
"""Five working days; twenty calendar days."""
MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZONE)
FRIDAY = date(2026, 3, 6)
DOCUMENT = "Công văn 2222/VPCP-KGVX"


def recounter_of(house: House, holder: int = 1) -> Recounter:
    return Recounter(house.declaring, UUID(int=holder), settled_seconds=0)


async def declare(
    house: House,
    day: date,
    kind: str = "off",
    *,
    by: Member = SUPERVISOR,
    key: str = "",
    announced_at: datetime | None = None,
) -> httpx.Response:
    at = announced_at or house.clock.now
    body = {"day": str(day), "kind": kind, "document": DOCUMENT, "announced_at": at.isoformat()}
    headers = house.headers(by) | {"idempotency-key": key or uuid7().hex}
    return await house.client.post("/v1/calendar/declarations", json=body, headers=headers)


async def withdraw(house: House, day: date, announced_at: datetime) -> httpx.Response:
    body = {"day": str(day), "announced_at": announced_at.isoformat()}
    headers = house.headers(SUPERVISOR) | {"idempotency-key": uuid7().hex}
    return await house.client.post("/v1/calendar/withdrawals", json=body, headers=headers)


async def accepted(house: House, count: int = 1, procedure: str = WORKING_DAYS) -> list[UUID]:
    ids = await house.submitted(count, procedure=procedure, at=house.clock.now - timedelta(hours=1))
    for each in ids:
        answer = await house.act(each, "accept")
        assert answer.status_code == 200, answer.text
    return ids


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


@pytest.fixture
def monday_house(fresh_house: House) -> House:
    fresh_house.clock.now = MONDAY
    return fresh_house


async def test_a_holiday_declared_late_moves_running_clocks(monday_house: House) -> None:
    """The whole way: declared, counted again, told with its document; what has ended stays."""
    house = monday_house
    running, paused, resolved, rejected, waiting = await house.submitted(
        5, procedure=WORKING_DAYS, at=MONDAY - timedelta(hours=1)
    )
    (calendar_days,) = await accepted(house, procedure=CALENDAR_DAYS)
    for each in (running, paused, resolved):
        await house.act(each, "accept")
    await house.act(rejected, "reject", {"reason": "incomplete"})
    await house.act(paused, "request-fee", {}, version=1)
    await house.act(resolved, "resolve", {"outcome": "granted"}, version=1)
    assert await due_on(house, running) == "2026-03-09"
    house.clock.now = MONDAY + timedelta(days=2)

    answer = await declare(house, FRIDAY)
    assert (answer.status_code, answer.json()["working"]) == (200, False), answer.text
    await recounter_of(house).catch_up()

    assert await due_on(house, running) == "2026-03-10"
    wednesday = date(2026, 3, 4)
    moved = [DueDateChanged(wednesday, date(2026, 3, 9), date(2026, 3, 10), (FRIDAY,))]
    assert await changes(house, running) == moved
    for other in (paused, resolved, rejected, waiting, calendar_days):
        assert await changes(house, other) == []
    assert await due_on(house, resolved) == "2026-03-09"
    told = (await house.get(f"/v1/dossiers/{running}/due-date")).json()
    assert (told["due_on"], told["provisional"]) == ("2026-03-10", False)
    (skipped,) = [day for day in told["explanation"] if day["on"] == "2026-03-06"]
    assert (skipped["effect"], skipped["document"]) == ("skipped", DOCUMENT)
    progress = (await house.get("/v1/calendar/recount")).json()
    assert (progress["version"], progress["days"], progress["moved"]) == (
        answer.json()["version"],
        ["2026-03-06"],
        1,
    )
    assert (progress["total"], progress["done"]) == (4, 4)
    assert progress["finished_at"]


async def test_what_resumes_after_the_declaration_counts_by_it(monday_house: House) -> None:
    house = monday_house
    (dossier,) = await accepted(house)
    await house.act(dossier, "request-fee", {}, version=1)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    house.clock.forward(days=1)
    waived = await house.act(dossier, "waive-fee", {"reason": "exempt_by_law"}, by=SUPERVISOR, version=2)
    calendar = house.desk.calendar
    assert waived.json()["due_on"] == str(due_date(date(2026, 3, 3), Limit(5, "working_days"), calendar))


async def test_a_withdrawn_declaration_moves_the_date_back(monday_house: House) -> None:
    house = monday_house
    (dossier,) = await accepted(house)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    assert (await withdraw(house, FRIDAY, MONDAY)).json()["working"]
    await recounter_of(house).catch_up()
    there, back = await changes(house, dossier)
    assert (back.old_due_on, back.due_on, back.days) == (there.due_on, there.old_due_on, (FRIDAY,))
    assert house.desk.calendar == shipped()


async def test_a_declaration_that_is_withdrawn_before_it_is_recounted_moves_nothing(
    monday_house: House,
) -> None:
    (dossier,) = await accepted(monday_house)
    await declare(monday_house, FRIDAY)
    await withdraw(monday_house, FRIDAY, MONDAY)
    await recounter_of(monday_house).catch_up()
    assert await changes(monday_house, dossier) == []


async def test_several_declarations_are_one_change_with_their_days(monday_house: House) -> None:
    (dossier,) = await accepted(monday_house)
    await declare(monday_house, FRIDAY)
    await declare(monday_house, date(2026, 3, 7), "worked")
    await declare(monday_house, date(2026, 3, 5))
    await recounter_of(monday_house).catch_up()
    (moved,) = await changes(monday_house, dossier)
    assert moved.due_on == date(2026, 3, 10)
    assert moved.days == (date(2026, 3, 5), FRIDAY, date(2026, 3, 7))


async def test_a_dossier_whose_applicant_asks_for_it_back_is_recounted_too(monday_house: House) -> None:
    (dossier,) = await accepted(monday_house)
    await monday_house.heard(dossier, "WithdrawalRequested")
    await declare(monday_house, FRIDAY)
    await recounter_of(monday_house).catch_up()
    row = (await monday_house.get(f"/v1/dossiers/{dossier}")).json()
    assert (row["status"], row["due_on"]) == ("withdrawal_requested", "2026-03-10")


async def test_what_waits_for_acceptance_gets_its_new_limit_without_an_event(monday_house: House) -> None:
    house = monday_house
    monday_house.clock.now = datetime(2026, 3, 5, 16, 59, tzinfo=ZONE)
    (waiting,) = await house.submitted(at=house.clock.now)
    limit = (await house.get(f"/v1/dossiers/{waiting}")).json()["intake_due_at"]
    assert datetime.fromisoformat(limit) == datetime(2026, 3, 6, 16, 59, tzinfo=ZONE)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    limit = (await house.get(f"/v1/dossiers/{waiting}")).json()["intake_due_at"]
    assert datetime.fromisoformat(limit) == datetime(2026, 3, 9, 16, 59, tzinfo=ZONE)
    assert await house.desk.store.load(waiting) == []


async def test_a_declaration_is_recounted_by_whoever_lives(monday_house: House) -> None:
    """The process that declared dies at once: another finds in the log what is to be done."""
    (dossier,) = await accepted(monday_house)
    await declare(monday_house, FRIDAY)
    other = await another_process(monday_house)
    await Recounter(other, UUID(int=2), settled_seconds=0).catch_up()
    assert len(await changes(monday_house, dossier)) == 1


class Died(Exception):
    """Where the process is killed."""


def dying(write: Any, call: int, *, wrote: bool) -> Any:
    """`write`, whose n-th call kills the process, before or after it wrote."""
    calls = 0

    async def called(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not wrote:
            raise Died
        answer = await write(*arguments)
        if calls >= call:
            raise Died
        return answer

    return called


@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("write", ["append", "advance", "finish"])
async def test_a_recount_that_died_goes_on(
    monday_house: House, monkeypatch: pytest.MonkeyPatch, write: str, wrote: bool
) -> None:
    """Killed before and after each thing that it writes, in its second stretch: all is moved once, and counted once."""
    house = monday_house
    monkeypatch.setattr(recounter, "LOOK_DOSSIERS", 3)
    dossiers = await accepted(house, 8)
    await declare(house, FRIDAY)
    with monkeypatch.context() as patched:
        if write == "append":
            kills = dying(house.desk.store.append, 5, wrote=wrote)
            patched.setattr(type(house.desk.store), "append", lambda _, item: kills(item))
        else:
            kills = dying(getattr(recounts, write), 2 if write == "advance" else 1, wrote=wrote)
            patched.setattr(recounts, write, kills)
        with pytest.raises(Died):
            await recounter_of(house, 1).catch_up()
    await house.pool.execute("UPDATE recounts SET held_until = '-infinity'")
    await recounter_of(house, 2).catch_up()
    for each in dossiers:
        assert len(await changes(house, each)) == 1
    progress = (await house.get("/v1/calendar/recount")).json()
    assert (progress["total"], progress["done"], progress["moved"]) == (8, 8, 8)
    assert progress["finished_at"]


async def test_nobody_takes_over_a_recount_that_is_held(monday_house: House) -> None:
    await accepted(monday_house)
    await declare(monday_house, FRIDAY)
    version = monday_house.declaring.version
    await recounts.begin(monday_house.pool, 0, version - 1, [])
    await recounts.begin(monday_house.pool, version - 1, version, [FRIDAY])
    assert await recounts.hold(monday_house.pool, UUID(int=1))
    assert await recounts.hold(monday_house.pool, UUID(int=2)) is None
    held = await recounts.hold(monday_house.pool, UUID(int=1))
    assert held is not None
    await monday_house.pool.execute("UPDATE recounts SET held_until = '-infinity'")
    assert await recounts.hold(monday_house.pool, UUID(int=2))
    with pytest.raises(recounts.LostHold):
        await recounts.advance(monday_house.pool, UUID(int=1), held)


async def test_officers_act_while_it_recounts(monday_house: House) -> None:
    """Every act is answered as if there were no recount, or told to look again; no date is left by the calendar before."""
    house = monday_house
    dossiers = await accepted(house, 40)
    await declare(house, FRIDAY)
    forward = {"unit": "H29.015.00/TTXD", "step": "tham_tra"}

    async def act(dossier: UUID) -> int:
        answer = await house.act(dossier, "forward", forward, version=1)
        return answer.status_code

    statuses, _ = await asyncio.gather(
        asyncio.gather(*(act(each) for each in dossiers)), recounter_of(house).catch_up()
    )
    assert set(statuses) <= {200, 412}
    for each in dossiers:
        (moved,) = await changes(house, each)
        assert (moved.due_on, await due_on(house, each)) == (date(2026, 3, 10), "2026-03-10")


async def test_what_another_process_still_decided_by_the_calendar_before_is_counted_again(
    monday_house: House,
) -> None:
    """Accepted behind the cursor by a process that had not looked yet: the second look finds it."""
    house = monday_house
    (first,) = await house.submitted(procedure=WORKING_DAYS, at=MONDAY - timedelta(hours=1))
    await accepted(house)
    await declare(house, FRIDAY)
    quicker = await another_process(house)
    house.desk.calendar = shipped()
    running = asyncio.create_task(Recounter(quicker, UUID(int=2), settled_seconds=1).catch_up())
    await _until_done(house)
    assert (await house.act(first, "accept")).json()["due_on"] == "2026-03-09"
    await running
    assert await due_on(house, first) == "2026-03-10"


async def _until_done(house: House) -> None:
    for _ in range(200):
        recount = await recounts.last(house.pool)
        if recount is not None and recount.done == recount.total:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the recount does not come along")


async def test_another_process_counts_by_what_was_declared(monday_house: House) -> None:
    desk = monday_house.desk
    await monday_house.declaring.seed()
    other = Desk(desk.pool, desk.store, NOT_READ, desk.clock, desk.new_id)
    watching = asyncio.create_task(Declaring(other).watch())
    await declare(monday_house, FRIDAY)
    assert not desk.calendar.is_working(FRIDAY), "at once in the process that declared"
    for _ in range(150):
        if other.calendar is not NOT_READ and not other.calendar.is_working(FRIDAY):
            break
        await asyncio.sleep(0.01)
    watching.cancel()
    assert other.calendar == desk.calendar


async def test_a_log_is_seeded_once(fresh_house: House) -> None:
    """By two processes at once, and again at every start."""
    await asyncio.gather(*(Declaring(fresh_house.desk).seed() for _ in range(3)))
    declaring = Declaring(fresh_house.desk)
    await declaring.seed()
    await declaring.refresh()
    assert declaring.declared.calendar == shipped()
    assert fresh_house.desk.calendar.documents == shipped().documents
    stored = await fresh_house.desk.store.load(CALENDAR_ID)
    assert len(stored) == len(declaring.declared.standing)
    assert len({each.command_id for each in stored}) == 1


async def test_nothing_is_counted_before_the_calendar_is_read(fresh_house: House) -> None:
    with pytest.raises(CalendarUnknown):
        NOT_READ.is_working(FRIDAY)
    (dossier,) = await fresh_house.submitted()
    fresh_house.desk.calendar = NOT_READ
    answer = await fresh_house.act(dossier, "accept")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_seed_changes_no_date(monday_house: House) -> None:
    """A log that is older than its calendar: its dates were counted by what ships."""
    (dossier,) = await accepted(monday_house)
    await monday_house.declaring.seed()
    await monday_house.declaring.refresh()
    await recounter_of(monday_house).catch_up()
    assert await changes(monday_house, dossier) == []
    progress = (await monday_house.get("/v1/calendar/recount")).json()
    assert (progress["days"], progress["total"], bool(progress["finished_at"])) == ([], 0, True)
