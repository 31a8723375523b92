"""Claim, send, record: a real mail server, a real database, and a process that may die between any two lines."""

import asyncio
import json
from typing import Any

import pytest

from contracts.catalogue.offices import load
from services.chassis.log.event_store import EventStore, Item
from services.notify.channels.claims import CLAIM_LASTS
from services.notify.channels.email import Carrier, Letter
from services.notify.channels.outcome import Outcome
from services.notify.notice import Channel
from services.notify.wording.texts import Text, Texts, Told
from tests.notify.desk import SENDER, Desk
from tests.notify.examples import CODE_KEY, NAMES, Life
from tests.notify.mailbox import Mailbox, html, plain


class Died(BaseException):
    """The process ends here, as after kill -9: nothing behind it runs."""


class DiesBeforeSending(Carrier):
    async def hand_over(self, letter: Letter) -> Outcome:
        raise Died


class DiesBeforeRecording(EventStore):
    async def append(self, item: Item) -> Any:
        raise Died


async def submitted(desk: Desk, *, email: str | None = "an@example.org") -> Life:
    life = Life()
    await desk.know(life, email=email)
    await desk.hear(life.hears("DossierSubmitted"))
    return life


async def email_of(desk: Desk, life: Life) -> Any:
    return (await desk.shown(life.dossier_id))["DossierSubmitted", "email"]


