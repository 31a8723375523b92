"""What becomes true by itself: recorded once, with its own time, for each office apart; and payments that settle fees."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.processing import sweeps
from services.processing.clock.working_days import ZONE, shipped
from services.processing.desk import payments
from services.processing.dossier import becomes_true
from tests.processing.conftest import OTHER_OFFICE, STRANGER, SUPERVISOR, House

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


async def asked_to_pay(house: House) -> UUID:
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept")
    asked = await house.act(dossier, "request-fee", version=1)
    assert (asked.json()["status"], asked.json()["due_on"]) == ("payment_requested", None)
    return dossier


async def outcomes(house: House, dossier: UUID) -> list[Any]:
    rows = await house.pool.fetch(
        "SELECT outcome FROM heard WHERE dossier_id = $1 ORDER BY sequence", dossier
    )
    return [row["outcome"] for row in rows]


async def test_a_payment_that_fits_is_confirmed_as_of_its_own_time(fresh_house: House) -> None:
    dossier = await asked_to_pay(fresh_house)
    fresh_house.clock.forward(days=2)
    await fresh_house.heard(dossier, "FeePaid", amount=300_000, currency="VND")
    fresh_house.clock.forward(days=5)
    await asyncio.gather(*(sweeps.sweep(fresh_house.desk) for _ in range(2)))
    stored = (await fresh_house.desk.store.load(dossier))[-1]
    assert (stored.type, stored.version) == ("FeeConfirmed", 3)
    row = (await fresh_house.get(f"/v1/dossiers/{dossier}")).json()
    # Two days paused, whatever the sweep took.
    assert (row["status"], row["due_on"]) == ("accepted", "2023-03-29")
    assert await outcomes(fresh_house, dossier) == ["confirmed"]


async def test_a_wrong_amount_waits_for_an_officer(fresh_house: House) -> None:
    dossier = await asked_to_pay(fresh_house)
    await fresh_house.heard(dossier, "FeePaid", amount=1, currency="VND", method="online")
    await sweeps.sweep(fresh_house.desk)
    assert await outcomes(fresh_house, dossier) == ["waits"]
    assert (await fresh_house.get(f"/v1/dossiers/{dossier}")).json()["status"] == "payment_requested"
    refused = await fresh_house.act(dossier, "confirm-fee", {"payment": 2}, version=2)
    assert (refused.status_code, refused.json()["code"]) == (422, "payment-less-than-asked"), refused.text
    assert refused.json()["field"] == "payment"
    waiver = {"reason": "agency_error", "payment": 2}
    refused = await fresh_house.act(dossier, "waive-fee", waiver, version=2)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-the-supervisor")
    waived = await fresh_house.act(dossier, "waive-fee", waiver, version=2, by=SUPERVISOR)
    assert waived.json()["status"] == "accepted"
    paid = (await fresh_house.get(f"/v1/dossiers/{dossier}/payments")).json()
    assert paid["items"] == [
        {
            "payment": 2,
            "amount": 1,
            "currency": "VND",
            "paid_at": fresh_house.clock.now.astimezone(ZONE).isoformat(),
            "method": "online",
            "use": "settled",
            "to_refund": 0,
        }
    ]


async def test_an_act_has_its_payments_weighed_again(fresh_house: House) -> None:
    """A payment that waits for an officer is listed until the supervisor takes it; a reversal brings it back."""
    dossier = await asked_to_pay(fresh_house)
    await fresh_house.heard(dossier, "FeePaid", amount=7, currency="VND")
    await fresh_house.heard(dossier, "FeePaid", sequence=3, amount=300_500, currency="VND")

    async def listed() -> list[tuple[int, str, int, int]]:
        await sweeps.sweep(fresh_house.desk)
        items = (await fresh_house.get("/v1/refunds", by=SUPERVISOR)).json()["items"]
        return [(each["payment"], each["why"], each["amount"], each["paid"]) for each in items]

    assert await listed() == [(2, "partial", 7, 7), (3, "surplus", 500, 300_500)]
    undo = {"sequence": 3, "reason": "wrong_data", "document": "1/QĐ-SXD"}
    answer = await fresh_house.act(dossier, "reverse", undo, version=3, by=SUPERVISOR)
    assert answer.status_code == 200, answer.text
    assert await listed() == [(2, "partial", 7, 7)]
    waiver = {"reason": "agency_error", "payment": 2}
    await fresh_house.act(dossier, "waive-fee", waiver, version=4, by=SUPERVISOR)
    assert (await fresh_house.get("/v1/refunds", by=SUPERVISOR)).json()["items"] == []
    assert await listed() == [(3, "double", 300_500, 300_500)]


async def test_what_is_struck_out_while_it_is_weighed_is_weighed_again(
    fresh_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import's confirmation took the first of two payments, and that one is struck out between the look and what is kept."""
    (dossier,) = await fresh_house.submitted()
    for sequence in (2, 3):
        await fresh_house.heard(dossier, "FeePaid", sequence=sequence, amount=300_000, currency="VND")
    acts = [{"act": "accept", "unit": "H29.015.00"}, {"act": "request-fee"}, {"act": "confirm-fee"}]
    told = [act | {"at": "2023-03-06T09:30:00+07:00"} for act in acts]
    item = {"source": "test", "case": "struck", "dossier_id": str(dossier), "acts": told}
    (answer,) = await fresh_house.bulk([item])
    assert answer["outcome"] == "recorded", answer
    desk, load_many = fresh_house.desk, fresh_house.desk.store.load_many

    async def struck(ids: list[UUID]) -> Any:
        monkeypatch.undo()
        await fresh_house.heard(dossier, "ApplicantActReversed", sequence=4, of=2)
        return await load_many(ids)

    for between in (struck, load_many):
        monkeypatch.setattr(desk.store, "load_many", between)
        await payments.weigh_moved(desk)
    (left,) = await fresh_house.pool.fetch("SELECT sequence, payment_use, to_refund FROM heard")
    assert tuple(left) == (3, "settled", None)


