"""Faults of reporting's book: it is killed at each step of a batch, while a book is made anew and put in the live one's place, and while a
report is published."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from deploy.local.postgres.run import in_thread
from services.chassis.process.settings import KafkaSettings
from services.reporting.rebuild.run import Where, rebuild
from tests.faults import trapping
from tests.faults.client import Door, Lost, Reply
from tests.faults.database import fetch
from tests.faults.messengers import until
from tests.faults.mutations import ROOT
from tests.faults.record import Record
from tests.faults.schedule import Fault
from tests.faults.world import House

BATCH = ("reader_positions", "dossiers", "entries", "sums", "applied_versions", "reader_marks")
"""The tables that a batch writes, in its order."""
REBUILDING = ("begun", "reading", "caught-up", "compared", "agreed", "moved", "switched")
"""The steps of a rebuild; the service itself is killed while its book is exchanged, too."""
REBUILT_SECONDS = 120.0
ASKED_SECONDS = 60.0
PUBLISHED = "SELECT number, request_key, result_hash FROM vintages ORDER BY number"
HELD = "SELECT FROM held LIMIT 1"
ENTERED = "SELECT FROM entries LIMIT 1"


class Books:
    """What the injector can do to reporting's book."""

    house: House
    record: Record

    def _kill_counting(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """Killed at each table that a batch writes: what it counted until there counts once, or not at all until it is read again."""
        member = self.house.members[fault.target]
        self.record.meant[f"{fault.kind} {fault.target}"] = tuple(f"killed at {table}" for table in BATCH)
        for table in BATCH:
            if trapping.killed_at(self.house, fault.target, table):
                self.record.touched[f"killed at {table}"] += 1
            self.house.launch(member)
            self.house.wait_for(member)
        return _nothing

    def _kill_rebuild(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """A rebuild dies at each of its steps and is begun again; then one goes to its end while the service dies in the exchange."""
        member = self.house.members[fault.target]
        for step in REBUILDING:
            code, said = self._rebuilt(step)
            if code != -signal.SIGKILL:
                self.record.amiss.append(f"a rebuild did not come to {step}: {code}, {said[-300:]}")

        code, said = self._rebuilt("", at_moved=lambda: self.house.kill(fault.target))
        if not member.wanted:
            self.house.launch(member)
        self.house.wait_for(member)
        if code != 0 or " 0 differ" not in said:
            self.record.amiss.append(f"a book made anew is not the live one's equal: {code}, {said[-600:]}")
        return _nothing

    def _rebuilt(self, dies_at: str, at_moved: Callable[[], None] | None = None) -> tuple[int, str]:
        """How a rebuild ended, and what it said; `at_moved` is done while the exchange is not committed yet."""
        kafka = self.house.kafka
        told = {
            "owner_dsn": self.house.postgres.dsn("reporting_owner"),
            "dsn": self.house.postgres.dsn("reporting"),
            "kafka": [kafka.bootstrap, "reporting", kafka.passwords["reporting"]],
            "dies_at": dies_at,
        }
        mutated = ["tests.faults.mutations", self.house.mutation] if self.house.mutation else []
        asked = subprocess.Popen(
            [sys.executable, "-m", *mutated, "tests.faults.books"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        assert asked.stdin is not None and asked.stdout is not None
        asked.stdin.write(json.dumps(told) + "\n")
        asked.stdin.flush()
        over = threading.Timer(REBUILT_SECONDS, asked.kill)
        over.start()
        said = []
        for line in asked.stdout:
            said.append(line)
            if line == "at moved\n":
                if at_moved is not None:
                    at_moved()
                asked.stdin.write("\n")
                asked.stdin.flush()
        over.cancel()
        return asked.wait(), "".join(said)

    def _kill_publication(self, fault: Fault, draw: random.Random) -> Callable[[], None]:
        """Killed while it publishes a report, and once more when that is kept and not answered: each request publishes once."""
        house, member = self.house, self.house.members[fault.target]
        until(lambda: bool(self._of_reporting(ENTERED)), ASKED_SECONDS)
        if self._of_reporting(HELD):
            house.say("messages are held already, and no report is complete: left out")
            return _nothing
        known = len(self._of_reporting(PUBLISHED))
        self.record.meant[f"{fault.kind} {fault.target}"] = ("killed at vintages",)
        keys = [f"published-{draw.randrange(10**9)}" for _ in range(2)]
        asking = [threading.Thread(target=self._publish, args=(key,)) for key in keys]
        asking[0].start()
        if trapping.killed_at(house, fault.target, "vintages"):
            self.record.touched["killed at vintages"] += 1
        house.launch(member)
        house.wait_for(member)
        asking[1].start()
        until(lambda: any(row[1] == keys[1] for row in self._of_reporting(PUBLISHED)), ASKED_SECONDS)
        house.kill(fault.target)
        house.launch(member)
        house.wait_for(member)
        for each in asking:
            each.join()
        answers = {key: [self._publish(key) for _ in range(2)] for key in keys}
        rows = self._of_reporting(PUBLISHED)
        self.record.amiss += amiss_of(known, keys, answers, [tuple(row) for row in rows])
        return _nothing

    def _publish(self, key: str) -> tuple[int, str] | None:
        """Number and hash of a published report, asked for until it is answered."""
        door = Door("reporting", self.house.members["reporting"].port)
        token = self.house.issuer.token("supervisor", "publisher", "")
        body = orjson.dumps({"from": "2026-01-01", "to": "2026-03-31"})
        reply: Reply | None = None

        async def once() -> Reply | None:
            try:
                headers = {"idempotency-key": key}
                return await door.ask("POST", "/v1/vintages", token=token, body=body, headers=headers)
            except Lost:
                return None
            finally:
                door.close()

        def answered() -> bool:
            nonlocal reply
            reply = in_thread(once())
            return reply is not None and reply.status == 201

        if not until(answered, ASKED_SECONDS):
            self.house.say(f"a report was not published: {reply and reply.raw[:300]!r}")
            return None
        assert reply is not None
        return int(reply.body["number"]), str(reply.body["result_hash"])

    def _of_reporting(self, query: str) -> list[Any]:
        found: list[Any] = in_thread(fetch(self.house.postgres, "reporting", query))
        return found


def amiss_of(
    known: int,
    keys: list[str],
    answers: dict[str, list[tuple[int, str] | None]],
    rows: list[tuple[Any, ...]],
) -> list[str]:
    """What is wrong with reports that were published under these keys, `known` of others before: pure."""
    found = []
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
        found.append(f"published reports bear the numbers {[row[0] for row in rows]}")
    if len(rows) != known + len(keys):
        found.append(f"{len(keys)} requests published {len(rows) - known} reports")
    for key in keys:
        kept = {(row[0], row[2]) for row in rows if row[1] == key}
        if len(kept) != 1 or set(answers[key]) != kept:
            found.append(f"a request was answered {answers[key]}, and {kept} is kept of it")
    return found


def _nothing() -> None:
    """The end of what is over as soon as it is done."""


def main() -> int:
    """`python -m tests.faults.books`: one rebuild, told what to do by a line of standard input; it dies at the step that is named."""
    told = json.loads(sys.stdin.readline())

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def at(step: str) -> None:
        if step == told["dies_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        say(f"at {step}")
        if step == "moved":
            sys.stdin.readline()

    where = Where(told["owner_dsn"], told["dsn"], KafkaSettings(*told["kafka"]))
    say(f"a rebuild at {datetime.now(UTC):%H:%M:%S}")
    return asyncio.run(rebuild(where, "operator/faults", False, say, at))


if __name__ == "__main__":
    sys.exit(main())
