"""`motcua up`, seen from outside: ready, kept running, alone in its home, and gone without a trace."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local import rotation, status
from deploy.local.home import OFFSETS, Home
from deploy.local.kafka.node import Ports
from deploy.local.kafka.run import Kafka
from deploy.local.keys import Secrets, key_id, secrets_of
from deploy.local.postgres.run import Postgres
from deploy.local.process import Failed, Identity
from services.processing.clock.working_days import read_declarations
from tests.deploy_local.portal import Portal, asked
from tests.deploy_local.test_process import eventually

pytestmark = pytest.mark.servers
READY_SECONDS = 120.0
LOG_BYTES = 20_000
NOBODYS = "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"


class Run:
    """One home, as the command's user sees it."""

    def __init__(self, home: Path, base: int) -> None:
        self.home = home
        own = {"HOME": str(home), "PORT_BASE": str(base), "LOG_BYTES": str(LOG_BYTES), "LOG_FILES": "2"}
        self.environment = {**os.environ, **{f"MOTCUA_{name}": value for name, value in own.items()}}

    @property
    def place(self) -> Home:
        return Home(self.home, int(self.environment["MOTCUA_PORT_BASE"]))

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.command.command", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=2 * READY_SECONDS,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("status", "--json").stdout)
        return found

    def ready(self) -> bool:
        # The services first: a command that is started again and again takes the processors from what it waits for.
        return bool(status.status(self.place)["ready"]) and self("status").returncode == 0

    def processes(self) -> list[Identity]:
        return [found for path in (self.home / "run").glob("*.pid") if (found := Identity.read(path))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("home"), free_base())
    try:
        started = run("up", "--detach", "--no-demo")
        assert started.returncode == 0, started.stdout + started.stderr
        assert "public dashboard" in started.stdout
        yield run
    finally:
        run("down")


def free_base() -> int:
    """A base whose whole range is free now; below the range from which outgoing connections take their ports."""
    begin = 21_000 + os.getpid() % 100 * 100
    for base in range(begin, begin + 1_000, max(OFFSETS.values()) + 1):
        with suppress(Failed):
            Home(Path(), base).refuse_ports_in_use()
            return base
    pytest.fail("no free ports in a row")


def test_a_detached_start_returns_when_all_is_ready(run: Run) -> None:
    told = run.status()
    assert told["ready"]
    ready = {name: service["ready"] for name, service in told["services"].items()}
    assert ready == dict.fromkeys(("intake", "processing", "notify", "reporting"), True)
    assert told["kafka"]["pid"] and told["postgres"]["pid"]
    assert eventually(
        lambda: (
            {each["reconciliation"] for each in status.status(run.place)["services"].values()} == {"agrees"}
        )
    )
    assert {each["reconciliation"] for each in run.status()["services"].values()} == {"agrees"}


def test_the_status_names_a_password_only_when_it_is_asked_for(run: Run) -> None:
    secrets = json.loads((Path(run.environment["MOTCUA_HOME"]) / "secrets.json").read_text(encoding="utf-8"))
    password = secrets["postgres"]["postgres"]
    assert password not in run("status", "--json").stdout
    assert password in run("status", "--json", "--with-passwords").stdout


@pytest.mark.parametrize("option", ["--no-demo", "--detach"])
def test_a_second_start_in_the_same_home_is_refused(run: Run, option: str) -> None:
    second = run("up", option)
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert run.ready()


def test_a_start_on_ports_in_use_names_them(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path, int(run.environment["MOTCUA_PORT_BASE"]))("up", "--no-demo")
    assert other.returncode == 1
    assert "(intake)" in other.stderr and "MOTCUA_PORT_BASE" in other.stderr


