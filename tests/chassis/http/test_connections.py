"""Connections that send too much, too slowly or nothing, over real sockets."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from services.chassis.http import connections
from services.chassis.http.connections import HEAD_BYTES_MAX
from tests.chassis.doors import Doors
from tests.chassis.http.conftest import LARGE_BYTES, PATIENCE_SECONDS, House, answer, ended
from tests.chassis.issuing import Issuer

GET = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"


def code_of(answered: bytes) -> tuple[int, str]:
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answered
    return int(head.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /livez HTTP/1.1\r\nx: " + b"a" * 60_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET /livez HTTP/1.1\r\n" + b"x: y\r\n" * 12_000, 431, "headers-too-large"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 414, "target-too-long"),
        (b"GET /" + b"a" * 200_000, 414, "target-too-long"),
        (b"GET / HTTP/3\r\n\r\n", 400, "http-malformed"),
    ],
)
async def test_a_head_beyond_its_limit_is_refused(
    listening: House, sent: bytes, status: int, code: str
) -> None:
    assert code_of(await listening.tell(sent)) == (status, code)


async def test_of_an_endless_head_little_is_taken(listening: House) -> None:
    reader, writer = await listening.enter(b"GET /livez HTTP/1.1\r\n")
    sent = 0
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(4_000):
                writer.write(b"x: " + b"y" * 100_000 + b"\r\n")
                await writer.drain()
                sent += 100_005
    assert sent < 100_000_000
    await ended(reader)
    assert await listening.tell(GET.replace(b"host", b"connection: close\r\nhost")) != b""


async def all_left(listening: House) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS / 2):
        while listening.bounds.known:  # noqa: ASYNC110 (nobody tells when one is gone)
            await asyncio.sleep(0.05)


async def test_a_trailer_has_the_limit_of_a_head(listening: House) -> None:
    start = b"POST /plain HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    answered = await listening.tell(start + b"x: " + b"y" * (3 * HEAD_BYTES_MAX))
    assert b" 401 " in answered or b" 431 " in answered
    await all_left(listening)


async def test_what_was_refused_is_closed_though_nobody_takes_the_rest(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application waits for the rest of a body, whose trailer is beyond its limit."""
    monkeypatch.setattr(connections, "READING_SECONDS", 2.0 * PATIENCE_SECONDS)
    sockets = await listening.enter(
        b"POST /livez HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    )
    await asyncio.sleep(0.1)
    sockets[1].write(b"x: " + b"y" * (3 * HEAD_BYTES_MAX))
    assert b" 431 " in await ended(sockets[0])
    await all_left(listening)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"GET /livez HTTP/1.1\r\nhost:",
        GET,
        b"POST /plain HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n",
        b"POST /direct HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n{",
    ],
    ids=["nothing", "an empty line", "half a head", "one request", "no body", "half a body"],
)
async def test_a_connection_that_says_nothing_more_is_closed(listening: House, sent: bytes) -> None:
    await listening.tell(sent)
    assert not listening.bounds.open and not listening.bounds.of_address


@pytest.mark.parametrize("path", [b"/plain", b"/direct"])
async def test_a_body_that_stops_coming_is_told_so(listening: House, path: bytes) -> None:
    head = b"POST %s HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"
    sent = head % (path, listening.token.encode()) + b"content-length: 900\r\n\r\n{"
    assert code_of(await listening.tell(sent)) == (408, "request-too-slow")


async def test_a_body_that_comes_slowly_is_taken(listening: House) -> None:
    head = (
        b"POST /direct HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"
    )
    body = b'{"number": 7}'
    told = head % listening.token.encode() + b"idempotency-key: k\r\ncontent-length: %d\r\n\r\n" % len(body)
    sockets = await listening.enter(told)
    for byte in body:
        sockets[1].write(bytes([byte]))
        await asyncio.sleep(0.1)
    assert b" 201 " in await answer(sockets)


async def test_the_time_of_the_application_has_no_deadline_of_a_connection(listening: House) -> None:
    house_public = await answer(await listening.enter(GET.replace(b"/livez", b"/slow")))
    assert b'"done"' in house_public


async def test_requests_in_one_piece_are_all_answered(listening: House) -> None:
    sockets = await listening.enter(GET * 3)
    assert [b" 200 " in await answer(sockets) for _ in range(3)] == [True] * 3


