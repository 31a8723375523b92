"""The real servers that tests ask for: started when the first test asks, stopped when the last has run.

`postgres`, `kafka`: the servers. `database(service)`: a fresh migrated database, a cheap copy of one template.
`free_ports(count)`: ports that nobody else here was given.
"""

import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka.node import Ports
from deploy.local.kafka.run import USERS, Kafka
from deploy.local.postgres.run import ROLES, SUPERUSER, Postgres
from services.chassis.http import web
from services.chassis.process.settings import KafkaSettings
from tests.databases import Database, Databases
from tests.kafka_doors import KafkaDoors
from tests.problems import undocumented

SERVERS = {"postgres", "kafka", "begin", "drawn", "listening"}
"""Fixtures that start servers: those here, two of the chassis' own, and the program that draws plots."""
FreePorts = Callable[[int], list[int]]
NewDatabase = Callable[..., Database]


@pytest.fixture(autouse=True)
def _readiness_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an application in this process: each test that turns something off wants to see it."""
    monkeypatch.setattr(web, "READY_SECONDS", 0.0)
    monkeypatch.setattr(web, "MEASURED_SECONDS", 0.0)


MEMORY = Path("/dev/shm")
MEMORY_BYTES = 5 << 30
"""Room for the servers of all parts of `make test`, and for the houses that it starts."""


def pytest_configure(config: pytest.Config) -> None:
    _stay_in_memory()
    # As Ctrl-C: fixtures stop their servers then, and who is frozen in a fault run would outlive it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.addinivalue_line("markers", "servers: starts processes of its own; `make check` leaves it out")
    config.addinivalue_line("markers", "long: proves by size, for seconds; `make check` leaves it out")


def _stay_in_memory() -> None:
    """What tests keep is in memory where there is room: on a disk it costs more to make and drop a database than most tests do."""
    if "TMPDIR" in os.environ or not MEMORY.is_mount():
        return
    there = os.statvfs(MEMORY)
    if there.f_bavail * there.f_frsize >= MEMORY_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a server, however indirectly, is marked so: nobody has to remember."""
    for item in items:
        if isinstance(item, pytest.Function) and SERVERS & set(item.fixturenames):
            item.add_marker("servers")


@pytest.fixture(scope="session", autouse=True)
def _problems_are_documented() -> Iterator[None]:
    """When all has run: whatever was answered, its code stands in the document of its route."""
    yield
    assert undocumented() == [], "add them to the openapi.toml of the service, and make generate"


@pytest.fixture(scope="session")
def free_ports() -> FreePorts:
    given: set[int] = set()

    def take(count: int) -> list[int]:
        ports: list[int] = []
        while len(ports) < count:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                ports.append(port)
        return ports

    return take


@pytest.fixture(scope="session")
def servers_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def postgres(servers_home: Path, free_ports: FreePorts) -> Iterator[Postgres]:
    passwords = {role: secrets.token_hex(8) for role in (*ROLES, SUPERUSER)}
    # Without fsync nothing is lost by kill -9, only by a power cut, and the tests run on shared, slow disks.
    settings = {"fsync": "off", "max_wal_size": "256MB"}
    server = Postgres(servers_home, free_ports(1)[0], passwords, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka_doors(servers_home: Path, free_ports: FreePorts) -> KafkaDoors:
    """Kafka's other listeners, over TLS."""
    return KafkaDoors(servers_home / "doors", Ports(*free_ports(2)), free_ports(3))


@pytest.fixture(scope="session")
def kafka(servers_home: Path, kafka_doors: KafkaDoors) -> Iterator[Kafka]:
    passwords = {user: secrets.token_hex(8) for user in USERS}
    server = Kafka(servers_home, [kafka_doors.own], passwords, settings=kafka_doors.settings())
    try:
        with pytest.MonkeyPatch.context() as patch:
            kafka_doors.allow_the_keys(patch)  # as long as it is there: some tests start it again
            server.start()
            yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka_as(kafka: Kafka) -> Callable[[str], KafkaSettings]:
    """kafka_as("intake"): how that user reaches the broker."""
    return lambda user: KafkaSettings(kafka.bootstrap, user, kafka.passwords[user])


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:
    found = Databases(postgres)
    yield found
    found.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[NewDatabase]:
    """database(service) for one test; database(service, migrated=False) has no schema yet, database(service, lay=…) what that makes."""
    with databases.made_here() as make:
        yield make


@pytest.fixture(scope="module")
def module_database(databases: Databases) -> Iterator[NewDatabase]:
    """As `database`, for all tests of a module."""
    with databases.made_here() as make:
        yield make


@pytest.fixture(scope="session")
def session_database(databases: Databases) -> Iterator[NewDatabase]:
    """As `database`, for all tests of the run that share one."""
    with databases.made_here() as make:
        yield make
