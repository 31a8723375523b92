"""The life of a process: start, background tasks, HTTP, and an orderly end on SIGTERM.

Promises that requests in flight are answered within the drain time, that background tasks are begun again after an error,
with back-off, and that they get a bounded time to end. Never decides what runs.
"""

import asyncio
import gc
import logging
import os
import platform
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple

import uvicorn
import uvloop
from aiokafka.errors import KafkaError

from services.chassis.http.access import unauthorised_routes
from services.chassis.http.connections import Bounded, Bounds, close_late
from services.chassis.http.front import Application
from services.chassis.http.proxies import Trusted, for_origins
from services.chassis.http.sandbox import Sandbox
from services.chassis.kafka.topic_check import OtherSettings
from services.chassis.log.databases import TRANSIENT
from services.chassis.process import clock, logs, metrics, stalls, turning
from services.chassis.process.open_files import allow_files
from services.chassis.process.settings import ServiceSettings, SettingsFault

log = logging.getLogger(__name__)

BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0
TASKS_END_SECONDS = 12.0
WATCH_SECONDS = 1.0
BACKLOG = 1024
COLLECTOR_THRESHOLDS = (200_000, 20, 10)
AWAY_SECONDS = 1.0
EX_CONFIG = 78


class Background(NamedTuple):
    """A task beside HTTP: `run` goes on until it is cancelled; `name` is a metric's label."""

    name: str
    run: Callable[[], Awaitable[None]]


def background(name: str, run: Callable[[], Awaitable[None]]) -> Background:
    return Background(name, run)


def with_broker(
    name: str, check: Callable[[], Awaitable[None]], run: Callable[[], Awaitable[None]]
) -> Background:
    """A task that begins with a `check` of the broker."""

    async def checked() -> None:
        await check()
        await run()

    return Background(name, checked)


def release() -> str:
    """The version of the installed package."""
    return version("motcua")


def kafka_state() -> str:
    """`reachable` or `away`, as the last who asked the broker found it."""
    return "reachable" if metrics.value("kafka_reachable") else "away"


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a service's main() to its end; a fault of settings is told in one line, with exit code 78."""
    try:
        uvloop.run(main())
    except SettingsFault as fault:
        logs.set_up("INFO")
        log.critical("settings", extra={"fields": {"faults": fault.faults}})
        raise SystemExit(fault.code) from None
    finally:
        logs.flush()


async def serve(
    application: Application, settings: ServiceSettings, tasks: Sequence[Background] = ()
) -> None:
    """Answers HTTP and keeps `tasks` going until SIGTERM or SIGINT; then drains, in this order: requests, tasks.

    Guarantee: a request that was in flight at SIGTERM is answered. Test: test_a_request_in_flight_at_sigterm_is_answered.
    """
    open_doors = unauthorised_routes(application, application.public)
    if open_doors:
        raise RuntimeError("; ".join(open_doors))
    application.trusted = Trusted(settings.trusted_proxies)
    bounds = Bounds(
        allow_files(settings.connections), settings.connections_per_address, unbounded=application.trusted
    )
    clock.follow(settings.sandbox)
    door = for_origins(application, settings.origins)
    server = _Server(
        application,
        settings.leave_seconds,
        uvicorn.Config(
            Sandbox(door) if settings.sandbox else door,
            host=settings.host,
            port=settings.port,
            http=partial(Bounded, bounds=bounds),  # type: ignore[arg-type]
            backlog=BACKLOG,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
        ),
    )
    application.prepare()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.leave)
    fatal: list[Exception] = []

    def refuse(error: Exception) -> None:
        fatal.append(error)
        server.should_exit = True

    spare_the_collector()
    turning.watch()
    own = (
        _WATCH,
        Background("connections", partial(close_late, bounds)),
        Background("keys", application.tokens.keep_fresh),
        Background("stalls", stalls.watch),
    )
    running = [asyncio.create_task(supervise(task, refuse), name=task.name) for task in (*tasks, *own)]
    metrics.BUILD_INFO.labels(application.service, release(), platform.python_version()).set(1)
    log.info("serving", extra={"fields": {"port": settings.port, "release": release()}})
    try:
        await server.serve()
    finally:
        await _end(running)
        log.info("ended")
    if fatal:
        raise SystemExit(EX_CONFIG)


