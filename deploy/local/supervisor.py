"""`motcua up`: starts all parts in order, keeps them running, and stops them in reverse order.

Promises that a part that dies is started again, later each time; that one home has one supervisor; and that nothing is
left running when it ends, by whatever way. Never touches data.
"""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

import asyncpg
from confluent_kafka import KafkaException

from contracts.topics import SERVICES
from deploy.local import parts, rotation
from deploy.local.home import SMS, Home
from deploy.local.issuer import Issuer
from deploy.local.kafka.node import Ports
from deploy.local.kafka.run import Kafka
from deploy.local.keys import SUPERUSER, secrets_of
from deploy.local.logs import Logs
from deploy.local.parts import SERVICE_STOP_SECONDS, Part, mail_part, provider_part, service_part, sms_parts
from deploy.local.postgres.run import Postgres
from deploy.local.process import Failed, Identity, Process
from deploy.local.sandbox.moving import move_databases
from deploy.local.status import end_left_overs, is_ready
from services.chassis.log.migrations import migrate

READY_SECONDS = 120.0
LOOK_SECONDS = 0.2
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MOST = 30.0
STEADY_SECONDS = 60.0
WRONG_SETTINGS = 78
LINE_MOST = 200
CHANGE_AGAIN_SECONDS = 5.0
READERS_OF_CODES, WRITERS_OF_CODES = ("intake", "notify", "reporting"), ("processing",)

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
        before, change = secrets_of(home.path), rotation.pending(home.path)
        # A change of secrets that was cut short: servers are entered by either password, and all get the new ones.
        secrets = change.secrets if change else before
        self.issuer = Issuer(home.path)
        self._home, self._say, self._change = home, say, change
        self._postgres = Postgres.of_environment(
            home.path, home.port("postgres"), secrets.postgres, before.postgres[SUPERUSER] if change else ""
        )
        ports = Ports(home.port("kafka"), home.port("kafka-controller"))
        admins = before.kafka["admin"] if change else ""
        self._kafka = Kafka(home.path, [ports], secrets.kafka, report=say, earlier=admins)
        self._told = dict.fromkeys(SERVICES, secrets)
        self._change_again_at = 0.0
        self._logs = Logs.of_environment(home.path / "log")
        node = self._kafka.nodes[0]
        self._parts = {
            "postgres": Part("postgres", lambda: self._postgres.process, self._postgres.start),
            "kafka": Part("kafka", lambda: node.process, lambda: self._kafka.start_node(node)),
            "mail": mail_part(home),
            "provider": provider_part(home),
            **sms_parts(home),
        }
        for service in SERVICES:
            told = partial(self._told.__getitem__, service)
            self._parts[service] = service_part(service, home, self._postgres, self._kafka, told)
        if self._postgres.external:
            del self._parts["postgres"]
        if home.sandbox.exists():
            self._parts["officers"] = parts.officers_part(home)

    @contextmanager
    def running(self) -> Iterator[Callable[[], None]]:
        """Everything is up and ready inside; the value given is to be called again and again, and keeps it so."""
        with _alone(self._home), _signals_raise():
            try:
                end_left_overs(self._home)
                self._home.refuse_ports_in_use()
                self._home.remember()
                watches = self._start()
                yield lambda: self._turn(watches)
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
        if self._home.sandbox.exists():
            move_databases(self._home, self._postgres)
        self._say("providing topics and rights")
        self._kafka.provision()
        if self._change and self._change.signing_key:
            self.issuer.announce(self._change.signing_key)
        self._say(f"starting {', '.join(SERVICES)}, the log-in and the catchers of mail and text messages")
        officers = ["officers"] if "officers" in self._parts else []
        for name in ("mail", *SMS, "provider", *SERVICES, *officers):
            self._parts[name].start()
        watches = [Watch(part) for part in self._parts.values()]
        self._await_ready(watches, SERVICES)
        if self._change:
            self._finish(self._change)
        return watches

    def _turn(self, watches: list[Watch]) -> None:
        """One look at everything, and a change of secrets when one was asked for; one that does not succeed is tried again."""
        self._look(watches)
        if time.monotonic() < self._change_again_at or not (change := rotation.pending(self._home.path)):
            return
        try:
            self._carry_out(change, watches)
        except (Failed, OSError, KafkaException, asyncpg.PostgresError) as error:
            self._say(f"the change of secrets waits: {type(error).__name__}: {error}")
            self._change_again_at = time.monotonic() + CHANGE_AGAIN_SECONDS

    def _carry_out(self, change: rotation.Change, watches: list[Watch]) -> None:
        """Services in two groups, so that who opens official codes knows the new key before anybody seals with it; the broker last.

        A service has its own passwords changed while it is stopped, so that it never meets a server with the wrong one.

        Guarantee: nothing that was answered with 201 is lost, and what was read before is read after.
        Test: test_secrets_are_changed_while_a_client_submits_and_reads.
        """
        new, others = change.secrets, {*SERVICES, "broker"}
        self._say("changing secrets: who operates the servers")
        if change.signing_key:
            self.issuer.announce(change.signing_key)
        self._postgres.set_passwords({who: word for who, word in new.postgres.items() if who not in others})
        self._kafka.set_passwords({who: word for who, word in new.kafka.items() if who not in others})
        for group in READERS_OF_CODES, WRITERS_OF_CODES:
            self._say(f"changing secrets: {', '.join(group)}")
            for process in self._processes(group):
                process.ask_to_stop()
            for service in group:
                self._stop_services([service])
                self._postgres.set_passwords({service: new.postgres[service]})
                self._kafka.set_passwords({service: new.kafka[service]})
                self._told[service] = new
                self._parts[service].start()
            self._await_ready(watches, group)
        self._say("changing secrets: the broker, which is started again")
        self._kafka.set_passwords({"broker": new.kafka["broker"]})
        node = self._kafka.nodes[0]
        node.stop()
        self._kafka.start_node(node)
        self._kafka.wait()
        self._finish(change)

    def _finish(self, change: rotation.Change) -> None:
        if change.signing_key:
            self.issuer.change_to(change.signing_key)
        rotation.finish(self._home.path, change)
        self._change = None
        self._say("secrets are changed")

    def _await_ready(self, watches: list[Watch], services: Iterable[str]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(services)
        while waiting := [service for service in waiting if not is_ready(self._home, service)]:
            if time.monotonic() > deadline:
                raise Failed(
                    f"not ready after {READY_SECONDS:.0f} s: {', '.join(waiting)}; see {self._home.path / 'log'}"
                )
            self._look(watches)

    def _look(self, watches: list[Watch]) -> None:
        for watch in watches:
            watch.look(self._say)
        with suppress(OSError):  # a full disk; they are looked at again
            self._logs.turn()
        time.sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        """The services together, for they need the servers; then the rest, last started first."""
        if any(self._parts[name].running for name in SERVICES):
            self._say("stopping the services")
        self._stop_services(SERVICES)
        for name in ("officers", "provider", *SMS, "mail", "kafka", "postgres"):
            part = self._parts.get(name)
            if part and part.running:
                self._say(f"stopping {name}")
            if part and (process := part.process()):
                self._stop_one(process, SERVICE_STOP_SECONDS)

    def _stop_services(self, names: Iterable[str]) -> None:
        for process in self._processes(names):
            process.ask_to_stop()
        for process in self._processes(names):
            self._stop_one(process, SERVICE_STOP_SECONDS)

    def _processes(self, names: Iterable[str]) -> list[Process]:
        return [process for name in names if (process := self._parts[name].process())]

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
