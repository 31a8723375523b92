"""What officers say in words, in letters and in the inbox: as `contacts` tells it, for as long as it does."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import pytest

from services.chassis.kafka.ordering import Delivered
from services.notify import contacts
from services.notify.channels.claims import WORDS_AWAITED
from services.notify.contacts import Contact
from services.notify.incoming import APPLIED
from services.notify.notice import Channel
from services.notify.routes import notices_of
from services.notify.wording.texts import Told
from tests.notify.desk import Desk
from tests.notify.examples import DATA, FILER, NOW, Life, texts, told
from tests.notify.mailbox import Mailbox, html, plain
from tests.notify.test_routes import Ask, ask, issuer, settings

__all__ = ["ask", "issuer", "settings"]

WORDS = "Bản vẽ <tầng 2> thiếu chữ ký & con dấu.\n\nĐề nghị bổ sung."
NAME = "a" * 64
SAID = f"Nội dung cụ thể do cán bộ ghi:\n“{WORDS}”\n"
ELSEWHERE = "xem tại trang của hồ sơ"


def said(life: Life, about: str, **data: Any) -> Delivered:
    """The dossier's next event, with words."""
    heard = life.hears(about)
    return heard._replace(data=APPLIED[heard.type].model_validate(DATA[about] | {"words": NAME} | data))


async def know(desk: Desk, life: Life, words: str | None, change: int = 2, *, erased: bool = False) -> None:
    """What `contacts` says as of a change."""
    of, at = life.applicant_id, desk.clock.now
    says = None if words is None else orjson.dumps({NAME: words, "b" * 64: "Không ai nói."}).decode()
    name, email = (None, None) if erased else ("Nguyễn Thử", "an@example.org")
    contact = Contact(of, change, erased, name, email, says)
    async with desk.pool.acquire() as connection, connection.transaction():
        heard = Delivered("contacts", 0, 0, of, "", "", of, 0, at, at, None, None, contact)
        await contacts.apply(connection, [heard])


async def inbox(desk: Desk, life: Life, about: str) -> str:
    views = await notices_of(desk.pool, desk.texts, life.dossier_id, [Channel.INBOX], in_words=True)
    return next(view.text for view in views if view.about == about)


@pytest.mark.parametrize(
    ("about", "data"),
    [
        ("SupplementRequested", {}),
        ("DossierRejected", {}),
        ("ProcessingStopped", {}),
        (
            "DossierResolved",
            {"outcome": "refused", "refusal_reason": "conditions_not_met", "document": "1/SXD"},
        ),
    ],
)
async def test_a_letter_and_the_inbox_say_the_words(
    desk: Desk, mailbox: Mailbox, about: str, data: dict[str, Any]
) -> None:
    life = Life()
    await know(desk, life, WORDS)
    await desk.hear(life.hears("DossierSubmitted"), said(life, about, **data))
    await desk.sender().send_due()
    letter = next(each for each in mailbox.letters if SAID in plain(each))
    assert f"In the officer's own words:\n“{WORDS}”\n" in plain(letter)
    assert "Bản vẽ &lt;tầng 2&gt; thiếu chữ ký &amp; con dấu.</p><p>Đề nghị bổ sung.”" in html(letter)
    assert "Không ai nói" not in plain(letter) and ELSEWHERE not in plain(letter)
    assert SAID in await inbox(desk, life, about)


async def test_a_letter_waits_for_the_words_so_long(desk: Desk, mailbox: Mailbox) -> None:
    """And then goes without them, and says where they are; whenever they come, the inbox says them."""
    early, late = Life(), Life()
    for life in (early, late):
        await know(desk, life, None, 1)
        await desk.hear(life.hears("DossierSubmitted"))
        await desk.sender().send_due()
        await desk.hear(said(life, "DossierRejected"))
    letters = len(mailbox.letters)
    for _ in range(3):
        assert await desk.sender().send_due() == 0
        desk.clock.pass_by(seconds=20)
    assert ELSEWHERE in await inbox(desk, early, "DossierRejected")
    await know(desk, early, WORDS)
    assert await desk.sender().send_due() == 1, "their coming wakes the letter"
    assert SAID in plain(mailbox.letters[letters])
    desk.clock.pass_by(seconds=WORDS_AWAITED.total_seconds())
    assert await desk.sender().send_due() == 1
    assert ELSEWHERE in plain(mailbox.letters[-1]) and "read it on the dossier" in html(mailbox.letters[-1])
    await know(desk, late, WORDS)
    assert await desk.sender().send_due() == 0 and SAID in await inbox(desk, late, "DossierRejected")


