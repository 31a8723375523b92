"""One call over HTTP: to a public address that is looked at each time, within seconds, and no further than it says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from socket import SOCK_STREAM
from typing import Any, NamedTuple

import httpcore

from services.chassis.process.tls import system_trust
from services.notify.channels.own_answer import Network, is_own
from services.notify.webhooks.subscription import is_public

LOOK_UP_SECONDS = 5.0
TIMEOUTS = {"connect": 5.0, "read": 10.0, "write": 5.0, "pool": 10.0}
CALL_SECONDS_MAX = 15.0
ANSWER_BYTES_MAX = 65_536
IDLE_SECONDS = 20.0
CONNECTIONS = 40  # as many as are called at once, and tests of portals


class Answered(NamedTuple):
    """`status` 0: nobody answered, for the reason in `failure`."""

    status: int
    failure: str

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


class _Public(Network):
    """Connects to what a name means now, and only when all of it is public."""

    def __init__(self, private: bool) -> None:
        super().__init__()
        self._private = private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore.ConnectError("name-unknown") from error
        addresses = [str(each[4][0]) for each in found]
        if not self._private and not all(is_public(address) for address in addresses):
            raise httpcore.ConnectError("address-private")
        return await super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class Caller:
    """Connections to those who are called. Redirects are not followed, and nothing of an answer is kept but its status."""

    def __init__(self, *, private: bool, trust: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or system_trust(),
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Public(private),
        )

    async def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """What became of one call; a failure of its making is none of ours."""
        try:
            async with (
                asyncio.timeout(CALL_SECONDS_MAX),
                self._pool.stream(
                    "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": TIMEOUTS}
                ) as answer,
            ):
                if not is_own(answer):
                    return Answered(0, "broken-off")
                size = 0
                async for piece in answer.aiter_stream():
                    size += len(piece)
                    if size > ANSWER_BYTES_MAX:
                        break
                return Answered(
                    answer.status, "" if 200 <= answer.status < 300 else f"status-{answer.status}"
                )
        except httpcore.ConnectError as error:
            return Answered(
                0, str(error) if str(error) in ("name-unknown", "address-private") else "not-reached"
            )
        except (TimeoutError, httpcore.TimeoutException):
            return Answered(0, "too-slow")
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError):
            return Answered(0, "broken-off")

    async def close(self) -> None:
        await self._pool.aclose()
