"""What the mail server refuses: for good, for now, for its own sake; and what an operator has sent again."""

import asyncio

import pytest

from services.notify.channels.again import failed, send_again
from tests.notify.desk import Desk
from tests.notify.mailbox import OK, Mailbox
from tests.notify.test_sender import email_of, submitted


async def test_an_address_that_is_refused_twice_ends_its_letter(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    mailbox.rcpt = "550 5.1.1 no such mailbox"
    sender = desk.sender()
    await sender.send_due()
    assert (await email_of(desk, life)).status == "pending"
    desk.clock.pass_by(seconds=10)
    await sender.send_due()
    view = await email_of(desk, life)
    assert (view.status, view.reason) == ("failed", "refused")


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [
        ("554 5.7.1 relay access denied", OK),
        ("550 5.7.1 not permitted", OK),
        ("530 authentication required", OK),
        ("552 5.2.2 mailbox full", OK),
        (OK, "552 5.3.1 system full"),
        (OK, "550 looks like spam"),
    ],
)
async def test_a_relay_that_is_set_up_wrongly_loses_no_letter(
    desk: Desk, mailbox: Mailbox, rcpt: str, data: str
):
    life = await submitted(desk)
    mailbox.rcpt, mailbox.data = rcpt, data
    sender = desk.sender()
    for _ in range(5):
        await sender.send_due()
        desk.clock.pass_by(hours=1)
    mailbox.rcpt = mailbox.data = OK
    await sender.send_due()
    view = await email_of(desk, life)
    assert (view.status, view.ambiguous) == ("sent", False)


async def test_a_server_that_refuses_everybody_loses_no_letter(desk: Desk, mailbox: Mailbox):
    """What Exim says of a relay that is closed to us: a bare 550, as for a mailbox that is not there."""
    lives = [await submitted(desk, email=f"an{place}@example.org") for place in range(5)]
    mailbox.rcpt = "550 relay not permitted"
    sender = desk.sender()
    for _ in range(6):
        await sender.send_due()
        desk.clock.pass_by(minutes=2)
    assert await desk.recorded() == []
    mailbox.rcpt = OK
    for _ in range(3):
        await sender.send_due()
    assert {(await email_of(desk, life)).status for life in lives} == {"sent"}


async def test_failed_notices_are_sent_again_by_reason(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    before = desk.clock.now
    mailbox.rcpt = "550 5.1.1 no such mailbox"
    sender = desk.sender()
    for _ in range(2):
        await sender.send_due()
        desk.clock.pass_by(seconds=10)
    mailbox.rcpt = OK
    (row,) = await failed(desk.pool, before)
    assert (row["reason"], row["notices"]) == ("refused", 1)
    assert await send_again(desk.pool, "lapsed", before, desk.clock.now) == 0
    assert await send_again(desk.pool, "refused", desk.clock.now, desk.clock.now) == 0
    asked = [send_again(desk.pool, "refused", before, desk.clock.now) for _ in range(4)]
    assert sorted(await asyncio.gather(*asked)) == [0, 0, 0, 1]
    assert await failed(desk.pool, before) == []
    assert (await email_of(desk, life)).status == "pending"
    await sender.send_due()
    assert (await email_of(desk, life)).status == "sent"
    assert await desk.recorded() == [("NoticeFailed", "email", "refused"), ("NoticeSent", "email", None)]
    assert len(mailbox.letters) == 1
    assert await send_again(desk.pool, "refused", before, desk.clock.now) == 0


async def test_a_refusal_for_now_is_tried_again_later_and_later(desk: Desk, mailbox: Mailbox):
    await submitted(desk)
    mailbox.rcpt = "450 greylisted"
    sender = desk.sender()
    waits = []
    for _ in range(4):
        assert await sender.send_due() == 1
        not_before = await desk.pool.fetchval("SELECT not_before FROM mails")
        waits.append((not_before - desk.clock.now).total_seconds())
        assert await sender.send_due() == 0
        desk.clock.now = not_before
    assert waits == [10, 20, 40, 80]
    mailbox.rcpt = OK
    await sender.send_due()
    assert await desk.ambiguous() == [False]


async def test_what_is_refused_for_now_for_72_hours_fails(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    mailbox.data = "452 try later"
    desk.clock.pass_by(hours=72, seconds=1)
    await desk.sender().send_due()
    view = await email_of(desk, life)
    assert (view.status, view.reason) == ("lapsed", "lapsed")


async def test_without_a_carrier_everything_waits_and_nothing_is_lost(desk: Desk, mailbox: Mailbox):
    for _ in range(5):
        await submitted(desk)
    mailbox.mail = "451 not now"
    sender = desk.sender()
    assert await sender.send_due() == 5
    assert mailbox.letters == []
    assert await sender.send_due() == 1  # one letter asks whether the carrier is back
    mailbox.mail = OK
    for _ in range(2):
        await sender.send_due()
    assert len(set(mailbox.message_ids)) == 5
    assert await desk.ambiguous() == [False] * 5


async def test_nothing_is_sent_of_a_refused_log(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    assert await desk.sender(refused=True).send_due() == 0
    assert (await email_of(desk, life)).status == "pending" and not mailbox.letters
    assert await desk.sender().send_due() == 1


async def test_what_lapsed_in_doubt_is_ambiguous_again(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    before = desk.clock.now
    mailbox.hang_up = True  # behind the content
    sender = desk.sender()
    await sender.send_due()
    desk.clock.pass_by(hours=72, seconds=1)
    await sender.send_due()
    assert (await email_of(desk, life)).status == "lapsed"
    mailbox.hang_up = False
    assert await send_again(desk.pool, "lapsed", before, desk.clock.now) == 1
    await sender.send_due()
    view = await email_of(desk, life)
    assert (view.status, view.ambiguous) == ("sent", True)
    assert len(set(mailbox.message_ids)) == 1
