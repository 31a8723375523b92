"""People and officers: files dossiers and carries them through their lives by the real HTTP doors, at a rate.

Whatever answer is lost is asked for again with the same key; every answer stands in the record. It judges nothing.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from tests.faults.client import Door, Lost, Reply
from tests.faults.imports import CASES, Imports
from tests.faults.people import Sheet, sheet, unit_of
from tests.faults.record import LOST, Answer, Command, Filing, Record

Token = Callable[[str, str, str], str]
"""(role, subject, office) → bearer token; an officer of an office belongs to its one unit."""

OFFICERS = 24
LIVES_AT_ONCE = 400
IMPORTED_EVERY = 10
REQUESTS_AT_ONCE = 32
"""More than a house on two busy cores answers in time only makes a storm of repeats."""
KEPT = ("dossier_id", "version", "code", "status")
HANG_UP, SEND_AGAIN, BOTH_AT_ONCE, OTHER_CALLER, RIVAL = 0.03, 0.04, 0.02, 0.01, 0.03
REJECTED, LEFT_WAITING, HANDED_BACK = 0.06, 0.06, 0.08
APPOINTMENT = "2099-12-31"
"""After the due date of every dossier."""
GOES_ON = 0.85


class Officer(NamedTuple):
    name: str
    office: str

    def rival(self) -> "Officer":
        """A colleague who wants to do the same at the same moment."""
        return Officer(f"rival-{self.name}", self.office)


@dataclass(slots=True)
class Doors:
    """Where to knock; a second process of a service adds its door while it lives."""

    intake: list[Door]
    processing: list[Door]

    def of(self, service: str) -> list[Door]:
        """The doors of one service; reporting's and notify's are not the driver's."""
        return {"intake": self.intake, "processing": self.processing}.get(service, [])


