"""Connections on which an answer is believed only when it came after its request.

A server that answers twice leaves an answer behind on a connection that is kept; the library would give it to the next request.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore


class OwnAnswer(httpcore.AsyncNetworkStream):
    """`heard`: whether anything came since the last word was said."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self.heard = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  the library's own signature
        found = await self._stream.read(max_bytes, timeout)
        self.heard = True
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.heard = False
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return OwnAnswer(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Network(httpcore.AsyncNetworkBackend):
    """Opens such connections."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return OwnAnswer(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def is_own(answer: httpcore.Response) -> bool:
    """Whether an answer, of which nothing but its head was read, came after its request.

    Guarantee: what a server says twice is taken for no other request's answer. Test: test_an_answer_that_comes_twice_is_no_others.
    """
    stream = answer.extensions["network_stream"]
    assert isinstance(stream, OwnAnswer)
    return stream.heard
