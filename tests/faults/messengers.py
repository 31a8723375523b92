"""The two providers of text messages of a run: each takes messages as a real one of its kind does, fails as it is told, and remembers all.

They run in a thread of their own, so that no fault of the run delays them, and judge nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from tests.faults.client import Door, Lost
from tests.faults.record import Handed, Record

FIRST, SECOND = "first", "second"
How = Literal["well", "slow", "500", "twice", "silent"]
"""Answers as it should; after SLOW_SECONDS; 500 once it has taken it; every answer two times; not at all once it has taken it."""
CALLS = ("doubled", "early", "unknown", "forged", "lost")
"""Receipts: two at once; before the answer to the message; of a message that nobody sent; of a message that it calls otherwise; none."""
SLOW_SECONDS = 6.0
CALL_AFTER_SECONDS, CALL_AGAIN_SECONDS, CALLED_MOST = 0.3, 1.0, 60
UNDELIVERED, UNREACHABLE = 40, 41
"""Of so many ids one ends as failed by the provider, and one with nobody reached."""


def fate(request_id: str) -> str:
    """How a message under this id ends: delivered, carrier or unreachable."""
    number = uuid.UUID(request_id).int
    return (
        "carrier"
        if number % UNDELIVERED == 0
        else "unreachable"
        if number % UNREACHABLE == 0
        else "delivered"
    )


@dataclass
class Messenger:
    """One provider. The second forgets which ids it has taken: what is handed to it again goes out again.

    `recorded`: whether notify has written down that the provider has a message; before that it knows none of its references.
    """

    name: str
    port: int
    record: Record
    began: float
    recorded: Callable[[str], Awaitable[bool]]
    how: How = "well"
    disorderly: bool = False
    """Whether the receipts of messages that it takes now come in every way of CALLS."""
    _references: dict[str, str] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _turns: itertools.cycle[str] = field(default_factory=lambda: itertools.cycle(CALLS))
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def there(self) -> bool:
        return self._server is not None

    async def begin(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def die(self) -> None:
        """Nobody answers here any more; who has an answer to come does not get it."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, said = await self._answer(head[0].split(" ")[1], orjson.loads(body) if body else {})
                content = orjson.dumps(said)
                answer = f"HTTP/1.1 {status} x\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
                writer.write(answer * (2 if self.how == "twice" else 1))
                await writer.drain()
        except (EOFError, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, path: str, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        url = urlsplit(path)
        if url.path in ("/GetBalance_json", "/account"):
            return (200 if self.how in ("well", "twice") else 500), {"code": "0", "CodeResponse": "100"}
        if url.path == "/GetSendStatus":
            reference = parse_qs(url.query)["RefId"][0]
            of = next((each for each, known in self._references.items() if known == reference), "")
            if not of:
                return 200, {"CodeResponse": "100", "SMSID": reference, "SendStatus": 2}
            self.record.asked[of] = fate(of)
            return 200, {"CodeResponse": "100", "SMSID": reference, **self._ended(of)}
        if url.path == "/receipts":
            known = [each for each in said["request_ids"] if each in self._references]
            self.record.asked |= {each: fate(each) for each in known}
            return 200, {"items": [self._item(each) for each in known]}
        return await self._take(said)

    async def _take(self, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        request_id, how = str(said.get("RequestId") or said["request_id"]), self.how
        known = request_id in self._references and self.name == FIRST
        if not known:
            self._references[request_id] = f"{self.name}-{next(self._numbers)}"
        to = str(said.get("Phone") or said["to"])
        self.record.handed.append(Handed(self.name, request_id, to, time.monotonic() - self.began, known))
        reference, url = self._references[request_id], str(said.get("CallbackUrl", ""))
        if url and not known:
            way = next(self._turns) if self.disorderly else ""
            if way:
                self.record.touched[f"{self.name} receipts {way}"] += 1
            if way == "early":
                await self._call(url, request_id, reference, patient=False)
            self._later(self._called(url, request_id, reference, way))
        if how != "well":
            self.record.touched[f"{self.name} {how}"] += 1
        if how == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if how == "silent":
            raise EOFError
        if how == "500":
            return 500, {}
        if self.name == SECOND:
            return 200, {"code": "0", "message_id": reference, "units": 1}
        return 200, {"CodeResult": "124"} if known else {"CodeResult": "100", "SMSID": reference}

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _called(self, url: str, request_id: str, reference: str, way: str) -> None:
        """The receipts of one message; of one that is lost, none, and nobody else's word counts for it."""
        await asyncio.sleep(CALL_AFTER_SECONDS)
        if way == "lost":
            return
        if way == "unknown":
            await self._call(url, str(uuid.uuid4()), reference, patient=False)
        if way == "forged":
            elsewhere = url.replace(f"/{self.name}/", f"/{SECOND}/")
            failed = {"SendStatus": 4, "SendSuccess": 0}
            await self._call(elsewhere, request_id, reference, patient=False, ended=failed)
            while not await self.recorded(request_id):  # noqa: ASYNC110  it is the database that is asked
                await asyncio.sleep(CALL_AGAIN_SECONDS)
            await self._call(url, request_id, "guessed", patient=False, ended=failed)
        calls = [self._call(url, request_id, reference) for _ in range(2 if way == "doubled" else 1)]
        await asyncio.gather(*calls)

    async def _call(
        self,
        url: str,
        request_id: str,
        reference: str,
        *,
        patient: bool = True,
        ended: dict[str, Any] | None = None,
    ) -> None:
        """A call that is true when no other end is named; a patient one is made until it is taken."""
        door = Door("notify", urlsplit(url).port or 0)
        told = {"SMSID": reference, "RequestId": request_id, **(ended or self._ended(request_id))}
        for _ in range(CALLED_MOST if patient else 1):
            try:
                reply = await door.ask("GET", f"{urlsplit(url).path}?{urlencode(told)}", wait_seconds=5)
            except Lost:
                reply = None
            if reply is not None and reply.status == 204:
                if ended is None and request_id in self._references:
                    self.record.told[request_id] = fate(request_id)
                break
            if patient:
                await asyncio.sleep(CALL_AGAIN_SECONDS)
        door.close()

    def _ended(self, request_id: str) -> dict[str, Any]:
        """As the first kind says it."""
        said = {"delivered": (5, 1), "unreachable": (5, 0), "carrier": (4, 0)}[fate(request_id)]
        return {"SendStatus": said[0], "SendSuccess": said[1]}

    def _item(self, request_id: str) -> dict[str, Any]:
        """As the second kind says it."""
        ended = fate(request_id)
        failed = {"carrier": "gateway", "unreachable": "absent"}
        return {
            "request_id": request_id,
            "message_id": self._references[request_id],
            "status": "delivered" if ended == "delivered" else "failed",
            "error": failed.get(ended),
        }


class Messengers:
    """Both providers, steered from other threads."""

    def __init__(
        self, ports: tuple[int, int], record: Record, began: float, recorded: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="messengers", daemon=True)
        self._each = {
            name: Messenger(name, port, record, began, recorded)
            for name, port in zip((FIRST, SECOND), ports, strict=True)
        }

    def __getitem__(self, name: str) -> Messenger:
        return self._each[name]

    def start(self) -> None:
        self._thread.start()
        for each in self._each.values():
            self.do(each.begin())

    def stop(self) -> None:
        if self._thread.is_alive():
            for each in self._each.values():
                self.do(each.die())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Has something done where the providers run, and waits for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


def until(seen: Callable[[], bool], seconds: float) -> bool:
    """Whether it was seen in time."""
    over_at = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > over_at:
            return False
        time.sleep(0.05)
    return True
