from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from services.chassis import lifecycle
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer

START_SECONDS = 60.0


class Life:
    """One serving process; its lines are what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path, token: str) -> None:
        self.process, self.url, self.log, self.token = process, url, log, token

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.get(self.url + path, headers={"authorization": f"Bearer {self.token}"})

    async def end(self, number: signal.Signals = signal.SIGTERM, wait_seconds: float = 20) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), wait_seconds)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    async def says(self, what: str) -> None:
        """Waits until its log has such a line."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if what in self.log.read_text(encoding="utf-8"):
                return
            await asyncio.sleep(0.02)
        raise TimeoutError(f"it has not said {what}: {self.log.read_text(encoding='utf-8')}")

    async def up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.returncode is None, self.log.read_text(encoding="utf-8")
            try:
                await self.get("/livez")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        raise TimeoutError("the process did not serve")


Begin = Callable[..., "asyncio.Future[Life]"]


@pytest.fixture
async def begin(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> AsyncIterator[Callable[..., object]]:
    issuer = Issuer()
    jwks = issuer.write(tmp_path)
    begun: list[Life] = []

    async def begin(task: str, **settings: str) -> Life:
        port = free_ports(1)[0]
        said = {
            "DATABASE_DSN": "postgresql://nobody@127.0.0.1:1/none",
            "KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "PORT": str(port),
            "JWKS": jwks,
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
        log = tmp_path / f"{len(begun)}.log"
        with log.open("wb") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chassis.serving",
                task,
                env=kept | {f"MOTCUA_{name}": value for name, value in said.items()},
                stderr=stream,
            )
        begun.append(Life(process, f"http://127.0.0.1:{port}", log, issuer.token()))
        return begun[-1]

    yield begin
    for life in begun:
        if life.process.returncode is None:
            life.process.kill()
            await life.process.wait()


async def test_a_request_in_flight_at_sigterm_is_answered(begin: Callable[..., object]) -> None:
    life: Life = await begin("tidy")  # type: ignore[misc]
    await life.up()
    answer = asyncio.create_task(life.get("/slow/0.5"))
    await life.says("in-flight")
    life.process.send_signal(signal.SIGTERM)
    assert (await answer).text == '"done"'
    assert await life.end() == 0
    whats = [line["what"] for line in life.lines()]
    # The answer first, then the task's end, then the process's; the lines gathered last are written too.
    assert whats.index("request", 1) < whats.index("tidied")
    assert "ended" in whats


async def test_readiness_goes_before_the_socket_closes(begin: Callable[..., object]) -> None:
    life: Life = await begin("tidy", LEAVE_SECONDS="1.5")  # type: ignore[misc]
    await life.up()
    assert (await life.get("/readyz")).json()["ready"] is True
    life.process.send_signal(signal.SIGTERM)
    await life.says('"leaving"')
    answer = await life.get("/readyz")
    assert (answer.status_code, answer.json()["process"]) == (503, "leaving")
    assert (await life.get("/slow/0")).text == '"done"'
    assert await life.end(signal.SIGINT) == 0


async def test_the_drain_is_bounded(begin: Callable[..., object]) -> None:
    life: Life = await begin("tidy", DRAIN_SECONDS="1")  # type: ignore[misc]
    await life.up()
    answer = asyncio.create_task(life.get("/slow/60"))
    await life.says("in-flight")
    began = time.monotonic()
    assert await life.end() == 0
    assert time.monotonic() - began < 10
    with pytest.raises((httpx.TransportError, AssertionError)):
        assert (await answer).status_code == 200


async def test_a_task_that_does_not_end_is_left_behind(begin: Callable[..., object]) -> None:
    life: Life = await begin("deaf")  # type: ignore[misc]
    await life.up()
    assert await life.end(signal.SIGINT) == 1
    assert "task-left-behind" in [line["what"] for line in life.lines()]


async def test_topics_with_other_settings_end_the_process(begin: Callable[..., object]) -> None:
    life: Life = await begin("other")  # type: ignore[misc]
    assert await asyncio.wait_for(life.process.wait(), START_SECONDS) == 78
    line = next(line for line in life.lines() if line["what"] == "topics-differ")
    assert line["differences"] == "dossiers: 3 partitions, not 12"


async def test_faults_of_settings_are_one_line_and_exit_78(begin: Callable[..., object]) -> None:
    life: Life = await begin("tidy", PORT="none", LOG_LEVEL="LOUD")  # type: ignore[misc]
    assert await asyncio.wait_for(life.process.wait(), START_SECONDS) == 78
    (line,) = life.lines()
    assert line["what"] == "settings"
    assert "MOTCUA_PORT" in str(line["faults"])
    assert "MOTCUA_LOG_LEVEL" in str(line["faults"])


async def test_a_failing_task_is_begun_again_with_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    runs = 0
    sleep, own = asyncio.sleep, asyncio.current_task()

    async def pause(seconds: float) -> None:
        if asyncio.current_task() is own:  # a client's tasks of an earlier test may sleep, too
            pauses.append(seconds)
        await sleep(0)

    async def failing() -> None:
        nonlocal runs
        runs += 1
        if runs == 9:
            raise asyncio.CancelledError
        raise ValueError("a secret")

    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await lifecycle.supervise(lifecycle.background("failing", failing))
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


async def test_a_broker_that_is_away_is_asked_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async def refused() -> None:
        if len(pauses) == 20:
            raise asyncio.CancelledError
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await lifecycle.supervise(lifecycle.background("refused", refused))
    assert pauses == [1.0] * 20
