"""Due dates move clock by clock: as histories would move them, once, and never under what an officer did meanwhile."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.processing.calendar import recount_by_clock
from services.processing.calendar.recount import EVERYBODY, NOBODY
from tests.processing.conftest import MONDAY, House
from tests.processing.declaring_days import (
    CALENDAR_DAYS,
    FRIDAY,
    accepted,
    changes,
    declare,
    due_on,
    recounter_of,
    without_clocks,
)

HEAD = "SELECT max(position) FROM events"


async def test_rows_without_clocks_are_moved_by_their_histories(monday_house: House) -> None:
    """The same events and the same rows, whichever way they are found; then they have clocks."""
    house = monday_house
    dossiers = await accepted(house, 4)
    await without_clocks(house, dossiers[:2])
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    (first, *others) = [await changes(house, each) for each in dossiers]
    assert others == [first] * 3
    rows = "SELECT DISTINCT due_on, version, clock, acted_on, lane_at FROM dossiers"
    ((_, version, clock, acted_on, _),) = await house.pool.fetch(rows)
    assert (version, acted_on) == (2, MONDAY.date())
    assert clock is not None
    ids = await house.pool.fetch("SELECT event_id FROM events WHERE type = 'DueDateChanged'")
    assert len({row[0] for row in ids}) == 4
    assert {row[0].version for row in ids} == {7}


async def test_an_act_of_a_day_to_come_is_followed_by_a_move_of_that_day(monday_house: House) -> None:
    """A clock was ahead when it was passed on: no event of a dossier goes back, those of the same clock notwithstanding."""
    house = monday_house
    ahead, _ = both = await accepted(house, 2)
    house.clock.forward(days=1)
    await house.act(ahead, "forward", {"unit": "H29.015.00/TTXD", "step": "tham_tra"}, version=1)
    house.clock.forward(days=-1)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    days = [(await changes(house, each))[0].on for each in both]
    assert days == [MONDAY.date() + timedelta(days=1), MONDAY.date()]


async def test_a_stretch_is_moved_in_portions(monday_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = monday_house
    monkeypatch.setattr(recount_by_clock, "MOVES_AT_ONCE", 1)
    (friday_is_last,) = await accepted(house, procedure=CALENDAR_DAYS)
    dossiers = await accepted(house, 3)
    last = date.fromisoformat(str(await due_on(house, friday_is_last)))
    await declare(house, last)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    for each in (friday_is_last, *dossiers):
        assert len(await changes(house, each)) == 1


def test_portions_keep_the_order_and_the_weight() -> None:
    weighed = [(2, "a"), (2, "b"), (5, "c"), (1, "d"), (3, "e")]
    assert list(recount_by_clock.portions(weighed, 4)) == [["a", "b"], ["c"], ["d", "e"]]
    assert list(recount_by_clock.portions([], 4)) == []


@pytest.mark.parametrize("act", ["forward", "request-fee"])
async def test_only_what_still_stands_as_it_was_decided_is_moved(monday_house: House, act: str) -> None:
    """Called with what was read before an officer acted: a dossier with another clock stays, one with the same is moved; once."""
    house = monday_house
    (acted_on,) = await accepted(house)
    ((clock, old),) = await house.pool.fetch("SELECT clock, due_on FROM dossiers")
    body = {"unit": "H29.015.00/TTXD", "step": "tham_tra"} if act == "forward" else {}
    assert (await house.act(acted_on, act, body, version=1)).status_code == 200
    new, today, head = old + timedelta(days=1), MONDAY.date(), await house.pool.fetchval(HEAD)
    data = f'{{"on":"{today}","old_due_on":"{old}","due_on":"{new}","days":["{FRIDAY}"]}}'
    columns = [clock], [old], [new], [data]
    arguments = (
        NOBODY,
        EVERYBODY,
        today,
        *columns,
        *recount_by_clock.MOVED,
        UUID(int=uuid7().int),
        MONDAY,
        "system/processing",
        NOBODY,
    )
    moved = 1 if act == "forward" else 0
    assert [await house.pool.fetchval(recount_by_clock.MOVE, *arguments) for _ in range(2)] == [moved, 0]
    assert len(await changes(house, acted_on)) == moved
    assert await house.pool.fetchval(HEAD) == head + moved
    assert await due_on(house, acted_on) == (str(new) if moved else None)
