"""Asks clamd about a file before anybody may open it.

Promises an answer within its time, or none. Where no scanner is set up, it says so and never claims that a file was looked at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable
from contextlib import suppress
from typing import Literal

log = logging.getLogger(__name__)

SCAN_SECONDS = 60.0
ANSWER_BYTES_MAX = 1_000
Verdict = Literal["clean", "infected"]


async def scan(clamd: str, content: AsyncIterable[bytes]) -> Verdict | None:
    """What clamd at host:port, or at the path of its socket, says of the content; None when it says nothing that can be relied on.

    Guarantee: nothing but the scanner's own word makes a file clean. Test: test_a_file_is_opened_once_it_is_scanned.
    """
    try:
        async with asyncio.timeout(SCAN_SECONDS):
            answer = await _ask(clamd, content)
    except (OSError, TimeoutError) as error:
        log.warning("scanner-away", extra={"fields": {"error": type(error).__name__}})
        return None
    if answer == b"stream: OK":
        return "clean"
    if answer.endswith(b" FOUND"):
        return "infected"
    log.warning("scanner-unclear", extra={"fields": {"bytes": len(answer)}})
    return None


async def _ask(clamd: str, content: AsyncIterable[bytes]) -> bytes:
    if clamd.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(clamd)
    else:
        host, _, port = clamd.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"zINSTREAM\0")
        async for piece in content:
            writer.write(len(piece).to_bytes(4, "big") + piece)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        with suppress(asyncio.IncompleteReadError):
            return (await reader.readuntil(b"\0"))[:ANSWER_BYTES_MAX].rstrip(b"\0")
        return b""
    finally:
        writer.close()
