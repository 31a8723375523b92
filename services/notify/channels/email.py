"""Hands letters to the mail server over a connection that it keeps, every step bounded in time.

It tells what became of a letter, and above all whether the server may have taken it without our knowing. It never decides what
follows from that, and never logs an address or a text.
"""

from __future__ import annotations

import asyncio
import re
from binascii import b2a_qp
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, Literal, NamedTuple
from uuid import UUID

import aiosmtplib

from services.chassis.http.mail_address import mail_address
from services.notify.channels.outcome import Outcome, PutOff, Refused, Taken
from services.notify.wording.html import html_of

STEP_SECONDS = 10.0
HAND_OVER_SECONDS = 30.0

_ENHANCED = re.compile(r"\s*5\.(\d{1,3})\.(\d{1,3})(?!\d)")
# RFC 3463 §2, the second number; a refusal without such a number, or with one of later days, is "other".
SUBJECTS = ("other", "address", "mailbox", "system", "network", "protocol", "content", "policy")
_ADDRESS, _MAILBOX_STATE = 1, 2
_OF_THE_SENDER = frozenset({7, 8})  # 5.1.7 and 5.1.8 speak of our own address
_DISABLED = 1  # 5.2.1; a full mailbox (5.2.2) may have room tomorrow
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})


# What every letter says, as it stands: headers that the library writes cost a third of a letter's head each. No program is to answer
# (RFC 3834); Exchange is told so in its own words, but not NDR among them: what cannot be delivered is to come back.
_ALWAYS = (
    b"Auto-Submitted: auto-generated\r\n"
    b"Precedence: bulk\r\n"
    b"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n"
    b"Content-Language: vi, en\r\n"
    b"MIME-Version: 1.0\r\n"
)
_UNSUBSCRIBE = b"List-Unsubscribe: <%s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_FORMS = b'Content-Type: multipart/alternative; boundary="-%s"\r\n\r\n%s---%s--\r\n'
Security = Literal["auto", "starttls", "tls", "none"]


class Entry(NamedTuple):
    """How the mail server is entered. `auto`: STARTTLS where it offers that; `starttls`: or not at all; `tls`: from the first byte."""

    security: Security = "auto"
    ca: str = ""
    username: str = ""
    password: str = ""


class Unwritable(ValueError):
    """No letter can be written to this address or with this text, now or later. Never repeats them."""


class Letter(NamedTuple):
    """One e-mail, ready to be handed over. `sender` of its envelope: where it returns; that of all letters where it is empty."""

    recipient: str
    content: bytes
    sender: str = ""


