"""A provider of text messages over HTTP: hands over, asks for receipts, looks whether it is there; every step bounded in time.

It tells what became of a message, and above all whether the provider may have taken it without our knowing. It never decides what
follows from that, and never logs a number or a text.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpcore
import orjson

from services.chassis.process.tls import system_trust
from services.notify.channels.outcome import Outcome, PutOff
from services.notify.channels.own_answer import Network, is_own
from services.notify.messages.kind import Account, Asked, Kind, Message, Receipt, Request, Unreadable

HAND_OVER_SECONDS = 15.0
TIMEOUTS = {"connect": 4.0, "read": 10.0, "write": 4.0, "pool": 4.0}
ANSWER_BYTES_MAX = 262_144
IDLE_SECONDS = 20.0
# Nothing of the request has left us.
NOT_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)


class _Answer(NamedTuple):
    """`status` 0: none came; `left`: the request may have arrived all the same."""

    status: int
    content: bytes
    left: bool = True

    def __repr__(self) -> str:
        """Without what it says."""
        return f"_Answer({self.status})"


class Provider:
    """One account at one provider; `name` is a metric's label. It keeps up to `connections` open."""

    def __init__(
        self,
        name: str,
        url: str,
        kind: Kind,
        account: Account,
        connections: int,
        *,
        read_seconds: float = TIMEOUTS["read"],
    ) -> None:
        self.name, self.kind, self.connections = name, kind, connections
        self._url, self._account = url.rstrip("/"), account
        self._timeouts = TIMEOUTS | {"read": read_seconds}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=system_trust(),
            max_connections=connections + 2,  # asking and looking do not wait for those who send
            keepalive_expiry=IDLE_SECONDS,
            network_backend=Network(),
        )

    async def send(self, message: Message) -> Outcome:
        """Hands one message over; answers within HAND_OVER_SECONDS, whatever the provider does.

        Guarantee: a message that may have been taken is never called not taken. Test: test_what_an_answer_says_of_a_message.
        """
        answer = await self._ask(self.kind.send(self._account, message))
        if answer.status == 0:
            return PutOff(in_doubt=answer.left, of_all=True)
        if answer.status >= 500:  # seen of providers: 500, and the message arrives
            return PutOff(in_doubt=True, of_all=True)
        if not 200 <= answer.status < 300:
            return PutOff(in_doubt=False, of_all=True, refusal=f"status-{answer.status}")
        try:
            return self.kind.sent(_said(answer))
        except Unreadable:
            return PutOff(in_doubt=True, of_all=True)

    async def ask(self, asked: Sequence[Asked]) -> list[Receipt]:
        """The receipts of messages that it took, those that there are; none of what it does not answer."""
        found: list[Receipt] = []
        for request in self.kind.ask(self._account, asked):
            answer = await self._ask(request)
            if answer.status == 0:
                break  # fifty that wait for their time-out would keep all receipts for minutes
            if 200 <= answer.status < 300:
                try:
                    found += self.kind.told(_said(answer), asked)
                except Unreadable:
                    continue
        return found

    async def is_there(self) -> bool:
        """Whether it answers and knows us. Nothing is handed over."""
        answer = await self._ask(self.kind.look(self._account))
        try:
            return 200 <= answer.status < 300 and self.kind.is_there(_said(answer))
        except Unreadable:
            return False

    async def close(self) -> None:
        await self._pool.aclose()

    async def _ask(self, request: Request) -> _Answer:
        """One request and its answer. Redirects are not followed: a message goes to the address that was set and nowhere else."""
        method, content = ("GET", None) if request.body is None else ("POST", orjson.dumps(request.body))
        headers = {"content-type": "application/json", "accept": "application/json", **request.headers}
        try:
            async with (
                asyncio.timeout(HAND_OVER_SECONDS),
                self._pool.stream(
                    method,
                    self._url + request.path,
                    headers=list(headers.items()),
                    content=content,
                    extensions={"timeout": self._timeouts},
                ) as answer,
            ):
                if not is_own(answer):
                    return _Answer(0, b"")
                pieces = bytearray()
                async for piece in answer.aiter_stream():
                    pieces += piece
                    if len(pieces) > ANSWER_BYTES_MAX:
                        return _Answer(0, b"")
                return _Answer(answer.status, bytes(pieces))
        except NOT_SENT:
            return _Answer(0, b"", left=False)
        except (OSError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            return _Answer(0, b"")  # TimeoutError is an OSError


def _said(answer: _Answer) -> Mapping[str, Any]:
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        raise Unreadable from None
    if not isinstance(said, dict):
        raise Unreadable
    return said


def callback_address(url: str, key: str, provider: str) -> str:
    """Where a provider calls back: an address that only it knows; empty where it is not to call."""
    return f"{url.rstrip('/')}/v1/receipts/{provider}/{end_of_address(key, provider)}" if url else ""


def end_of_address(key: str, provider: str) -> str:
    """The secret end of it. It leads neither to the key nor to the other provider's: a provider speaks for itself alone."""
    return hmac.digest(key.encode(), provider.encode(), "sha256").hex()
