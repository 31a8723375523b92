"""A declaration moves the running clocks that it touches, once, by the calendar that is declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.processing.calendar.recount import Recounter
from services.processing.calendar.recount_rows import OUTSTANDING
from services.processing.clock.due_date import Limit, due_date
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier.events import DueDateChanged
from tests.processing.conftest import MONDAY, SUPERVISOR, House
from tests.processing.declaring_days import (
    CALENDAR_DAYS,
    DOCUMENT,
    FRIDAY,
    WORKING_DAYS,
    accepted,
    another_process,
    changes,
    declare,
    due_on,
    recounter_of,
    withdraw,
)


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
        2,
    ), "the due date, and until when the fee is to be paid"
    assert (progress["total"], progress["done"]) == (4, 4)
    assert progress["finished_at"]


async def test_what_resumes_after_the_declaration_counts_by_it(monday_house: House) -> None:
    house = monday_house
    (dossier,) = await accepted(house)
    await house.act(dossier, "request-fee", {}, version=1)
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    house.clock.forward(days=1)
    waived = await house.act(dossier, "waive-fee", {"reason": "exempt_by_law"}, by=SUPERVISOR, version=3)
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


async def test_dates_of_a_release_before_are_counted_again(fresh_house: House) -> None:
    """It knew declarations and weekends alone: New Year's Day was promised, and is counted anew once, with an event."""
    house = fresh_house
    house.clock.now = datetime(2026, 12, 18, 9, tzinfo=ZONE)
    house.desk.calendar = replace(shipped(), knows_law=False, made={})
    dossier, other = await accepted(house, 2, procedure="1.009974")
    (stays,) = await accepted(house, procedure=WORKING_DAYS)
    await house.act(other, "request-fee", {}, version=1)
    assert await due_on(house, dossier) == "2027-01-01"

    await house.declaring.seed()
    await house.declaring.refresh()
    assert await house.pool.fetchval(OUTSTANDING)
    for _ in range(2):
        await recounter_of(house).catch_up()

    new_year = date(2027, 1, 1)
    moved = DueDateChanged(date(2026, 12, 18), new_year, date(2027, 1, 4), (new_year,), provisional=True)
    assert await changes(house, dossier) == [moved]
    assert await changes(house, other) == await changes(house, stays) == []
    assert not await house.pool.fetchval(OUTSTANDING)
    told = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert (told["due_on"], told["provisional"]) == ("2027-01-04", True)


async def test_a_date_that_stays_is_settled(fresh_house: House) -> None:
    """Told as provisional, and then its year was declared as the law had it: that is told, once, and taken back when that is."""
    house = fresh_house
    house.clock.now = datetime(2026, 12, 18, 9, tzinfo=ZONE)
    stays, paused = await accepted(house, 2, procedure="1.009974")
    await accepted(house, procedure=WORKING_DAYS)
    await house.act(paused, "request-fee", {}, version=1)
    await recounter_of(house).catch_up()
    for day in ("2027-02-05", "2027-02-08", "2027-02-09", "2027-09-03"):
        await declare(house, date.fromisoformat(day))
    for _ in range(2):
        await recounter_of(house).catch_up()
    today, due = date(2026, 12, 18), date(2027, 1, 4)
    settled = DueDateChanged(today, due, due, (), provisional=False)
    assert await changes(house, stays) == [settled]
    assert await changes(house, paused) == []
    assert (await house.get(f"/v1/dossiers/{stays}")).json()["warnings"] == []
    await withdraw(house, date(2027, 9, 3), house.clock.now)
    await recounter_of(house).catch_up()
    assert await changes(house, stays) == [settled, DueDateChanged(today, due, due, (), provisional=True)]
