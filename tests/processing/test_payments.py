"""Payments that settle fees as soon as they are heard of, and what of them is to be given back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.processing import sweeps
from services.processing.clock.working_days import ZONE
from services.processing.desk import payments
from tests.processing.conftest import STRANGER, SUPERVISOR, House
from tests.processing.test_sweeps import types


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
