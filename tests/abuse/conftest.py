"""A process of intake on a database of its own, a client that behaves well, and what the process holds open."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer
from tests.databases import Database
from tests.intake.conftest import CODE_KEY, PAYMENT_SECRET, body

PATIENCE_SECONDS = 60
ANSWER_SECONDS = 20
PACE_SECONDS = 0.01
CONNECTIONS = 120


class Attacked:
    """The process, and by which ways it is spoken to."""

    def __init__(self, pid: int, port: int, issuer: Issuer, database: Database) -> None:
        self.process, self.port, self.issuer, self.database = psutil.Process(pid), port, issuer, database
        self.filed: list[str] = []

    async def send(self, data: bytes, more: bytes = b"", pieces: int = 0) -> bytes:
        """Sends raw bytes, then `more` in so many pieces; the first that is answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answered = b""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                writer.write(data)
                for _ in range(pieces):
                    writer.write(more)
                    await writer.drain()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                answered = await reader.read(65_536)
        writer.close()
        return answered

    def post(self, path: str, told: bytes, token: str = "") -> bytes:
        head = f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len(told)}\r\n"
        said = f"authorization: Bearer {token}\r\n" if token else ""
        return f"{head}{said}\r\n".encode() + told

    @asynccontextmanager
    async def well_behaved(self) -> AsyncIterator[None]:
        """Files dossiers one by one, each answered with 201, while the block runs; it is served while it lasts.

        Where its connection was closed between two requests it sends the same one again under the same key.
        """
        over, first = False, asyncio.Event()
        token = self.issuer.token()

        async def file() -> None:
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
                while not over:
                    key = str(len(self.filed))
                    with suppress(httpx.TransportError):
                        answer = await client.post(
                            f"http://127.0.0.1:{self.port}/v1/dossiers",
                            content=json.dumps(body()),
                            headers={
                                "authorization": f"Bearer {token}",
                                "content-type": "application/json",
                                "idempotency-key": key,
                            },
                        )
                        assert answer.status_code == 201, answer.text
                        self.filed.append(answer.json()["dossier_id"])
                        first.set()
                    await asyncio.sleep(PACE_SECONDS)

        filing = asyncio.create_task(file())
        await asyncio.wait(
            [filing, waiting := asyncio.create_task(first.wait())], return_when="FIRST_COMPLETED"
        )
        waiting.cancel()
        begun = len(self.filed)
        try:
            yield
        finally:
            over = True
            await filing
        assert len(self.filed) > begun, "nobody else was served during the attack"

    def cpu_seconds(self) -> float:
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    def memory_bytes(self) -> int:
        return int(self.process.memory_info().rss)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[list[int]]:
        """The memory of the process, looked at again and again while the block runs and once after it."""
        seen: list[int] = []

        async def look() -> None:
            while True:
                seen.append(self.memory_bytes())
                await asyncio.sleep(PACE_SECONDS)

        looking = asyncio.create_task(look())
        try:
            yield seen
        finally:
            looking.cancel()
            seen.append(self.memory_bytes())

    async def files_as_before(self, before: int) -> int:
        """Open files and connections, once they are as before, or after a while."""
        for _ in range(100):
            if self.process.num_fds() <= before:
                break
            await asyncio.sleep(0.1)
        return self.process.num_fds()


@pytest.fixture(scope="module")
async def attacked(
    module_database: Callable[..., Database],
    free_ports: Callable[[int], list[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Attacked]:
    folder: Path = tmp_path_factory.mktemp("abuse")
    issuer, port, database = Issuer(), free_ports(1)[0], module_database("intake")
    said = {
        "DATABASE_DSN": database.dsn,
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "PORT": str(port),
        "JWKS": issuer.write(folder),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "HMAC_KEY": "0123456789abcdef0123456789abcdef",
        "CODE_KEY": CODE_KEY.hex(),
        "PAYMENT_SECRET": PAYMENT_SECRET,
        "CONNECTIONS": str(CONNECTIONS),
        "CONNECTIONS_PER_ADDRESS": str(CONNECTIONS),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    log = folder / "log"
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.intake.app",
            env=kept | {f"MOTCUA_{name}": value for name, value in said.items()},
            stderr=stream,
        )
    begun = Attacked(process.pid, port, issuer, database)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.returncode is None:
                with suppress(ConnectionError):
                    if b" 200 " in await begun.send(
                        b"GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
                    ):
                        break
                await asyncio.sleep(0.1)
        assert process.returncode is None, log.read_text(encoding="utf-8")
        async with begun.well_behaved():
            await asyncio.sleep(1.0)
        yield begun
        # Nothing that was answered is lost, and nothing stands twice.
        connection = await asyncpg.connect(database.admin_dsn)
        stands = await connection.fetch("SELECT stream_id::text FROM events")
        await connection.close()
        assert sorted(row[0] for row in stands) == sorted(begun.filed)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
