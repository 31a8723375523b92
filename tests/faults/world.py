"""The house of one run: its own PostgreSQL, Kafka of one or three brokers, and the services as child processes.

Starts, kills, freezes, wipes and doubles its parts; all of it synchronous, from threads that live as long as the run (a
child's life is tied to the thread that made it). What dies by itself is started again, as a supervisor would.
"""

import os
import random
import secrets
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.kafka.node import Node, Ports
from deploy.local.kafka.run import USERS, Kafka
from deploy.local.postgres.run import ROLES, SUPERUSER, Postgres
from deploy.local.process import Process
from tests.faults.people import AUDIENCE, ISSUER, Issuer
from tests.faults.schedule import SERVICES

READY_SECONDS = 120.0
HANDS = 12
MIGRATE_SECONDS = 60


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(slots=True)
class Member:
    """One process of a service. `wanted` says whether the supervisor keeps it alive."""

    service: str
    port: int
    process: Process
    wanted: bool = False
    frozen: bool = False
    deaths: int = 0
    release: Path | None = None
    """Where the code of another release is that it runs; None for this one."""


@dataclass(slots=True)
class House:
    """`mutation` names the guarantee that is taken out of every service of this house, if any.

    `settings` are of every service, in place of the house's own. `clocks_jump`: its clocks can, and each look at one costs more.

    `hands` are the threads that may start its processes: they end only with the house, and what they started with them.
    """

    brokers: int = 1
    mutation: str = ""
    clocks_jump: bool = True
    say: Callable[[str], None] = lambda line: None
    settings: dict[str, str] = field(default_factory=dict)
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="motcua-faults-")))
    members: dict[str, Member] = field(default_factory=dict)
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(HANDS, "fault"))
    postgres: Postgres = field(init=False)
    kafka: Kafka = field(init=False)
    issuer: Issuer = field(init=False)
    smtp_port: int = field(init=False)
    sms_ports: tuple[int, int] = field(init=False)
    _secrets: dict[str, str] = field(init=False)
    _doubles: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        ports = free_ports(12 + 2 * self.brokers)
        passwords = {name: secrets.token_hex(12) for name in {*ROLES, SUPERUSER, *USERS}}
        # Without fsync a power cut would lose something and kill -9 does not; the run is of the latter kind.
        self.postgres = Postgres(self.home, ports[0], passwords, settings={"fsync": "off"})
        pairs = [Ports(*ports[12 + 2 * n : 14 + 2 * n]) for n in range(self.brokers)]
        self.kafka = Kafka(self.home, pairs, passwords, report=self.say)
        self.smtp_port, self.sms_ports = ports[1], (ports[10], ports[11])
        self.issuer = Issuer(self.home)
        for name, port in zip(SERVICES, ports[2:6], strict=False):
            self.members[name] = Member(name, port, Process(name, home=self.home))
        self._doubles = dict(zip(SERVICES, ports[6:10], strict=False))
        self._secrets = {
            "HMAC_KEY": secrets.token_hex(32),
            "CODE_KEY": secrets.token_hex(64),
            "PAYMENT_SECRET": secrets.token_hex(32),
            "SMS_CALLBACK_KEY": secrets.token_hex(32),
            "JWT_LIFETIME_HOURS": "720",  # clocks go ahead by days
        }

    @property
    def payment_secret(self) -> bytes:
        """What the payment provider signs with."""
        return self._secrets["PAYMENT_SECRET"].encode()

    def start(self) -> None:
        """Everything, in order; returns when every service says that it is ready."""
        self.say("starting PostgreSQL and Kafka")
        self.postgres.start()
        self.kafka.start()
        for name in SERVICES:
            self.migrate(name)
        self.say("starting the services")
        for member in self.members.values():
            self.launch(member)
        self.wait_ready()

    def stop(self, *, keep: bool) -> None:
        """Everything, in reverse order; the folder with the logs stays when asked for."""
        for member in self.members.values():
            member.wanted = False
            member.process.stop(15)
        self.kafka.stop()
        self.postgres.stop()
        self.hands.shutdown(wait=False, cancel_futures=True)
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)

    def migrate(self, service: str) -> None:
        migration = Process(f"migrate-{service}", home=self.home)
        program = [sys.executable, "-m", *self._mutated("services.chassis.log.migrations"), service]
        migration.start(program, self._environment(service, 1))
        deadline = time.monotonic() + MIGRATE_SECONDS
        while migration.running and time.monotonic() < deadline:
            time.sleep(0.02)
        if migration.exit_code != 0:
            raise RuntimeError(f"{service} does not migrate:\n{migration.last_lines()}")

    def launch(self, member: Member) -> None:
        jumping = ["tests.faults.jumping", str(self.ahead(member.service))] if self.clocks_jump else []
        environment = self._environment(member.service, member.port)
        program = [sys.executable, "-m", *jumping, *self._mutated(f"services.{member.service}.app")]
        if member.release:
            program = [sys.executable, "-P", "-m", f"services.{member.service}.app"]
            environment["PYTHONPATH"] = str(member.release)
        member.process.start(program, environment)
        member.wanted, member.frozen = True, False  # only now: who tends the house must not start it as well

    def ahead(self, service: str) -> Path:
        """While this file is there, the clock of every process of the service is a day ahead."""
        return self.home / f"{service}.ahead"

    def _mutated(self, module: str) -> list[str]:
        """How a module of the house is run in this run."""
        return ["tests.faults.mutations", self.mutation, module] if self.mutation else [module]

    def wait_ready(self, timeout_seconds: float = READY_SECONDS) -> None:
        deadline = time.monotonic() + timeout_seconds
        for name, member in self.members.items():
            while member.wanted and not _ready(member.port):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{name} is not ready:\n{member.process.last_lines(40)}")
                self.tend()
                time.sleep(0.1)

    def wait_for(self, member: Member) -> None:
        """Until one process is ready, at most as long as a start may take; a part that it needs may be away meanwhile."""
        deadline = time.monotonic() + READY_SECONDS
        while not _ready(member.port) and time.monotonic() < deadline:
            time.sleep(0.1)

    def tend(self) -> None:
        """Starts again what died by itself and is still wanted."""
        for name, member in list(self.members.items()):
            if member.wanted and not member.process.running:
                member.deaths += 1
                self.say(f"{name} died by itself ({member.process.exit_code}) and is started again")
                self.launch(member)

    def kill(self, name: str) -> None:
        member = self.members[name]
        member.wanted = False
        member.process.kill()

    def freeze(self, name: str) -> None:
        self.members[name].frozen = True
        self.members[name].process.pause()

    def thaw(self, name: str) -> None:
        self.members[name].frozen = False
        self.members[name].process.resume()

    def double(self, service: str, release: Path | None = None) -> Member:
        """A second process of a service, beside the first; of another release, if its code is named."""
        name = f"{service}-2"
        member = Member(service, self._doubles[service], Process(name, home=self.home), release=release)
        self.members[name] = member
        self.launch(member)
        return member

    def end_double(self, service: str) -> None:
        member = self.members.pop(f"{service}-2")
        member.wanted = False
        member.process.stop(15)

    def one_node(self, draw: random.Random) -> list[Node]:
        """Of three brokers one may be away at a time; of one, that one."""
        return [draw.choice(self.kafka.nodes)]

    def start_kafka(self) -> None:
        self.kafka.start()

    def _environment(self, service: str, port: int) -> dict[str, str]:
        people = f"http://127.0.0.1:{self.members['intake'].port}"
        settings = {
            "DATABASE_DSN": self.postgres.dsn(service),
            "MIGRATION_DSN": self.postgres.dsn(f"{service}_owner"),
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "KAFKA_USERNAME": service,
            "KAFKA_PASSWORD": self.kafka.passwords[service],
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "JWKS": str(self.issuer.jwks),
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "PEOPLE_URL": people,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_FROM": "motcua@example.org",
            "SMS_URL": f"http://127.0.0.1:{self.sms_ports[0]}",
            "SMS_SENDER": "MOTCUA",
            "SMS2_URL": f"http://127.0.0.1:{self.sms_ports[1]}",
            "SMS2_SENDER": "MOTCUA",
            "SMS_CALLBACK_URL": f"http://127.0.0.1:{self.members['notify'].port}",
            "SMS_AT_NIGHT": "true",  # a run may be at any hour
            "CALLER_REQUESTS_PER_SECOND": "10000",
            "CALLER_REQUESTS_BURST": "10000",
            "PUBLIC_REQUESTS_PER_SECOND": "10000",
            "PUBLIC_REQUESTS_BURST": "10000",
            "IDENTITY_CHECK_SECONDS": "1",
            "SWEEP_SECONDS": "1",
            **self._secrets,
            **self.settings,
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MOTCUA_")}
        return {**kept, **{f"MOTCUA_{name}": value for name, value in settings.items()}}


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