class _Headers(HeaderRegistry):
    """The library makes a class for each header of each letter, which only the collector frees; here one for each name.

    Guarantee: nothing of a letter is left to the collector. Test: test_a_letter_leaves_nothing_to_the_collector.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


_POLICY = SMTP.clone(header_factory=_Headers())


def compose(
    notice_id: UUID,
    sender: str,
    recipient: str,
    title: str,
    body: str,
    decided_at: datetime,
    link: str = "",
    *,
    one_click: bool = False,
) -> Letter:
    """The letter of a notice: the same bytes whenever it is composed, so that a second sending is the same letter.

    Raises Unwritable for an address that is not one plain mailbox, and for a NUL in the text. `link` stands in `body`, and with `one_click`
    a mail program may unsubscribe by it (RFC 8058).

    Guarantee: the Message-ID is made from the notice id alone. Test: test_a_letter_sent_again_has_the_same_message_id.
    Guarantee: no program answers a letter by itself, so that none answers an answer. Test: test_no_program_answers_a_letter.
    Guarantee: a letter names the recipient of its envelope and nobody else. Test: test_an_address_that_says_more_is_not.
    """
    parts = mail_address(recipient)
    if parts is None or "\0" in title or "\0" in body:
        raise Unwritable
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = Address(username=parts[0], domain=parts[1])
    message["Subject"] = title
    message["Date"] = format_datetime(decided_at)
    message["Message-ID"] = f"<{notice_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    forms = b"".join(
        _part(notice_id, kind, text) for kind, text in (("plain", body), ("html", html_of(body, link)))
    )
    head = message.as_bytes().removesuffix(b"\r\n") + _ALWAYS
    if one_click:
        head += _UNSUBSCRIBE % link.encode()
    return Letter("@".join(parts), head + _FORMS % (str(notice_id).encode(), forms, str(notice_id).encode()))


def _part(notice_id: UUID, kind: str, text: str) -> bytes:
    """One form of the text, put together by hand: the library's part costs a third of a letter's CPU."""
    head = f'---{notice_id}\r\nContent-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + b2a_qp(text.replace("\n", "\r\n").encode(), istext=True) + b"\r\n"


def refusal_of(code: int, text: str, *, of_content: bool) -> Refused | PutOff:
    """What a 5xx to a recipient, or to the content behind it, says: of the address, or of anything else, which may be mended.

    `text`: the server's words, an enhanced status code (RFC 3463) before them or not. Without one, 550, 551 and 553 to a
    recipient mean that there is no such mailbox (RFC 5321 §4.2.3).

    Guarantee: a server that is set up wrongly, is full or wants a password loses no letter.
    Test: test_only_what_is_said_of_the_address_ends_a_letter.
    """
    enhanced = _ENHANCED.match(text)
    if enhanced is None:
        if code in _NO_SUCH_MAILBOX and not of_content:
            return Refused()
        return PutOff(in_doubt=False, of_all=False, refusal="other")
    subject, detail = int(enhanced[1]), int(enhanced[2])
    if (subject == _ADDRESS and detail not in _OF_THE_SENDER) or (subject, detail) == (
        _MAILBOX_STATE,
        _DISABLED,
    ):
        return Refused()
    return PutOff(in_doubt=False, of_all=False, refusal=SUBJECTS[subject if subject < len(SUBJECTS) else 0])


def deliverable(address: str | None) -> bool:
    """Whether an address can stand in an envelope and a header: one plain ASCII mailbox."""
    return address is not None and mail_address(address) is not None


async def connected(
    host: str, port: int, entry: Entry, step_seconds: float = STEP_SECONDS
) -> aiosmtplib.SMTP:
    """A connection that has greeted, and logged in where there is a user.

    Guarantee: no password and no letter goes to a server that cannot show a certificate of its name, where TLS is set.
    Test: test_a_mail_server_that_is_not_who_it_should_be_gets_nothing.
    """
    connection = aiosmtplib.SMTP(
        hostname=host,
        port=port,
        timeout=step_seconds,
        use_tls=entry.security == "tls",
        start_tls={"auto": None, "starttls": True}.get(entry.security, False),
        cert_bundle=entry.ca or None,
        username=entry.username or None,
        password=entry.password or None,
    )
    await connection.connect()
    return connection


class Carrier:
    """One kept connection to the mail server. Used by one task at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        entry: Entry = Entry(),
        *,
        step_seconds: float = STEP_SECONDS,
    ) -> None:
        self._host, self._port, self._entry = host, port, entry
        self._sender = parseaddr(sender)[1]
        self._step_seconds = step_seconds
        self._connection: aiosmtplib.SMTP | None = None

    async def hand_over(self, letter: Letter) -> Outcome:
        """Hands one letter over; answers within HAND_OVER_SECONDS, whatever the server does.

        Guarantee: a letter whose content may have arrived is never called not sent.
        Test: test_a_connection_lost_behind_the_content_is_in_doubt.
        """
        content_under_way = False
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                connection = await self._open_letter(letter.sender or self._sender)
                try:
                    await connection.rcpt(letter.recipient)
                except aiosmtplib.SMTPResponseException as error:
                    return await self._answered(error, content_under_way)
                content_under_way = True
                try:
                    await connection.data(letter.content)
                except aiosmtplib.SMTPResponseException as error:
                    return await self._answered(error, content_under_way)
                return Taken()
        except (aiosmtplib.SMTPException, OSError, ValueError):
            # TimeoutError is an OSError. What the server says about us, not about the letter, ends here too: 5xx at MAIL.
            self.close()
            return PutOff(in_doubt=content_under_way, of_all=True)
        except BaseException:
            self.close()  # cancelled in the middle of a dialogue: the connection is of no further use
            raise

    def close(self) -> None:
        """Drops the connection; the next letter opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _open_letter(self, sender: str) -> aiosmtplib.SMTP:
        """A connection that has taken MAIL FROM. A kept one that the server closed meanwhile is opened anew once."""
        if self._connection is not None:
            try:
                await self._connection.mail(sender)
                return self._connection
            except (aiosmtplib.SMTPException, OSError):
                self.close()
        connection = await connected(self._host, self._port, self._entry, self._step_seconds)
        self._connection = connection
        await connection.mail(sender)
        return connection

    async def _answered(self, error: aiosmtplib.SMTPResponseException, content_under_way: bool) -> Outcome:
        """The server's refusal of this letter. 421 is its farewell to the connection; what is no refusal at all tells nothing."""
        if not 400 <= error.code <= 599:
            self.close()
            return PutOff(in_doubt=content_under_way, of_all=True)
        if error.code == 421:
            self.close()
            return PutOff(in_doubt=False, of_all=True)
        try:
            if self._connection is not None:
                await self._connection.rset()
        except (aiosmtplib.SMTPException, OSError):
            self.close()  # its answer about the letter stands all the same
        if error.code < 500:
            return PutOff(in_doubt=False, of_all=False)
        return refusal_of(error.code, error.message, of_content=content_under_way)
