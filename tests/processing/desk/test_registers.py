"""Units and agencies by the register: nothing goes to what is none, and what stands at none is brought back."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.catalogue.offices import Offices
from services.chassis.process import metrics
from services.processing import open_dossiers, sweeps
from tests.processing.conftest import (
    OFFICER,
    OPERATOR,
    OTHER_UNIT,
    PROCEDURE,
    STRANGER,
    SUPERVISOR,
    UNIT,
    House,
    Member,
)
from tests.processing.examples import OFFICE

TYPO = "H29.015.00/QLXDD"
OTHER_SUPERVISOR: Member = ("supervisor", "em", "H29.016.00", "H29.016.00/QLXD")


@pytest.mark.parametrize(
    ("act", "body", "by", "code"),
    [
        ("accept", {"unit": TYPO}, OFFICER, "unit-unknown"),
        ("forward", {"unit": "ABC", "step": "thu_ly"}, OFFICER, "unit-unknown"),
        ("transfer", {"unit": TYPO}, SUPERVISOR, "unit-unknown"),
        ("ask-opinion", {"agency": "KHONG-CO"}, OFFICER, "agency-unknown"),
    ],
)
async def test_what_is_in_no_register_is_refused(
    house: House, act: str, body: dict[str, Any], by: Member, code: str
) -> None:
    (dossier,) = await house.submitted(procedure="1.009974")
    version = 0
    if act != "accept":
        assert (await house.act(dossier, "accept", {"unit": UNIT})).status_code == 200
        version = 1
    refused = await house.act(dossier, act, body, by=by, version=version)
    told, field = refused.json(), code.partition("-")[0]
    assert (refused.status_code, told["code"], told["field"]) == (422, code, field), refused.text
    assert len(await house.desk.store.load(dossier)) == version
    (told,) = await house.bulk([{"dossier_id": str(dossier), "acts": [{"act": act, **body}]}], by=by)
    assert (told["outcome"], told["code"], told["field"]) == ("refused", code, field)


async def test_an_import_names_units_of_the_register(house: House) -> None:
    (dossier,) = await house.submitted()
    act = {"act": "accept", "at": "2023-03-06T09:30:00+07:00", "unit": TYPO}
    item = {"source": "test", "case": "typo", "dossier_id": str(dossier), "acts": [act]}
    (told,) = await house.bulk([item])
    assert (told["outcome"], told["code"], told["case"]) == ("refused", "unit-unknown", "typo")


def without(offices: Offices, code: str) -> Offices:
    """The register as if this unit had been taken out of it."""
    kept = [
        office.model_copy(update={"units": tuple(unit for unit in office.units if unit.code != code)})
        for office in offices.offices
    ]
    return Offices(kept, offices.agencies)


@pytest.mark.parametrize("act", ["transfer", "assign"])
async def test_the_offices_supervisor_brings_back_what_nobody_can_reach(fresh_house: House, act: str) -> None:
    body = {"unit": UNIT} if act == "transfer" else {"officer": "an"}
    lost, held = await fresh_house.submitted(2)
    await fresh_house.act(lost, "accept", {"unit": OTHER_UNIT})
    await fresh_house.act(held, "accept", {"unit": UNIT})
    refused = await fresh_house.act(lost, act, body, by=SUPERVISOR, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-the-holder")

    async def listed(by: Member) -> list[str]:
        items = (await fresh_house.get("/v1/out-of-reach", by=by)).json()["items"]
        return [item["dossier_id"] for item in items]

    assert await listed(SUPERVISOR) == []
    fresh_house.desk.offices = without(fresh_house.desk.offices, OTHER_UNIT)
    assert [await listed(by) for by in (SUPERVISOR, OPERATOR, STRANGER)] == [[str(lost)], [str(lost)], []]
    await sweeps.sweep(fresh_house.desk)
    assert metrics.value("dossiers_out_of_reach") == 1
    for by, status in ((OFFICER, 403), (OTHER_SUPERVISOR, 404)):
        assert (await fresh_house.act(lost, act, body, by=by, version=1)).status_code == status
    assert (await fresh_house.act(lost, act, body, by=SUPERVISOR, version=1)).status_code == 200
    row = (await fresh_house.get(f"/v1/dossiers/{lost}")).json()
    assert (row["unit"], row["officer"]) == (UNIT, body.get("officer"))
    assert await listed(SUPERVISOR) == []
    await sweeps.sweep(fresh_house.desk)
    assert metrics.value("dossiers_out_of_reach") == 0


async def test_a_withdrawal_that_nobody_can_reach_is_answered_by_the_offices_supervisor(
    fresh_house: House,
) -> None:
    (lost,) = await fresh_house.submitted()
    await fresh_house.act(lost, "accept", {"unit": OTHER_UNIT})
    await fresh_house.heard(lost, "WithdrawalRequested")
    fresh_house.desk.offices = without(fresh_house.desk.offices, OTHER_UNIT)
    assert (await fresh_house.act(lost, "withdraw", by=OFFICER, version=1)).status_code == 403
    assert (await fresh_house.act(lost, "withdraw", by=SUPERVISOR, version=1)).status_code == 200


async def test_open_dossiers_are_measured_by_office_and_procedure(fresh_house: House) -> None:
    _, late, ended = await fresh_house.submitted(3)
    await fresh_house.act(late, "accept", {"unit": UNIT})
    await fresh_house.act(ended, "reject", {"reason": "duplicate"})

    def measured(standing: str, office: str = OFFICE, procedure: str = PROCEDURE) -> float | None:
        return metrics.value(
            "dossiers_open", {"office": office, "procedure": procedure, "standing": standing}
        )

    await open_dossiers.measure(fresh_house.desk)
    assert (measured("waiting"), measured("in_time"), measured("overdue")) == (1, 1, None)
    fresh_house.clock.forward(days=200)
    await open_dossiers.measure(fresh_house.desk)
    assert (measured("waiting"), measured("in_time"), measured("overdue")) == (1, None, 1)
    fresh_house.desk.offices = Offices([], fresh_house.desk.offices.agencies)
    await open_dossiers.measure(fresh_house.desk)
    assert measured("waiting") is None and measured("waiting", "other") == 1
