"""The attacked house: all four services on servers of their own, with tokens for everybody, and what each process holds.

Attackers and well-behaved clients run in processes of their own: neither waits for the other's work. The attackers' has the
lowest priority, for on any other day it is another machine.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import psutil

from deploy.local.postgres.run import in_thread
from tests.abuse.aim import Aim, Outcome
from tests.abuse.clients import FILED, UNIT, Client, behave
from tests.abuse.floods import CONNECTIONS, SERVICES
from tests.abuse.mailbox import Mailbox
from tests.abuse.tokens import tokens
from tests.faults.client import Door, Reply
from tests.faults.database import fetch
from tests.faults.world import House

LOOK_SECONDS = 0.02
ACTS_MAX = 50
SOON_SECONDS = 30.0
LOWEST_PRIORITY = 19
SETTINGS = {
    "CONNECTIONS": str(CONNECTIONS),
    "CONNECTIONS_PER_ADDRESS": str(CONNECTIONS),
    "CALLER_REQUESTS_PER_SECOND": "200",
    "CALLER_REQUESTS_BURST": "400",
    "PUBLIC_REQUESTS_PER_SECOND": "50",
    "PUBLIC_REQUESTS_BURST": "200",
    "IDENTITY_CHECK_SECONDS": "5",
    "SWEEP_SECONDS": "5",
    "NOTICE_CHANNELS": "email,inbox",
}
"""As they are when nobody sets them, but for the connections: fewer are full sooner; and nobody stands in for providers here."""


class Holding(NamedTuple):
    """What a process holds: bytes resident, open files, and HTTP connections among them.

    Connections to the database are left out: there are as many as were ever busy at once, at most as the pool is large.
    """

    memory: int
    files: int
    connections: int


class Waited(NamedTuple):
    """The seconds of each answer to a client, and for how many of how many seconds its service was ready to run and had no core."""

    took: list[float]
    queued: float
    seconds: float


@dataclass
class Attacked:
    """Use as a context manager; `clients` by service, each as it was left after its last stretch. `acted`: the version of each dossier
    that processing's client has left."""

    house: House = field(default_factory=lambda: House(settings=dict(SETTINGS), clocks_jump=False))
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    dossiers: dict[str, str] = field(default_factory=dict)
    acted: dict[str, int] = field(default_factory=dict)
    keep: bool = False

    def __enter__(self) -> Attacked:
        self.mailbox = Mailbox(self.house.smtp_port)
        revoked = self.house.home / "revoked.json"
        revoked.write_bytes(orjson.dumps({"revoked": ["withdrawn"]}))
        self.house.settings["JWT_REVOKED"] = str(revoked)
        spawn = multiprocessing.get_context("spawn")
        self._attackers = ProcessPoolExecutor(1, spawn, initializer=os.nice, initargs=(LOWEST_PRIORITY,))
        self._clients = ProcessPoolExecutor(1, spawn)
        try:
            self.mailbox.start()
            self.house.start()
            self.tokens |= tokens(self.house.issuer)
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._attackers.shutdown(cancel_futures=True)
        self._clients.shutdown(cancel_futures=True)
        self.house.stop(keep=self.keep)
        self.mailbox.stop()

    def aim(self, service: str, seconds: float) -> Aim:
        ports = {name: member.port for name, member in self.house.members.items()}
        secrets = {
            name: self.house.postgres.dsn(name) for name in (*SERVICES, *(f"{s}_owner" for s in SERVICES))
        }
        secrets["analyst"] = self.house.kafka.passwords["analyst"]
        ports["controllers"] = self.house.kafka.nodes[0].ports.controller
        return Aim(service, ports[service], seconds, self.tokens, self.dossiers, ports, secrets)

    def attack(self, run: Callable[[Aim], Any], aim: Aim) -> Future[Outcome]:
        """Begins the attack in the attackers' process."""
        return self._attackers.submit(_in_loop, run, aim)

    def renew(self, service: str) -> None:
        """Before each stretch: processing's client gets a new dossier, for none lives through thousands of acts, and each reads those
        before it."""
        client = self.clients[service]
        if service != "processing" or client.version <= ACTS_MAX:
            return
        self.acted[client.dossier_id] = client.version
        client.dossier_id, client.version = self._file(f"after-{client.dossier_id}"), 1
        self.clients["intake"].filed.append(client.dossier_id)
        self._accept(client.dossier_id)

    def behave(self, service: str, seconds: float) -> Waited:
        """Has the service's client work for so long."""
        began, queued = time.monotonic(), self._queued(service)
        client = self._clients.submit(_behave, self.clients[service], seconds).result()
        took, client.seconds = client.seconds, []
        self.clients[service] = client
        return Waited(took, self._queued(service) - queued, time.monotonic() - began)

    def _queued(self, service: str) -> float:
        """Seconds that the service's loop was ready to run and had no core (proc_pid_schedstat)."""
        told = Path(f"/proc/{self.house.members[service].process.pid}/schedstat").read_text("ascii")
        return int(told.split()[1]) / 1e9

    def holding(self, service: str) -> Holding:
        member = self.house.members[service]
        process, postgres = psutil.Process(member.process.pid), self.house.postgres.port
        sockets = process.net_connections("tcp")
        pooled = sum(bool(each.raddr) and each.raddr.port == postgres for each in sockets)
        connections = sum(each.status == "ESTABLISHED" and each.laddr.port == member.port for each in sockets)
        return Holding(process.memory_info().rss, process.num_fds() - pooled, connections)

    def settled(self, service: str, before: Holding, seconds: float) -> Holding:
        """What it holds once that is no more than before, memory aside, or after a while."""
        over_at = time.monotonic() + seconds
        while True:
            now = self.holding(service)
            if (
                now.files <= before.files and now.connections <= before.connections
            ) or time.monotonic() > over_at:
                return now
            time.sleep(LOOK_SECONDS)

    @contextmanager
    def peak(self, service: str) -> Iterator[Callable[[], int]]:
        """The most memory that the process held in the block, as the kernel saw it at each look."""
        process, over = psutil.Process(self.house.members[service].process.pid), threading.Event()
        seen = [process.memory_info().rss]

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                seen.append(process.memory_info().rss)

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield lambda: max(seen)
        finally:
            over.set()
            looking.join()
            seen.append(process.memory_info().rss)

    def ask(self, service: str, method: str, path: str, **said: Any) -> Reply:
        door = Door(service, self.house.members[service].port)

        async def once() -> Reply:
            try:
                return await door.ask(method, path, **said)
            finally:
                door.close()

        return in_thread(once())

    def soon(self, told: Callable[[], Any], what: str) -> Any:
        """The first true answer within SOON_SECONDS."""
        over_at = time.monotonic() + SOON_SECONDS
        while not (answer := told()):
            assert time.monotonic() < over_at, what
            time.sleep(0.1)
        return answer

    def rows(self, service: str, query: str) -> list[Any]:
        return in_thread(fetch(self.house.postgres, service, query))

    def _begin(self) -> None:
        """Files a dossier, has it accepted, and waits until all services know it."""
        dossier_id = self._file("first")
        self.dossiers |= {"own": dossier_id, "code": self._accept(dossier_id)}
        quiet = self._file("second")  # of which nobody does more, so that its notices stay as few as they are
        notices = f"/v1/notices?dossier_id={quiet}"
        officer = self.tokens["officer"]
        self.soon(lambda: self.ask("notify", "GET", notices, token=officer).body.get("items"), "no notices")
        self.soon(lambda: self.ask("reporting", "GET", "/v1/counts").body["received"] == 1, "not counted")
        self.clients = {
            name: Client(name, member.port, self.tokens[role], quiet if name == "notify" else dossier_id, 1)
            for (name, member), role in zip(
                self.house.members.items(), ("portal", "officer", "officer", "portal"), strict=True
            )
        }
        self.clients["intake"].filed += [dossier_id, quiet]
        self.ask("reporting", "GET", "/plots/months_wide.svg")  # who draws is begun by the first who asks
        for service in SERVICES:
            self.behave(service, 0.5)  # caches are warm

    def _accept(self, dossier_id: str) -> str:
        """Its official code."""
        accept = {
            "token": self.tokens["officer"],
            "body": orjson.dumps({"unit": UNIT}),
            "headers": {"idempotency-key": dossier_id, "if-match": '"0"'},
        }
        path = f"/v1/dossiers/{dossier_id}/accept"
        accepted = self.soon(
            lambda: (r := self.ask("processing", "POST", path, **accept)).status == 200 and r,
            "processing has not heard of the dossier",
        )
        return str(accepted.body["code"])

    def _file(self, key: str) -> str:
        filed = self.ask(
            "intake",
            "POST",
            "/v1/dossiers",
            token=self.tokens["portal"],
            body=orjson.dumps(FILED),
            headers={"idempotency-key": key},
        )
        assert filed.status == 201, filed.raw
        return str(filed.body["dossier_id"])

    def losses(self) -> list[str]:
        """What the clients were answered and does not stand, or stands twice, or was not told to the others: nothing of it."""
        found = [f"{name}: {fault}" for name, client in self.clients.items() for fault in client.faults]
        filed = self.clients["intake"].filed
        stored = [
            str(row[0])
            for row in self.rows("intake", "SELECT stream_id FROM events WHERE actor = 'portal/portal-a'")
        ]
        if sorted(stored) != sorted(filed):
            found.append(f"{len(filed)} filings were answered, {len(stored)} stand")
        last = self.clients["processing"]
        for dossier_id, version in (self.acted | {last.dossier_id: last.version}).items():
            versions = self.rows(
                "processing", f"SELECT version FROM events WHERE stream_id = '{dossier_id}' ORDER BY 1"
            )
            if [row[0] for row in versions] != list(range(1, version + 1)):
                found.append(f"version {version} was told, {len(versions)} stand")
        told = "SELECT dossier_id::text FROM notices WHERE about = 'DossierSubmitted'"
        all_told = self._until(lambda: set(filed) <= {row[0] for row in self.rows("notify", told)})
        all_counted = self._until(
            lambda: (
                self.ask("reporting", "GET", "/v1/counts").body["submitted"]
                == self.rows("intake", "SELECT count(*) FROM events WHERE type = 'DossierSubmitted'")[0][0]
            )
        )
        found += [] if all_told else ["notify has not told of every dossier"]
        return found + ([] if all_counted else ["reporting has not counted every dossier"])

    def _until(self, true: Callable[[], bool]) -> bool:
        with suppress(AssertionError):
            return bool(self.soon(true, ""))
        return False


def _in_loop(run: Callable[[Aim], Any], aim: Aim) -> Outcome:
    outcome: Outcome = asyncio.run(run(aim))
    return outcome


def _behave(client: Client, seconds: float) -> Client:
    return asyncio.run(behave(client, seconds))
