"""The usual time of a procedure: from what was resolved, pauses not counted, and never from a handful."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.chassis.kafka.ordering import Delivered
from services.intake.usual import ZONE, Step, Taken, taken
from tests.intake.conftest import Front, Process, sealed
from tests.intake.test_following import delivered, hear

ACCEPTED = '{"procedure":"1.009982"}'
PAUSED, RUNS = '{"clock":"paused"}', '{"clock":"runs"}'


def step(sequence: int, what: str, day: int, said: str | None = None, strikes: int | None = None) -> Step:
    # 22:00 in UTC is the morning after in Vietnam.
    return Step(sequence, what, datetime(2026, 3, day - 1, 22, tzinfo=UTC), strikes, said)


def days(*steps: Step) -> int | None:
    found = taken([step(1, "DossierAccepted", 2, ACCEPTED), *steps])
    return found and found.days


def test_the_days_are_those_from_acceptance_to_resolution() -> None:
    steps = [step(1, "DossierAccepted", 2, ACCEPTED), step(2, "DossierResolved", 12)]
    assert taken(steps) == Taken("1.009982", date(2026, 3, 12), 10)
    assert days(step(2, "DossierResolved", 2)) == 0


def test_pauses_are_not_counted() -> None:
    asked, brought = step(2, "SupplementRequested", 4, PAUSED), step(3, "SupplementAccepted", 9)
    assert days(asked, brought, step(4, "DossierResolved", 12)) == 5
    runs = step(2, "SupplementRequested", 4, RUNS)
    assert days(runs, brought, step(4, "DossierResolved", 12)) == 10
    further = step(3, "SupplementRequested", 6, RUNS)
    assert days(asked, further, step(4, "SupplementAccepted", 9), step(5, "DossierResolved", 12)) == 8
    for settled in ("FeeConfirmed", "FeeWaived"):
        fee = step(2, "FeeRequested", 4, PAUSED), step(3, settled, 7)
        assert days(*fee, step(4, "DossierResolved", 12)) == 7
    # The acceptance of the supplement was reversed, and came later.
    late = step(4, "DossierReversed", 9, strikes=3), step(5, "SupplementAccepted", 11)
    assert days(asked, brought, *late, step(6, "DossierResolved", 12)) == 3


def test_a_pause_before_acceptance_is_none() -> None:
    steps = [
        step(1, "SupplementRequested", 2, PAUSED),
        step(2, "SupplementAccepted", 5),
        step(3, "DossierAccepted", 6, ACCEPTED),
        step(4, "DossierResolved", 12),
    ]
    assert taken(steps) == Taken("1.009982", date(2026, 3, 12), 6)


def test_what_is_not_resolved_took_no_time() -> None:
    assert days() is None
    assert days(step(2, "ProcessingStopped", 12)) is None
    assert days(step(2, "DossierResolved", 12), step(3, "DossierReversed", 13, strikes=2)) is None
    assert taken([step(1, "DossierAccepted", 2), step(2, "DossierResolved", 12)]) is None


NOW = datetime(2026, 3, 31, 9, 0, tzinfo=ZONE)


def resolved(
    days: int, ended: datetime = NOW - timedelta(days=1), procedure: str = "1.009982"
) -> list[Delivered]:
    dossier_id: UUID = uuid7()
    accepted: dict[str, Any] = {
        "sealed_code": sealed(f"H29.015.00-260302-{days:04}", dossier_id),
        "procedure": procedure,
        "due_on": None,
    }
    return [
        delivered(dossier_id, 1, "DossierAccepted", **accepted)._replace(
            occurred_at=ended - timedelta(days=days)
        ),
        delivered(dossier_id, 2, "DossierResolved", due_on=None)._replace(occurred_at=ended),
    ]


async def shown(front: Front, code: str = "1.009982") -> Any:
    items = (await front.client.get("/v1/procedures")).json()["items"]
    return next(item["usual_time"] for item in items if item["code"] == code)


async def test_the_usual_time_is_shown_with_its_grounds(process: Process) -> None:
    async with process(lambda: NOW) as front:
        for took in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30):
            await hear(front, resolved(took))
        # Too long ago, and of another procedure: neither counts.
        await hear(front, resolved(300, NOW - timedelta(days=90)))
        await hear(front, resolved(300, procedure="1.009983"))
        expected = {
            "p50_days": 5,
            "p90_days": 9,
            "unit": "calendar_days",
            "dossiers": 10,
            "within_days": 90,
        }
        assert await shown(front) == expected
        assert await shown(front, "1.009983") is None
        dossier_id = (await front.file()).json()["dossier_id"]
        assert (await front.status(dossier_id)).json()["usual_time"] == expected


async def test_of_few_dossiers_nothing_is_said(process: Process) -> None:
    clock = [NOW]
    async with process(lambda: clock[0]) as front:
        acts = [resolved(took) for took in range(5)]
        for act in acts[:4]:
            await hear(front, act)
        assert await shown(front) is None
        await hear(front, acts[4])
        assert await shown(front) is None, "asked once a minute"
        clock[0] += timedelta(seconds=60)
        assert (await shown(front))["dossiers"] == 5
        back = {"sequence": 2, "status": "accepted", "due_on": None}
        await hear(front, [delivered(acts[0][0].stream_id, 3, "DossierReversed", **back)])
        clock[0] += timedelta(seconds=60)
        assert await shown(front) is None


async def test_the_catalogue_is_shown_while_the_database_is_away(front: Front) -> None:
    await front.pool.close()
    answer = await front.client.get("/v1/procedures")
    assert answer.status_code == 200
    assert len(answer.json()["items"]) >= 16
