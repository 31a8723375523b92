"""Faults that an operator brings about: dumps, restored logs, a topic made anew, two of all, the release before beside this one."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from confluent_kafka import KafkaException

from deploy.local.postgres.run import in_thread
from services.chassis.kafka.recover import NoWayOut, recover
from services.chassis.kafka.republish import republish
from services.chassis.log.databases import TRANSIENT, open_pool
from services.chassis.process.settings import KafkaSettings
from tests.faults import operating, topics
from tests.faults.client import Door, Lost
from tests.faults.mutations import ROOT
from tests.faults.record import Record
from tests.faults.schedule import SERVICES, Fault
from tests.faults.world import House
from tests.house.release_before import REVISIONS

DAYS_AHEAD = (8, 20)
DOCUMENT = "Công văn 2222/VPCP-KGVX"
ASKED_FOR_SECONDS = 60.0
REPUBLISHED_SECONDS = 180.0
"""Longer than a refill waits for another log, though its service and its database are killed meanwhile."""
APART_SECONDS = 1.0
PUBLISHED = ("intake", "processing")
PUBLISHED_TO = "SELECT max(position) FROM relay_cursors WHERE feed = 'events'"


class Operators:
    """What the injector can do beside killing and freezing."""

    house: House
    record: Record
    add_door: Callable[[str, int], None]
    end_door: Callable[[str, int], None]
    _said: list[topics.Poison]

    def _dump(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """The log goes on while a dump reads all its tables."""
        if operating.stood_still_beside_a_dump(self.house.postgres, fault.target):
            self.record.amiss.append(f"the log of {fault.target} stood still beside a dump")
        return _nothing

    def _log_ahead(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """A clock was ten days ahead: the log takes nothing until the clock has come there, here in a moment."""
        did = operating.what_a_log_ahead_did(self.house.postgres, fault.target)
        if did:
            self.record.amiss.append(f"{fault.target}: {did}")
        return _nothing

    def _remake_topic(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """Deleted and made again under all that runs; then what was said there is said again, as the run-book has it."""
        admin = self.house.kafka.admin()
        admin.delete_topics([fault.target], operation_timeout=30)[fault.target].result(60)
        over_at = time.monotonic() + ASKED_FOR_SECONDS
        while True:
            try:
                self.house.kafka.provision()
                break
            except KafkaException:  # it is still being deleted
                if time.monotonic() > over_at:
                    raise
                time.sleep(0.2)
        self.record.wiped = True
        for name in PUBLISHED:
            in_thread(self._republish(name))
        # Not before: a log that is compared now would find poison that bears its name.
        topics.say(self.house.kafka, [p.message for p in self._said])
        return _nothing

    async def _republish(self, name: str) -> None:
        """Until all that stands in the log now is published again; the database may be killed meanwhile."""
        async with open_pool(self.house.postgres.dsn(f"{name}_owner"), size=1) as pool:
            events: int | None = None
            async with asyncio.timeout(REPUBLISHED_SECONDS):
                while True:
                    with suppress(*TRANSIENT):
                        events = await republish(pool) if events is None else events
                        if await pool.fetchval(PUBLISHED_TO) >= events:
                            return
                    await asyncio.sleep(0.2)

    def _restore(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """An older copy of a log, made under load, is put in its place: it refuses, takes nothing, and is not to be recovered.

        Then the newer one is put back. A reader's older copy stays: it reads on from where it was.
        """
        postgres, name, member = self.house.postgres, fault.target, self.house.members[fault.target]
        older = operating.copied(postgres, name)
        if name not in (*PUBLISHED, "notify"):
            time.sleep(APART_SECONDS)
            self.house.kill(name)
            operating.put_in_place(postgres, name, older, f"{name}_newer")
            operating.drop(postgres, f"{name}_newer")
            self.house.launch(member)
            return _nothing
        if not operating.grows(postgres, name, older):
            self.house.say(f"nothing more is written to the log of {name}: its copy is no older one")
            operating.drop(postgres, older)
            return _nothing
        time.sleep(APART_SECONDS)  # in which it is published
        self.house.kill(name)
        operating.put_in_place(postgres, name, older, f"{name}_newer")
        self.house.launch(member)
        did = operating.what_a_restored_log_did(postgres, name)
        if did:
            self.record.amiss.append(f"an older log of {name} was put in place: {did}")
        elif in_thread(self._recovers(name)):
            self.record.amiss.append(
                f"an older log of {name} was recovered, and the broker holds what it lacks"
            )
        self.house.kill(name)
        operating.put_in_place(postgres, name, f"{name}_newer", older)
        operating.drop(postgres, older)
        self.house.launch(member)
        # Until it has compared its log: a broker wiped before that would bring poison that bears its name, and no log has that.
        self.house.wait_for(member)
        return _nothing

    async def _recovers(self, name: str) -> bool:
        """As `motcua recover` does it."""
        kafka = KafkaSettings(self.house.kafka.bootstrap, name, self.house.kafka.passwords[name])
        async with open_pool(self.house.postgres.dsn(f"{name}_owner"), size=2) as owner:
            try:
                await recover(name, owner, kafka, {}, "operator/faults", "tried")
            except NoWayOut:
                return False
        return True

    def _two_of_all(self, _fault: Fault, draw: random.Random) -> Callable[[], None]:
        """Two processes of every service; a day is declared, so that all clocks are counted again, and each first one is killed."""
        seconds = [self.house.double(service) for service in SERVICES]
        for member in seconds:
            self.house.wait_for(member)
            self.add_door(member.service, member.port)
        self._declare(datetime.now(UTC).date() + timedelta(days=draw.randint(*DAYS_AHEAD)))
        for service in draw.sample(SERVICES, len(SERVICES)):
            self.house.kill(service)
            time.sleep(draw.uniform(0.2, 1.0))
            self.house.launch(self.house.members[service])

        def end() -> None:
            for member in seconds:
                self.end_door(member.service, member.port)
                member.process.kill()
                self.house.end_double(member.service)

        return end

    def _declare(self, day: object) -> None:
        """Two persons declare a day off, as often as it takes to be answered."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"day": str(day), "announced_at": at}
        self._insist("declarations", "keeper-1", told | {"kind": "off", "document": DOCUMENT})
        self._insist("confirmations", "keeper-2", told | {"act": "declare"})

    def _insist(self, door: str, who: str, told: dict[str, str]) -> None:
        asked = Door("processing", self.house.members["processing"].port)
        token, over_at = self.house.issuer.token("calendar", who, ""), time.monotonic() + ASKED_FOR_SECONDS

        async def once() -> int:
            try:
                reply = await asked.ask(
                    "POST",
                    f"/v1/calendar/{door}",
                    token=token,
                    body=orjson.dumps(told),
                    headers={"idempotency-key": f"{door}-{told['day']}"},
                )
                return reply.status
            except Lost:
                return 0
            finally:
                asked.close()

        while (status := in_thread(once())) != 200:
            if time.monotonic() > over_at:
                self.record.amiss.append(f"{door} of {told['day']} was answered {status}")
                return
            time.sleep(0.3)

    def _release_before(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """A process of the release before beside this one's: it serves, reads and publishes as it knows how."""
        before = release_before(self.house.home / "release-before")
        if before is None:
            self.house.say("the history of this checkout has no release before: left out")
            return _nothing
        second = self.house.double(fault.target, before)
        self.house.wait_for(second)
        self.add_door(fault.target, second.port)

        def end() -> None:
            self.end_door(fault.target, second.port)
            self.house.end_double(fault.target)

        return end


def _nothing() -> None:
    """The end of what is over as soon as it is done."""


def release_before(folder: Path) -> Path | None:
    """The services as they were before the first migration that the release before does not have; None without that history."""
    newer = [
        str(path.relative_to(ROOT))
        for service, known in REVISIONS.items()
        for path in (ROOT / "services" / service / "migrations" / "versions").glob("[0-9]*.py")
        if path.name[: len(known)] > known
    ]
    if not folder.exists():
        added = _git("log", "--format=%H", "--reverse", "--diff-filter=A", "--", *newer).decode().split()
        packed = _git("archive", f"{added[0]}^", "services", "contracts") if added else b""
        if not packed:
            return None
        folder.mkdir()
        subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    return folder


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False).stdout