def test_an_operator_sees_what_is_held_and_has_a_log_published_again(run: Run) -> None:
    assert run("held", "list").stdout == "nothing is held\n"
    nothing = run("held", "retry", "notify", "1")
    assert (nothing.returncode, nothing.stderr) == (1, "motcua: nothing is held under 1\n")
    assert run("held", "retry", "notify", "--all").stdout == "notify tries 0 held dossiers again\n"
    assert run("held", "retry", "--all").stdout.count("tries 0 held dossiers again\n") == 4
    for words, why in (
        (("pass-lost", "notify"), "no reader of notify stands before the beginning of its topic"),
        (("go-on", "intake"), "the log's last record time does not lie ahead of the database's clock"),
        (("papers", "destroy", NOBODYS), f"no papers of dossier {NOBODYS} are kept"),
    ):
        refused = run(*words, "--reason", "tried")
        assert (refused.returncode, refused.stderr) == (1, f"motcua: {why}\n")
    assert run("held", "retry", "notify").stderr == "motcua: say SERVICE and ID, or --all\n"
    declared = len(read_declarations())  # all that its log starts with
    assert f"publishes its {declared} events again" in run("republish", "processing").stdout


def test_a_refused_log_is_opened_by_its_operator(run: Run) -> None:
    """Refused by hand here: the broker and the readers have nothing that the log lacks, so it may be opened."""
    declared = len(read_declarations())
    healthy = run("recover", "processing", "--reason", "tried")
    assert (healthy.returncode, healthy.stderr) == (1, "motcua: the log of processing is not refused\n")
    port = Home(run.home, int(run.environment["MOTCUA_PORT_BASE"])).port("postgres")
    owner = Postgres.of_environment(run.home, port, secrets_of(run.home).postgres).dsn("processing_owner")

    async def refuse() -> None:
        connection = await asyncpg.connect(owner)
        await connection.execute("SELECT refuse_log('', 'by hand')")
        await connection.close()

    asyncio.run(refuse())
    assert eventually(lambda: not status.status(run.place)["services"]["processing"]["ready"])
    assert not run.status()["services"]["processing"]["ready"]
    assert f"its {declared} events are published" in run("recover", "processing", "--reason", "tried").stdout
    assert eventually(run.ready, 30)


def test_what_is_killed_is_started_again(run: Run) -> None:
    names = ("reporting", "kafka")
    before = {name: Identity.read(run.home / "run" / f"{name}.pid") for name in names}
    for found in before.values():
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)

    def others() -> bool:
        now = {name: Identity.read(run.home / "run" / f"{name}.pid") for name in names}
        return all(now[name] is not None and now[name] != before[name] for name in names)

    assert eventually(others, 30)
    assert eventually(run.ready, READY_SECONDS)


def accepted(run: Run, portal: Portal, officer: str, dossier_id: str) -> str:
    """The official code, as the desk gave it and the applicant sees it."""
    place = f"{run.place.url('processing')}/v1/dossiers/{dossier_id}"
    headers = {"Authorization": f"Bearer {officer}", "Idempotency-Key": dossier_id, "If-Match": '"0"'}
    heard = lambda: asked(lambda: httpx.get(place, headers=headers)).status_code == 200  # noqa: E731
    assert eventually(heard, 30)
    assert asked(lambda: httpx.post(f"{place}/accept", json={}, headers=headers)).status_code == 200
    assert eventually(lambda: bool(portal.seen(dossier_id)["code"]), 30)
    return str(portal.seen(dossier_id)["code"])


def enters(run: Run, secrets: Secrets) -> set[str]:
    """Who enters PostgreSQL and Kafka by these passwords."""

    async def by_role() -> set[str]:
        found = set()
        for role in secrets.postgres:
            postgres = Postgres(run.home, run.place.port("postgres"), secrets.postgres)
            with suppress(asyncpg.InvalidPasswordError):
                await (await asyncpg.connect(postgres.dsn(role))).close()
                found.add(role)
        return found

    kafka = Kafka(run.home, [Ports(run.place.port("kafka"), 0)], secrets.kafka)

    def enters_kafka(user: str) -> bool:
        with suppress(KafkaException):
            return bool(AdminClient(kafka.client(user)).list_topics(timeout=2).brokers)
        return False

    with ThreadPoolExecutor(len(secrets.kafka)) as threads:
        users = dict(zip(secrets.kafka, threads.map(enters_kafka, secrets.kafka), strict=True))
    return asyncio.run(by_role()) | {user for user, does in users.items() if does}