@dataclass(slots=True)
class Driver:
    record: Record
    doors: Doors
    token: Token
    draw: random.Random
    began: float = field(default_factory=time.monotonic)
    stopping: bool = False
    patience_seconds: float = 600.0
    _lives: set[asyncio.Task[None]] = field(default_factory=set)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LIVES_AT_ONCE))
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REQUESTS_AT_ONCE))
    _papers: dict[tuple[str, str], Sheet] = field(default_factory=dict)

    async def run(self, size: int, seconds: float) -> None:
        """Files `size` dossiers evenly over `seconds`, each with a life of its own; later when the house is too slow."""
        for number in range(size):
            if number % (CASES * IMPORTED_EVERY) == 0:
                await self._places.acquire()
                self._begin(self._import(number))
            await asyncio.sleep(max(0.0, self.began + seconds * number / size - time.monotonic()))
            await self._places.acquire()
            self._begin(self._live(number))

    async def finish(self) -> None:
        """Waits until every life that was begun has come to its end, or its patience."""
        while self._lives:
            await asyncio.wait(self._lives, timeout=1)

    def ask_again(self, count: int, door: Door | None = None) -> None:
        """Sends old filings again with their old keys, at a given door or any."""
        old = [f for f in self.record.filings if f.dossier_ids and (f.caller, f.key) in self._papers]
        for filing in self.draw.sample(old, min(count, len(old))):
            self._begin(self._file(filing, door), counted=False)

    def _begin(self, work: Awaitable[Any], *, counted: bool = True) -> None:
        async def life() -> None:
            try:
                await work
            finally:
                if counted:
                    self._places.release()

        task = asyncio.ensure_future(life())
        self._lives.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._lives.discard(task)
        task.result()

    async def _import(self, number: int) -> None:
        token = self.token("importer", "importer", "")

        async def insist(service: str, path: str, body: bytes) -> Reply | None:
            door = self.draw.choice(self.doors.of(service))
            return await self._insist([], door, path, token, body, {}, intake=service == "intake")

        imports = Imports(self.record, insist, lambda: time.monotonic() - self.began, self.patience_seconds)
        await imports.take_in(number, random.Random(self.draw.random()))

    async def _live(self, number: int) -> None:
        draw = random.Random(self.draw.random())
        paper = sheet(number, draw)
        filing = self._filing(paper, paper.caller, f"key-{number}")
        tries = [self._file(filing)]
        if draw.random() < BOTH_AT_ONCE:
            tries.append(self._file(filing))
        if draw.random() < OTHER_CALLER:
            tries.append(self._file(self._filing(paper, f"other-{paper.caller}", filing.key)))
        dossier_id = (await asyncio.gather(*tries))[0]
        if dossier_id is None or draw.random() < LEFT_WAITING:
            return
        again = self._again_later(filing, draw.uniform(0.5, 30)) if draw.random() < SEND_AGAIN else None
        await self._authority(dossier_id, Officer(f"officer-{number % OFFICERS}", paper.office), draw)
        if again:
            await again

    async def _again_later(self, filing: Filing, seconds: float) -> None:
        await asyncio.sleep(0 if self.stopping else seconds)
        await self._file(filing)

    def _filing(self, paper: Sheet, caller: str, key: str) -> Filing:
        filing = Filing(caller, key, paper.email, paper.role)
        self.record.filings.append(filing)
        self._papers[caller, key] = paper
        return filing

    async def _file(self, filing: Filing, door: Door | None = None) -> str | None:
        paper = self._papers[filing.caller, filing.key]
        reply = await self._insist(
            filing.answers,
            door or self.draw.choice(self.doors.intake),
            "/v1/dossiers",
            self.token(paper.role, filing.caller, ""),
            paper.body,
            {"idempotency-key": filing.key},
            intake=True,
        )
        return str(reply.body["dossier_id"]) if reply is not None and reply.status == 201 else None

    async def _authority(self, dossier_id: str, officer: Officer, draw: random.Random) -> None:
        """Accept, forward, resolve, return in turn, or apologise, stop, correct, or reject; each with the version that the one
        before told."""
        if draw.random() < REJECTED:
            await self._act("reject", dossier_id, officer, 0, {"reason": "incomplete"})
            return
        version = await self._act(
            "accept", dossier_id, officer, 0, {"unit": unit_of(officer.office)}, rival=draw.random() < RIVAL
        )
        steps: list[tuple[str, dict[str, Any]]] = [
            ("forward", {"unit": unit_of(officer.office), "step": "thu_ly"}),
            ("resolve", {"outcome": "granted"}),
            ("return", {"method": "postal"}),
        ]
        if draw.random() < HANDED_BACK:
            steps = [
                ("apologise", {"reason": "workload", "appointment_on": APPOINTMENT}),
                ("stop", {"reason": "not_competent"}),
                ("correct", {"reason": "wrong_data", "document": "1234/QĐ-SXD"}),
            ]
        for act, body in steps:
            if version is None or draw.random() > GOES_ON:
                return
            version = await self._act(act, dossier_id, officer, version, body, rival=draw.random() < RIVAL)

    async def _act(
        self,
        act: str,
        dossier_id: str,
        officer: Officer,
        version: int,
        body: dict[str, Any],
        *,
        rival: bool = False,
    ) -> int | None:
        """The version after the act; with a rival, of whoever of the two officers was quicker."""
        tries = [self._try(act, dossier_id, officer, version, body)]
        if rival:
            tries.append(self._try(act, dossier_id, officer.rival(), version, body))
        versions = [v for v in await asyncio.gather(*tries) if v is not None]
        return versions[0] if versions else None

    async def _try(
        self, act: str, dossier_id: str, officer: Officer, version: int, body: dict[str, Any]
    ) -> int | None:
        command = Command(act, dossier_id, officer.name, f"{act}-{dossier_id}")
        self.record.commands.append(command)
        headers = {"idempotency-key": command.key, "if-match": f'"{version}"'}
        reply = await self._insist(
            command.answers,
            self.draw.choice(self.doors.processing),
            f"/v1/dossiers/{dossier_id}/{act}",
            self.token("officer", officer.name, officer.office),
            orjson.dumps(body),
            headers,
            intake=False,
        )
        return int(reply.body["version"]) if reply is not None and reply.status == 200 else None

    async def _insist(
        self,
        answers: list[Answer],
        door: Door,
        path: str,
        token: str,
        body: bytes,
        headers: dict[str, str],
        *,
        intake: bool,
    ) -> Reply | None:
        """The same request under the same key until it is answered for good; None when patience ran out."""
        give_up_at = time.monotonic() + self.patience_seconds
        pause = 0.2
        put_off: Answer | None = None
        while time.monotonic() < give_up_at:
            hang_up = self.draw.uniform(0, 0.03) if self.draw.random() < HANG_UP else None
            try:
                async with self._turns:
                    reply = await door.ask(
                        "POST", path, token=token, body=body, headers=headers, hang_up_seconds=hang_up
                    )
            except Lost:
                answers.append(Answer(LOST, {}, door.name, time.monotonic() - self.began))
            else:
                if not _try_again(reply):
                    answers.append(self._answer(reply, door))
                    return reply
                put_off = self._answer(reply, door)
                self.record.put_off[f"{reply.status} {reply.body.get('code', '')}"] += 1
            await asyncio.sleep(pause * self.draw.uniform(0.5, 1.5))
            pause = min(4.0, pause * 1.6)
            door = self.draw.choice(self.doors.intake if intake else self.doors.processing)
        answers += [put_off] if put_off else []
        return None

    def _answer(self, reply: Reply, door: Door) -> Answer:
        kept = {name: reply.body[name] for name in (*KEPT, "detail") if name in reply.body}
        return Answer(reply.status, kept, door.name, time.monotonic() - self.began)


def _try_again(reply: Reply) -> bool:
    """Too many, unavailable, or processing has not heard of the dossier yet."""
    return reply.status in (404, 429) or reply.status >= 500 or reply.body.get("code") == "not-yet-known"
