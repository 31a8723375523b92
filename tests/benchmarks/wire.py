"""A loopback relay in front of PostgreSQL that counts round trips by what was asked, without the asker's help.

It reads only the client's side of the protocol: a Sync or a simple Query is one round trip, labelled with the statement
that was bound before it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from types import TracebackType

SSL_REQUEST = 80877103
CHUNK_BYTES = 65_536


class Asked:
    """The client's half of one connection, message by message."""

    def __init__(self, trips: Counter[str]) -> None:
        self._trips = trips
        self._buffer = b""
        self._greeted = False
        self._statements: dict[bytes, str] = {}
        self._latest = ""

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head = 1 if self._greeted else 0
            if len(self._buffer) < head + 4:
                return
            length = int.from_bytes(self._buffer[head : head + 4], "big")
            if len(self._buffer) < head + length:
                return
            kind, body = self._buffer[:head], self._buffer[head + 4 : head + length]
            self._buffer = self._buffer[head + length :]
            if self._greeted:
                self._message(kind, body)
            else:
                self._greeted = int.from_bytes(body[:4], "big") != SSL_REQUEST

    def _message(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"P":
                name, query, _ = body.split(b"\0", 2)
                self._latest = self._statements[name] = query.decode()
            case b"B":
                self._latest = self._statements.get(body.split(b"\0", 2)[1], "?")
            case b"Q":
                self._trips[body.rstrip(b"\0").decode()] += 1
            case b"S":
                self._trips[self._latest] += 1


class RoundTrips:
    """Listens on a free port of its own and passes everything on to `port`; `counts` is by statement."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.counts: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> RoundTrips:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._to)
            asked = Asked(self.counts)
            answers = asyncio.create_task(_copy(back_reader, writer))
            try:
                while data := await reader.read(CHUNK_BYTES):
                    asked.feed(data)
                    back_writer.write(data)
                    await back_writer.drain()
            finally:
                answers.cancel()
                back_writer.close()
                writer.close()
        self._tasks.discard(task)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
