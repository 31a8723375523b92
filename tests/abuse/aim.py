"""What an attacker knows and how it sends: raw bytes from addresses of its own, until its time is over.

An attack is told when to end and never waits longer. It counts what it was answered and judges nothing of time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
"""None of them is the well-behaved client's: that one is at 127.0.0.1."""
ANSWER_SECONDS = 5.0
GRACE_SECONDS = 0.5
NOT_ANSWERED = 0
REFUSED = (400, 401, 403, 404, 405, 409, 412, 415, 422, 428, 429)


@dataclass(frozen=True, slots=True)
class Aim:
    """One service, everything that the attacker was given, and how long the attack lasts."""

    service: str
    port: int
    seconds: float
    tokens: dict[str, str]
    dossiers: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def post_path(self) -> str:
        """Where the service takes a body, or would."""
        doors = {"intake": "/v1/dossiers", "processing": "/v1/bulk", "notify": "/v1/notices"}
        return doors.get(self.service, "/v1/counts")

    def at(self, service: str) -> Aim:
        """The same attacker before another service."""
        return Aim(
            service, self.ports[service], self.seconds, self.tokens, self.dossiers, self.ports, self.secrets
        )


@dataclass(slots=True)
class Outcome:
    """How often which status was answered (NOT_ANSWERED: the connection ended), and what should not have been."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def told(self) -> str:
        return " ".join(f"{status or 'closed'}×{count}" for status, count in sorted(self.statuses.items()))


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(aim: Aim, number: int = 0) -> AsyncIterator[Streams]:
    """A connection from one of the attacker's addresses."""
    address = ADDRESSES[number % len(ADDRESSES)]
    streams = await asyncio.open_connection("127.0.0.1", aim.port, local_addr=(address, 0))
    try:
        yield streams
    finally:
        streams[1].close()


def request(method: str, path: str, *, body: bytes = b"", token: str = "", more: str = "") -> bytes:
    """One request of HTTP/1.1 as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "host: a", f"content-length: {len(body)}"]
    lines += ["content-type: application/json"] if body else []
    lines += [f"authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, *([more] if more else []), "", ""]).encode() + body


def status_of(answer: bytes) -> int:
    first = answer.split(b" ", 2)[1:2]
    return int(first[0]) if first and first[0].isdigit() else NOT_ANSWERED


async def asked(aim: Aim, data: bytes, number: int = 0) -> tuple[int, bytes]:
    """Status and body of the answer to these bytes."""
    answer = b""
    with suppress(OSError, TimeoutError, EOFError, ValueError):
        async with asyncio.timeout(ANSWER_SECONDS), connected(aim, number) as (reader, writer):
            writer.write(data)
            answer = await reader.readuntil(b"\r\n\r\n")
            head = answer.lower()
            if b"content-length:" in head:
                length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                answer += await reader.readexactly(length)
    return status_of(answer), answer.partition(b"\r\n\r\n")[2]


async def until_over(
    aim: Aim, workers: int, work: Callable[[int], Coroutine[Any, Any, int | None]]
) -> Outcome:
    """So many at once do it again and again until the attack's time is over; what each was answered is counted."""
    outcome, over_at = Outcome(), time.monotonic() + aim.seconds

    async def again(number: int) -> None:
        while time.monotonic() < over_at:
            status = NOT_ANSWERED
            with suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout_at(
                    asyncio.get_running_loop().time() + over_at + GRACE_SECONDS - time.monotonic()
                ):
                    answered = await work(number)
                    if answered is None:
                        return
                    status = answered
            outcome.statuses[status] += 1

    await asyncio.gather(*(again(number) for number in range(workers)))
    return outcome


async def flood(aim: Aim, workers: int, *requests: bytes) -> Outcome:
    """These requests in turn, each on a connection of its own."""

    async def one(number: int) -> int:
        turns[number] += 1
        return (await asked(aim, requests[(number + turns[number]) % len(requests)], number))[0]

    turns: Counter[int] = Counter()
    return await until_over(aim, workers, one)


async def all_of(aim: Aim, *requests: tuple[str, bytes], allowed: tuple[int, ...] = REFUSED) -> Outcome:
    """Sends each, named by what it is; a status that is not allowed is a fault."""
    outcome = Outcome()
    for what, data in requests:
        status, body = await asked(aim, data)
        outcome.statuses[status] += 1
        if status not in allowed:
            outcome.faults.append(f"{aim.service}: {what} was answered {status}: {body[:120]!r}")
    return outcome


def together(*outcomes: Outcome) -> Outcome:
    """All of them as one."""
    whole = Outcome()
    for each in outcomes:
        whole.statuses += each.statuses
        whole.faults += each.faults
    return whole
