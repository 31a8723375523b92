"""The mail catcher: takes every message by SMTP, delivers none, and keeps each as a file.

Usage: python -m deploy.local.mail HOST PORT FOLDER
"""

import asyncio
import signal
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

BYTES_MOST = 10 * 1024 * 1024


class Keeper:
    """Writes each message to FOLDER/<time>-<number>.eml, whole or not at all.

    Guarantee: only the user of this process reads what was caught. Test: test_caught_mail_is_its_owners_alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        name = f"{time.time():.6f}-{next(self._numbers)}.eml"
        draft = self._folder / f".{name}"
        draft.touch(mode=0o600)
        # As whoever delivers a letter for good does (RFC 5321 §4.4).
        returns = f"Return-Path: <{envelope.mail_from}>\r\n"
        draft.write_bytes(returns.encode() + envelope.original_content)
        draft.replace(self._folder / name)
        return "250 kept"


async def main(host: str, port: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, data_size_limit=BYTES_MOST, enable_SMTPUTF8=True, loop=loop), host, port
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
