"""`motcua up`: starts all parts in order, keeps them running, and stops them in reverse order.

Promises that a part that dies is started again, later each time; that one home has one supervisor; and that nothing is
left running when it ends, by whatever way. Never touches data.
"""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import FrameType

from contracts.topics import SERVICES
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.kafka import Kafka
from deploy.local.kafka_node import Ports
from deploy.local.keys import secrets_of
from deploy.local.parts import SERVICE_STOP_SECONDS, Part, mail_part, service_part
from deploy.local.postgres import Postgres
from deploy.local.process import Failed, Identity, Process
from deploy.local.status import end_left_overs, is_ready
from services.chassis.migrations import migrate

READY_SECONDS = 120.0
LOOK_SECONDS = 0.2
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MOST = 30.0
STEADY_SECONDS = 60.0
WRONG_SETTINGS = 78
LINE_MOST = 200

Say = Callable[[str], None]


class Leave(Exception):
    """Ctrl-C, or another signal that asks to stop."""


class Watch:
    """One part: whether it is to be started again, and when."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._wait = BACK_OFF_SECONDS
        self._began_at = time.monotonic()
        self._again_at: float | None = None

    def look(self, say: Say) -> None:
        now = time.monotonic()
        if self.part.running:
            if now - self._began_at > STEADY_SECONDS:
                self._wait = BACK_OFF_SECONDS
        elif self._again_at is None:
            process = self.part.process()
            code = process.exit_code if process else None
            if code == WRONG_SETTINGS and process:
                raise Failed(f"{self.part.name} refuses its settings:\n{process.last_lines(5)}")
            last = process.last_lines(1)[:LINE_MOST] if process else ""
            say(
                f"{self.part.name} ended ({_how(code)}); it is started again in {self._wait:g} s. Its last line: {last}"
            )
            self._again_at = now + self._wait
            self._wait = min(2 * self._wait, BACK_OFF_SECONDS_MOST)
        elif now >= self._again_at:
            self._began_at, self._again_at = now, None
            # A server that does not come back yet is dead at the next look, and waits longer.
            with suppress(Failed):
                self.part.start()


class Supervisor:
    def __init__(self, home: Home, say: Say) -> None:
        secrets = secrets_of(home.path)
        self.issuer = Issuer(home.path)
        self._home, self._say = home, say
        self._postgres = Postgres.of_environment(home.path, home.port("postgres"), secrets.postgres)
        ports = Ports(home.port("kafka"), home.port("kafka-controller"))
        self._kafka = Kafka(home.path, [ports], secrets.kafka, report=say)
        node = self._kafka.nodes[0]
        self._parts = {
            "postgres": Part("postgres", lambda: self._postgres.process, self._postgres.start),
            "kafka": Part("kafka", lambda: node.process, lambda: self._kafka.start_node(node)),
            "mail": mail_part(home),
        }
        for service in SERVICES:
            self._parts[service] = service_part(service, home, self._postgres, self._kafka, secrets)
        if self._postgres.external:
            del self._parts["postgres"]

    @contextmanager
    def running(self) -> Iterator[Callable[[], None]]:
        """Everything is up and ready inside; the value given is to be called again and again, and keeps it so."""
        with _alone(self._home), _signals_raise():
            try:
                end_left_overs(self._home)
                self._home.refuse_ports_in_use()
                self._home.remember()
                watches = self._start()
                yield lambda: self._look(watches)
            finally:
                _ignore_signals()
                self._stop()

    def _start(self) -> list[Watch]:
        self._say("starting Apache Kafka")
        self._kafka.launch()
        self._say("starting PostgreSQL")
        self._postgres.start()
        for service in SERVICES:
            self._say(f"migrating the database of {service}")
            with ThreadPoolExecutor(1) as threads:  # Alembic runs a loop of its own
                threads.submit(migrate, service, self._postgres.dsn(f"{service}_owner")).result()
        self._say("providing topics and rights")
        self._kafka.provision()
        self._say(f"starting {', '.join(SERVICES)} and the mail catcher")
        for name in ("mail", *SERVICES):
            self._parts[name].start()
        watches = [Watch(part) for part in self._parts.values()]
        self._await_ready(watches)
        return watches

    def _await_ready(self, watches: list[Watch]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(SERVICES)
        while waiting := [service for service in waiting if not is_ready(self._home, service)]:
            if time.monotonic() > deadline:
                raise Failed(
                    f"not ready after {READY_SECONDS:.0f} s: {', '.join(waiting)}; see {self._home.path / 'log'}"
                )
            self._look(watches)

    def _look(self, watches: list[Watch]) -> None:
        for watch in watches:
            watch.look(self._say)
        time.sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        """The services together, for they need the servers; then the rest, last started first."""
        services = [process for name in SERVICES if (process := self._parts[name].process())]
        if any(process.running for process in services):
            self._say("stopping the services")
        for process in services:
            process.ask_to_stop()
        for process in services:
            self._stop_one(process, SERVICE_STOP_SECONDS)
        for name in ("mail", "kafka", "postgres"):
            part = self._parts.get(name)
            if part and part.running:
                self._say(f"stopping {name}")
            if part and (process := part.process()):
                self._stop_one(process, SERVICE_STOP_SECONDS)

    def _stop_one(self, process: Process, seconds: float) -> None:
        if not process.stop(seconds):
            self._say(f"{process.name} did not stop within {seconds:.0f} s and was killed")


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One supervisor for a home: the lock is the kernel's, so it cannot be left behind."""
    home.run.mkdir(parents=True, exist_ok=True)
    pid_file = home.run / "supervisor.pid"
    with (home.run / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            found = Identity.read(pid_file)
            who = f", as process {found.pid}" if found else ""
            raise Failed(f"{home.path} runs already{who}; `motcua status` says how it is") from None
        if own := Identity.of(os.getpid()):
            own.write(pid_file)
        try:
            yield
        finally:
            pid_file.unlink(missing_ok=True)


@contextmanager
def _signals_raise() -> Iterator[None]:
    def leave(_number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Leave

    before = {number: signal.signal(number, leave) for number in _STOPPING}
    try:
        yield
    finally:
        for number, what in before.items():
            signal.signal(number, what)


def _ignore_signals() -> None:
    """Once it is stopping, it stops in order; every wait is bounded."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _how(code: int | None) -> str:
    if code is None:
        return "not started"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