def spare_the_collector() -> None:
    """Takes what was made until now out of the garbage collector's sight, and lets it look less often at what comes.

    Nearly everything here is freed by its reference count: a busy service was measured to make no cycle after its start. The
    collector's defaults took a fifth of its CPU, and its pauses made the p99 of 32 clients five times as long. A relay's and a
    reader's batches, some 60,000 objects, stay below the threshold too: looking through them took a tenth of the CPU of publishing a
    backlog on a quiet machine, a third on a busy one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def supervise(task: Background, refuse: Callable[[Exception], None] = lambda _: None) -> None:
    """Runs a background task for ever: again after an error, or after an end that nobody asked for, later each time.

    Topics with other settings than the declared ones are no such error: `refuse` ends the process.

    Guarantee: a background task that fails is begun again and the process lives on. Test: test_a_failing_task_is_begun_again_with_back_off.
    """
    wait, away = BACK_OFF_SECONDS, False
    running = metrics.TASKS_RUNNING.labels(task.name)
    while True:
        began = time.monotonic()
        running.set(1)
        try:
            await task.run()
            log.warning("task-ended", extra={"fields": {"task": task.name}})
        except OtherSettings as error:
            log.critical("topics-differ", extra={"fields": {"differences": str(error)}})
            refuse(error)
            return
        except (KafkaError, *TRANSIENT) as error:
            # A broker or database that is away is asked every second: its return must not wait for a back-off.
            if not away:
                log.warning("task-waits", extra={"fields": {"task": task.name, **logs.describe(error)}})
            away = True
            await asyncio.sleep(AWAY_SECONDS)
            continue
        except Exception as error:
            log.error("task-failed", extra={"fields": {"task": task.name, **logs.describe(error)}})
        finally:
            running.set(0)
        metrics.TASKS_RESTARTED.labels(task.name).inc()
        if time.monotonic() - began > STEADY_SECONDS:
            wait, away = BACK_OFF_SECONDS, False
        await asyncio.sleep(wait)
        wait = min(2 * wait, BACK_OFF_SECONDS_MAX)


class _Server(uvicorn.Server):
    """Readiness goes first, the socket `leave_seconds` later; a second signal does not wait, a third waits for no request.

    Guarantee: no load balancer sends work to a closed socket. Test: test_readiness_goes_before_the_socket_closes.
    """

    def __init__(self, application: Application, leave_seconds: float, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._application, self._leave_seconds = application, leave_seconds

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the captured signal again when it is done, which would end the process before its tasks.
        yield

    def leave(self) -> None:
        if self.should_exit:
            self.force_exit = True
        if self._application.leaving or not self._leave_seconds:
            self.should_exit = True
        else:
            log.info("leaving", extra={"fields": {"seconds": self._leave_seconds}})
            asyncio.get_running_loop().call_later(self._leave_seconds, self._close)
        self._application.leaving = True

    def _close(self) -> None:
        self.should_exit = True


async def _watch_broker() -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if logs.BROKER.away and kafka_state() == "reachable":
            logs.BROKER.seen()


_WATCH = Background("broker-watch", _watch_broker)


async def _end(running: Sequence[asyncio.Task[None]]) -> None:
    """Ends the tasks, each with TASKS_END_SECONDS to let go; one that does not is left behind with the process.

    Guarantee: a task that does not end does not keep the process alive. Test: test_a_task_that_does_not_end_is_left_behind.
    """
    for task in running:
        task.cancel()
    _, left = await asyncio.wait(running, timeout=TASKS_END_SECONDS)
    for task in left:
        log.error("task-left-behind", extra={"fields": {"task": task.get_name()}})
    if left:  # the loop's own end would wait for them
        logs.flush()
        os._exit(1)
