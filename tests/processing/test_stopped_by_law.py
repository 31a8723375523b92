"""A procedure is abolished and its open dossiers are stopped by law: the sweep records it as of that day, and nothing goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import asyncpg
import pytest

from services.processing import candidates, sweeps
from services.processing.clock.working_days import ZONE
from tests.processing.conftest import DESK, SUPERVISOR, House
from tests.processing.desk.test_bulk import item
from tests.processing.desk.test_queues_cost import FILL, buffers
from tests.processing.examples import OFFICE, UNIT

ABOLISHED, KEPT = "1.009973", "1.009988"
FILED = datetime(2026, 6, 1, 8, tzinfo=ZONE)
EVE = datetime(2026, 6, 30, 23, 59, tzinfo=ZONE)
THE_DAY = datetime(2026, 7, 1, tzinfo=ZONE)
NOVEMBER = datetime(2026, 11, 28, 9, tzinfo=ZONE)
OF_CLASS = {"project_class": "II"}
STOP = {"reason": "stopped_by_law"}


async def accepted(house: House, count: int = 1, procedure: str = ABOLISHED) -> list[UUID]:
    house.clock.now = FILED
    dossiers = await house.submitted(count, procedure=procedure, at=FILED)
    for dossier in dossiers:
        done = await house.act(dossier, "accept", OF_CLASS if procedure == ABOLISHED else {})
        assert done.status_code == 200, done.text
    return dossiers


async def told(house: House, dossier: UUID) -> list[tuple[str, datetime, str]]:
    """What its log has since the acceptance: the event, when it happened, who did it."""
    history = (await house.desk.store.load(dossier))[1:]
    return [(stored.type, stored.occurred_at.astimezone(ZONE), stored.actor) for stored in history]


async def status(house: House, dossier: UUID) -> Any:
    return (await house.get(f"/v1/dossiers/{dossier}")).json()["status"]


STOPPED = ("ProcessingStopped", THE_DAY, sweeps.ACTOR)


async def test_the_sweep_stops_what_the_law_stopped_as_of_its_day(fresh_house: House) -> None:
    """At midnight, or months later by a service that did not know: the same day. What is kept or not accepted is left alone."""
    house = fresh_house
    (one,), (kept,) = await accepted(house), await accepted(house, procedure=KEPT)
    (waiting,) = await house.submitted(procedure=ABOLISHED, at=FILED)
    house.clock.now = EVE
    await sweeps.sweep(house.desk)
    assert await told(house, one) == []
    for now in (THE_DAY, NOVEMBER):
        house.clock.now = now
        await sweeps.sweep(house.desk)
        assert await told(house, one) == [STOPPED]
        assert await told(house, kept) == [] == await house.desk.store.load(waiting)
    (later,) = await accepted(house)
    house.clock.now = NOVEMBER
    await sweeps.sweep(house.desk)
    assert await told(house, later) == [STOPPED]
    assert await status(house, later) == "stopped"
    overdue = (await house.get("/v1/queues/overdue")).json()["items"]
    assert str(later) not in {each["dossier_id"] for each in overdue}


async def test_until_the_sweep_has_come_it_can_only_be_stopped(house: House) -> None:
    one, other = await accepted(house, 2)
    (waiting,) = await house.submitted(procedure=ABOLISHED, at=FILED)
    house.clock.now = NOVEMBER
    for act, body in (
        ("request-fee", {"amount_vnd": 500_000}),
        ("forward", {"unit": "H29.015.00/QLXD", "step": "thu_ly"}),
        ("take", {}),
        ("apologise", {"reason": "workload", "appointment_on": "2026-12-01"}),
        ("resolve", {"outcome": "granted"}),
    ):
        refused = await house.act(one, act, body, version=1)
        assert (refused.status_code, refused.json()["code"]) == (409, "stopped-by-law"), act
    assert (await house.act(one, "stop", STOP, version=1)).json()["status"] == "stopped"
    # One act for many: the bulk door signs as many as there are.
    (signed,) = await house.bulk(
        [{"dossier_id": str(other), "acts": [{"act": "stop"} | STOP]}],
        by=("officer", "an", *DESK[2:3], "H29.015.00/QLXD"),
    )
    assert signed["outcome"] == "recorded"
    assert (await house.act(waiting, "accept", OF_CLASS)).json()["code"] == "stopped-by-law"
    assert (await house.act(waiting, "reject", {"reason": "not_eligible"})).status_code == 200


async def test_who_waits_for_papers_before_acceptance_is_rejected_at_once(house: House) -> None:
    house.clock.now = datetime(2026, 6, 22, 9, tzinfo=ZONE)
    (dossier,) = await house.submitted(procedure=ABOLISHED, at=house.clock.now)
    papers = {"papers": [{"paper": 1, "fault": "missing"}]}
    assert (await house.act(dossier, "request-supplement", papers)).status_code == 200
    reject = {"reason": "not_eligible"}
    refused = await house.act(dossier, "reject", reject, version=1)
    assert refused.json()["code"] == "supplement-not-lapsed"
    house.clock.now = THE_DAY
    assert (await house.act(dossier, "reject", reject, version=1)).status_code == 200


async def test_a_request_to_withdraw_is_answered_first(fresh_house: House) -> None:
    house = fresh_house
    given, refused = await accepted(house, 2)
    for dossier in (given, refused):
        await house.heard(dossier, "WithdrawalRequested")
    house.clock.now = NOVEMBER
    await sweeps.sweep(house.desk)
    assert await told(house, given) == [] == await told(house, refused)
    assert (await house.act(given, "withdraw", version=1)).status_code == 200
    no = {"reason": "others_concerned"}
    assert (await house.act(refused, "refuse-withdrawal", no, version=1)).status_code == 200
    await sweeps.sweep(house.desk)
    assert [kind for kind, _, _ in await told(house, given)] == ["DossierWithdrawn"]
    # Nothing is dated before the act that stands before it.
    that_day = datetime(2026, 11, 28, tzinfo=ZONE)
    assert (await told(house, refused))[1:] == [("ProcessingStopped", that_day, sweeps.ACTOR)]


@pytest.mark.parametrize("died", [False, True])
async def test_a_stop_that_was_reversed_is_not_recorded_again(
    fresh_house: House, died: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor after a process that died between the event and its row of `fired`."""
    house = fresh_house
    (dossier,) = await accepted(house)
    house.clock.now = datetime(2026, 7, 2, 9, tzinfo=ZONE)
    with monkeypatch.context() as dying:
        if died:
            dying.setattr(sweeps, "_keep", AsyncMock(side_effect=ConnectionError))
        await sweeps.sweep(house.desk)
    house.clock.forward(days=1)
    reversal = {"sequence": 2, "reason": "wrong_decision", "document": "12/QĐ-SXD"}
    assert (await house.act(dossier, "reverse", reversal, by=SUPERVISOR, version=2)).status_code == 200
    await sweeps.sweep(house.desk)
    assert await status(house, dossier) == "accepted"
    assert (await house.act(dossier, "request-fee", {"amount_vnd": 500_000}, version=3)).json()[
        "code"
    ] == "stopped-by-law"


