"""The mail server's side of the listener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiosmtplib

from services.notify.returns.listener import Keep, Listener
from tests.notify.desk import Desk


class Door:
    """Hands letters over."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def hand_over(self, to: str, content: bytes) -> int:
        """With the empty return path that reports have; the code of the answer."""
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, timeout=5)
        await client.connect()
        try:
            await client.mail("")
            await client.rcpt(to)
            return (await client.data(content)).code
        except aiosmtplib.SMTPResponseException as refused:
            return refused.code
        finally:
            client.close()


@asynccontextmanager
async def listening(desk: Desk, port: int, keep: Keep | None = None) -> AsyncIterator[Door]:
    running = asyncio.create_task(Listener("127.0.0.1", port, desk.paths, keep or desk.keeper.keep).run())
    await asyncio.sleep(0)
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.01)
    yield Door(port)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
