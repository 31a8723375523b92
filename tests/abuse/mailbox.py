"""The mail server of an attacked house: keeps each message whole, with the addresses that it was sent to."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller


class Mail(NamedTuple):
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The headers and all that is written in it, decoded."""
        parts = [part.get_content() for part in self.message.walk() if part.get_content_maintype() == "text"]
        return "\n".join([*(f"{name}: {value}" for name, value in self.message.items()), *parts])


class Mailbox:
    def __init__(self, port: int) -> None:
        self._controller: Any = Controller(self, hostname="127.0.0.1", port=port)
        self._lock = threading.Lock()
        self._mails: list[Mail] = []

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    @property
    def mails(self) -> list[Mail]:
        with self._lock:
            return list(self._mails)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        with self._lock:
            self._mails.append(Mail(tuple(envelope.rcpt_tos), message))
        return "250 taken"
