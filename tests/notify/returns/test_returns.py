"""What comes back of letters, handed over by SMTP: each counts once, for its own sending and address, and the desk sees why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from services.chassis.log.event_store import EventStore, Item
from services.notify.channels.again import send_again
from services.notify.channels.email import Carrier, Letter
from services.notify.channels.outcome import Outcome
from services.notify.notice import ending_id_of, receipt_id_of
from services.notify.returns.keeping import End, Keeper, follows
from services.notify.returns.listener import BYTES_MAX, CONNECTIONS_MAX
from services.notify.routes import NoticeView
from tests.notify.desk import RETURN_PATH, SENDER, Desk
from tests.notify.examples import Life
from tests.notify.mailbox import Mailbox
from tests.notify.returns.door import Door, listening
from tests.notify.returns.reports import bounce, complaint
from tests.notify.test_sender import Died, submitted


async def sent(desk: Desk, mailbox: Mailbox) -> tuple[Life, str]:
    """A dossier whose first letter went out, and its return path."""
    life = await submitted(desk)
    await desk.sender().send_due()
    return life, mailbox.senders[-1]


async def letter_of(desk: Desk, life: Life, about: str = "DossierSubmitted") -> NoticeView:
    return (await desk.shown(life.dossier_id))[about, "email"]


async def rests(desk: Desk, life: Life) -> str | None:
    found = await desk.pool.fetchval(
        "SELECT rested_for FROM contacts WHERE applicant_id = $1", life.applicant_id
    )
    return str(found) if found else None


async def told(desk: Desk) -> list[tuple[str, str | None]]:
    return [(kind, reason) for kind, channel, reason in await desk.recorded() if channel == "email"]


async def accepted(desk: Desk, life: Life) -> None:
    """The next notice is decided, and goes out if it may."""
    await desk.hear(life.hears("DossierAccepted"))
    sender = desk.sender()
    await sender.send_due()
    while await sender.record_unsaid():
        pass


async def test_each_letter_has_a_return_path_of_its_own(desk: Desk, mailbox: Mailbox):
    (one, _), (other, _) = [await sent(desk, mailbox) for _ in range(2)]
    assert len(set(mailbox.senders)) == 2
    for life, path in zip((one, other), mailbox.senders, strict=True):
        returned = desk.paths.read(path)
        assert returned is not None and returned.notice_id == (await letter_of(desk, life)).notice_id
        assert "example" not in path and str(life.dossier_id) not in path
    assert [letter["From"] for letter in mailbox.letters] == [SENDER] * 2


async def test_a_hard_bounce_rests_the_address(
    desk: Desk, mailbox: Mailbox, door: Door, caplog: pytest.LogCaptureFixture
):
    life, path = await sent(desk, mailbox)
    assert await door.hand_over(path, bounce()) == 250
    await desk.keeper.record_kept()
    view = await letter_of(desk, life)
    assert (view.status, view.reason, view.receipt) == ("failed", "undelivered", "no_such_mailbox")
    assert view.sent_at == desk.clock.now
    await accepted(desk, life)
    assert len(mailbox.letters) == 1
    view = await letter_of(desk, life, "DossierAccepted")
    assert (view.status, view.reason, view.receipt) == ("failed", "undelivered", "rested")
    assert await told(desk) == [
        ("NoticeSent", None),
        ("NoticeFailed", "undelivered"),
        ("NoticeFailed", "undelivered"),
    ]
    assert "example.org" not in " ".join(str(vars(each)) for each in caplog.records)


async def test_another_address_is_tried(desk: Desk, mailbox: Mailbox, door: Door):
    """And the same one, told again with something else that changed, is not."""
    life, path = await sent(desk, mailbox)
    await door.hand_over(path, bounce())
    await desk.know(life, change=2)
    assert await rests(desk, life) == "no_such_mailbox"
    await desk.know(life, change=3, email="moi@example.org")
    assert await rests(desk, life) is None
    await accepted(desk, life)
    assert [letter["To"] for letter in mailbox.letters] == ["an@example.org", "moi@example.org"]


async def test_a_late_bounce_rests_no_other_address(desk: Desk, mailbox: Mailbox, door: Door):
    life, path = await sent(desk, mailbox)
    await desk.know(life, change=2, email="moi@example.org")
    assert await door.hand_over(path, bounce()) == 250
    await desk.keeper.record_kept()
    assert (await letter_of(desk, life)).receipt == "no_such_mailbox"
    assert await rests(desk, life) is None
    await accepted(desk, life)
    assert len(mailbox.letters) == 2


async def test_nothing_is_known_of_who_was_erased(desk: Desk, mailbox: Mailbox, door: Door):
    life, path = await sent(desk, mailbox)
    await desk.pool.execute("UPDATE contacts SET erased = true, name = NULL, email = NULL, change = 2")
    assert await door.hand_over(path, bounce()) == 250
    assert await rests(desk, life) is None


class DiesBehindAppending(EventStore):
    async def append(self, item: Item) -> Any:
        await super().append(item)
        raise Died


async def test_a_bounce_counts_once(desk: Desk, mailbox: Mailbox, door: Door):
    """Told twice, and recorded by a process that dies behind it."""
    life, path = await sent(desk, mailbox)
    for _ in range(2):
        assert await door.hand_over(path, bounce(status="5.7.1")) == 250
    store = DiesBehindAppending(desk.pool, function="record_notices_v2", attachment_type="mail_outcome_v2")
    with pytest.raises(Died):
        await Keeper(desk.pool, store, desk.paths, desk.clock, desk.keeper._new_id).record_kept()
    for _ in range(2):
        await desk.keeper.record_kept()
    assert await told(desk) == [("NoticeSent", None), ("NoticeFailed", "undelivered")]
    assert (await letter_of(desk, life)).receipt == "blocked"
    assert await desk.pool.fetchval("SELECT soft_bounces FROM contacts") == 1


async def test_a_bounce_before_its_hand_over_is_recorded_waits(desk: Desk, mailbox: Mailbox, door: Door):
    class ComesBackAtOnce(Carrier):
        async def hand_over(self, letter: Letter) -> Outcome:
            outcome = await super().hand_over(letter)
            assert await door.hand_over(letter.sender, bounce(status="5.2.2")) == 250
            await desk.keeper.record_kept()
            return outcome

    life = await submitted(desk)
    await desk.sender([ComesBackAtOnce("127.0.0.1", mailbox.port, SENDER)]).send_due()
    assert await told(desk) == [("NoticeSent", None)]
    await desk.keeper.record_kept()
    assert await told(desk) == [("NoticeSent", None), ("NoticeFailed", "undelivered")]
    assert (await letter_of(desk, life)).receipt == "mailbox_full"


async def test_a_letter_that_arrives_after_all_is_delivered(desk: Desk, mailbox: Mailbox, door: Door):
    life, path = await sent(desk, mailbox)
    for action in ("delayed", "failed", "delivered"):
        assert await door.hand_over(path, bounce(action, "4.4.7", "")) == 250
        await desk.keeper.record_kept()
    assert (await letter_of(desk, life)).status == "delivered"
    assert [kind for kind, _ in await told(desk)] == ["NoticeSent", "NoticeFailed", "NoticeDelivered"]


async def test_a_complaint_rests_the_address_and_the_letter_arrived(desk: Desk, mailbox: Mailbox, door: Door):
    """It comes to one address for all, and names the letter by its return path."""
    life, path = await sent(desk, mailbox)
    assert await door.hand_over(RETURN_PATH, complaint(mail_from=path)) == 250
    await desk.keeper.record_kept()
    view = await letter_of(desk, life)
    assert (view.status, view.reason, view.receipt) == ("delivered", None, "complaint")
    assert await rests(desk, life) == "complaint"


async def test_what_came_back_is_sent_again_by_hand(desk: Desk, mailbox: Mailbox, door: Door):
    """Its address is tried again, but for one whose owner complained."""
    began = desk.clock.now
    (life, path), (angry, other) = [await sent(desk, mailbox) for _ in range(2)]
    await door.hand_over(path, bounce())
    await door.hand_over(other, complaint())
    await desk.keeper.record_kept()
    await accepted(desk, angry)
    assert len(mailbox.letters) == 2
    assert await send_again(desk.pool, "undelivered", began, desk.clock.now) == 2
    await desk.sender().send_due()
    assert [letter["To"] for letter in mailbox.letters[2:]] == ["an@example.org"]
    assert (await letter_of(desk, life)).status == "sent"
    assert await rests(desk, life) is None and await rests(desk, angry) == "complaint"
    assert (await letter_of(desk, angry, "DossierAccepted")).receipt == "rested"


async def test_a_bounce_of_an_earlier_sending_says_nothing_of_a_later_one(
    desk: Desk, mailbox: Mailbox, door: Door
):
    began = desk.clock.now
    life, path = await sent(desk, mailbox)
    await door.hand_over(path, bounce(status="5.7.1"))
    await desk.keeper.record_kept()
    await send_again(desk.pool, "undelivered", began, desk.clock.now)
    await door.hand_over(path, bounce("delivered"))
    await desk.keeper.record_kept()  # while the second one is under way
    await desk.sender().send_due()
    await door.hand_over(path, complaint())
    await desk.keeper.record_kept()
    assert (await letter_of(desk, life)).status == "sent"
    assert await told(desk) == [("NoticeSent", None), ("NoticeFailed", "undelivered"), ("NoticeSent", None)]
    await door.hand_over(mailbox.senders[-1], bounce(status="5.7.1"))
    await desk.keeper.record_kept()
    assert (await letter_of(desk, life)).status == "failed"


def test_what_may_follow_on_what():
    ending = ending_id_of(Life().dossier_id, 0)
    out = End(ending, "NoticeSent")
    failed = End(receipt_id_of(ending, "failed"), "NoticeFailed")
    arrived = End(receipt_id_of(ending, "delivered"), "NoticeDelivered")
    for ends, failure, arrival in (
        ([], False, False),
        ([out], True, True),
        ([out, failed], False, True),
        ([out, arrived], False, False),
        ([End(ending, "NoticeFailed")], False, False),
        ([out, failed, End(ending_id_of(ending, 2), "NoticeSent")], False, False),
    ):
        assert (follows(ends, ending, "failed"), follows(ends, ending, "delivered")) == (failure, arrival)


async def test_a_forged_return_path_is_refused(desk: Desk, mailbox: Mailbox, door: Door):
    life, path = await sent(desk, mailbox)
    forged = path[:12] + ("a" if path[12] != "a" else "b") + path[13:]
    for to in (forged, "an@example.org", "tra-lai+x@return.motcua.test"):
        assert await door.hand_over(to, bounce()) == 550
    for content in (
        bounce(),
        complaint(mail_from=forged),
        complaint(sender=SENDER),
        b"Subject: hello\r\n\r\nhello",
    ):
        assert await door.hand_over(RETURN_PATH, content) == 250
    assert (
        await door.hand_over(path, b"Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\nuntil Monday")
        == 250
    )
    await desk.keeper.record_kept()
    assert (await letter_of(desk, life)).status == "sent" and await rests(desk, life) is None


async def test_what_cannot_be_kept_stays_with_the_mail_server(
    desk: Desk, mailbox: Mailbox, free_ports: Callable[[int], list[int]]
):
    _, path = await sent(desk, mailbox)

    async def away(*_: Any) -> Any:
        raise ConnectionRefusedError

    async with listening(desk, free_ports(1)[0], away) as door:
        assert await door.hand_over(path, bounce()) == 451
        assert (
            await door.hand_over(path, b"x" * 900 + b"\r\n" + (b"x" * 900 + b"\r\n") * (BYTES_MAX // 900))
            == 552
        )


async def test_connections_of_the_listener_are_bounded(door: Door):
    async def opened() -> tuple[asyncio.StreamWriter, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        try:
            return writer, await reader.readline()
        except ConnectionError:
            return writer, b""

    await asyncio.sleep(0.05)  # the one that looked whether it listens is gone
    kept = [await opened() for _ in range(CONNECTIONS_MAX)]
    assert all(said.startswith(b"220 ") for _, said in kept)
    refused, said = await opened()
    assert said == b""
    refused.close()
    kept[0][0].close()
    await kept[0][0].wait_closed()
    await asyncio.sleep(0.05)
    again, said = await opened()
    assert said.startswith(b"220 ")
    for writer in (again, *(writer for writer, _ in kept[1:])):
        writer.close()
