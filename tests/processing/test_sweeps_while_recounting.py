"""Between a declaration and the end of its recount: a sweep records nothing by a date that is about to move, and all else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.log.event_store import EventStore, Item
from services.processing import metrics, sweeps
from services.processing.calendar.current import Declaring
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier import becomes_true
from services.processing.dossier.becomes_true import Kind
from services.processing.dossier.history import fold
from tests.processing.conftest import MONDAY, House
from tests.processing.declaring_days import (
    CALENDAR_DAYS,
    FRIDAY,
    accepted,
    declare,
    recounter_of,
    withdraw,
)
from tests.processing.examples import ACCEPTED, DEADLINE, FILING, SUPPLEMENT_REQUESTED

PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}
CONSULTING = "1.009974"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


async def prepared(house: House, kind: Kind) -> UUID:
    """A dossier of which this becomes true: with Friday worked a working day sooner than with Friday off."""
    if kind == "acceptance_overdue":
        house.clock.now = local("2026-03-05T16:59")
        return (await house.submitted(at=house.clock.now))[0]
    if kind == "consent_deemed":
        (dossier,) = await accepted(house, procedure=CONSULTING)
        house.clock.now = local("2026-03-04T09:00")
        await house.act(dossier, "ask-opinion", {"agency": "H29.020.00"}, version=1)
        return dossier
    (dossier,) = await accepted(house)
    if kind == "supplement_lapsed":
        await house.act(dossier, "request-supplement", PAPERS, version=1)
    elif kind == "fee_lapsed":
        await house.act(dossier, "request-fee", {}, version=1)
    return dossier


async def fired(house: House, dossier: UUID) -> set[tuple[str, date, datetime]]:
    rows = await house.pool.fetch("SELECT kind, day, true_at FROM fired WHERE dossier_id = $1", dossier)
    return {(row["kind"], row["day"], row["true_at"].astimezone(ZONE)) for row in rows}


async def said(house: House, dossier: UUID) -> list[str]:
    """The events that tell of what became true by itself."""
    types = [stored.type for stored in await house.desk.store.load(dossier)]
    return [each for each in types if each in ("SupplementLapsed", "ConsentDeemed")]


@pytest.mark.parametrize("by_another_process", [False, True])
@pytest.mark.parametrize(
    ("kind", "between", "day", "true_at"),
    [
        ("acceptance_overdue", "2026-03-06T18:00", "2026-03-09", "2026-03-09T16:59"),
        # Two working days before Monday is the same Thursday as two before Tuesday when Friday is off: the day tells them apart.
        ("due_soon", "2026-03-05T12:00", "2026-03-10", "2026-03-05T07:30"),
        ("apology_due", "2026-03-07T12:00", "2026-03-10", "2026-03-09T07:30"),
        ("due_today", "2026-03-09T12:00", "2026-03-10", "2026-03-10T07:30"),
        ("overdue", "2026-03-10T12:00", "2026-03-10", "2026-03-11T00:00"),
        ("supplement_lapsed", "2026-03-31T12:00", "2026-03-31", "2026-04-01T00:00"),
        ("fee_lapsed", "2026-03-31T12:00", "2026-03-31", "2026-04-01T00:00"),
        ("consent_deemed", "2026-03-07T12:00", "2026-03-09", "2026-03-10T00:00"),
    ],
)
async def test_what_a_recount_is_about_to_move_is_not_recorded(
    monday_house: House, kind: Kind, between: str, day: str, true_at: str, by_another_process: bool
) -> None:
    """By the date of before it would be true. What the recount leaves has the time at which it became true, however late it ran."""
    house = monday_house
    dossier = await prepared(house, kind)
    await declare(house, FRIDAY)
    if by_another_process:
        house.desk.calendar = shipped()
    house.clock.now = local(between)
    await sweeps.sweep(house.desk)
    assert (await fired(house, dossier), await said(house, dossier)) == (set(), [])
    assert metrics.RECOUNT_OUTSTANDING._value.get() == 1

    await Declaring(house.desk).refresh()
    await recounter_of(house).catch_up()
    house.clock.now = local(true_at) + timedelta(days=10)
    await sweeps.sweep(house.desk)
    of_kind = {fact for fact in await fired(house, dossier) if fact[0].startswith(kind)}
    assert of_kind == {(kind, date.fromisoformat(day), local(true_at))}
    assert len(await said(house, dossier)) == (kind in ("supplement_lapsed", "consent_deemed"))
    assert metrics.RECOUNT_OUTSTANDING._value.get() == 0


async def test_a_date_that_stays_has_its_instant_by_the_calendar_that_is_declared(
    monday_house: House,
) -> None:
    """Two working days before Monday the 23rd is Thursday, and Wednesday once another process declared Friday the 20th off."""
    house = monday_house
    (dossier,) = await accepted(house, procedure=CALENDAR_DAYS)
    await declare(house, date(2026, 3, 20))
    house.desk.calendar = shipped()
    house.clock.now = local("2026-03-19T12:00")
    await sweeps.sweep(house.desk)
    assert await fired(house, dossier) == set()
    await Declaring(house.desk).refresh()
    await sweeps.sweep(house.desk)
    due_soon = ("due_soon", date(2026, 3, 23), local("2026-03-18T07:30"))
    apology_due = ("apology_due", date(2026, 3, 23), local("2026-03-19T07:30"))
    assert await fired(house, dossier) == {due_soon, apology_due}, "although the recount is outstanding"


async def test_what_waits_for_a_recount_keeps_nothing_else_waiting(
    monday_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole pages of dates that are about to move come before one that stays."""
    house = monday_house
    monkeypatch.setattr(sweeps, "BATCH", 2)
    moving = await accepted(house, 5)
    (staying,) = await accepted(house, procedure=CALENDAR_DAYS)
    asked = await accepted(house, 4)
    for each in asked:
        await house.act(each, "request-supplement", PAPERS, version=1)
    await declare(house, FRIDAY)
    house.clock.now = local("2026-03-09T09:00")
    (later,) = await accepted(house)
    await house.act(later, "request-supplement", PAPERS, version=1)
    house.clock.now = local("2026-04-25T09:00")
    async with asyncio.timeout(60):
        await sweeps.sweep(house.desk)
    for each in (*moving, *asked):
        assert (await fired(house, each), await said(house, each)) == (set(), [])
    assert {kind for kind, _, _ in await fired(house, staying)} == {
        "due_soon",
        "apology_due",
        "due_today",
        "overdue",
    }
    assert await said(house, later) == ["SupplementLapsed"]

    await recounter_of(house).catch_up()
    await sweeps.sweep(house.desk)
    for each in moving:
        assert ("overdue", date(2026, 3, 10), local("2026-03-11T00:00")) in await fired(house, each)
    for each in asked:
        assert await said(house, each) == ["SupplementLapsed"]


