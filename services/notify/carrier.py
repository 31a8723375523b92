"""Hands letters to the mail server over a connection that it keeps, every step bounded in time.

It tells what became of a letter, and above all whether the server may have taken it without our knowing. It never decides what
follows from that, and never logs an address or a text.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple
from uuid import UUID

import aiosmtplib

STEP_SECONDS = 10.0
HAND_OVER_SECONDS = 30.0

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)")
LOCAL_CHARACTERS_MAX = 64
ADDRESS_CHARACTERS_MAX = 254


class Unwritable(ValueError):
    """No letter can be written to this address or with this text, now or later. Never repeats them."""


class Letter(NamedTuple):
    """One e-mail, ready to be handed over."""

    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it, and said so."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take it: a 5xx for this recipient or this content."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Not now. `in_doubt`: the content was on its way when the connection broke, so the server may have it.

    `of_all`: the trouble is with the server and not with this letter.
    """

    in_doubt: bool
    of_all: bool


HandedOver = Taken | Refused | PutOff


def compose(
    notice_id: UUID, sender: str, recipient: str, title: str, body: str, decided_at: datetime
) -> Letter:
    """The letter of a notice: the same bytes whenever it is composed, so that a second sending is the same letter.

    Raises Unwritable for an address that is not one plain mailbox, and for a NUL in the text.

    Guarantee: the Message-ID is made from the notice id alone. Test: test_a_letter_sent_again_has_the_same_message_id.
    Guarantee: a letter names the recipient of its envelope and nobody else. Test: test_an_address_that_says_more_is_not.
    """
    parts = _parts(recipient)
    if parts is None or "\0" in title or "\0" in body:
        raise Unwritable
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(username=parts[0], domain=parts[1])
    message["Subject"] = title
    message["Date"] = format_datetime(decided_at)
    message["Message-ID"] = f"<{notice_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = "vi, en"  # set_content() drops what was said of another content
    return Letter(recipient, message.as_bytes())


def deliverable(address: str | None) -> bool:
    """Whether an address can stand in an envelope and a header: one plain ASCII mailbox."""
    return _parts(address) is not None


def _parts(address: str | None) -> tuple[str, str] | None:
    """Local part and domain of one plain mailbox, else None.

    An encoded word ("=?utf-8?q?...?=") is refused: the header's writer decodes it, and it becomes another address.
    """
    if not address or len(address) > ADDRESS_CHARACTERS_MAX:
        return None
    found = _MAILBOX.fullmatch(address)
    if found is None or len(found[1]) > LOCAL_CHARACTERS_MAX or "=?" in found[1]:
        return None
    return found[1], found[2]


class Carrier:
    """One kept connection to the mail server. Used by one task at a time."""

    def __init__(self, host: str, port: int, sender: str, *, step_seconds: float = STEP_SECONDS) -> None:
        self._host, self._port = host, port
        self._sender = parseaddr(sender)[1]
        self._step_seconds = step_seconds
        self._connection: aiosmtplib.SMTP | None = None

    async def hand_over(self, letter: Letter) -> HandedOver:
        """Hands one letter over; answers within HAND_OVER_SECONDS, whatever the server does.

        Guarantee: a letter whose content may have arrived is never called not sent.
        Test: test_a_connection_lost_behind_the_content_is_in_doubt.
        """
        content_under_way = False
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                connection = await self._open_letter()
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

    async def _open_letter(self) -> aiosmtplib.SMTP:
        """A connection that has taken MAIL FROM. A kept one that the server closed meanwhile is opened anew once."""
        if self._connection is not None:
            try:
                await self._connection.mail(self._sender)
                return self._connection
            except (aiosmtplib.SMTPException, OSError):
                self.close()
        connection = aiosmtplib.SMTP(hostname=self._host, port=self._port, timeout=self._step_seconds)
        await connection.connect()
        self._connection = connection
        await connection.mail(self._sender)
        return connection

    async def _answered(self, error: aiosmtplib.SMTPResponseException, content_under_way: bool) -> HandedOver:
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
        return Refused() if error.code >= 500 else PutOff(in_doubt=False, of_all=False)