async def test_words_that_are_erased_are_gone(desk: Desk, mailbox: Mailbox) -> None:
    """With the person, and by themselves; nothing that comes again brings them back."""
    person, alone = Life(), Life()
    for life in (person, alone):
        await know(desk, life, WORDS)
        await desk.hear(life.hears("DossierSubmitted"), said(life, "DossierRejected"))
        assert SAID in await inbox(desk, life, "DossierRejected")
    await know(desk, person, None, 3, erased=True)
    await know(desk, alone, None, 3)
    for life in (person, alone):
        await know(desk, life, WORDS)
        assert ELSEWHERE in await inbox(desk, life, "DossierRejected")
    rows = await desk.pool.fetch("SELECT c::text FROM contacts c")
    assert not [row for row in rows if "thiếu chữ ký" in row[0]]
    desk.clock.pass_by(seconds=WORDS_AWAITED.total_seconds())
    await desk.sender().send_due()
    assert not [letter for letter in mailbox.letters if "thiếu chữ ký" in plain(letter)]
    while await desk.sender().record_unsaid():
        pass
    assert ("NoticeFailed", "email", "no_contact") in await desk.recorded()


async def test_a_topic_that_is_read_again_changes_nothing(desk: Desk, mailbox: Mailbox) -> None:
    life = Life()
    await desk.hear(life.hears("DossierSubmitted"), said(life, "DossierRejected"))
    for _ in range(2):
        await know(desk, life, None, 1)
        await know(desk, life, WORDS, 2)
        await desk.sender().send_due()
    assert len(mailbox.letters) == 2 and SAID in await inbox(desk, life, "DossierRejected")


async def test_words_of_a_reversed_act_are_said_no_more(desk: Desk, mailbox: Mailbox) -> None:
    life = Life()
    await know(desk, life, WORDS)
    rejected = said(life, "DossierRejected")
    await desk.hear(life.hears("DossierSubmitted"), rejected)
    back = life.hears("DossierReversed")
    struck = DATA["DossierReversed"] | {"sequence": rejected.sequence, "event": "DossierRejected"}
    await desk.hear(back._replace(data=APPLIED[back.type].model_validate(struck)))
    assert WORDS not in await inbox(desk, life, "DossierRejected")
    await desk.sender().send_due()
    assert mailbox.letters and not [letter for letter in mailbox.letters if WORDS in plain(letter)]


async def test_only_who_filed_it_reads_the_words(desk: Desk, ask: Ask) -> None:
    life = Life()
    await know(desk, life, WORDS)
    await desk.hear(life.hears("DossierSubmitted"), said(life, "DossierRejected"))
    path, subject = f"/v1/notices?dossier_id={life.dossier_id}", FILER.partition("/")[2]
    assert "thiếu chữ ký" in (await ask(path, "portal", subject=subject)).text
    for role in ("officer", "supervisor", "operator"):
        answer = await ask(path, role)
        assert answer.status_code == 200 and "thiếu chữ ký" not in answer.text and ELSEWHERE in answer.text


async def test_words_stand_nowhere_but_with_the_contact(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    life = Life()
    with caplog.at_level(logging.DEBUG):
        await know(desk, life, WORDS)
        await desk.hear(life.hears("DossierSubmitted"), said(life, "DossierRejected"))
        await desk.sender().record_unsaid()
        await desk.sender().send_due()
    written = "".join(record.getMessage() + str(vars(record)) for record in caplog.records)
    for table in ("events", "dossiers", "notices", "mails", "unsaid", "held", "applied_versions"):
        written += str([row[0] for row in await desk.pool.fetch(f"SELECT t::text FROM {table} t")])
    assert NAME in written and "thiếu chữ ký" not in written
    (claim,) = (c for c in [Told("a", life.dossier_id, NOW, {}, None, None, None, words=WORDS)])
    assert "chữ ký" not in repr(claim)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.INBOX])
def test_a_notice_without_words_says_nothing_of_them(channel: Channel) -> None:
    for about in ("SupplementRequested", "DossierRejected", "ProcessingStopped", "DossierResolved"):
        body = texts().of(told(about), channel).body
        assert "Nội dung cụ thể" not in body and ELSEWHERE not in body and "in words" not in body
