"""Due dates that were counted by hand, told by the officers' own doors."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.processing.clock.working_days import ZONE
from tests.processing.conftest import House

PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}
# On which day, what is asked or settled; the first one is the acceptance.
LIVES = [
    (
        "1.006871",
        "2024-04-15 accept, 04-17 supplement, 04-19 taken, 04-22 fee, 05-06 paid",
        "2024-05-10",
        "5 ngày làm việc từ 15/04/2024, tạm dừng 16 ngày, tính lại từ đầu từ 19/04/2024 → 10/05/2024",
    ),
    (
        "1.009982",
        "2025-01-17 accept, 01-20 fee, 02-04 paid",
        "2025-02-21",
        "20 ngày từ 17/01/2025, tạm dừng 15 ngày → 21/02/2025",
    ),
    (
        "1.009982",
        "2023-08-28 accept, 08-30 supplement, 09-05 supplement, 09-07 taken",
        "2023-09-27",
        "20 ngày từ 28/08/2023, tạm dừng 8 ngày, tính lại từ đầu từ 07/09/2023 → 27/09/2023",
    ),
    (
        "1.009974",
        "2026-08-19 accept, 08-21 supplement, 08-22 taken",
        "2026-09-04",
        "10 ngày làm việc từ 19/08/2026, nghỉ lễ 2 ngày → 04/09/2026",
    ),
]


@pytest.mark.parametrize(("procedure", "life", "due", "said"), LIVES)
async def test_dates_counted_by_hand_come_out_at_the_doors(
    house: House, procedure: str, life: str, due: str, said: str
) -> None:
    (first, _), *more = [step.split() for step in life.split(", ")]
    year = first[:4]
    house.clock.now = datetime.combine(date.fromisoformat(first), time(9), ZONE)
    (dossier,) = await house.submitted(procedure=procedure, at=house.clock.now - timedelta(minutes=5))
    assert (await house.act(dossier, "accept")).status_code == 200
    version, heard, asked = 1, 1, 0
    for day, step in more:
        house.clock.now = datetime.combine(date.fromisoformat(f"{year}-{day}"), time(9), ZONE)
        door, body = "request-supplement", dict[str, Any](PAPERS)
        if step == "fee":
            door, body = "request-fee", {}
        if step == "paid":
            heard += 1
            fee = {"1.006871": 150_000, "1.009982": 300_000}[procedure]
            await house.heard(dossier, "FeePaid", sequence=heard, amount=fee, currency="VND")
            door, body = "confirm-fee", {"payment": heard}
        if asked and step in ("supplement", "taken"):
            heard += 1
            await house.heard(dossier, "SupplementProvided", sequence=heard, request=asked)
            door, body = (door, body) if step == "supplement" else ("accept-supplement", {})
        answer = await house.act(dossier, door, body, version=version)
        assert answer.status_code == 200, answer.text
        version += 1
        asked = version if step == "supplement" else 0
    told = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert (told["due_on"], told["summary"]["vi"]) == (due, said)
