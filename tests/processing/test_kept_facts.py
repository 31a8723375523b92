"""How long it is kept what became true by itself: never shorter than the dossier is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.chassis.log.databases import years_ago
from tests.processing.conftest import House

FIRED = "INSERT INTO fired (dossier_id, kind, day, true_at, recorded_at) VALUES ($1, 'overdue', '2023-03-27', $2, $2)"


async def test_what_became_true_of_an_open_dossier_is_kept(fresh_house: House) -> None:
    house = fresh_house
    ended, still_open, lately = await house.submitted(3)
    for dossier in (ended, lately):
        assert (await house.act(dossier, "reject", {"reason": "incomplete"})).status_code == 200
    long_ago = datetime.now(UTC) - timedelta(days=2200)
    for dossier, at in ((ended, long_ago), (still_open, long_ago), (lately, datetime.now(UTC))):
        await house.pool.execute(FIRED, dossier, at)
    assert await house.pool.fetchval("SELECT forget_fired($1)", years_ago(5)) == 1
    left = {row[0] for row in await house.pool.fetch("SELECT dossier_id FROM fired")}
    assert left == {still_open, lately}
