"""People and officers: files dossiers by the real HTTP doors, at a rate; lives.py says what becomes of each.

Whatever answer is lost is asked for again with the same key; every answer stands in the record. It judges nothing.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.faults.client import Door, Lost, Reply
from tests.faults.imports import CASES, Imports
from tests.faults.lives import Lives
from tests.faults.people import Officer, Sheet, serving, sheet
from tests.faults.record import LOST, Answer, Filing, Record

Token = Callable[[str, str, str], str]
"""(role, subject, office) → bearer token; an officer of an office belongs to its one unit."""

OFFICERS = 24
LIVES_AT_ONCE = 400
IMPORTED_EVERY = 10
REQUESTS_AT_ONCE = 32
"""More than a house on two busy cores answers in time only makes a storm of repeats."""
KEPT = ("dossier_id", "version", "code", "status", "sequence", "outcome")
HANG_UP, SEND_AGAIN, BOTH_AT_ONCE, OTHER_CALLER = 0.03, 0.04, 0.02, 0.01
LEFT_WAITING = 0.06
NOT_YET_HEARD = (
    "not-yet-known",
    "supplement-not-provided",
    "withdrawal-not-requested",
    "payment-unknown",
    "nothing-asked",
)
UNSEEN = "supplement-not-provided"
"""What names no request counts since the day of the request: one of tomorrow, by a clock that was ahead, is not answered today."""


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
    payment_secret: bytes
    draw: random.Random
    began: float = field(default_factory=time.monotonic)
    stopping: bool = False
    patience_seconds: float = 600.0
    unseen_seconds: float = 120.0
    _lives: set[asyncio.Task[None]] = field(default_factory=set)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LIVES_AT_ONCE))
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REQUESTS_AT_ONCE))
    _papers: dict[tuple[str, str], Sheet] = field(default_factory=dict)

    async def run(self, size: int, seconds: float) -> None:
        """Files `size` dossiers evenly over `seconds`, each with a life of its own; later when the house is too slow."""
        door, body = self.draw.choice(self.doors.processing), orjson.dumps({"officers": serving(OFFICERS)})
        await self._insist(
            [], door, "/v1/officers", self.token("operator", "operator", ""), body, {}, intake=False
        )
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
        self.record.offices[dossier_id] = paper.office
        officer = Officer(f"officer-{number % OFFICERS}", paper.office)
        procedure = str(orjson.loads(paper.body)["procedure"])
        await self._lived.authority(dossier_id, officer, filing, procedure, draw)
        if again:
            await again

    async def _again_later(self, filing: Filing, seconds: float) -> None:
        await asyncio.sleep(0 if self.stopping else seconds)
        await self._file(filing)

    def _filing(self, paper: Sheet, caller: str, key: str) -> Filing:
        filing = Filing(caller, key, paper.email, paper.role, phone=paper.phone)
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

    @property
    def _lived(self) -> Lives:
        """Who acts on a dossier that was filed."""

        async def ask(
            answers: list[Answer], service: str, path: str, token: str, body: bytes, headers: dict[str, str]
        ) -> Reply | None:
            door = self.draw.choice(self.doors.of(service))
            return await self._insist(answers, door, path, token, body, headers, intake=service == "intake")

        async def look(path: str, token: str) -> Reply:
            door = self.draw.choice(self.doors.processing)
            async with self._turns:
                return await door.ask("GET", path, token=token)

        return Lives(self.record, self.token, ask, look, self.payment_secret, self.patience_seconds)

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
        began = time.monotonic()
        give_up_at = began + self.patience_seconds
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
                if put_off.body.get("code") == UNSEEN and "processing" in self.record.jumped:
                    give_up_at = min(give_up_at, began + self.unseen_seconds)
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
    """Too many, unavailable, or one side has not heard yet of the dossier or of what the other did."""
    return reply.status in (404, 429) or reply.status >= 500 or reply.body.get("code") in NOT_YET_HEARD
