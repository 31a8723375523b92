"""Recounts that are cancelled in the moment in which what they wait for is done: they end, let go, and others go on."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.log.event_store import EventStore
from services.chassis.process import ending
from services.processing.calendar import recount as recounter
from services.processing.calendar import recount_rows
from services.processing.calendar.recount_by_clock import RunningClocks
from tests.moments import Moment
from tests.processing.conftest import House
from tests.processing.declaring_days import FRIDAY, accepted, changes, declare, recounter_of, without_clocks


@pytest.mark.parametrize("what", ["append", "move", "advance", "hold", "changed"])
async def test_a_recount_cancelled_in_the_moment_ends(
    monday_house: House, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    house = monday_house
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.5)
    monkeypatch.setattr(recounter, "LOOK_DOSSIERS", 2)
    dossiers = await accepted(house, 4)
    await without_clocks(house, dossiers[::2])
    cancelled = recounter_of(house, 1)
    owner = {"append": EventStore, "move": RunningClocks, "changed": None}.get(what, recount_rows)
    moment = Moment()
    with monkeypatch.context() as patched:
        if owner is not None:
            await declare(house, FRIDAY)
            patched.setattr(owner, what, moment.of(getattr(owner, what)))
        moment.task = asyncio.create_task(cancelled.run())
        if owner is None:
            await asyncio.sleep(0.05)
            await moment.of(lambda: declare(house, FRIDAY))()  # which wakes it
        await moment.ends()
    await recounter_of(house, 2).catch_up()  # it has let go
    for each in dossiers:
        assert len(await changes(house, each)) == 1
