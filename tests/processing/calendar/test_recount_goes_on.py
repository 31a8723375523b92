"""A recount goes on whoever dies meanwhile and whoever acts at the same time."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.processing.calendar import recount as recounter
from services.processing.calendar import recount_rows
from services.processing.calendar.current import CALENDAR_ID, Declaring
from services.processing.calendar.recount import Recounter
from services.processing.calendar.recount_by_clock import RunningClocks
from services.processing.clock.working_days import NOT_READ, CalendarUnknown, shipped
from services.processing.desk.carry_out import Desk
from tests.processing.conftest import MONDAY, House
from tests.processing.declaring_days import (
    FRIDAY,
    WORKING_DAYS,
    accepted,
    another_process,
    changes,
    declare,
    due_on,
    recounter_of,
    without_clocks,
)


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
@pytest.mark.parametrize("write", ["append", "move", "advance", "finish"])
async def test_a_recount_that_died_goes_on(
    monday_house: House, monkeypatch: pytest.MonkeyPatch, write: str, wrote: bool
) -> None:
    """Killed before and after each thing that it writes, in its second stretch: all is moved once, and counted once.

    Half of the rows are of before rows had clocks, where it appends dossier by dossier.
    """
    house = monday_house
    monkeypatch.setattr(recounter, "LOOK_DOSSIERS", 4)
    dossiers = await accepted(house, 8)
    await without_clocks(house, dossiers[::2])
    await declare(house, FRIDAY)
    with monkeypatch.context() as patched:
        if write == "append":
            kills = dying(house.desk.store.append, 3, wrote=wrote)
            patched.setattr(type(house.desk.store), "append", lambda _, item: kills(item))
        elif write == "move":
            patched.setattr(RunningClocks, "move", dying(RunningClocks.move, 2, wrote=wrote))
        else:
            kills = dying(getattr(recount_rows, write), 2 if write == "advance" else 1, wrote=wrote)
            patched.setattr(recount_rows, write, kills)
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
    await recount_rows.begin(monday_house.pool, 0, version - 1, [])
    await recount_rows.begin(monday_house.pool, version - 1, version, [FRIDAY])
    assert await recount_rows.hold(monday_house.pool, UUID(int=1))
    assert await recount_rows.hold(monday_house.pool, UUID(int=2)) is None
    held = await recount_rows.hold(monday_house.pool, UUID(int=1))
    assert held is not None
    await monday_house.pool.execute("UPDATE recounts SET held_until = '-infinity'")
    assert await recount_rows.hold(monday_house.pool, UUID(int=2))
    with pytest.raises(recount_rows.LostHold):
        await recount_rows.advance(monday_house.pool, UUID(int=1), held)


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
    running = asyncio.create_task(Recounter(quicker, UUID(int=2)).catch_up())
    await _until_done(house)
    assert (await house.act(first, "accept")).json()["due_on"] == "2026-03-09"
    await running
    assert await due_on(house, first) == "2026-03-10"


async def _until_done(house: House) -> None:
    for _ in range(1_000):
        recount = await recount_rows.last(house.pool)
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
    for _ in range(1_000):
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
