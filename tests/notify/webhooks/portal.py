"""A portal that is called: a real HTTP server on loopback, whose answers the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from services.notify.webhooks.calling import Webhooks


@dataclass
class Portal:
    """`answers` are the next statuses, 204 when there are none; `got` what came: headers and body. It answers when it `goes_on`."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    goes_on: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/motcua"

    @property
    def ids(self) -> list[UUID]:
        return [UUID(headers["webhook-id"]) for headers, _ in self.got]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
                if self.goes_on is not None:
                    await self.goes_on.wait()
                status = self.answers.pop(0) if self.answers else 204
                more = f"location: {self.url}/elsewhere\r\n" if status == 302 else ""
                writer.write(f"HTTP/1.1 {status} x\r\n{more}content-length: 0\r\n\r\n".encode())
        except (EOFError, ConnectionError):
            writer.close()


@asynccontextmanager
async def open_portal(free_ports: Callable[[int], list[int]]) -> AsyncIterator[Portal]:
    portal = Portal(free_ports(1)[0])
    server = await asyncio.start_server(portal.serve, "127.0.0.1", portal.port)
    yield portal
    server.close()


async def call_due(webhooks: Webhooks) -> int:
    """One round, to its end; how many calls were made."""
    return sum(await asyncio.gather(*(webhooks.serve(each) for each in await webhooks.take(16))))
