"""Claim, hand over, record: real providers, a real database, and a process that may die between any two lines."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.log.event_store import EventStore, Item
from services.notify.channels.outcome import Outcome
from services.notify.messages import rows
from services.notify.messages.kind import Message
from services.notify.messages.provider import Provider
from services.notify.messages.timing import RECEIPT_LASTS, is_night, month_began, night_ended
from services.notify.notice import TOLD_BY, Channel
from tests.notify.examples import NOW, Life
from tests.notify.messages.house import House


class Died(BaseException):
    """The process ends here, as after kill -9: nothing behind it runs."""


class DiesBefore(EventStore):
    async def append(self, item: Item) -> Any:
        raise Died


class DiesBehind(EventStore):
    async def append(self, item: Item) -> Any:
        await super().append(item)
        raise Died


def dying(provider: Provider) -> Provider:
    async def send(message: Message) -> Outcome:
        raise Died

    provider.send = send  # type: ignore[method-assign]
    return provider


async def test_a_message_is_handed_over_and_recorded(house: House):
    life = await house.submitted()
    assert await house.messages().send_due() == 1
    (given,) = house.first.given
    assert given["Phone"] == "0912345678" and given["Brandname"] == "SXD-TPHCM"
    assert given["Content"] == (
        f"So Xay dung TP.HCM: da nhan ho so {life.dossier_id} nop luc 09:00 20/11/2026, cho tiep nhan."
    )
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.ambiguous, view.sent_at, view.text) == (
        "sent",
        False,
        NOW,
        given["Content"],
    )
    assert given["RequestId"] == str(view.notice_id)
    assert await house.recorded() == [("NoticeSent", None, False)]
    assert await house.messages().send_due() == 0 and house.second.given == []


@pytest.mark.parametrize("phone", [None, ""])
async def test_nobody_without_a_mobile_number_has_a_row(house: House, phone: str | None):
    """Neither known when the event comes, nor known later: and nothing is recorded of it."""
    await house.submitted(phone=phone or None)
    unknown = Life()
    await house.hear(unknown.hears("DossierSubmitted"))
    assert len(await house.rows()) == 1
    await house.know(unknown, phone=None)
    assert await house.messages().send_due() == 0
    assert await house.rows() == [] and await house.recorded() == []


async def test_a_message_waits_for_the_contact_that_its_event_names(house: House):
    life = Life()
    life.change = 5
    await house.hear(life.hears("DossierSubmitted"))
    messages = house.messages()
    assert await messages.send_due() == 0
    await house.know(life, change=4)
    assert await messages.send_due() == 0
    await house.know(life, change=5, phone="+84387654321")
    assert await messages.send_due() == 1
    assert house.first.given[0]["Phone"] == "0387654321"


async def test_each_event_that_is_told_has_a_message(house: House):
    life = await house.submitted()
    told = [about for about in TOLD_BY if Channel.SMS in TOLD_BY[about] and about != "DossierSubmitted"]
    await house.hear(*(life.hears(about) for about in told))
    messages = house.messages()
    while await messages.send_due():
        pass
    assert {about for about, *_ in await house.rows("about, state")} == {*told, "DossierSubmitted"}
    assert {state for state, _ in await house.rows()} == {"sent"}


async def test_messages_of_a_dossier_keep_their_order(house: House):
    life = await house.submitted()
    await house.hear(life.hears("DossierAccepted"), life.hears("FeeRequested"))
    messages = house.messages()
    for _ in range(3):
        await messages.send_due()
    said = [each["Content"].split(": ")[1][:10] for each in house.first.given]
    assert said == ["da nhan ho", "da tiep nh", "de nghi no"]


STEPS = ("claimed", "handed over", "recorded")


@pytest.mark.parametrize("step", STEPS)
async def test_dying_between_any_two_steps_of_a_message(house: House, step: str):
    """Claimed and not sent, sent and not recorded, recorded and not known to be."""
    await house.submitted()
    if step == "claimed":
        dead = house.messages(providers=[dying(each) for each in house.providers()])
    else:
        kind = DiesBefore if step == "handed over" else DiesBehind
        store = kind(house.pool, function="record_messages_v1", attachment_type="message_outcome_v1")
        dead = house.messages(store=store)
    with pytest.raises(Died):
        await dead.send_due()
    messages = house.messages()
    house.clock.pass_by(seconds=59)
    assert await messages.send_due() == 0
    for _ in range(3):
        house.clock.pass_by(seconds=61)
        await messages.send_due()
    assert list(house.first.taken.values()) == [1] and house.second.given == []
    # What the provider says that it had already went out once; of the first nobody can know that it never went out.
    assert await house.recorded() == [("NoticeSent", None, step == "claimed")]


async def test_what_may_have_gone_out_twice_bears_one_id_and_is_counted(house: House):
    """A provider that does not know its ids any more sends it again."""
    await house.submitted()
    store = DiesBefore(house.pool, function="record_messages_v1", attachment_type="message_outcome_v1")
    with pytest.raises(Died):
        await house.messages(store=store).send_due()
    house.first.how = "forgets"
    house.clock.pass_by(seconds=61)
    await house.messages().send_due()
    assert list(house.first.taken.values()) == [2]
    assert await house.recorded() == [("NoticeSent", None, True)]
    assert await house.pool.fetchval(rows.AMBIGUOUS) == 1


async def test_a_late_record_of_a_message_says_that_it_is_ambiguous(house: House):
    """One sender stops behind its hand-over for longer than its claim, another takes over, the first one wakes and records first."""
    await house.submitted()
    asleep, wake = asyncio.Event(), asyncio.Event()

    class Sleeps(EventStore):
        async def append(self, item: Item) -> Any:
            asleep.set()
            await wake.wait()
            return await super().append(item)

    slow = Sleeps(house.pool, function="record_messages_v1", attachment_type="message_outcome_v1")
    stopped = asyncio.create_task(house.messages(store=slow).send_due())
    await asleep.wait()
    house.clock.pass_by(seconds=61)
    taken = await rows.take(house.pool, house.clock.now, day=True, up=["first", "second"], count=10)
    assert [each.provider for each in taken] == ["first"]
    wake.set()
    await stopped
    assert await house.recorded() == [("NoticeSent", None, True)]


async def test_what_expires_is_not_sent(house: House):
    life = await house.submitted()
    house.first.die()
    house.second.die()
    messages = house.messages()
    for _ in range(4):
        await messages.send_due()
    house.clock.pass_by(seconds=RECEIPT_LASTS.total_seconds() + 1)
    await messages.send_due()
    view = (await house.shown(life.dossier_id))["DossierSubmitted"]
    assert (view.status, view.reason) == ("lapsed", "lapsed")
    assert await house.recorded() == [("NoticeFailed", "lapsed", None)]


async def test_what_expired_before_its_contact_came_is_told_as_lapsed(house: House):
    """As after days without the topic of contacts; of who has no number there is nothing to tell."""
    late, without = Life(), Life()
    await house.hear(late.hears("DossierSubmitted"), without.hears("DossierSubmitted"))
    messages = house.messages()
    house.clock.pass_by(seconds=RECEIPT_LASTS.total_seconds() + 1)
    assert await messages.send_due() == 0 and len(await house.rows()) == 2
    await house.know(late)
    await house.know(without, phone=None)
    house.clock.pass_by(seconds=1)
    await messages.send_due()
    assert await house.rows() == [("failed", "lapsed")] and house.first.given == []
    assert await house.recorded() == [("NoticeFailed", "lapsed", None)]


async def test_nobody_is_woken_at_night(house: House):
    """22:00 in Vietnam is 15:00 UTC."""
    house.clock.now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    life = await house.submitted()
    messages = house.messages()
    assert await messages.send_due() == 0
    await house.hear(life.hears("WithdrawalRequested", recorded_at=house.clock.now))
    assert await messages.send_due() == 1  # somebody else may have asked for it
    house.clock.now = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    assert await messages.send_due() == 0
    house.clock.pass_by(minutes=1)
    assert await messages.send_due() == 1
    assert len(house.first.given) == 2


def test_nights_begin_and_end_in_vietnam():
    ten = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert not is_night(ten - timedelta(seconds=1)) and is_night(ten)
    assert is_night(ten + timedelta(hours=9, seconds=-1)) and not is_night(ten + timedelta(hours=9))
    assert night_ended(ten) == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert month_began(datetime(2026, 11, 30, 17, 0, tzinfo=UTC)) == datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


async def test_no_message_is_sent_of_a_refused_log(house: House):
    await house.submitted()
    assert await house.messages(refused=True).send_due() == 0
    assert house.first.given == []


async def test_two_senders_share_the_messages(house: House):
    for _ in range(40):
        await house.submitted()
    await asyncio.gather(*(house.messages().send_due() for _ in range(3)))
    assert len(house.first.given) == 40 == len(house.first.taken)
    assert {ambiguous for _, _, ambiguous in await house.recorded()} == {False}


async def test_urgent_ones_go_first_then_the_oldest(house: House):
    lives = [await house.submitted() for _ in range(6)]
    house.clock.pass_by(seconds=5)
    await house.hear(lives[5].hears("WithdrawalRequested", recorded_at=house.clock.now))
    taken = await rows.take(house.pool, house.clock.now, day=True, up=["first"], count=3)
    assert [each.told.about for each in taken] == ["WithdrawalRequested", *["DossierSubmitted"] * 2]
    assert [each.told.dossier_id for each in taken[1:]] == [life.dossier_id for life in lives[:2]]


async def test_an_erased_person_gets_nothing(house: House):
    life = await house.submitted()
    await house.pool.execute("UPDATE contacts SET erased = true, name = NULL, phone = NULL")
    assert await house.messages().send_due() == 0
    assert house.first.given == [] and await house.shown(life.dossier_id) == {}
