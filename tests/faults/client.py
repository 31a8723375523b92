"""A small HTTP client for one door at a time, in which a lost answer is an ordinary outcome.

Keeps connections, bounds every wait, and can hang up on purpose after a request was sent. Never retries by itself.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

WAIT_SECONDS = 10.0
CONNECTIONS_KEPT = 64


class Lost(Exception):
    """The request may have been heard or not; its answer did not come."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer; empty when there is none."""
        with contextlib.suppress(orjson.JSONDecodeError):
            parsed = orjson.loads(self.raw)
            if isinstance(parsed, dict):
                return parsed
        return {}


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Door:
    """One process that answers on 127.0.0.1:`port`."""

    name: str
    port: int
    _idle: list[Streams] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        hang_up_seconds: float | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Reply:
        """One request and its answer; Lost when it broke, took too long, or when we hung up ourselves."""
        request = _request(method, path, token, body, headers or {})
        streams: Streams | None = None
        try:
            async with asyncio.timeout(wait_seconds):
                streams = await self._connect()
                streams[1].write(request)
                await streams[1].drain()
                if hang_up_seconds is not None:
                    await asyncio.sleep(hang_up_seconds)
                    raise Lost("hung up on purpose")
                reply = await _read(streams[0])
        except (TimeoutError, OSError, EOFError, ValueError) as fault:
            _close(streams)
            raise Lost(type(fault).__name__) from fault
        except BaseException:
            _close(streams)
            raise
        if reply.headers.get("connection") == "close" or len(self._idle) >= CONNECTIONS_KEPT:
            _close(streams)
        else:
            self._idle.append(streams)
        return reply

    async def _connect(self) -> Streams:
        while self._idle:
            reader, writer = self._idle.pop()
            if not writer.is_closing() and not reader.at_eof():
                return reader, writer
            _close((reader, writer))
        return await asyncio.open_connection("127.0.0.1", self.port)

    def close(self) -> None:
        while self._idle:
            _close(self._idle.pop())


def _request(method: str, path: str, token: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    if body:
        lines.append("content-type: application/json")
    if token:
        lines.append(f"authorization: Bearer {token}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    if "content-length" in headers:
        return Reply(status, headers, await reader.readexactly(int(headers["content-length"])))
    if headers.get("transfer-encoding") != "chunked":
        return Reply(status, headers, b"")
    raw = b""
    while size := int(await reader.readline(), 16):
        raw += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return Reply(status, headers, raw)


def _close(streams: Streams | None) -> None:
    if streams is not None:
        with contextlib.suppress(Exception):
            streams[1].close()
