"""A light HTTP/1.1 load client that runs as a process of its own, so that its cost is nobody's.

Reads a pickled `Job` from one file, writes a pickled list of `Answered` to another. Closed loop: so many
clients, each sends its next request when the last one is answered. Paced: each request has its moment, late or not, and its
time is counted from that moment, so that a server that stalls is charged for all who waited.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

CLIENTS = 32
REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Job:
    """`requests`: whole HTTP/1.1 requests as bytes. `moments`: seconds from the start, one for each, or closed loop."""

    port: int
    requests: list[bytes]
    clients: int
    moments: list[float] | None = None


class Answered(NamedTuple):
    status: int
    seconds: float
    at: float  # time.time() of the answer
    body: bytes


class Client(asyncio.Protocol):
    """One keep-alive connection that has at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._number = -1
        self._begin = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    def send(self, number: int, begin: float) -> None:
        self._number, self._begin = number, begin
        self.transport.write(self._load.job.requests[number])

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = buffer[:head].lower()
        found = lower.find(b"content-length:")
        length = int(lower[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
        if len(buffer) < head + 4 + length:
            return
        body, self._buffer = buffer[head + 4 : head + 4 + length], b""
        seconds = time.perf_counter() - self._begin
        self._load.answered(self, self._number, Answered(int(buffer[9:12]), seconds, time.time(), body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(exc)


class Load:
    def __init__(self, job: Job) -> None:
        self.job = job
        self._answers: list[Answered | None] = [None] * len(job.requests)
        self._left = len(job.requests)
        self._next = 0
        self._idle: deque[Client] = deque()
        self._late: deque[int] = deque()
        self._done = asyncio.get_running_loop().create_future()

    async def run(self) -> list[Answered]:
        loop = asyncio.get_running_loop()
        for _ in range(self.job.clients):
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self.job.port)
            self._idle.append(client)
        if self.job.moments is None:
            for _ in range(min(self.job.clients, len(self.job.requests))):
                self._send_next(self._idle.popleft())
        else:
            self._begin = time.perf_counter() + 0.05
            for number, moment in enumerate(self.job.moments):
                loop.call_later(0.05 + moment, self._due, number)
        await asyncio.wait_for(self._done, PATIENCE_SECONDS)
        return [answer for answer in self._answers if answer is not None]

    def answered(self, client: Client, number: int, answer: Answered) -> None:
        self._answers[number] = answer
        self._left -= 1
        if not self._left:
            self._done.set_result(None)
        elif self.job.moments is None:
            self._send_next(client)
        elif self._late:
            self._send_paced(client, self._late.popleft())
        else:
            self._idle.append(client)

    def lost(self, reason: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(reason or ConnectionError("the server closed the connection"))

    def _send_next(self, client: Client) -> None:
        if self._next < len(self.job.requests):
            number, self._next = self._next, self._next + 1
            client.send(number, time.perf_counter())

    def _due(self, number: int) -> None:
        if self._idle:
            self._send_paced(self._idle.popleft(), number)
        else:
            self._late.append(number)

    def _send_paced(self, client: Client, number: int) -> None:
        assert self.job.moments is not None
        client.send(number, self._begin + self.job.moments[number])


class Failed(Exception):
    """The load could not be carried to its end."""


async def send(job: Job) -> list[Answered]:
    """Runs the job in a process of its own and returns the answers in the order of the requests."""
    return await asyncio.to_thread(_send, job)


def _send(job: Job) -> list[Answered]:
    # By files: megabytes through a pipe were seen to arrive cut off when the machine is busy.
    with tempfile.TemporaryDirectory(prefix="motcua-load-") as home:
        given, found = Path(home, "job"), Path(home, "answers")
        given.write_bytes(pickle.dumps(job))
        program = [sys.executable, "-m", "tests.benchmarks.load", str(given), str(found)]
        if code := subprocess.run(program, cwd=REPOSITORY, check=False).returncode:
            raise Failed(f"the load client ended with {code}")
        answers: list[Answered] = pickle.loads(found.read_bytes())
    return answers


def all_created(answers: list[Answered]) -> list[Answered]:
    """The same answers when every one is a 201; else Failed with the first that is not."""
    others = [answer for answer in answers if answer.status != 201]
    if others:
        raise Failed(
            f"{len(others)} of {len(answers)} were refused: {others[0].status} {others[0].body[:300]!r}"
        )
    return answers


def request(
    method: str, path: str, *, token: str = "", body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 request with keep-alive."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def main() -> None:
    import uvloop

    job = pickle.loads(Path(sys.argv[1]).read_bytes())

    async def run() -> list[Answered]:
        return await Load(job).run()

    Path(sys.argv[2]).write_bytes(pickle.dumps(uvloop.run(run())))


if __name__ == "__main__":
    import tests.benchmarks.load

    tests.benchmarks.load.main()
