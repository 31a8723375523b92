"""What providers tell of messages: twice, early, late, of others', of nobody's, or never."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.notify.messages.kind import Receipt
from services.notify.messages.receipts import keep
from services.notify.messages.sending import ASK_FIRST
from tests.notify.examples import Life
from tests.notify.messages.house import House


async def sent(house: House) -> tuple[Life, UUID]:
    life = await house.submitted()
    await house.messages().send_due()
    ((request_id,),) = await house.rows("request_id")
    return life, UUID(int=request_id.int)


async def told(
    house: House, request_id: UUID, state: str, reason: str | None = None, ref: str = "ref-1"
) -> dict:
    receipt = Receipt(request_id, ref, state, reason)  # type: ignore[arg-type]
    return dict(await keep(house.pool, "first", [receipt], house.clock.now))


async def test_a_receipt_says_that_it_arrived(house: House):
    life, request_id = await sent(house)
    assert (await told(house, request_id, "delivered"))["kept"] == 1
    assert await house.receipts().record_told() == 1
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.reason, view.receipt) == ("delivered", None, None)
    assert [kind for kind, *_ in await house.recorded()] == ["NoticeSent", "NoticeDelivered"]


async def test_a_receipt_says_why_it_did_not_arrive(house: House):
    life, request_id = await sent(house)
    await told(house, request_id, "failed", "unreachable")
    await house.receipts().record_told()
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.reason, view.receipt) == ("failed", "undelivered", "unreachable")
    # Said too soon: what came later holds.
    await told(house, request_id, "delivered")
    await house.receipts().record_told()
    assert (await house.shown(life.dossier_id))["DossierSubmitted"].status == "delivered"


async def test_receipts_that_come_twice_early_or_late(house: House):
    """Early: before we have recorded that the provider has it; then nothing is sent again to find out."""
    await house.submitted()
    (taken,) = await _claimed(house)
    await house.first.provider("first").send(_message(house, taken))
    assert (await told(house, taken.request_id, "delivered"))["kept"] == 1
    assert (await told(house, taken.request_id, "delivered"))["repeated"] == 1
    receipts = house.receipts()
    assert await receipts.record_told() == 0
    house.clock.pass_by(seconds=61)
    await house.messages().send_due()
    assert len(house.first.given) == 1
    assert await receipts.record_told() == 1
    assert (await told(house, taken.request_id, "delivered"))["repeated"] == 1
    assert await receipts.record_told() == 0
    assert await house.recorded() == [("NoticeSent", None, False), ("NoticeDelivered", None, None)]


async def test_forged_and_unknown_receipts_change_nothing(house: House):
    _, request_id = await sent(house)
    nobody = UUID(int=uuid7().int)
    assert (await told(house, nobody, "delivered"))["unknown"] == 1
    assert (await told(house, request_id, "failed", ref="ref-guessed"))["forged"] == 1
    other = Receipt(request_id, "", "failed", "carrier")
    assert (await keep(house.pool, "second", [other], house.clock.now))["forged"] == 1
    assert await house.receipts().record_told() == 0
    assert await house.rows() == [("sent", None)]


@pytest.mark.parametrize("provider", ["first", "second"])
async def test_a_lost_receipt_is_asked_for(house: House, provider: str):
    if provider == "second":
        house.first.die()
    await house.submitted()
    messages = house.messages()
    for _ in range(4):
        await messages.send_due()
    ((request_id,),) = await house.rows("request_id")
    of = getattr(house, provider)
    receipts = house.receipts()
    assert await receipts.ask_due() == 0
    house.clock.pass_by(seconds=ASK_FIRST.total_seconds())
    assert await receipts.ask_due() == 1 and await receipts.record_told() == 0  # still on its way
    of.ends[str(request_id)] = ("delivered", None)
    assert await receipts.ask_due() == 0
    house.clock.pass_by(minutes=30)
    assert await receipts.ask_due() == 1 and await receipts.record_told() == 1
    assert await house.rows() == [("delivered", None)]
    house.clock.pass_by(days=1)
    assert await receipts.ask_due() == 0


async def test_a_receipt_that_never_comes_is_not_asked_for_for_ever(house: House):
    await sent(house)
    receipts = house.receipts()
    for _ in range(40):
        house.clock.pass_by(hours=6)
        await receipts.ask_due()
    assert await receipts.ask_due() == 0
    assert await house.rows("state, ask_at") == [("sent", None)]


async def test_the_second_provider_sends_what_the_first_could_not_deliver(house: House):
    life, request_id = await sent(house)
    await told(house, request_id, "failed", "carrier")
    await house.receipts().record_told()
    messages = house.messages()
    assert await messages.send_due() == 1
    assert list(house.second.taken.values()) == [1] and len(house.first.given) == 1
    ((again,),) = await house.rows("request_id")
    assert str(again) in house.second.taken and again != request_id
    # The first one's word about the first sending changes nothing any more.
    assert (await told(house, request_id, "delivered"))["unknown"] == 1
    house.second.ends[str(again)] = ("failed", "absent")
    house.clock.pass_by(minutes=20)
    await house.receipts().ask_due()
    await house.receipts().record_told()
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.receipt) == ("failed", "unreachable")
    assert [kind for kind, *_ in await house.recorded()] == [
        "NoticeSent",
        "NoticeFailed",
        "NoticeSent",
        "NoticeFailed",
    ]


async def test_a_record_of_a_receipt_that_is_asked_twice_moves_it_once(house: House):
    """Two processes record the same receipt, or one whose answer was lost asks again."""
    _, request_id = await sent(house)
    await told(house, request_id, "failed", "carrier")
    row = await house.pool.fetchrow(_next())
    receipts = house.receipts()
    assert row is not None
    await receipts._record(row)
    await receipts._record(row)
    assert await house.rows("state, endings") == [("waiting", 1)]
    assert [kind for kind, *_ in await house.recorded()] == ["NoticeSent", "NoticeFailed"]


def _next() -> str:
    from services.notify.messages.receipts import NEXT

    return NEXT.replace("$1", "1")


async def _claimed(house: House):
    from services.notify.messages import rows

    return await rows.take(house.pool, house.clock.now, day=True, up=["first"], count=10)


def _message(house: House, claim):
    from services.notify.messages.kind import Message

    text = house.short.of(claim.told)
    return Message(claim.request_id, claim.phone, claim.told.about, text.text, text.parts)
