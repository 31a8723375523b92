"""Who has a dossier is told by name, and until which hour the desk and the applicant have."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from contracts.sealed import seal
from services.chassis.kafka.ordering import Delivered
from services.intake.usual import ZONE
from tests.intake.conftest import CODE_KEY, Front, Process
from tests.intake.test_following import delivered, hear
from tests.intake.test_whole_life import BACK, FEE, SUPPLEMENT, accepted, seen

UNIT = "H29.015.00/QLXD"


async def name(front: Front, officer: str, said: str | None) -> None:
    await front.pool.execute("INSERT INTO officer_names VALUES ($1, 1, $2)", officer, said)


async def test_who_has_a_dossier_is_told_by_name(front: Front) -> None:
    """The one to whom it was given last; the unit alone where it stands with nobody, or with somebody whose name nobody knows."""
    dossier_id = await accepted(front)

    async def has_it() -> tuple[str, str | None]:
        told = (await seen(front, dossier_id))["handled_by"]
        assert told["telephone"] == "1022"
        return told["vi"], told["officer"]

    def given(sequence: int, officer: str | None, key: bytes = CODE_KEY) -> Delivered:
        sealed = officer and seal(key, officer, dossier_id)
        return delivered(
            dossier_id, sequence, "DossierHandedOver", unit=UNIT, how="assigned", sealed_officer=sealed
        )

    await name(front, "kim", "Trần Thị Thử")
    await name(front, "lan", None)
    await hear(front, [delivered(dossier_id, 2, "DossierForwarded", unit=UNIT, step="thu_ly")])
    assert await has_it() == ("Phòng Quản lý xây dựng", None)
    await hear(front, [given(3, "kim")])
    assert await has_it() == ("Phòng Quản lý xây dựng", "Trần Thị Thử")
    for sequence, officer in ((4, "lan"), (6, "nobody-knows-whom"), (8, None)):
        await hear(front, [given(sequence, officer)])
        assert (await has_it())[1] is None, officer
        await hear(front, [given(sequence + 1, "kim")])
        assert (await has_it())[1] == "Trần Thị Thử"
    await hear(front, [given(30, "kim", bytes(64))])
    assert await has_it() == ("Phòng Quản lý xây dựng", None), "sealed for others: nothing waits for it"


async def test_a_step_that_is_reversed_leaves_it_with_who_had_it(front: Front) -> None:
    dossier_id = await accepted(front)
    await name(front, "kim", "Trần Thị Thử")
    sealed = seal(CODE_KEY, "kim", dossier_id)
    given = delivered(dossier_id, 2, "DossierHandedOver", unit=UNIT, how="taken", sealed_officer=sealed)
    forwarded = delivered(dossier_id, 3, "DossierForwarded", unit="H29.015.00/QLTD", step="tham_tra")
    await hear(front, [given, forwarded])
    assert (await seen(front, dossier_id))["handled_by"]["officer"] is None
    back = {"sequence": 3, "status": "accepted", "due_on": None}
    await hear(front, [delivered(dossier_id, 4, "DossierReversed", **back)])
    told = (await seen(front, dossier_id))["handled_by"]
    assert (told["unit"], told["officer"]) == (UNIT, "Trần Thị Thử")


async def test_until_when_the_desk_answers_is_told_to_the_minute(process: Process) -> None:
    """By ordinary weeks: a Friday's minute is Monday's; and again from the acceptance of what was asked for before."""
    friday = datetime(2026, 11, 27, 16, 59, tzinfo=ZONE)
    async with process(lambda: friday) as front:
        dossier_id = UUID((await front.file()).json()["dossier_id"])
        told = await seen(front, dossier_id)
        assert told["reception_due_at"] == "2026-11-30T16:59:00+07:00"
        await hear(front, [delivered(dossier_id, 1, "SupplementRequested", **SUPPLEMENT)])
        assert (await seen(front, dossier_id))["reception_due_at"] is None
        back = delivered(dossier_id, 2, "SupplementAccepted", status="submitted", due_on=None)
        await hear(front, [back._replace(occurred_at=datetime(2026, 12, 2, 13, 30, tzinfo=ZONE))])
        assert (await seen(front, dossier_id))["reception_due_at"] == "2026-12-03T13:30:00+07:00"
        await hear(front, [delivered(dossier_id, 3, "DossierRejected", reason="incomplete")])
        assert (await seen(front, dossier_id))["reception_due_at"] is None


async def test_a_deadline_has_the_hour_of_the_desk(front: Front) -> None:
    """Of a weekday as the office's hours have it; a Saturday is worked by declaration, with hours of its own."""
    dossier_id = await accepted(front)
    assert (await seen(front, dossier_id))["desk_closes"] is None
    await hear(front, [delivered(dossier_id, 2, "FeeRequested", **FEE)])
    assert (await seen(front, dossier_id))["desk_closes"] == "17:00"
    moved = delivered(dossier_id, 3, "DeadlineChanged", request=2, deadline_on=date(2026, 4, 4))
    await hear(front, [moved])
    told = await seen(front, dossier_id)
    assert (told["deadline_on"], told["desk_closes"]) == ("2026-04-04", None)
    await hear(front, [delivered(dossier_id, 4, "FeeConfirmed", **BACK)])
    assert (await seen(front, dossier_id))["desk_closes"] is None
