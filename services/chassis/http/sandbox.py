"""What a sandbox does to whoever asks: says in every answer and on every page that it is one, and fails where it is asked to.

Stands around an application, so that nothing of it is in the way of a service that is none. Never knows what a route is for.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any, cast

from services.chassis.http.problems import PROBLEM_TYPE, Problem
from services.chassis.http.request_checks import Message, Receive, Scope, Send, replay
from services.chassis.process import clock

HEADER = b"motcua-sandbox"
FAILURE = re.compile(rb"sandbox-(limited|away|lost)\b")
RETRY_AFTER_SECONDS = 2
BODY_BYTES_MAX = 1_000_000
FAILED_MAX = 10_000
HANG_UP_SECONDS = 0.05
_BODY = re.compile(rb"<body[^>]*>")
_BANNER = (
    '<aside aria-label="sandbox"><p><strong>Môi trường thử nghiệm (sandbox):</strong> không có gì ở đây là thật. '
    '<span lang="en"><strong>Sandbox:</strong> nothing here is real.</span></p></aside>'
).encode()
_REFUSED = {
    b"limited": Problem(429, detail="asked for by the word sandbox-limited"),
    b"away": Problem(503, detail="asked for by the word sandbox-away"),
}


class Sandbox:
    """Around a whole application.

    A body or an `Idempotency-Key` with one of three words fails the first time that it comes, so that a client that asks again as it
    should gets through: `sandbox-limited` is answered 429 and `sandbox-away` 503, and nothing is taken; after `sandbox-lost` it is
    taken, and the connection closes without an answer.

    Guarantee: a failure that was asked for comes once for each key. Test: test_a_failure_is_asked_for_by_a_word.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._failed: dict[bytes, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        failure = b""
        if scope["method"] == "POST" and headers.get(b"content-type", b"").startswith(b"application/json"):
            body, receive = await _read(headers, receive)
            failure = self._asked_for(headers.get(b"idempotency-key", b""), body)
        says = _Saying(send)
        if failure == b"lost":
            await self._application(scope, receive, _unheard)
            await hang_up(send)
        elif failure:
            await _refuse(_REFUSED[failure], says)
        else:
            await self._application(scope, receive, says)

    def _asked_for(self, key: bytes, body: bytes) -> bytes:
        """Which failure, where this is the first request of its key (or without one, of its body) that asks for it."""
        found = FAILURE.search(body) or FAILURE.search(key)
        if found is None:
            return b""
        mark = hashlib.sha256(key or body).digest()
        if mark in self._failed:
            return b""
        if len(self._failed) >= FAILED_MAX:
            del self._failed[next(iter(self._failed))]
        self._failed[mark] = None
        return found[1]


class _Saying:
    """A `send` that says of each answer that a sandbox gave it; a page says so to who reads it.

    Guarantee: nobody takes an answer or a page of a sandbox for a true one. Test: test_every_answer_says_that_it_is_a_sandboxs.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._page = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            told = (HEADER, b"ahead=%d" % clock.ahead().total_seconds())
            start = {**message, "headers": [*message["headers"], told]}
            if dict(message["headers"]).get(b"content-type", b"").startswith(b"text/html"):
                self._start = start
            else:
                await self._send(start)
        elif self._start is None:
            await self._send(message)
        else:
            self._page += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        page = _BODY.sub(lambda found: found[0] + _BANNER, self._page, count=1)
        others = [header for header in start["headers"] if header[0] != b"content-length"]
        length = (b"content-length", b"%d" % len(page))
        await self._send({**start, "headers": [*others, length]})
        await self._send({"type": "http.response.body", "body": page})


async def _read(headers: dict[bytes, bytes], receive: Receive) -> tuple[bytes, Receive]:
    """The body and a `receive` that gives it once more; nothing of one that is long, or does not say how long it is."""
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        return b"", receive
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", _gone
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body, replay(body, receive)


async def _refuse(problem: Problem, send: Send) -> None:
    body = problem.body()
    headers = [
        (b"content-type", PROBLEM_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"%d" % RETRY_AFTER_SECONDS),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _gone() -> Message:
    return {"type": "http.disconnect"}


async def _unheard(_: Message) -> None:
    return None


async def hang_up(send: Send) -> None:
    """Closes the connection as one that breaks. uvicorn gives no other way to it than the object whose method `send` is."""
    cycle: Any = cast(Any, send).__self__
    cycle.transport.abort()
    await asyncio.sleep(HANG_UP_SECONDS)
