"""Two providers: who sends what while one of them is dead, silent, wrong, or breaks off behind what it has taken."""

from typing import Any

import pytest

from tests.notify.examples import Life
from tests.notify.messages.house import PHONE, House
from tests.notify.messages.stand_in import How

IN_DOUBT: list[How] = ["takes-then-500", "takes-then-hangs-up", "nonsense", "silent", "500"]


@pytest.mark.parametrize("how", IN_DOUBT)
async def test_no_provider_sends_what_another_may_have_taken(house: House, how: How):
    """However long the first is away, and though the second is there."""
    await house.submitted()
    house.first.how = how
    messages = house.messages()
    for _ in range(4):
        await messages.send_due()
        house.clock.pass_by(minutes=20)
    assert house.second.given == []
    house.first.how = "well"
    house.clock.pass_by(hours=1)
    await messages.send_due()
    assert max(house.first.taken.values()) == 1 and house.second.given == []
    # Of what it says it had, nothing is in doubt; of a silent one nobody knows.
    known = how.startswith("takes") or how == "nonsense"
    assert await house.recorded() == [("NoticeSent", None, not known)]


NOT_TAKEN: list[How | str] = ["no-money", "wrong-template", "dead"]


@pytest.mark.parametrize("how", NOT_TAKEN)
async def test_the_second_provider_sends_what_the_first_has_not_taken(house: House, how: Any):
    await house.submitted()
    if how == "dead":
        house.first.die()
    else:
        house.first.how = how
    messages = house.messages()
    for _ in range(8):
        await messages.send_due()
        house.clock.pass_by(seconds=11)
    if how == "wrong-template":  # that message's own fault: its provider stays in use, and it lapses
        assert messages.health["first"].up and house.second.given == []
        return
    assert list(house.second.taken.values()) == [1]
    assert await house.recorded() == [("NoticeSent", None, False)]
    ((provider, units),) = await house.rows("provider, units")
    assert (provider, units) == ("second", 1)
    assert house.second.given[0]["parameters"][0] == "So Xay dung TP.HCM"
    assert house.second.given[0]["to"] == PHONE.removeprefix("+")


async def test_failover_and_back(house: House):
    """Dead in the middle of many, the first is left alone; there again, it is used after a look."""
    for _ in range(12):
        await house.submitted()
    house.first.die()
    messages = house.messages()
    for _ in range(4):
        await messages.send_due()
    assert not messages.health["first"].up and messages.health["second"].up
    assert sum(house.second.taken.values()) == 12 and max(house.second.taken.values()) == 1
    await house.first.begin()
    house.clock.pass_by(minutes=6)
    await house.submitted()
    await messages.send_due()
    assert house.first.looks >= 1 and sum(house.first.taken.values()) == 1
    assert {state for state, _ in await house.rows()} == {"sent"}


async def test_a_provider_that_refuses_everybody_loses_no_message(house: House):
    lives = [Life() for _ in range(5)]
    for turn, life in enumerate(lives):
        await house.know(life, phone=f"+8491234560{turn}")
        await house.hear(life.hears("DossierSubmitted"))
    house.first.how = "no-number"
    messages = house.messages()
    for _ in range(4):
        await messages.send_due()
        house.clock.pass_by(seconds=30)
    assert {state for state, _ in await house.rows()} == {"sent"}  # by the second
    assert not await house.pool.fetchval("SELECT count(*) FROM events WHERE type = 'NoticeFailed'")


async def test_a_number_that_is_refused_twice_ends_the_message(house: House):
    life = await house.submitted()
    house.first.how = house.second.how = "no-number"
    messages = house.messages()
    for _ in range(3):
        await messages.send_due()
        house.clock.pass_by(seconds=30)
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.reason) == ("failed", "refused")
