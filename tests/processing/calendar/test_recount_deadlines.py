"""A declaration moves the deadlines of supplements, fees and opinions in the log and in the queue, and the sweeps go by them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.processing import sweeps
from services.processing.calendar import recount as recounter
from services.processing.calendar import recount_rows
from services.processing.desk.carry_out import event_of
from services.processing.dossier.events import DeadlineChanged, OpinionDeadlineChanged
from tests.processing.calendar.test_recount_goes_on import Died, dying
from tests.processing.conftest import MONDAY, SUPERVISOR, House
from tests.processing.declaring_days import (
    FRIDAY,
    WORKING_DAYS,
    accepted,
    changes,
    declare,
    recounter_of,
    withdraw,
)

PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}
CONSULTING = "1.009974"
TOLD, LATER = date(2026, 3, 30), date(2026, 3, 31)
"""Twenty working days after Monday, and with Friday off."""


async def moves(house: House, dossier: UUID) -> list[Any]:
    events = [event_of(stored) for stored in await house.desk.store.load(dossier)]
    return [event for event in events if isinstance(event, DeadlineChanged | OpinionDeadlineChanged)]


async def deadline(house: House, dossier: UUID) -> str:
    told: str = (await house.get(f"/v1/dossiers/{dossier}")).json()["deadline_on"]
    return told


async def recounted(house: House) -> dict[str, Any]:
    await recounter_of(house).catch_up()
    progress: dict[str, Any] = (await house.get("/v1/calendar/recount")).json()
    assert progress["finished_at"]
    return progress


async def test_the_deadlines_of_all_who_are_asked_move_and_are_told(monday_house: House) -> None:
    house = monday_house
    (waiting,) = await house.submitted(procedure=WORKING_DAYS, at=MONDAY - timedelta(hours=1))
    supplement, fee, done = await accepted(house, 3)
    await house.act(waiting, "request-supplement", PAPERS)
    await house.act(supplement, "request-supplement", PAPERS, version=1)
    await house.act(fee, "request-fee", {}, version=1)
    await house.act(done, "request-fee", {}, version=1)
    await house.act(done, "waive-fee", {"reason": "exempt_by_law"}, by=SUPERVISOR, version=2)
    assert {await deadline(house, each) for each in (waiting, supplement, fee)} == {str(TOLD)}

    await declare(house, FRIDAY)
    progress = await recounted(house)

    today = MONDAY.date()
    assert await moves(house, waiting) == [
        DeadlineChanged(today, "supplement", 1, TOLD, LATER, (FRIDAY,)),
    ]
    assert await moves(house, supplement) == [
        DeadlineChanged(today, "supplement", 2, TOLD, LATER, (FRIDAY,)),
    ]
    assert await moves(house, fee) == [DeadlineChanged(today, "fee", 2, TOLD, LATER, (FRIDAY,))]
    assert await moves(house, done) == []
    assert {await deadline(house, each) for each in (waiting, supplement, fee)} == {str(LATER)}
    assert progress["moved"] == 4, "three deadlines, and the due date of the one whose clock runs"

    await withdraw(house, FRIDAY, MONDAY)
    await recounted(house)
    assert {await deadline(house, each) for each in (waiting, supplement, fee)} == {str(TOLD)}


async def test_the_due_date_and_the_answer_of_every_agency_move_together(monday_house: House) -> None:
    """The row has the first agency's last day alone, and none while papers are awaited."""
    house = monday_house
    held, awaiting = await accepted(house, 2, CONSULTING)
    for dossier in (held, awaiting):
        await house.act(dossier, "ask-opinion", {"agency": "H29.020.00"}, version=1)
    house.clock.forward(days=2)
    await house.act(held, "ask-opinion", {"agency": "H29.021.00"}, version=2)
    await house.act(awaiting, "ask-opinion", {"agency": "H29.021.00"}, version=2)
    await house.act(awaiting, "request-supplement", PAPERS, version=3)
    # The first agency had until Wednesday.
    await declare(house, FRIDAY)
    await recounted(house)
    on = house.clock.now.date()
    opinion = OpinionDeadlineChanged(on, "H29.021.00", FRIDAY, date(2026, 3, 9), (FRIDAY,))
    assert await moves(house, held) == [opinion]
    assert (await moves(house, awaiting))[-1] == opinion
    answer_by = await house.pool.fetchval("SELECT answer_by FROM dossiers WHERE dossier_id = $1", held)
    assert answer_by == date(2026, 3, 4), "the first last day is still the other agency's"


