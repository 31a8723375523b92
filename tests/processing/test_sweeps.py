"""What becomes true by itself: recorded once, with its own time, for each office apart."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from services.processing import sweeps
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier import becomes_true
from tests.processing.conftest import OTHER_OFFICE, STRANGER, House

PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("kind", "day", "at"),
    [
        ("overdue", date(2023, 3, 27), "2023-03-28T00:00"),
        ("due_today", date(2023, 3, 27), "2023-03-27T07:30"),
        ("due_soon", date(2023, 3, 27), "2023-03-23T07:30"),
        ("apology_due", date(2023, 3, 27), "2023-03-24T07:30"),
        # Across the holidays of 30 April, the days before them.
        ("due_soon", date(2023, 5, 4), "2023-04-27T07:30"),
        ("supplement_lapsed", date(2023, 4, 4), "2023-04-05T00:00"),
        ("consent_deemed", date(2023, 3, 9), "2023-03-10T00:00"),
    ],
)
def test_each_fact_has_its_own_instant(kind: becomes_true.Kind, day: date, at: str) -> None:
    assert becomes_true.true_at(kind, day, shipped()) == local(at)


@pytest.mark.parametrize("kind", ["due_soon", "due_today", "overdue", "apology_due"])
def test_a_sweep_looks_exactly_as_far_as_something_can_be_true(kind: becomes_true.Kind) -> None:
    """Every due date within the stretch is true today, none beyond it: over a year with Tết in it."""
    for n in range(365):
        today = date(2026, 1, 1) + timedelta(days=n)
        end_of_day = datetime.combine(today, datetime.max.time(), ZONE)
        until = becomes_true.latest(kind, end_of_day, shipped())
        assert becomes_true.true_at(kind, until, shipped()) <= end_of_day
        assert becomes_true.true_at(kind, until + timedelta(days=1), shipped()) > end_of_day


async def fired(house: House, dossier: UUID) -> dict[str, datetime]:
    rows = await house.pool.fetch("SELECT kind, true_at FROM fired WHERE dossier_id = $1", dossier)
    return {row["kind"]: row["true_at"].astimezone(ZONE) for row in rows}


async def types(house: House, dossier: UUID) -> list[str]:
    return [stored.type for stored in await house.desk.store.load(dossier)]


async def test_a_late_sweep_tells_the_time_at_which_it_became_true(fresh_house: House) -> None:
    """The service was down for a month: each fact is caught up with, at its own time."""
    waiting, running = await fresh_house.submitted(2)
    await fresh_house.act(running, "accept")
    await sweeps.sweep(fresh_house.desk)
    assert (await fired(fresh_house, waiting), await fired(fresh_house, running)) == ({}, {})
    fresh_house.clock.forward(days=30)
    await sweeps.sweep(fresh_house.desk)
    assert await fired(fresh_house, waiting) == {"acceptance_overdue": local("2023-03-07T09:00")}
    assert await fired(fresh_house, running) == {
        "due_soon": local("2023-03-23T07:30"),
        "apology_due": local("2023-03-24T07:30"),
        "due_today": local("2023-03-27T07:30"),
        "overdue": local("2023-03-28T00:00"),
    }


async def test_a_fact_is_recorded_once(fresh_house: House) -> None:
    """Swept again and by two processes at once; the process died after the event and before its row."""
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    await fresh_house.act(dossier, "request-supplement", PAPERS, version=1)
    fresh_house.clock.forward(days=40)
    await asyncio.gather(*(sweeps.sweep(fresh_house.desk) for _ in range(3)))
    lapsed = ["DossierAccepted", "SupplementRequested", "SupplementLapsed"]
    assert await types(fresh_house, dossier) == lapsed
    stored = (await fresh_house.desk.store.load(dossier))[-1]
    assert stored.occurred_at.astimezone(ZONE) == local("2023-04-05T00:00")
    connection = await fresh_house.owner()
    await connection.execute("DELETE FROM fired")
    await connection.close()
    await sweeps.sweep(fresh_house.desk)
    assert await types(fresh_house, dossier) == lapsed
    assert set(await fired(fresh_house, dossier)) == {"supplement_lapsed"}


async def test_a_supplement_in_time_is_no_lapse_and_the_officer_may_still_take_it(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    await fresh_house.act(dossier, "request-supplement", PAPERS, version=1)
    fresh_house.clock.forward(days=10)
    await fresh_house.heard(dossier, "SupplementProvided", request=2)
    fresh_house.clock.forward(days=30)
    await sweeps.sweep(fresh_house.desk)
    assert await types(fresh_house, dossier) == ["DossierAccepted", "SupplementRequested"]
    taken = await fresh_house.act(dossier, "accept-supplement", version=2)
    assert taken.json()["status"] == "accepted"


async def test_silence_is_consent_and_every_silent_agency_has_its_own(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted(procedure="1.009974")
    await fresh_house.act(dossier, "accept")
    for version, agency in ((1, "H29.020.00"), (2, "H29.021.00"), (3, "H29.022.00")):
        await fresh_house.act(dossier, "ask-opinion", {"agency": agency}, version=version)
    given = {"agency": "H29.021.00", "opinion": "agreed"}
    await fresh_house.act(dossier, "give-opinion", given, version=4)
    fresh_house.clock.forward(days=3)
    await sweeps.sweep(fresh_house.desk)
    assert (await types(fresh_house, dossier))[5:] == ["ConsentDeemed", "ConsentDeemed"]


async def test_one_failing_office_stops_no_other(fresh_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (here,) = await fresh_house.submitted()
    (there,) = await fresh_house.submitted(office=OTHER_OFFICE)
    await fresh_house.act(here, "accept")
    await fresh_house.act(there, "accept", by=STRANGER)
    fresh_house.clock.forward(days=40)
    connection = await fresh_house.owner()
    await connection.execute(f"ALTER TABLE fired ADD CONSTRAINT for_this_test CHECK (dossier_id <> '{here}')")
    await sweeps.sweep(fresh_house.desk)
    assert await fired(fresh_house, here) == {}
    assert set(await fired(fresh_house, there)) == {"due_soon", "apology_due", "due_today", "overdue"}
    await connection.execute("ALTER TABLE fired DROP CONSTRAINT for_this_test")
    await connection.close()
    await sweeps.sweep(fresh_house.desk)
    assert set(await fired(fresh_house, here)) == {"due_soon", "apology_due", "due_today", "overdue"}


async def test_a_paused_clock_fires_nothing(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    await fresh_house.act(dossier, "request-fee", version=1)
    fresh_house.clock.forward(days=25)
    await sweeps.sweep(fresh_house.desk)
    assert await fired(fresh_house, dossier) == {}
    fresh_house.clock.forward(days=10)
    await sweeps.sweep(fresh_house.desk)
    assert set(await fired(fresh_house, dossier)) == {"fee_lapsed"}