async def test_a_payment_is_confirmed_as_soon_as_it_is_heard_of(fresh_house: House) -> None:
    """No sweep runs here: what was heard of is looked at once its transaction has ended."""
    dossier = await asked_to_pay(fresh_house)
    heard = asyncio.Event()
    fresh_house.paid = heard.set
    looking = asyncio.create_task(sweeps.run_payments(fresh_house.desk, heard))
    await fresh_house.heard(dossier, "FeePaid", amount=300_000, currency="VND")
    async with asyncio.timeout(20):
        while "FeeConfirmed" not in await types(fresh_house, dossier):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    looking.cancel()


async def test_a_payment_after_the_end_or_of_a_rejected_one_is_to_be_refunded(fresh_house: House) -> None:
    early, late, fine = await fresh_house.submitted(3)
    await fresh_house.heard(early, "FeePaid", amount=300_000, currency="VND")
    await sweeps.sweep(fresh_house.desk)
    assert await outcomes(fresh_house, early) == ["unasked"]
    await fresh_house.act(early, "reject", {"reason": "incomplete"})
    await fresh_house.act(late, "reject", {"reason": "incomplete"})
    await fresh_house.heard(late, "FeePaid", amount=300_000, currency="VND")
    await fresh_house.heard(fine, "FeePaid", amount=300_000, currency="VND")
    await sweeps.sweep(fresh_house.desk)
    assert await outcomes(fresh_house, late) == ["refund"]
    listed = (await fresh_house.get("/v1/refunds", by=SUPERVISOR)).json()["items"]
    whys = {item["dossier_id"]: item["why"] for item in listed}
    assert whys == {str(early): "dossier_ended", str(late): "dossier_ended", str(fine): "unasked"}
    assert {(item["amount"], item["currency"]) for item in listed} == {(300_000, "VND")}
    assert (await fresh_house.get("/v1/refunds", by=STRANGER)).json()["items"] == []


@pytest.mark.parametrize("heard_first", [True, False])
async def test_a_payment_that_an_import_confirmed_is_not_paid_back(
    fresh_house: House, heard_first: bool
) -> None:
    """The import's confirmation names no payment; one that fits is its, and a second one is given back."""
    (dossier,) = await fresh_house.submitted()
    fresh_house.clock.forward(days=3)
    days = ["2023-03-06T09:30:00+07:00", "2023-03-06T10:00:00+07:00", "2023-03-09T08:30:00+07:00"]
    acts: list[dict[str, Any]] = [
        {"act": "accept", "at": days[0], "unit": "H29.015.00"},
        {"act": "request-fee", "at": days[1]},
        {"act": "confirm-fee", "at": days[2]},
        {"act": "resolve", "at": days[2], "outcome": "granted"},
    ]

    async def hear() -> None:
        for sequence, amount in ((2, 300_000), (3, 300_000)):
            await fresh_house.heard(dossier, "FeePaid", sequence=sequence, amount=amount, currency="VND")

    if heard_first:
        await hear()
    (answer,) = await fresh_house.bulk(
        [{"source": "test", "case": "paid", "dossier_id": str(dossier), "acts": acts}]
    )
    assert answer["outcome"] == "recorded"
    if not heard_first:
        await hear()
    await sweeps.sweep(fresh_house.desk)
    assert await outcomes(fresh_house, dossier) == ["confirmed", "refund"]