async def test_an_import_tells_its_acts_again_after_the_stop(fresh_house: House) -> None:
    house = fresh_house
    house.clock.now = NOVEMBER
    (dossier,) = await house.submitted(procedure=ABOLISHED, at=FILED)
    accept = {"act": "accept", "at": "2026-06-01T09:00:00+07:00", "due_on": "2026-07-10"}
    told_before = item(dossier, [accept])
    assert (await house.bulk([told_before]))[0]["outcome"] == "recorded"
    await sweeps.sweep(house.desk)
    assert await told(house, dossier) == [STOPPED]
    stop = {"act": "stop", "at": "2026-07-01T08:00:00+07:00"} | STOP
    for acts in ([accept], [accept, stop]):
        assert (await house.bulk([item(dossier, acts)]))[0]["outcome"] == "repeated"


async def test_what_the_law_stopped_is_found_by_its_procedure(fresh_house: House) -> None:
    """Among two thousand running ones of another procedure."""
    (dossier,) = await accepted(fresh_house)
    owner = await asyncpg.connect(fresh_house.database.admin_dsn)
    await owner.execute(FILL, 1, 30_000, OFFICE, UNIT)
    await owner.execute("VACUUM ANALYZE dossiers")

    async def find(pool: Any) -> None:
        beginning = (UUID(int=0), date.min, datetime.min.replace(tzinfo=UTC))
        told = (OFFICE, NOVEMBER, fresh_house.desk.calendar, beginning, 500)
        facts, _ = await candidates.find(pool, "stopped_by_law", *told)
        assert [found for found, _, _ in facts] == [dossier]

    try:
        assert await buffers(owner, find) <= 30
    finally:
        await owner.close()
