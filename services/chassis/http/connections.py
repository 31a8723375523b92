"""Bounds of the HTTP connections of a process: bytes of a head, seconds of each state, how many there may be.

Promises that whoever sends too much, too slowly or nothing costs a bounded amount of memory for a bounded time, and that others
still get in. Never looks at what a request asks for. The bytes of a body are bounded by its route.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Container
from typing import Any, cast
from weakref import WeakMethod

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.chassis.http.problems import PROBLEM_TYPE, Problem
from services.chassis.http.request_checks import HOLD
from services.chassis.process import metrics

HEAD_BYTES_MAX = 32_768
TARGET_BYTES_MAX = 8_192
PIECE_BYTES = 16_384
HEAD_SECONDS = 10.0
PIECE_SECONDS = 10.0
IDLE_SECONDS = 15.0
REST_SECONDS = 5.0
REFUSED_SECONDS = 2.0
BETWEEN_SECONDS = 0.05
"""From an answer to the next of those requests that a connection sent at once. Who waits for each answer never waits for this."""
READING_SECONDS = 30.0
LOOK_SECONDS = 1.0


class Bounds:
    """The connections of a process, and how many there may be, in all and from one address, which an `unbounded` one shares with many."""

    def __init__(self, total_max: int, of_address_max: int, *, unbounded: Container[str] = ()) -> None:
        self._total_max, self._of_address_max, self._unbounded = total_max, of_address_max, unbounded
        self.known: set[Bounded] = set()  # those that are to close, too, until they have
        self.open: set[Bounded] = set()
        self.of_address: Counter[str] = Counter()
        # Those whose clients owe us something (a request, the rest of one, reading an answer), the longest silent first; in all, and
        # by address.
        self._waiting: dict[Bounded, None] = {}
        self._waiting_of: defaultdict[str, dict[Bounded, None]] = defaultdict(dict)

    def enter(self, connection: Bounded) -> bool:
        """Whether one more may come in, after the one whose client has been silent longest has gone for it.

        Guarantee: idle connections keep nobody out. Test: test_idle_connections_keep_nobody_out.
        Guarantee: nor do bodies that never come and answers that nobody reads. Test: test_whose_client_owes_us_something_goes_for_another.
        Guarantee: there are never more than there may be, however many come at once. Test: test_a_rush_stays_within_the_bounds.
        """
        address = connection.address
        if self.of_address[address] >= self._of_address_max and address not in self._unbounded:
            room = self._let_go(self._waiting_of.get(address, {}))
        else:
            room = len(self.open) < self._total_max or self._let_go(self._waiting)
        if room:
            self.open.add(connection)
            self.of_address[address] += 1
        return room

    def leave(self, connection: Bounded) -> None:
        """It is counted no longer, from the moment that it is to close."""
        if connection in self.open:
            self.open.discard(connection)
            self.busy(connection)
            self.of_address[connection.address] -= 1
            if not self.of_address[connection.address]:
                del self.of_address[connection.address]

    def waits(self, connection: Bounded) -> None:
        """Its client owes us something from now on."""
        self.busy(connection)
        if connection in self.open:
            self._waiting[connection] = self._waiting_of[connection.address][connection] = None

    def busy(self, connection: Bounded) -> None:
        """It has a whole request, and the application works."""
        if self._waiting.pop(connection, connection) is None:
            waiting = self._waiting_of[connection.address]
            del waiting[connection]
            if not waiting:
                del self._waiting_of[connection.address]

    def heard(self, connection: Bounded) -> None:
        """Something came of what its client owes, and more is to come."""
        if connection in self._waiting:
            self.waits(connection)

    def _let_go(self, waiting: dict[Bounded, None]) -> bool:
        oldest = next(iter(waiting), None)
        if oldest is not None:
            metrics.CONNECTIONS_CLOSED.labels("for-another").inc()
            self.leave(oldest)
            oldest.drop()
        return oldest is not None


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol with bounds: each state of a connection has a deadline, but for the time that the application takes.

    Guarantee: a connection that sends nothing, half a head, or a body that never comes is closed in seconds.
    Test: test_a_connection_that_says_nothing_more_is_closed.
    Guarantee: one that is closed is let go of at once, with its requests. Test: test_a_connection_is_let_go_of_at_once.
    """

    def __init__(self, *, bounds: Bounds, **given: Any) -> None:
        super().__init__(**given)
        # Bytes: those that the parser took since it last gave something to us, and of answers.
        self._unread = self._unsent = 0
        self._bounds, self._refused, self._waiting, self.address = bounds, False, True, ""
        self._hold = WeakMethod(self.hold)  # weak: a request has it, and its connection the request
        self.deadline: float | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._bounds.known.add(self)
        if not self._bounds.enter(self):
            metrics.CONNECTIONS_CLOSED.labels("too-many").inc()
            self._refuse(Problem(503, detail="too many connections", headers={"Retry-After": "1"}))
            self.drop()
            return
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._bounds.leave(self)
        self._bounds.known.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser by pieces, and stops when it keeps more of them for itself than a head may have.

        Guarantee: no head, trailer or target is held in memory beyond its limit. Test: test_a_head_beyond_its_limit_is_refused.
        """
        for start in range(0, len(data), PIECE_BYTES):
            if self._refused or self.parser is None or self.transport.is_closing():
                return
            piece = data[start : start + PIECE_BYTES]
            self._unread += len(piece)
            super().data_received(piece)
            self._bounds.heard(self)
            if len(getattr(self, "url", b"")) > TARGET_BYTES_MAX and self._waiting:
                self._refuse(Problem(414, detail=f"at most {TARGET_BYTES_MAX} bytes of target"))
            elif self._unread > HEAD_BYTES_MAX:
                self._refuse(Problem(431, detail=f"at most {HEAD_BYTES_MAX} bytes of headers"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = cast("dict[str, dict[object, object]]", {HOLD: self._hold})
        if self._waiting:
            self._wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        self._unread = 0
        if len(self.url) > TARGET_BYTES_MAX:
            self._refuse(Problem(414, detail=f"at most {TARGET_BYTES_MAX} bytes of target"))
            return
        self._waiting = False
        self._by(PIECE_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        self._unread = 0
        if not self.cycle.response_complete:
            self._by(PIECE_SECONDS)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._refused:
            return
        self._unread = 0
        if self.cycle.response_complete:
            self._wait(IDLE_SECONDS)
        else:
            self.deadline = None
            self._bounds.busy(self)
        super().on_message_complete()
        self.cycle.more_body = False

    def on_response_complete(self) -> None:
        """Guarantee: many requests sent at once on one connection are answered in turn with others', and not in one go.

        Test: test_requests_sent_at_once_are_answered_one_after_the_other.
        """
        if self.cycle.more_body:
            self._by(REST_SECONDS)  # answered before its body was there: the rest is thrown away, for a while
        elif not self.pipeline:
            self._wait(IDLE_SECONDS)
        if self.pipeline:
            self.loop.call_later(BETWEEN_SECONDS, super().on_response_complete)
        else:
            super().on_response_complete()

    async def hold(self, seconds: float) -> None:
        """Keeps an answer back; meanwhile the connection goes for another as if its client were silent."""
        self._bounds.waits(self)
        await asyncio.sleep(seconds)
        self._bounds.busy(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._bounds.waits(self)
        self._by(READING_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._waiting:
            self._bounds.busy(self)
        self.deadline = self.loop.time() + IDLE_SECONDS if self._waiting else None

    def send_400_response(self, msg: str) -> None:
        """uvicorn's own word for what is no HTTP."""
        self._refuse(Problem(400, "http-malformed", "this is no HTTP/1.1 request"))

    def end_late(self) -> None:
        """Its state has lasted too long.

        Guarantee: who reads an answer slowly gets the whole of it. Test: test_an_answer_that_is_read_slowly_is_read_whole.
        Guarantee: nobody is late for a body that the application does not take. Test: test_a_body_that_is_taken_slowly_is_taken_whole.
        """
        cycle, unsent = self.cycle, self.transport.get_write_buffer_size()
        untaken = not (self._refused or cycle is None or cycle.response_complete) and self.flow.read_paused
        if untaken or (unsent and unsent != self._unsent):
            self._unsent = unsent
            self._by(READING_SECONDS)
            return
        if not self._refused and not self.transport.is_closing():
            metrics.CONNECTIONS_CLOSED.labels("idle" if self._waiting else "late").inc()
            if cycle is not None and cycle.more_body and not cycle.response_started:
                self._refuse(Problem(408, detail=f"nothing more came for {PIECE_SECONDS:g} s"))
        self.drop()

    def drop(self) -> None:
        """Closes, the second time without waiting for the client to read what it was sent."""
        if self.transport.is_closing():
            self.transport.abort()
        else:
            self.transport.close()
        self._by(REST_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._waiting = True
        self._bounds.waits(self)
        self._by(seconds)

    def _by(self, seconds: float) -> None:
        self.deadline = self.loop.time() + seconds

    def _refuse(self, problem: Problem) -> None:
        """Answers in the protocol, before any application has the request, and closes."""
        self._refused = True
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = (
                True  # for the application the client is gone: there is no second answer
            )
            self.cycle.message_event.set()
        body = problem.body()
        lines = [
            b"HTTP/1.1 %d %s" % (problem.status, problem.phrase.encode()),
            b"content-type: " + PROBLEM_TYPE,
            b"content-length: %d" % len(body),
            b"connection: close",
            *(name + b": " + value for name, value in problem.raw_headers()),
        ]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        # Closed at once, the kernel would answer what is still coming with a reset, and the client would lose our answer.
        self.flow.pause_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._by(REFUSED_SECONDS)


async def close_late(bounds: Bounds) -> None:
    """Looks after the deadlines, for ever."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = asyncio.get_running_loop().time()
        for each in [c for c in bounds.known if c.deadline is not None and c.deadline < now]:
            each.end_late()
        metrics.CONNECTIONS_OPEN.set(len(bounds.open))
