"""Messages that failed are sent again by hand, in their whole time, and told as ambiguous where they may have gone out before."""

import pytest

from services.notify.channels.again import send_again
from services.notify.messages.timing import RECEIPT_LASTS
from tests.notify.messages.house import House
from tests.notify.messages.stand_in import How

PASSED = RECEIPT_LASTS.total_seconds() + 1


@pytest.mark.parametrize(("how", "ambiguous"), [("takes-then-500", True), ("no-money", False)])
async def test_a_message_that_lapsed_in_doubt_is_ambiguous_again(house: House, how: How, ambiguous: bool):
    life = await house.submitted()
    before = house.clock.now
    house.first.how, house.second.how = how, "no-money"
    messages = house.messages()
    for _ in range(3):
        await messages.send_due()
    house.clock.pass_by(seconds=PASSED)
    await messages.send_due()
    assert await house.rows() == [("failed", "lapsed")]
    house.first.how = house.second.how = "well"
    assert await send_again(house.pool, "lapsed", before, house.clock.now) == 1
    await house.messages().send_due()
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.ambiguous) == ("sent", ambiguous)
    assert await house.recorded() == [("NoticeFailed", "lapsed", None), ("NoticeSent", None, ambiguous)]


async def test_a_message_has_its_whole_time_each_time_that_it_is_sent_again(house: House):
    await house.submitted()
    before = house.clock.now
    house.first.how = house.second.how = "no-money"
    messages = house.messages()
    for _ in range(3):
        house.clock.pass_by(seconds=PASSED)
        await messages.send_due()
        assert await send_again(house.pool, "lapsed", before, house.clock.now) == 1
        assert await house.rows("state, expires_at") == [("waiting", house.clock.now + RECEIPT_LASTS)]
    assert [kind for kind, *_ in await house.recorded()] == ["NoticeFailed"] * 3
