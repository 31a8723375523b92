"""The bulk door beside what was heard of the applicant: an import's two sides come in any order."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.processing.conftest import House
from tests.processing.desk.test_bulk import ACCEPT, FORWARD, at, item


@pytest.mark.parametrize("heard_first", [True, False])
async def test_an_import_decides_on_what_the_applicant_had_done_by_then(
    house: House, heard_first: bool
) -> None:
    """Paid and taken back years ago: that intake's side is heard of first makes no act of the authority's impossible."""
    (dossier,) = await house.submitted()
    now = house.clock.now

    async def hear() -> None:
        house.clock.now = datetime.fromisoformat(at("2023-03-08T20:00"))
        await house.heard(dossier, "FeePaid", sequence=2, amount=300_000, currency="VND")
        house.clock.now = datetime.fromisoformat(at("2023-03-10T08:00"))
        await house.heard(dossier, "WithdrawalRequested", sequence=3)
        house.clock.now = now

    if heard_first:
        await hear()
    house.clock.now = datetime.fromisoformat(at("2023-03-20T08:00"))
    acts = [
        ACCEPT,
        {"act": "request-fee", "at": at("2023-03-07T09:00")},
        {"act": "confirm-fee", "at": at("2023-03-09T09:00")},
        FORWARD | {"at": at("2023-03-09T10:00")},
        {"act": "withdraw", "at": at("2023-03-10T14:00")},
    ]
    for outcome in ("recorded", "repeated"):
        (answer,) = await house.bulk([item(dossier, acts)])
        assert (answer["outcome"], answer["version"]) == (outcome, 5)
    (refused,) = await house.bulk([item(dossier, [*acts, FORWARD | {"at": at("2023-03-10T15:00")}])])
    assert refused["code"] == "not-while-withdrawn"
    if not heard_first:
        await hear()
    house.clock.now = now
    assert (await house.get(f"/v1/dossiers/{dossier}")).json()["status"] == "withdrawn"