async def test_an_email_is_sent_and_recorded(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    assert await desk.sender().send_due() == 1
    view = await email_of(desk, life)
    assert (view.status, view.ambiguous, view.sent_at) == ("sent", False, desk.clock.now)
    assert mailbox.message_ids == [f"<{view.notice_id}@motcua.test>"]
    assert "Kính gửi Quý cá nhân, tổ chức nộp hồ sơ,\n" in plain(mailbox.letters[0])
    assert await desk.sender().send_due() == 0


async def test_an_email_waits_for_its_contact(desk: Desk, mailbox: Mailbox):
    life = Life()
    life.change = 5
    await desk.hear(life.hears("DossierSubmitted"))
    sender = desk.sender()
    assert await sender.send_due() == 0
    await desk.know(life, change=4)
    assert await sender.send_due() == 0
    await desk.know(life, change=5, email="moi@example.org")
    assert await sender.send_due() == 1
    assert [letter["To"] for letter in mailbox.letters] == ["moi@example.org"]


async def test_a_mail_without_contact_is_looked_at_less_and_less(desk: Desk, mailbox: Mailbox):
    """And keeps none behind it waiting: more of them than a round takes stand before one that can go."""
    waiting = [Life() for _ in range(250)]
    await desk.hear(*(life.hears("DossierSubmitted") for life in waiting))
    desk.clock.pass_by(seconds=1)
    life = await submitted(desk)
    sender = desk.sender()

    async def looks() -> int:
        return int(await desk.pool.fetchval("SELECT sum(looks) FROM mails"))

    assert await sender.send_due() == 1
    for seconds, looked in ((0, 1), (0.4, 1), (0.1, 2), (0.9, 2), (0.1, 3), (300, 4), (59, 5), (1, 5)):
        desk.clock.pass_by(seconds=seconds)
        for _ in range(3):
            assert await sender.send_due() == 0
        assert await looks() == 250 * looked, seconds
    await desk.know(waiting[7])
    assert await sender.send_due() == 1
    assert (await email_of(desk, waiting[7])).status == (await email_of(desk, life)).status == "sent"


@pytest.mark.parametrize("email", [None, "not an address", "ân@example.org"])
async def test_nobody_to_write_to_is_a_failure_that_is_recorded(
    desk: Desk, mailbox: Mailbox, email: str | None
):
    life = await submitted(desk, email=email)
    await desk.sender().send_due()
    await desk.sender().record_unsaid()
    view = await email_of(desk, life)
    assert (view.status, view.reason) == ("failed", "no_contact")
    assert mailbox.connections == 0


async def test_nobody_without_an_address_is_claimed_for(desk: Desk, mailbox: Mailbox):
    """Known when the notice is decided, it never stands in the queue; known later, it leaves it unclaimed."""
    life = Life()
    await desk.hear(life.hears("DossierSubmitted"))
    await desk.know(life, email=None)
    assert (await desk.claims.waiting())[0] == 1
    assert await desk.sender().send_due() == 0
    assert await desk.claims.waiting() == (0, None)
    await desk.hear(life.hears("DossierAccepted"))
    assert await desk.claims.waiting() == (0, None)
    while await desk.sender().record_unsaid():
        pass
    assert {each for each in await desk.recorded() if each[1] == "email"} == {
        ("NoticeFailed", "email", "no_contact")
    }
    assert len([each for each in await desk.recorded() if each[1] == "email"]) == 2


async def test_dying_between_claim_and_send_sends_after_60_seconds(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    with pytest.raises(Died):
        await desk.sender([DiesBeforeSending("127.0.0.1", 1, SENDER)]).send_due()
    assert (await email_of(desk, life)).status == "claimed"
    desk.clock.pass_by(seconds=CLAIM_LASTS.total_seconds() - 1)
    assert await desk.sender().send_due() == 0
    desk.clock.pass_by(seconds=1)
    assert await desk.sender().send_due() == 1
    assert len(mailbox.letters) == 1
    assert await desk.ambiguous() == [True]  # nobody can know that the first one never went out


async def test_a_clock_that_was_ahead_keeps_no_email_back(desk: Desk, mailbox: Mailbox):
    """Neither one that was decided on that clock, nor one that was claimed on it and never sent."""
    desk.clock.pass_by(days=1)
    await submitted(desk)
    await submitted(desk)
    (claimed,) = await desk.claims.take(1)
    desk.clock.pass_by(days=-1)
    await desk.sender().send_due()
    assert len(mailbox.letters) == 2
    assert sorted(await desk.ambiguous()) == [False, True]  # the claimed one may have gone out
    assert claimed.claimed_at > desk.clock.now


async def test_dying_between_send_and_record_sends_once_more_under_the_same_id(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    with pytest.raises(Died):
        await desk.sender(store=DiesBeforeRecording(desk.pool)).send_due()
    assert len(mailbox.letters) == 1
    for _ in range(3):
        desk.clock.pass_by(seconds=61)
        await desk.sender().send_due()
    assert len(mailbox.letters) == 2
    assert len(set(mailbox.message_ids)) == 1
    view = await email_of(desk, life)
    assert (view.status, view.ambiguous) == ("sent", True)
    assert await desk.claims.count_ambiguous() == 1
    assert await desk.recorded() == [("NoticeSent", "email", None)]


async def test_a_connection_lost_behind_the_content_is_tried_again_and_counted(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    mailbox.hang_up = True
    sender = desk.sender()
    await sender.send_due()
    assert (await email_of(desk, life)).status == "pending"
    mailbox.hang_up = False
    await sender.send_due()
    assert len(mailbox.letters) == 2 and len(set(mailbox.message_ids)) == 1
    assert await desk.ambiguous() == [True]


async def test_a_late_record_says_that_it_is_ambiguous(desk: Desk, mailbox: Mailbox):
    """One sender stops behind its send for longer than its claim, another takes over, the first one wakes and records first."""
    await submitted(desk)
    asleep, wake = asyncio.Event(), asyncio.Event()

    class Sleeps(EventStore):
        async def append(self, item: Item) -> Any:
            asleep.set()
            await wake.wait()
            return await super().append(item)

    slow = Sleeps(desk.pool, function="record_notices_v2", attachment_type="mail_outcome_v2")
    stopped = asyncio.create_task(desk.sender(store=slow).send_due())
    await asleep.wait()
    desk.clock.pass_by(seconds=61)
    (taken_over,) = await desk.claims.take(10)
    wake.set()
    await stopped
    assert await desk.ambiguous() == [True]
    other = desk.sender()
    await other._record(taken_over, other._sent(taken_over))
    assert await desk.recorded() == [("NoticeSent", "email", None)]
    assert await desk.claims.waiting() == (0, None)


async def test_a_text_that_cannot_be_written_stops_no_other(desk: Desk, mailbox: Mailbox):
    bad, _good = await submitted(desk), await submitted(desk)
    notice_id = (await email_of(desk, bad)).notice_id

    class CannotWriteOne(Texts):
        def of(self, told: Told, channel: Channel, link: str = "") -> Text:
            if told.dossier_id == bad.dossier_id:
                raise KeyError(told.about)
            return super().of(told, channel, link)

    desk.texts = CannotWriteOne(code_keys=(CODE_KEY,), procedures=NAMES, register=load())
    await desk.sender().send_due()
    assert len(mailbox.letters) == 1
    assert await desk.pool.fetchval("SELECT notice_id FROM mails") == notice_id


async def test_a_letter_that_cannot_be_written_is_tried_once(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)

    class WritesNul(Texts):
        def of(self, told: Told, channel: Channel, link: str = "") -> Text:
            return Text("Hồ sơ | Dossier", "\0")

    desk.texts = WritesNul(code_keys=(CODE_KEY,), procedures=NAMES, register=load())
    assert await desk.sender().send_due() == 1
    view = await email_of(desk, life)
    assert (view.status, view.reason) == ("failed", "no_contact")
    assert await desk.sender().send_due() == 0


async def test_a_letter_repeats_nothing_that_was_typed(desk: Desk, mailbox: Mailbox):
    life = await submitted(desk)
    await desk.pool.execute("UPDATE contacts SET name = 'TÀI KHOẢN BỊ KHÓA! https://evil.example'")
    await desk.sender().send_due()
    (letter,) = mailbox.letters
    assert (await email_of(desk, life)).status == "sent"
    for said in (letter["Subject"], plain(letter), html(letter), letter.as_string()):
        assert "KHÓA" not in said and "evil" not in said


async def test_two_senders_share_the_work(desk: Desk, mailbox: Mailbox):
    lives = [await submitted(desk) for _ in range(30)]
    carriers = [[Carrier("127.0.0.1", mailbox.port, SENDER) for _ in range(3)] for _ in range(2)]
    await asyncio.gather(*(desk.sender(each).send_due() for each in carriers))
    assert len(mailbox.letters) == len(set(mailbox.message_ids)) == len(lives)
    assert await desk.ambiguous() == [False] * 30


async def test_leaving_ends_the_letter_under_way_and_gives_the_rest_back(desk: Desk, mailbox: Mailbox):
    for _ in range(20):
        await submitted(desk)
    sender = desk.sender()
    running = asyncio.create_task(sender.run_mails())
    await mailbox.first_letter.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert 0 < len(mailbox.letters) < 20
    assert await desk.pool.fetchval("SELECT count(*) FROM mails WHERE claimed_at IS NOT NULL") == 0
    await desk.sender().send_due()
    assert len(mailbox.letters) == len(set(mailbox.message_ids)) == 20
    assert await desk.ambiguous() == [False] * 20


async def test_inbox_notices_are_recorded_in_bulk(desk: Desk):
    lives = [Life() for _ in range(50)]
    await desk.hear(*[life.hears("DossierSubmitted") for life in lives])
    await desk.hear(
        *[life.hears(about) for life in lives for about in ("DossierAccepted", "DossierForwarded")]
    )
    sender = desk.sender()
    assert await sender.record_unsaid() == 150
    assert await sender.record_unsaid() == 0
    shown = await desk.shown(lives[0].dossier_id)
    assert {key for key, view in shown.items() if view.status == "sent"} == {
        (about, "inbox") for about in ("DossierSubmitted", "DossierAccepted", "DossierForwarded")
    }
    rows = await desk.pool.fetch(
        "SELECT version, data FROM events WHERE stream_id = $1 ORDER BY version", lives[0].dossier_id
    )
    assert [row["version"] for row in rows] == [1, 2, 3]
    assert [json.loads(row["data"])["about"] for row in rows] == [
        "DossierSubmitted",
        "DossierAccepted",
        "DossierForwarded",
    ]


async def test_two_who_record_the_inbox_say_it_once(desk: Desk):
    for _ in range(20):
        await desk.hear(*[Life().hears("DossierSubmitted") for _ in range(10)])
    senders = [desk.sender() for _ in range(4)]
    recorded = await asyncio.gather(*(sender.record_unsaid() for sender in senders for _ in range(5)))
    assert sum(recorded) == 200
    assert await desk.recorded() == [("NoticeSent", "inbox", None)] * 200
