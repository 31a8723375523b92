"""Senders that are cancelled in the moment in which what they wait for is done."""

import asyncio

import pytest

from services.notify.channels.delivery import Sender
from tests.moments import Moment
from tests.notify.desk import Desk
from tests.notify.mailbox import Mailbox
from tests.notify.test_sender import submitted


@pytest.mark.parametrize("what", ["send_due", "_work", "_record", "record_unsaid", "_idle"])
async def test_a_sender_cancelled_in_the_moment_ends(
    desk: Desk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, what: str
):
    """In which a letter, a round or a record is done: it ends, and no letter goes twice."""
    for _ in range(6):
        await submitted(desk)
    moment = Moment()
    with monkeypatch.context() as patched:
        patched.setattr(Sender, what, moment.of(getattr(Sender, what)))
        sender = desk.sender()
        run = sender.run_inbox if what in ("record_unsaid", "_idle") else sender.run_mails
        moment.task = asyncio.create_task(run())
        await moment.ends()
    while await desk.sender().record_unsaid() + await desk.sender().send_due():
        pass
    assert len(mailbox.letters) == len(set(mailbox.message_ids)) == 6
    assert await desk.ambiguous() == [False] * 6
