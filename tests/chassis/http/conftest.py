"""A server of the chassis over real sockets, with deadlines of fractions of a second."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from fastapi import Request
from fastapi.responses import Response

from services.chassis.http import connections
from services.chassis.http.connections import Bounded, Bounds, close_late
from services.chassis.http.page_routes import StreamRoute
from tests.chassis.doors import Doors
from tests.chassis.issuing import Issuer

PATIENCE_SECONDS = 30
LARGE_BYTES = 40_000_000
Sockets = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class House:
    """A server in this loop, and its doors."""

    def __init__(self, port: int, bounds: Bounds, doors: Doors, token: str) -> None:
        self.port, self.bounds, self.doors, self.token = port, bounds, doors, token
        self._writers: list[asyncio.StreamWriter] = []

    async def enter(self, data: bytes = b"") -> Sockets:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(data)
        return reader, writer

    async def tell(self, data: bytes) -> bytes:
        """All that is answered until the server closes."""
        reader, _ = await self.enter(data)
        return await ended(reader)

    def leave(self) -> None:
        for writer in self._writers:
            writer.close()


async def ended(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionError):
            return await reader.read()
    return b""


async def answer(sockets: Sockets) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = await sockets[0].readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head + await sockets[0].readexactly(length)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.freeze()  # what was there before is nobody's matter here
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture
async def listening(
    tmp_path: Path, free_ports: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    for name in ("HEAD", "PIECE", "IDLE", "REST", "REFUSED", "READING"):
        monkeypatch.setattr(connections, f"{name}_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    issuer, port, bounds = Issuer(), free_ports(1)[0], Bounds(6, 5)
    doors = Doors(issuer.write(tmp_path))

    @doors.application.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(1.0)
        return "done"

    @doors.application.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE_BYTES)

    async def pieces(request: Request) -> int:
        """Takes a body as an upload does whose store is slow."""
        pieces = aiter(request.stream())
        first = await anext(pieces)
        await asyncio.sleep(1.0)
        return sum([len(piece) async for piece in pieces], len(first))

    doors.application.router.add_api_route(
        "/pieces", pieces, methods=["POST"], route_class_override=StreamRoute
    )

    http = partial(Bounded, bounds=bounds)
    server = uvicorn.Server(
        uvicorn.Config(
            doors.application,
            port=port,
            http=http,
            ws="none",
            lifespan="off",
            log_config=None,  # type: ignore[arg-type]
        )
    )
    tasks = [asyncio.create_task(server._serve()), asyncio.create_task(close_late(bounds))]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:  # noqa: ASYNC110 (uvicorn tells it by nothing else)
            await asyncio.sleep(0.01)
    begun = House(port, bounds, doors, issuer.token())
    yield begun
    begun.leave()
    server.should_exit = True
    await tasks[0]
    tasks[1].cancel()
