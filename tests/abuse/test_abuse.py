"""Attacks on a running process, each bounded; beside each a client that behaves well is served and loses nothing.

After each attack memory, files and connections are as before. What the client filed is compared with the log at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.abuse.conftest import CONNECTIONS, Attacked

GROWTH_BYTES_MAX = 48 * 1_048_576
UNCLOSED = b"[" * 25 + b'"' + b'\\"' * 32_700
WIDE = b'{"items":[' + b",".join([b"{" + b",".join(b'"a%d":0' % n for n in range(190)) + b"}"] * 490) + b"]}"


async def unclosed_strings(attacked: Attacked) -> None:
    """64 KB that took seconds each: with a token they cost about what other bodies of that size do, without one they are not read."""
    token = attacked.issuer.token(subject="s2")
    costs = []
    for told, status, sender in (
        (b'{"a":"' + b"x" * (len(UNCLOSED) - 8) + b'"}', b" 422 ", token),
        (UNCLOSED, b" 400 ", token),
        (UNCLOSED, b" 401 ", ""),
    ):
        before = attacked.cpu_seconds()
        for _ in range(20):
            assert status in await attacked.send(attacked.post("/v1/dossiers", told, sender))
        costs.append(attacked.cpu_seconds() - before)
    harmless, hostile, stranger = costs
    assert max(hostile, stranger) < 20 * max(harmless, 0.05), costs


async def endless_heads(attacked: Attacked) -> None:
    """Forty connections, 8 MB of headers or of a target each."""
    heads = ((b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 1_400), (b"GET /", b"a" * 8_192))
    answers = await asyncio.gather(
        *(attacked.send(start, more, 1_000) for start, more in heads for _ in range(20))
    )
    assert not any(b" 200 " in answer for answer in answers)


async def silent_connections(attacked: Attacked) -> None:
    """Three times as many as may be open: nothing, half a head, a body that never comes."""
    said = (
        b"",
        b"GET / HTTP/1.1\r\nhost:",
        b"POST /v1/dossiers HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n",
    )
    writers = []
    for number in range(3 * CONNECTIONS):
        _, writer = await asyncio.open_connection("127.0.0.1", attacked.port)
        writer.write(said[number % len(said)])
        writers.append(writer)
    assert len(attacked.process.net_connections("tcp")) <= CONNECTIONS + 20
    for writer in writers:
        writer.close()


async def wide_batches(attacked: Attacked) -> None:
    """Batches of 490 items with 190 faults each."""
    request = attacked.post("/v1/bulk", WIDE, attacked.issuer.token("importer"))
    for _ in range(3):
        assert b" 200 " in await attacked.send(request)


async def forged_tokens(attacked: Attacked) -> None:
    """More than one address may be refused: the rest costs no signature."""
    request = attacked.post("/v1/dossiers", b"{}", attacked.issuer.token(aud="another"))
    statuses = [(await attacked.send(request)).split(b" ", 2)[1] for _ in range(400)]
    assert statuses[0] == b"401" and statuses[-1] == b"429" and set(statuses) == {b"401", b"429"}


@pytest.mark.parametrize(
    "attack", [unclosed_strings, endless_heads, silent_connections, wide_batches, forged_tokens]
)
async def test_an_attack_stops_nobody_else(
    attacked: Attacked, attack: Callable[[Attacked], Awaitable[None]]
) -> None:
    files, memory = attacked.process.num_fds(), attacked.memory_bytes()
    async with attacked.well_behaved(), attacked.watched() as peak:
        await attack(attacked)
    assert await attacked.files_as_before(files) <= files
    assert max(peak) - memory < GROWTH_BYTES_MAX
