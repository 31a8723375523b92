"""A real SMTP server in the test's own loop that keeps what it was given and answers as it is told."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP

OK = "250 OK"


def plain(letter: EmailMessage) -> str:
    """The plain text of a letter."""
    return _of(letter, "plain")


def html(letter: EmailMessage) -> str:
    """The same as HTML."""
    return _of(letter, "html")


def _of(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(cast(EmailMessage, part).get_content()).replace("\r\n", "\n")


class Mailbox:
    """`letters` is what arrived, `contents` its bytes, and `senders` from which envelopes.

    `mail`, `rcpt`, `data` are the answers; `hang_up` closes the connection behind the content."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[EmailMessage] = []
        self.contents: list[bytes] = []
        self.senders: list[str] = []
        self.first_letter = asyncio.Event()
        self.connections = 0
        self.mail = self.rcpt = self.data = OK
        self.hang_up = False
        self.silent = False
        self._open: set[Any] = set()

    @property
    def message_ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]

    def drop_connections(self) -> None:
        """What a server does with connections that idle too long."""
        for transport in self._open:
            transport.close()
        self._open.clear()

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self._open.add(server.transport)
        if self.mail == OK:
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt == OK:
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data == OK:
            letter = email.message_from_bytes(envelope.content, policy=default)
            self.letters.append(cast(EmailMessage, letter))
            self.contents.append(envelope.original_content)
            self.senders.append(envelope.mail_from)
            self.first_letter.set()
        if self.silent:
            await asyncio.sleep(60)
        if self.hang_up:
            server.transport.abort()
        return self.data

    def protocol(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="mailbox.test", enable_SMTPUTF8=False)


@asynccontextmanager
async def open_mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(mailbox.protocol, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        mailbox.drop_connections()
        server.close()
