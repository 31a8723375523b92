"""The mail server of a run: takes every message and remembers its Message-ID; can lose its answer after taking one.

Runs in a thread of its own, so that no fault of the run delays it.
"""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller

from tests.faults.record import Mail

MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Catcher:
    """`lose_answers` is how many of the next messages are taken with the connection cut instead of an answer."""

    port: int
    began: float
    mail: list[Mail] = field(default_factory=list)
    lose_answers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _controller: Any = None

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        found = MESSAGE_ID.search(envelope.content)
        message_id = found.group(1).decode() if found else ""
        with self._lock:
            for recipient in envelope.rcpt_tos:
                self.mail.append(Mail(message_id, recipient, time.monotonic() - self.began))
            lose = self.lose_answers > 0
            self.lose_answers -= lose
        if lose:
            server.transport.abort()
        return "250 taken"
