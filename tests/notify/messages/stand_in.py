"""A provider of text messages: a real HTTP server on loopback of either kind, which the test has do well, or slow, wrong, twice, silent."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import orjson

from services.notify.messages.by_template import ByTemplate
from services.notify.messages.kind import Account
from services.notify.messages.provider import Provider
from services.notify.messages.whole_text import WholeText

KEY, SECRET, SENDER = "khoa", "bi-mat", "SXD-TPHCM"
How = Literal[
    "well", "takes-then-500", "takes-then-hangs-up", "500", "503-html", "nonsense", "silent", "no-money",
    "no-number", "wrong-template", "twice", "forgets",
]  # fmt: skip


@dataclass
class StandIn:
    """`taken` counts what it took by request id: more than one is a message that was sent twice. `ends` says how messages end."""

    kind: Literal["whole-text", "by-template"]
    port: int = 0
    how: How = "well"
    seconds: float = 0.0
    taken: Counter[str] = field(default_factory=Counter)
    given: list[dict[str, Any]] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    ends: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    looks: int = 0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _server: asyncio.Server | None = None

    def provider(self, name: str, *, connections: int = 4) -> Provider:
        kind = WholeText() if self.kind == "whole-text" else ByTemplate()
        account = Account(KEY, SECRET, SENDER, {}, "")
        return Provider(name, f"http://127.0.0.1:{self.port}", kind, account, connections, read_seconds=0.5)

    async def begin(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def die(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                answer = await self._answer(
                    head[0].split(" ")[1], headers, orjson.loads(body) if body else {}
                )
                if answer is None or self._server is None:
                    break
                status, content = answer
                said = f"HTTP/1.1 {status} x\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
                writer.write(said * (2 if self.how == "twice" else 1))
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, path: str, headers: dict[str, str], said: dict[str, Any]
    ) -> tuple[int, bytes] | None:
        url = urlsplit(path)
        if self.kind == "by-template":
            known = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
            assert headers["authorization"] == f"Basic {known}"
        if url.path in ("/GetBalance_json", "/account"):
            self.looks += 1
            there = self.how in ("well", "twice", "forgets")
            return (200, _json(code="0", CodeResponse="100")) if there else (500, b"")
        if url.path == "/GetSendStatus":
            reference = parse_qs(url.query)["RefId"][0]
            of = next((r for r, ref in self.references.items() if ref == reference), "")
            state, _ = self.ends.get(of, ("", None))
            ended = {"delivered": (5, 1), "failed": (5, 0), "rejected": (4, 0)}.get(state, (2, 0))
            return 200, _json(CodeResponse="100", SMSID=reference, SendStatus=ended[0], SendSuccess=ended[1])
        if url.path == "/receipts":
            items = []
            for asked in said["request_ids"]:
                state, error = self.ends.get(asked, ("", None))
                if state:
                    items.append(
                        {
                            "request_id": asked,
                            "message_id": self.references[asked],
                            "status": "failed" if state == "rejected" else state,
                            "error": error,
                        }
                    )
            return 200, _json(items=items)
        return await self._take(said)

    async def _take(self, said: dict[str, Any]) -> tuple[int, bytes] | None:
        self.given.append(said)
        request_id = said.get("RequestId") or said["request_id"]
        await asyncio.sleep(self.seconds)
        if self.how == "500":
            return 500, b""
        if self.how == "503-html":
            return 503, b"<html>"
        if self.how == "silent":
            await asyncio.sleep(5)
            return None
        refusals = {
            "no-money": ("103", "no_balance"),
            "no-number": ("108", "invalid_number"),
            "wrong-template": ("146", "unknown_template"),
        }
        if self.how in refusals:
            whole, template = refusals[self.how]
            return 200, _json(CodeResult=whole, code=template)
        known = request_id in self.references and self.how != "forgets"
        if not known:
            self.taken[request_id] += 1
            self.references[request_id] = f"ref-{next(self._numbers)}"
        if self.how == "takes-then-500":
            return 500, b""
        if self.how == "takes-then-hangs-up":
            return None
        if self.how == "nonsense":
            return 200, b'{"CodeResult": []}'
        reference = self.references[request_id]
        if self.kind == "by-template":
            answer = _json(code="duplicate" if known else "0", message_id=reference, units=1)
        elif known:
            answer = _json(CodeResult="124")
        else:
            answer = _json(CodeResult="100", SMSID=reference)
        return 200, answer


def _json(**members: Any) -> bytes:
    return orjson.dumps(members)


@asynccontextmanager
async def stand_in(kind: Literal["whole-text", "by-template"]) -> AsyncIterator[StandIn]:
    made = StandIn(kind)
    await made.begin()
    try:
        yield made
    finally:
        made.die()