def test_secrets_are_changed_while_a_client_submits_and_reads(run: Run) -> None:
    before = secrets_of(run.home)
    officer, old = (run("token", "--role", role).stdout.strip() for role in ("officer", "portal"))
    with Portal(run.place.url("intake"), old) as portal:
        first = json.loads(portal.file("first"))["dossier_id"]
        codes = {first: accepted(run, portal, officer, first)}
        changed = run("secrets", "rotate")
        assert changed.returncode == 0, changed.stderr
        later = json.loads(portal.file("later"))["dossier_id"]
        codes[later] = accepted(run, portal, officer, later)
    after = secrets_of(run.home)
    assert portal.refused == [] and len(portal.filed) > 20
    assert {key: portal.file(key) for key in portal.filed} == portal.filed
    assert {dossier_id: portal.seen(dossier_id)["code"] for dossier_id in codes} == codes
    assert enters(run, before) == set()
    assert enters(run, after) == {*before.postgres, *before.kafka}
    for ring in "code_key", "hmac_key", "payment_secret":
        new, kept = getattr(after, ring).split(",")
        assert kept == getattr(before, ring) and new != kept
        assert f"{key_id(kept)}  read" in changed.stdout and kept not in changed.stdout
    assert old.split(".")[0] != run("token", "--role", "portal").stdout.split(".")[0]


def test_the_logs_of_a_run_stay_within_their_bound(run: Run) -> None:
    """A line for each request, until there was more than all of them may hold."""
    headers = {"Authorization": f"Bearer {run('token', '--role', 'portal').stdout.strip()}"}
    logs = run.home / "log"

    def full() -> bool:
        for _ in range(50):
            httpx.get(f"{run.place.url('intake')}/v1/dossiers?limit=1", headers=headers)
        return len(list(logs.glob("intake.log*"))) == 3

    assert eventually(full, 60)
    assert eventually(lambda: all(path.stat().st_size < 2 * LOG_BYTES for path in logs.glob("intake.log*")))
    assert len(run("logs", "intake", "--lines", "30").stdout.splitlines()) == 30


def test_nothing_outlives_a_killed_supervisor(run: Run) -> None:
    """Killed while it changes secrets: the servers and some services have theirs, the others do not."""
    everything = run.processes()
    command = [sys.executable, "-m", "deploy.command.command", "secrets", "rotate"]
    with subprocess.Popen(command, env=run.environment, stderr=subprocess.PIPE, text=True) as change:
        log = run.home / "log" / "motcua.log"
        begun = log.read_text("utf-8").count("changing secrets: processing")
        assert eventually(lambda: log.read_text("utf-8").count("changing secrets: processing") > begun, 60)
        os.kill(run.status()["supervisor"]["pid"], signal.SIGKILL)
        assert "`motcua up` finishes it" in change.communicate(timeout=30)[1]
    everything += run.processes()
    assert eventually(lambda: not any(process.alive for process in everything), 45)
    assert run("status").returncode == 1


def test_a_change_of_secrets_that_was_killed_is_finished_by_the_next_start(run: Run) -> None:
    cluster = (run.home / "kafka-cluster-id").read_text(encoding="ascii")
    before, change = secrets_of(run.home), rotation.pending(run.home)
    assert change is not None and change.secrets != before
    assert run("up", "--detach", "--no-demo").returncode == 0
    assert (run.home / "kafka-cluster-id").read_text(encoding="ascii") == cluster
    assert secrets_of(run.home) == change.secrets and rotation.pending(run.home) is None
    assert enters(run, before) == set()
    assert enters(run, change.secrets) == {*before.postgres, *before.kafka}


def test_down_leaves_nothing_running(run: Run) -> None:
    everything = run.processes()
    assert len(everything) >= 8
    began_at = time.monotonic()
    assert run("down").returncode == 0
    assert time.monotonic() - began_at < 60
    assert not [process for process in everything if process.alive]
    assert run.status()["ready"] is False
    assert run("down").stdout == "nothing was running\n"


def test_what_is_asked_every_second_loads_no_service() -> None:
    asked = "from deploy.command.command import _parser; _parser(['status']); import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert "deploy.command.command" in loaded.split()
    assert not {"pydantic", "asyncpg", "services.processing.dossier.events"} & set(loaded.split())
