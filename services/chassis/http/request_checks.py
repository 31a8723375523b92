"""What is checked of every request before anything reads it: size, time, shape of JSON, trace id.

Promises a bound for each: bytes, seconds, nesting depth. Never interprets a body.
"""

import asyncio
import json
import os
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import orjson

from services.chassis.http.plain_text import UNSEEN, not_plain
from services.chassis.http.problems import Problem, dotted

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HOLD = "motcua.hold"
"""The extension of a connection that keeps an answer back for some seconds."""
BODY_BYTES_MAX = 65_536
BODY_SECONDS_MAX = 30.0
DEPTH_MAX = 24
SINGLE_HEADERS = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"payment-signature",
        b"payment-timestamp",
        b"transfer-encoding",
        b"x-correlation-id",
    }
)

# It ends on a string that nobody closed, too: if it failed there, it would be tried again at each quotation mark inside, and the
# time would grow with the square of the body. Test: test_a_hostile_body_takes_time_in_proportion.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS_ONLY = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_KIND = bytes.maketrans(b"[]", b"{}")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
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


def check_json(body: bytes) -> Any:
    """What a body says; None where orjson reads no such number or text. Refuses what check_text() refuses, and what is no JSON in
    UTF-8, or an object with one member twice.

    Guarantee: no two readers of a body can take another value for a member. Test: test_a_member_that_comes_twice_is_refused.
    Each member has one colon outside of texts: where as many members are read as there are colons at all, none came twice.
    Test: test_counting_colons_says_what_looking_at_each_member_says.
    """
    check_text(body)
    value = None
    with suppress(ValueError):
        value = orjson.loads(body)
        members = _members(value)
        if members == body.count(b":") or members == _STRINGS.sub(b"", body).count(b":"):
            return value
    try:
        # len: numbers are not read here, however long.
        json.loads(body.decode(), object_pairs_hook=_once, parse_int=len, parse_float=len)
    except ValueError:
        raise Problem(400, "json-invalid", "the body is not valid JSON") from None
    return value


def _members(value: Any) -> int:
    """How many members the objects in a JSON value have, all together."""
    if type(value) is dict:
        return len(value) + sum(_members(each) for each in value.values() if type(each) in (dict, list))
    return sum(map(_members, value)) if type(value) is list else 0


def member_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members, for `object_pairs_hook`; Problem 400 when one comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Problem(400, "json-invalid", "an object has one member twice")
    return members


def _once(pairs: list[tuple[str, Any]]) -> None:
    member_once(pairs)


def check_text(body: bytes, depth_max: int = DEPTH_MAX) -> None:
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


def told_once(sent: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]) -> None:
    """Problem 400 when a header whose value is read as one comes twice; `headers` is `sent` by name.

    Guarantee: no two readers of a request can take another value for it. Test: test_a_header_that_comes_twice_is_refused.
    """
    if len(headers) == len(sent):
        return
    seen = set()
    for name, _ in sent:
        if name in seen and name in SINGLE_HEADERS:
            raise Problem(400, "header-twice", "this header may come once", field=name.decode())
        seen.add(name)


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
        if UNSEEN.search(value):
            raise not_plain((name,))
        if name in seen and name not in many:
            raise Problem(422, "query-member-twice", "this member may come once", field=dotted((name,)))
        seen.add(name)
    return urlencode([(name, unicodedata.normalize("NFC", value)) for name, value in members]).encode()


def traceparent(received: bytes | None) -> str:
    """The trace to go on with (W3C Trace Context): the caller's trace id when it is well-formed, under a span of our own."""
    if received is not None and len(received) == 55:
        text = received.decode("latin-1")
        if _TRACEPARENT.fullmatch(text) and not text.startswith(_NO_TRACE):
            return f"{text[:36]}{os.urandom(8).hex()}{text[52:]}"
    fresh = os.urandom(24).hex()
    return f"00-{fresh[:32]}-{fresh[32:]}-01"


def correlation_id(received: bytes | None) -> UUID | None:
    """The caller's own id of its request. Only a UUID is taken for one: free text could name a person, and stands in logs and events.

    Guarantee: nothing that a caller calls its request gets into logs or events but a UUID. Test: test_a_callers_own_id_is_a_uuid.
    """
    if received is None or not _UUID.fullmatch(received):
        return None
    return UUID(received.decode())


def address_of(scope: Scope) -> str:
    """The peer of a connection; empty where there is none."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def template_of(scope: Scope) -> str:
    """The route's template, never the path: paths carry ids, and strangers can make up any number of them."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body which was read already."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
