"""Where the mail server hands over what came back, by SMTP. It answers 250 once that is kept, and 451 when it cannot be now.

It takes letters for return paths of ours alone, sends none, and never logs an address or a text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP

from services.chassis.process import logs
from services.notify import metrics
from services.notify.returns.keeping import Kept
from services.notify.returns.reports import Report, read
from services.notify.returns.return_path import Returned, ReturnPaths

log = logging.getLogger(__name__)

BYTES_MAX = 262_144
CONNECTIONS_MAX = 20
SILENT_SECONDS = 30.0
COMMANDS_MAX = 200
"""Of each kind, on one connection."""
# aiosmtpd writes who sends to whom.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

Keep = Callable[[Returned, Report], Awaitable[Kept]]


class Listener:
    """One of any number behind the mail server; `keep` stands when it returns."""

    def __init__(self, host: str, port: int, paths: ReturnPaths, keep: Keep) -> None:
        self._where, self._paths, self._keep = (host, port), paths, keep
        self._open: set[_Connection] = set()

    async def run(self) -> None:
        """Listens until cancelled."""
        server = await asyncio.get_running_loop().create_server(self._connection, *self._where)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            for each in tuple(self._open):
                each.hang_up()

    def _connection(self) -> asyncio.Protocol:
        return _Connection(self, self._open, self._paths.domain)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Guarantee: nothing is read of a letter to an address that is made up. Test: test_a_forged_return_path_is_refused."""
        if not self._paths.is_base(address) and self._paths.read(address) is None:
            metrics.RETURNED.labels("forged").inc()
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Guarantee: what cannot be kept stays with the mail server. Test: test_what_cannot_be_kept_stays_with_the_mail_server."""
        try:
            await self._take(envelope.rcpt_tos, envelope.content)
        except Exception as error:
            log.warning("return-not-kept", extra={"fields": logs.describe(error)})
            return "451 4.3.0 try again later"
        return "250 2.0.0 noted"

    async def _take(self, recipients: list[str], content: bytes) -> None:
        report = read(content)
        if report is None:
            metrics.RETURNED.labels("unreadable").inc()
            return
        if report.state == "delayed":
            metrics.RETURNED.labels("delayed").inc()
            return
        named = [found for each in recipients if (found := self._paths.read(each))]
        named = named or [found for each in report.names if (found := self._paths.read(each))][:1]
        if not named:
            metrics.RETURNED.labels("unknown").inc()
        for returned in named:
            metrics.RETURNED.labels(await self._keep(returned, report)).inc()

    async def handle_exception(self, error: Exception) -> str:
        """In the place of aiosmtpd's own, which repeats what was sent."""
        log.warning("return-broken-off", extra={"fields": logs.describe(error)})
        return "451 4.3.0 try again later"


class _Connection(SMTP):
    """Of so many at once: what is over the bound is closed before it says anything, and tried again by the mail server.

    Guarantee: the memory of the listener is bounded. Test: test_connections_of_the_listener_are_bounded.
    """

    def __init__(self, listener: Listener, others: set[_Connection], hostname: str) -> None:
        super().__init__(
            listener,
            data_size_limit=BYTES_MAX,
            hostname=hostname,
            ident="motcua",
            timeout=SILENT_SECONDS,
            command_call_limit=COMMANDS_MAX,
            loop=asyncio.get_running_loop(),
        )
        self._others = others

    def connection_made(self, transport: Any) -> None:
        if len(self._others) >= CONNECTIONS_MAX:
            transport.abort()
            return
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._others:
            self._others.discard(self)
            super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()
