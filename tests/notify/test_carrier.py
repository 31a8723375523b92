"""What became of a letter, told by a real SMTP server."""

import gc
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import SMTP
from html import unescape
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.notify.channels.email import (
    Carrier,
    Letter,
    Unwritable,
    compose,
    deliverable,
    refusal_of,
)
from services.notify.channels.outcome import PutOff, Refused, Taken
from services.notify.notice import TOLD_BY, Channel
from services.notify.wording.html import html_of
from tests.notify.examples import NOW, texts, told
from tests.notify.mailbox import Mailbox, html, open_mailbox, plain

SENDER = "Một Cửa <khong-tra-loi@motcua.test>"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def carrier(mailbox: Mailbox) -> AsyncIterator[Carrier]:
    opened = Carrier("127.0.0.1", mailbox.port, SENDER, step_seconds=1.0)
    yield opened
    opened.close()


def letter(notice_id: UUID | None = None, to: str = "an@example.org") -> Letter:
    return compose(notice_id or uuid7(), SENDER, to, "Hồ sơ | Dossier", "Kính gửi Ông/Bà,\n.\nchấm\n", NOW)


def test_a_letter_leaves_nothing_to_the_collector():
    letter()
    gc.freeze()  # what was there before is nobody's matter here
    gc.disable()
    try:
        for _ in range(20):
            letter()
        assert gc.collect() < 40
    finally:
        gc.enable()
        gc.unfreeze()


