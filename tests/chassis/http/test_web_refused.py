"""What is left of a request that was refused: nothing, at once, whatever was wrong with it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Query
from pydantic import BeforeValidator

from tests.chassis.doors import Doors, headers
from tests.chassis.issuing import Issuer

BODIES = (
    b'{"number": 1',
    b'{"number": "1"}',
    b'{"number": 1, "number": 2}',
    b'{"number": 1, "tags": ["a\\u0000b"]}',
    b'{"number": 1, "tags": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"number": 1, "tags": ["' + b"x" * 3_000 + b'"]}',
    b"\xff",
)
DOORS = (
    ("/direct", "portal"),
    ("/direct", "importer"),
    ("/direct", ""),
    ("/plain", "portal"),
    ("/batch", "importer"),
    ("/things/9/paint", "portal"),
    ("/nothing", "portal"),
)


def never(_: object) -> object:
    raise ValueError("is never right")


async def status_of(
    doors: Doors, path: str, token: str, body: bytes, method: str = "POST", query: bytes = b""
) -> int:
    said = [(name.encode(), value.encode()) for name, value in headers(token).items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [*said, (b"content-length", b"%d" % len(body))],
        "client": ("127.0.0.1", 1),
        "server": ("doors", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    await doors.application(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize(("path", "role"), DOORS)
async def test_what_was_refused_is_let_go_of_at_once(
    path: str, role: str, issuer: Issuer, tmp_path: Path, no_collector: None
) -> None:
    doors = Doors(issuer.write(tmp_path))
    token = issuer.token(role) if role else ""
    await status_of(doors, path, token, BODIES[0])
    for text in BODIES:
        body = bytes(bytearray(text))  # nobody else's: a constant may be held by others
        held = sys.getrefcount(body)
        statuses = {await status_of(doors, path, token, body) for _ in range(5)}
        assert all(400 <= status < 500 for status in statuses), statuses
        assert sys.getrefcount(body) == held, text


async def test_a_wrong_question_leaves_nothing_to_the_collector(
    issuer: Issuer, tmp_path: Path, no_collector: None
) -> None:
    """Of 20 that a validator of ours refuses, and 20 that none was asked about."""
    doors = Doors(issuer.write(tmp_path))

    @doors.application.get("/asked")
    async def asked(day: Annotated[str, BeforeValidator(never), Query()]) -> str:
        return day

    for query in (b"day=x", b"other=x"):
        await status_of(doors, "/asked", "", b"", "GET", query)
        gc.collect()
        for _ in range(20):
            assert await status_of(doors, "/asked", "", b"", "GET", query) == 422
        assert gc.collect() < 200
