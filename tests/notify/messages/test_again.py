"""Messages that failed are sent again by hand, in their whole time, and told as ambiguous where they may have gone out before."""

import pytest

from services.notify.channels.again import send_again
from services.notify.messages.timing import RECEIPT_LASTS
from tests.notify.messages.house import House
from tests.notify.messages.stand_in import How
from tests.notify.messages.test_receipts import sent, told

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


async def test_what_was_not_delivered_is_sent_again_under_another_id(house: House):
    """Once, however many ask; and what comes late of the first sending says nothing of the second."""
    life, first = await sent(house)
    await told(house, first, "failed", "unreachable")
    receipts = house.receipts()
    await receipts.record_told()
    asked = [await send_again(house.pool, "undelivered", house.clock.now, house.clock.now) for _ in range(2)]
    assert asked == [1, 0]
    await house.messages().send_due()
    ((second, reference),) = await house.rows("request_id, reference")
    assert len(house.first.given) == 2 and second != first
    assert (await told(house, first, "delivered"))["unknown"] == 1
    assert await receipts.record_told() == 0
    assert (await house.shown(life.dossier_id))["DossierSubmitted"].status == "sent"
    await told(house, second, "delivered", ref=reference)
    await receipts.record_told()
    assert (await house.shown(life.dossier_id))["DossierSubmitted"].status == "delivered"
    assert [kind for kind, *_ in await house.recorded()] == [
        "NoticeSent",
        "NoticeFailed",
        "NoticeSent",
        "NoticeDelivered",
    ]
