"""One process of a service, of ours or of the yardstick's: its environment, and waiting until it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.process import Process
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks.issuer import AUDIENCE, ISSUER

REPOSITORY = Path(__file__).parents[2]
READY_SECONDS = 60.0
HMAC_KEY = "5" * 64
CODE_KEY = "6" * 128
UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
# The load of a benchmark comes from few callers; what a caller may do is not what is measured here.
WITHOUT_LIMITS = {
    "MOTCUA_CALLER_REQUESTS_PER_SECOND": "100000",
    "MOTCUA_CALLER_REQUESTS_BURST": "100000",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(home: Path, name: str, program: list[str], environment: Mapping[str, str]) -> Process:
    """Starts `python PROGRAM` in the repository; from the main thread, for the child's life is tied to it."""
    process = Process(name, home=home)
    process.start([sys.executable, *program], {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment})
    return process


def our_environment(
    dsn: str, kafka: KafkaSettings, jwks: Path, port: int, *, people_port: int = 1
) -> dict[str, str]:
    """The settings of any of our services; each takes those that it knows."""
    return {
        "MOTCUA_DATABASE_DSN": dsn,
        "MOTCUA_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "MOTCUA_KAFKA_USERNAME": kafka.username,
        "MOTCUA_KAFKA_PASSWORD": kafka.password,
        "MOTCUA_HOST": "127.0.0.1",
        "MOTCUA_PORT": str(port),
        "MOTCUA_JWKS": str(jwks),
        "MOTCUA_JWT_ISSUER": ISSUER,
        "MOTCUA_JWT_AUDIENCE": AUDIENCE,
        "MOTCUA_HMAC_KEY": HMAC_KEY,
        "MOTCUA_PAYMENT_SECRET": HMAC_KEY,
        "MOTCUA_CODE_KEY": CODE_KEY,
        "MOTCUA_PEOPLE_URL": f"http://127.0.0.1:{people_port}",
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": "9",
        "MOTCUA_SMTP_FROM": "bench@motcua.example",
        **WITHOUT_LIMITS,
    }


async def wait_until_ready(process: Process, port: int) -> None:
    """Until its /readyz says yes; raises with its last log lines when it ended or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            if not process.running or time.monotonic() > deadline:
                raise RuntimeError(f"{process.name} is not ready:\n{process.last_lines(40)}")
            await asyncio.sleep(0.1)