async def test_idle_connections_keep_nobody_out(listening: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    busy = await listening.enter(GET.replace(b"/livez", b"/slow"))
    idle = [await listening.enter() for _ in range(4)]
    later = [await listening.enter(GET) for _ in range(2)]
    assert all([b" 200 " in await answer(sockets) for sockets in later])
    # The two that had waited longest went; the one whose request is under way did not.
    assert [await ended(reader) for reader, _ in idle[:2]] == [b"", b""]
    assert b'"done"' in await answer(busy)
    assert len(listening.bounds.open) <= 5


async def test_whose_client_owes_us_something_goes_for_another(listening: House) -> None:
    """Bodies that never come, authorised or not, and answers that nobody reads; not one whose request is under way."""
    head = b"POST /direct HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n"
    known = head + b"authorization: Bearer %s\r\n\r\n" % listening.token.encode()
    busy = await listening.enter(GET.replace(b"/livez", b"/slow"))
    owed = (known + b"{", known, head + b"\r\n", GET.replace(b"/livez", b"/large"))
    owing = [await listening.enter(told) for told in owed]
    owing[3][1].transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(0.2)
    later = [await listening.enter(GET.replace(b"/livez", b"/slow")) for _ in range(4)]
    assert all([b'"done"' in await answer(sockets) for sockets in (busy, *later)])
    assert len(listening.bounds.open) <= 5


async def test_a_rush_stays_within_the_bounds(listening: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many that come in the same moment puts out another one, and the one whose request is under way is left alone."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    busy = await listening.enter(GET.replace(b"/livez", b"/slow"))
    await asyncio.sleep(0.1)
    rush = await asyncio.gather(*(listening.enter() for _ in range(40)))
    last = await listening.enter(GET)
    assert b" 200 " in await answer(last)
    assert len(listening.bounds.open) <= 5
    left = asyncio.gather(*(ended(reader) for reader, _ in rush[:36]))
    assert set(await left) == {b""}
    assert b'"done"' in await answer(busy)


async def test_an_answer_that_is_read_slowly_is_read_whole(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lasts longer than every deadline, and each of them finds that some more was read."""
    monkeypatch.setattr(connections, "READING_SECONDS", 2.0)
    reader, writer = await listening.enter(
        GET.replace(b"/livez", b"/large").replace(b"host", b"connection: close\r\nhost")
    )
    writer.transport.pause_reading()
    taken = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            writer.transport.resume_reading()
            piece = await reader.read(LARGE_BYTES // 20)
            writer.transport.pause_reading()
            if not piece:
                break
            taken += len(piece)
            await asyncio.sleep(0.01)
    assert taken > LARGE_BYTES


async def test_a_body_that_is_taken_slowly_is_taken_whole(listening: House) -> None:
    """Between two pieces the application is away for longer than the deadline of a piece."""
    told = b"POST /pieces HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000
    assert (await answer(await listening.enter(told))).endswith(b"\r\n\r\n1000000")


async def test_an_answer_that_nobody_reads_is_let_go(listening: House) -> None:
    _, writer = await listening.enter(GET.replace(b"/livez", b"/large"))
    writer.transport.pause_reading()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not listening.bounds.known:  # noqa: ASYNC110 (nothing tells it)
            await asyncio.sleep(0.01)
        while listening.bounds.known:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_when_all_are_busy_one_more_is_told_to_come_back(listening: House) -> None:
    busy = [await listening.enter(GET.replace(b"/livez", b"/slow")) for _ in range(5)]
    await asyncio.sleep(0.2)
    assert code_of(await listening.tell(GET)) == (503, "unavailable")
    assert all([b'"done"' in await answer(sockets) for sockets in busy])


@pytest.mark.parametrize("path", ["/plain", "/direct"])
async def test_no_body_is_read_for_a_stranger(path: str, tmp_path: Path) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{}"

    async with Doors(Issuer().write(tmp_path)).client() as client:
        answer = await client.post(path, content=body(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
    assert not read


def test_a_process_may_open_the_files_that_its_connections_need() -> None:
    """In a process of its own: a limit once lowered stays so."""
    script = (
        "import resource; from services.chassis.process.open_files import allow_files;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096));"
        "print(allow_files(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0],"
        "allow_files(10000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1000", "1200", "3896", "4096"]


async def test_a_connection_is_let_go_of_at_once(listening: House, no_collector: None) -> None:
    """With all of its requests: answered, refused, and with a body that nobody read."""
    known = b"authorization: Bearer " + listening.token.encode()
    for head in (b"GET /livez", b"GET /nothing", b"POST /direct", b"POST /direct HTTP/1.1\r\n" + known):
        line = head if b"1.1" in head else head + b" HTTP/1.1"
        sockets = await listening.enter(line + b"\r\nhost: a\r\ncontent-length: 9\r\n\r\n[[[[[[[[[")
        await answer(sockets)
        (connection,) = map(weakref.ref, listening.bounds.known)
        listening.leave()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while listening.bounds.known:  # noqa: ASYNC110 (nothing tells it)
                await asyncio.sleep(0.01)
        assert connection() is None, head
