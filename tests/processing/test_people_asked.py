"""Officers' pages ask intake: quickly for a person, and for a paper as long as it may be scanned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.chassis.http.sessions import Identity, Visitor
from services.chassis.http.tokens import Caller
from services.processing.desk import at_intake
from services.processing.desk.at_intake import AtIntake
from services.processing.pages.people import AWAY, open_paper, read_person
from tests.pages.town import served
from tests.processing.examples import UNIT

SLOW_SECONDS = 0.6


async def slowly(_: Request) -> Response:
    """As an intake that has a file scanned before it answers."""
    await asyncio.sleep(SLOW_SECONDS)
    return JSONResponse({"name": "Nguyễn Văn Thử"})


async def test_a_paper_is_waited_for_as_long_as_its_scan_may_take(
    free_ports: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And longer than for the person, for whom nobody waits on a page."""
    monkeypatch.setattr(at_intake, "TIMEOUT_SECONDS", SLOW_SECONDS / 3)
    identity = Identity("an", "officer", UNIT, "", "", {}, "token", "", "")
    visitor = Visitor(Caller("an", "officer"), identity, "", b"")
    application = Starlette(routes=[Route("/{path:path}", slowly)])
    async with served(application, free_ports(1)[0]) as url:
        intake = AtIntake(url)
        given, unread = await open_paper(intake, uuid4(), uuid4(), visitor, "processing")
        assert given is not None and not unread
        assert given.background is not None
        await given.background()
        assert await read_person(intake, uuid4(), visitor, "processing") == (None, AWAY)
