"""What is checked of every request before anything reads it: size, time, shape of JSON, trace id.

Promises a bound for each: bytes, seconds, nesting depth. Never interprets a body.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from services.chassis.problems import Problem, dotted

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_BYTES_MAX = 65_536
BODY_SECONDS_MAX = 30.0
DEPTH_MAX = 24

# It ends on a string that nobody closed, too: if it failed there, it would be tried again at each quotation mark inside, and the
# time would grow with the square of the body. Test: test_a_hostile_body_takes_time_in_proportion.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS_ONLY = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_KIND = bytes.maketrans(b"[]", b"{}")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE = "00-" + "0" * 32


class ClientGone(Exception):
    """The client closed its connection before its body was complete: nobody is left to answer."""


async def read_body(receive: Receive, declared: bytes | None, bytes_max: int) -> bytes:
    """The whole body, or Problem 413, 408.

    Guarantee: no body is held in memory beyond its limit, whatever its header declares.
    Test: test_a_body_beyond_its_limit_is_refused_even_undeclared.
    """
    if declared is not None and (not declared.isdigit() or int(declared[:20]) > bytes_max):
        raise Problem(413, detail=f"at most {bytes_max} bytes")
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        body = await _read_rest(receive, body, bytes_max)
    if len(body) > bytes_max:
        raise Problem(413, detail=f"at most {bytes_max} bytes")
    return body


async def _read_rest(receive: Receive, start: bytes, bytes_max: int) -> bytes:
    chunks, size, more = [start], len(start), True
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunk = message.get("body", b"")
                chunks.append(chunk)
                size += len(chunk)
                if size > bytes_max:
                    raise Problem(413, detail=f"at most {bytes_max} bytes")
                more = message.get("more_body", False)
    except TimeoutError:
        raise Problem(408, detail=f"the body took longer than {BODY_SECONDS_MAX:g} s") from None
    return b"".join(chunks)


def check_json(body: bytes, depth_max: int = DEPTH_MAX) -> None:
    """Refuses NUL characters, which no text column can hold, and nesting deeper than `depth_max`.

    Guarantee: depth is counted outside strings, so brackets in a text neither hide nor make depth.
    Test: test_depth_is_counted_outside_strings.
    """
    if b"\\u0000" in body and _ESCAPED_NUL.search(body):
        raise Problem(422, "nul-character", "text must not contain NUL characters")
    if body.count(b"{") + body.count(b"[") > depth_max:
        brackets = _STRINGS.sub(b"", body).translate(_ONE_KIND, _BRACKETS_ONLY)
        for _ in range(depth_max):
            if not brackets:
                return
            brackets = brackets.replace(b"{}", b"")  # one kind, so that a pass takes exactly one level
        if brackets:
            raise Problem(400, "json-too-deep", f"at most {depth_max} levels of nesting")


def plain_query(query: bytes, many: frozenset[str]) -> bytes:
    """The query without its empty members: a form sends one for each field that was left open. Problem 422 for the rest.

    Guarantee: an empty member of a query is an absent one, and one that comes twice is refused, unless its name is in `many`.
    Test: test_members_of_a_query_are_told_once.
    """
    members = [(name, value) for name, value in parse_qsl(query.decode("latin-1")) if value]
    seen: set[str] = set()
    for name, value in members:
        if "\x00" in name or "\x00" in value:
            raise Problem(422, "nul-character", "text must not contain NUL characters", field=dotted((name,)))
        if name in seen and name not in many:
            raise Problem(422, "query-member-twice", "this member may come once", field=dotted((name,)))
        seen.add(name)
    return urlencode(members).encode()


def traceparent(received: bytes | None) -> str:
    """The trace to go on with (W3C Trace Context): the caller's trace id when it is well-formed, under a span of our own."""
    if received is not None and len(received) == 55:
        text = received.decode("latin-1")
        if _TRACEPARENT.fullmatch(text) and not text.startswith(_NO_TRACE):
            return f"{text[:36]}{os.urandom(8).hex()}{text[52:]}"
    fresh = os.urandom(24).hex()
    return f"00-{fresh[:32]}-{fresh[32:]}-01"