async def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox, carrier: Carrier):
    assert await carrier.hand_over(letter()) == Taken()
    (arrived,) = mailbox.letters
    assert arrived["To"] == "an@example.org"
    assert arrived["Subject"] == "Hồ sơ | Dossier"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == "vi, en"
    assert plain(arrived) == "Kính gửi Ông/Bà,\n.\nchấm\n"
    assert b"K=C3=ADnh g=E1=BB=ADi" in letter().content, "as a person can search it in a mailbox's files"
    assert not arrived.defects and [part.get_content_type() for part in arrived.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


async def test_no_program_answers_a_letter(mailbox: Mailbox, carrier: Carrier):
    """RFC 3834, and in Exchange's own words; reports of what cannot be delivered are wanted."""
    await carrier.hand_over(letter())
    (arrived,) = mailbox.letters
    assert (arrived["Auto-Submitted"], arrived["Precedence"]) == ("auto-generated", "bulk")
    unwanted = {each.strip() for each in str(arrived["X-Auto-Response-Suppress"]).split(",")}
    assert unwanted == {"OOF", "AutoReply", "DR", "RN", "NRN"}


async def test_a_letter_sent_again_has_the_same_message_id(mailbox: Mailbox, carrier: Carrier):
    notice_id = uuid7()
    assert letter(notice_id) == letter(notice_id)
    await carrier.hand_over(letter(notice_id))
    await carrier.hand_over(letter(notice_id))
    assert mailbox.message_ids == [f"<{notice_id}@motcua.test>"] * 2


async def test_the_connection_is_kept(mailbox: Mailbox, carrier: Carrier):
    for _ in range(5):
        assert await carrier.hand_over(letter()) == Taken()
    assert mailbox.connections == 1


async def test_a_kept_connection_that_the_server_closed_is_opened_anew(mailbox: Mailbox, carrier: Carrier):
    await carrier.hand_over(letter())
    mailbox.drop_connections()
    assert await carrier.hand_over(letter()) == Taken()
    assert mailbox.connections == 2


@pytest.mark.parametrize("step", ["rcpt", "data"])
async def test_a_refusal_for_good_is_one(mailbox: Mailbox, carrier: Carrier, step: str):
    setattr(mailbox, step, "550 5.1.1 no such mailbox")
    assert await carrier.hand_over(letter()) == Refused()
    setattr(mailbox, step, "250 OK")
    assert await carrier.hand_over(letter()) == Taken()
    assert (len(mailbox.letters), mailbox.connections) == (1, 1)


@pytest.mark.parametrize(
    ("code", "text", "refusal"),
    [
        (550, "5.1.1 user unknown", None),
        (556, "5.1.10 takes no mail", None),
        (553, "5.1.8 the sender's domain is not there", "address"),
        (550, "5.2.1 disabled", None),
        (552, "5.2.2 full", "mailbox"),
        (552, "5.3.1 full", "system"),
        (554, "5.4.14 too many hops", "network"),
        (530, "5.7.0 authentication required", "policy"),
        (554, "5.7.1 relay access denied\n5.7.1 ask the postmaster", "policy"),
        (550, "5.9.9 of later days", "other"),
        (550, "51.1 no status", None),
        (552, "too much", "other"),
    ],
)
def test_only_what_is_said_of_the_address_ends_a_letter(code: int, text: str, refusal: str | None):
    outcome = refusal_of(code, text, of_content=False)
    assert outcome == (PutOff(in_doubt=False, of_all=False, refusal=refusal) if refusal else Refused())


@pytest.mark.parametrize("step", ["rcpt", "data"])
async def test_a_refusal_for_now_is_put_off_without_doubt(mailbox: Mailbox, carrier: Carrier, step: str):
    setattr(mailbox, step, "450 greylisted")
    assert await carrier.hand_over(letter()) == PutOff(in_doubt=False, of_all=False)


async def test_a_server_that_refuses_us_refuses_no_letter(mailbox: Mailbox, carrier: Carrier):
    mailbox.mail = "530 authentication required"
    assert await carrier.hand_over(letter()) == PutOff(in_doubt=False, of_all=True)


async def test_nobody_listening_is_put_off_without_doubt(free_ports):
    carrier = Carrier("127.0.0.1", free_ports(1)[0], SENDER)
    assert await carrier.hand_over(letter()) == PutOff(in_doubt=False, of_all=True)


async def test_a_connection_lost_behind_the_content_is_in_doubt(mailbox: Mailbox, carrier: Carrier):
    mailbox.hang_up = True
    assert await carrier.hand_over(letter()) == PutOff(in_doubt=True, of_all=True)
    assert len(mailbox.letters) == 1


async def test_a_server_silent_behind_the_content_is_in_doubt(mailbox: Mailbox, carrier: Carrier):
    mailbox.silent = True
    assert await carrier.hand_over(letter()) == PutOff(in_doubt=True, of_all=True)


@pytest.mark.parametrize(
    "address", ["an@example.org", "a.b+c@x.vn", "an=40b@example.org", "o'hara_%x@a-b.vn"]
)
def test_a_plain_address_is_deliverable(address: str):
    assert deliverable(address)
    written = message_from_bytes(letter(to=address).content, policy=SMTP)
    assert [each.addr_spec for each in written["To"].addresses] == [address]


@pytest.mark.parametrize(
    "address",
    [None, "", "an", "@example.org", "an@", "a b@example.org", "an@example.org, be@example.org", "an@example.org\r\nRCPT TO:<be@x>",
     "<an@example.org>", "ân@example.org", "a" * 250 + "@x.vn", "=?utf-8?q?victim=40evil.org=2C?=@b5.c", "=?us-ascii?b?YUBi?=@example.org",
     ".mai@example.org", "mai.@example.org", "m..ai@example.org", "an@-x.vn", "an@x..vn", "an\0@example.org", "an@exa\0mple.org"],
)  # fmt: skip
def test_an_address_that_says_more_is_not(address: str | None):
    assert not deliverable(address)
    with pytest.raises(Unwritable):
        letter(to=address or "")


@pytest.mark.parametrize(("title", "body"), [("Hồ\0sơ", "x"), ("Hồ sơ", "x\0y")])
def test_a_text_with_nul_is_not_written(title: str, body: str):
    with pytest.raises(Unwritable):
        compose(uuid7(), SENDER, "an@example.org", title, body, NOW)


@pytest.mark.parametrize("about", sorted(TOLD_BY))
async def test_the_html_of_a_mail_says_the_same_words(mailbox: Mailbox, carrier: Carrier, about: str):
    """As it arrives: nothing is loaded from elsewhere, it is readable in the dark, and small."""
    text = texts().of(told(about), Channel.EMAIL)
    sent = compose(uuid7(), SENDER, "an@example.org", text.title, text.body, NOW)
    assert len(sent.content) < 60_000
    assert await carrier.hand_over(sent) == Taken()
    (arrived,) = mailbox.letters
    shown = html(arrived)
    body = re.sub(r"<head>.*</head>|<br>", " ", shown, flags=re.DOTALL)
    words = unescape(re.sub(r"<[^>]+>", " ", body)).split()
    assert words == [word for word in plain(arrived).split() if set(word) != {"-"} or len(word) < 20]
    assert not re.search(r"(?:src|href|url|action)\s*[=(]|<script|<link|@import", shown)
    assert "prefers-color-scheme: dark" in shown and shown.count('<div lang="') == 2


def test_what_looks_like_html_is_shown_as_it_is_written():
    assert "&lt;b&gt; &amp; &quot;x&quot;" in html_of('<b> & "x"')
