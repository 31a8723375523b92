"""A process that serves, for the tests of a life from start to SIGTERM: `python -m tests.chassis.serving PORT JWKS TASK`."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import Annotated

from fastapi import Depends

from services.chassis import lifecycle
from services.chassis.http.web import Caller, require
from services.chassis.kafka.topic_check import OtherSettings
from services.chassis.process import logs, turning
from services.chassis.process.settings import ServiceSettings, load
from tests.chassis.doors import Doors

log = logging.getLogger(__name__)


async def main() -> None:
    settings = load(ServiceSettings)
    logs.set_up(settings.log_level)
    application = Doors(settings.jwks).application

    @application.get("/slow/{seconds}")
    async def slow(seconds: float, caller: Annotated[Caller, Depends(require("portal"))]) -> str:
        log.info("in-flight")
        await asyncio.sleep(seconds)
        return "done"

    async def deaf() -> None:
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                continue

    async def other_settings() -> None:
        raise OtherSettings("dossiers: 3 partitions, not 12")

    async def tidy() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            logs.access({"what": "tidied"})

    async def still() -> None:
        turning.END_SECONDS, turning.LOOK_SECONDS = 0.5, 0.1
        with turning.Loop("task"):
            await asyncio.sleep(1000)

    async def blocked() -> None:
        turning.END_SECONDS, turning.LOOK_SECONDS = 0.5, 0.1
        with turning.Loop("task"):
            time.sleep(1000)  # noqa: ASYNC251 (nothing turns any more)

    tasks = {"deaf": deaf, "other": other_settings, "tidy": tidy, "still": still, "blocked": blocked}
    task = tasks[sys.argv[1]]
    if task is deaf:
        lifecycle.TASKS_END_SECONDS = 0.5
    await lifecycle.serve(application, settings, [lifecycle.background("task", task)])


if __name__ == "__main__":
    lifecycle.run(main)