async def test_a_declaration_that_was_withdrawn_keeps_no_lapse_back(monday_house: House) -> None:
    """Looked at while it was to move, the deadline is where it was: what was looked at then does not count as void."""
    house = monday_house
    dossier = await prepared(house, "supplement_lapsed")
    await declare(house, FRIDAY)
    house.clock.now = local("2026-03-31T12:00")
    await sweeps.sweep(house.desk)
    assert await fired(house, dossier) == set()
    assert (await withdraw(house, FRIDAY, MONDAY)).status_code == 200
    await sweeps.sweep(house.desk)
    assert metrics.RECOUNT_OUTSTANDING._value.get() == 1
    assert await said(house, dossier) == ["SupplementLapsed"], (
        "the calendar has the deadline where it is told"
    )


async def test_a_deadline_that_moves_nearer_lapses_by_the_nearer_one(monday_house: House) -> None:
    """Found by the later date, which has passed too: it is the recount that says by which day it lapsed."""
    house = monday_house
    dossier = await prepared(house, "supplement_lapsed")
    await declare(house, FRIDAY)
    await recounter_of(house).catch_up()
    await withdraw(house, FRIDAY, MONDAY)
    house.clock.now = local("2026-04-01T12:00")
    await sweeps.sweep(house.desk)
    assert await said(house, dossier) == []
    await recounter_of(house).catch_up()
    await sweeps.sweep(house.desk)
    assert await fired(house, dossier) == {
        ("supplement_lapsed", date(2026, 3, 30), local("2026-03-31T00:00"))
    }


async def test_a_lapse_is_decided_by_the_calendar_of_its_own_moment(
    monday_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declared between two lapses of one page: what is final is not said by the calendar with which the page began."""
    house = monday_house
    dossiers = [await prepared(house, "supplement_lapsed") for _ in range(2)]
    house.clock.now = local("2026-03-31T12:00")
    append = type(house.desk.store).append
    declared: list[int] = []

    async def declaring(store: EventStore, item: Item) -> Any:
        answer = await append(store, item)
        if item.stream_id in dossiers and not declared:
            declared.append((await declare(house, FRIDAY)).status_code)
        return answer

    monkeypatch.setattr(type(house.desk.store), "append", declaring)
    await sweeps.sweep(house.desk)
    assert declared == [200]
    assert sorted([await said(house, each) for each in dossiers]) == [[], ["SupplementLapsed"]]


def test_a_date_that_cannot_be_counted_again_stays() -> None:
    """No recount will move it, so it waits for none."""
    last = date(9999, 12, 31)
    accepted_then = replace(
        ACCEPTED, on=date(9999, 12, 1), limit=Limit(60, "calendar_days"), due_on=last, given=False
    )
    dossier = fold(FILING, [accepted_then])
    assert becomes_true.stands("due_today", last, local("9999-12-31T07:30"), dossier, shipped())


def test_what_was_found_by_a_day_that_the_log_has_no_more_does_not_stand() -> None:
    """The row was read, and then the dossier moved on."""
    dossier = fold(FILING, [ACCEPTED, SUPPLEMENT_REQUESTED])
    for day, stands in ((DEADLINE, True), (DEADLINE - timedelta(days=1), False)):
        at = becomes_true.true_at("supplement_lapsed", day, shipped())
        assert becomes_true.stands("supplement_lapsed", day, at, dossier, None) is stands