async def test_a_lapse_comes_after_the_deadline_that_moved_and_is_then_final(monday_house: House) -> None:
    house = monday_house
    (dossier,) = await accepted(house)
    await house.act(dossier, "request-supplement", PAPERS, version=1)
    await declare(house, FRIDAY)
    await recounted(house)
    house.clock.now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    await sweeps.sweep(house.desk)
    kinds = [stored.type for stored in await house.desk.store.load(dossier)]
    assert kinds[-1] == "DeadlineChanged", "by the deadline before it would have lapsed"
    house.clock.forward(days=1)
    await sweeps.sweep(house.desk)
    lapsed = (await house.desk.store.load(dossier))[-1]
    assert (lapsed.type, event_of(lapsed).on) == ("SupplementLapsed", date(2026, 4, 1))
    await declare(house, date(2026, 3, 20))
    await recounted(house)
    assert (await deadline(house, dossier), len(await moves(house, dossier))) == (str(LATER), 1)


async def test_a_reversal_is_repeated_with_all_that_it_led_to(monday_house: House) -> None:
    """The request that it brings back is counted by the calendar of today, and its repeat gets the first answer."""
    house = monday_house
    (dossier,) = await accepted(house)
    await house.act(dossier, "request-fee", {}, version=1)
    await house.act(dossier, "waive-fee", {"reason": "exempt_by_law"}, by=SUPERVISOR, version=2)
    await declare(house, FRIDAY)
    await recounted(house)
    version = (await house.get(f"/v1/dossiers/{dossier}")).json()["version"]
    body = {"sequence": 3, "reason": "wrong_decision", "document": "1/QĐ-SXD"}
    answers = [
        await house.act(dossier, "reverse", body, by=SUPERVISOR, version=version, key="reversal")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200], answers[-1].text
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["version"] == version + 2
    assert await moves(house, dossier) == [
        DeadlineChanged(MONDAY.date(), "fee", 2, TOLD, LATER, ()),
    ]
    assert await deadline(house, dossier) == str(LATER)


@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("write", ["append", "advance"])
async def test_a_recount_of_deadlines_that_died_goes_on(
    monday_house: House, monkeypatch: pytest.MonkeyPatch, write: str, wrote: bool
) -> None:
    """Killed in its second stretch: a due date and a deadline of one dossier move together, once."""
    house = monday_house
    monkeypatch.setattr(recounter, "LOOK_DOSSIERS", 3)
    dossiers = await accepted(house, 8, CONSULTING)
    for each in dossiers:
        await house.act(each, "ask-opinion", {"agency": "H29.020.00"}, version=1)
    # Twenty calendar days from 2 March end on a Sunday: Monday the 23rd is taken off, and Wednesday, an agency's last.
    await declare(house, date(2026, 3, 4))
    await declare(house, date(2026, 3, 23))
    with monkeypatch.context() as patched:
        if write == "append":
            kills = dying(house.desk.store.append, 5, wrote=wrote)
            patched.setattr(type(house.desk.store), "append", lambda _, item: kills(item))
        else:
            patched.setattr(recount_rows, write, dying(getattr(recount_rows, write), 2, wrote=wrote))
        with pytest.raises(Died):
            await recounter_of(house, 1).catch_up()
    await house.pool.execute("UPDATE recounts SET held_until = '-infinity'")
    await recounter_of(house, 2).catch_up()
    for each in dossiers:
        assert (len(await changes(house, each)), len(await moves(house, each))) == (1, 1)
    progress = (await house.get("/v1/calendar/recount")).json()
    assert (progress["total"], progress["done"], progress["moved"]) == (8, 8, 16)
