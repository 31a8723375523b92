"""Answers that are held back, over real sockets."""

import asyncio
import time

import pytest

from services.chassis.http import access, connections
from services.chassis.http.limits import Buckets
from services.chassis.http.web import Kept
from tests.chassis.http.conftest import House, answer

GET = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"


def named(listening: House) -> bytes:
    return f"GET /things/1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {listening.token}\r\n\r\n".encode()


async def test_an_address_that_asks_on_and_on_waits_for_its_answers(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "HELD_SECONDS_MAX", 2.0)
    listening.doors.application.unnamed = Buckets(0.001, 2, clock=time.monotonic)
    for _ in range(2):
        assert b" 200 " in await answer(await listening.enter(GET))
    held = [asyncio.create_task(answer(await listening.enter(GET))) for _ in range(2)]
    for _ in range(5):
        assert b" 200 " in await answer(await listening.enter(named(listening)))
    # More came than may be open, and those whose answers are held went for them.
    assert [task.done() and isinstance(task.exception(), EOFError) for task in held] == [True, True]


@pytest.mark.parametrize("refused", [False, True])
async def test_what_was_held_back_is_answered(
    listening: House, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    monkeypatch.setattr(access, "HELD_SECONDS_MAX", 0.05)
    listening.doors.application.unnamed = Buckets(0.001, 1, clock=time.monotonic)
    ask = GET.replace(b"livez", b"things/1") if refused else GET
    sockets = await listening.enter()
    for _ in range(3):
        sockets[1].write(ask)
        assert (b" 401 " if refused else b" 200 ") in await answer(sockets)


async def test_who_is_beyond_a_limit_waits_though_he_has_a_name(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From wherever he asks, and who else asks from there does not."""
    monkeypatch.setattr(access, "HELD_SECONDS_MAX", 2.0)
    application = listening.doors.application
    application.limits, application.unnamed = (Buckets(0.001, 1, clock=time.monotonic) for _ in range(2))
    assert b" 200 " in await answer(await listening.enter(named(listening)))
    held = asyncio.create_task(answer(await listening.enter(named(listening))))
    await asyncio.sleep(0.1)
    assert not held.done()
    async with asyncio.timeout(1.0):
        assert b" 200 " in await answer(await listening.enter(GET))
    held.cancel()


async def test_who_asks_wrongly_on_and_on_waits_though_he_has_a_name(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong costs him ten times what is right, and what he asks rightly never waits for it."""
    monkeypatch.setattr(access, "HELD_SECONDS_MAX", 2.0)
    listening.doors.application.unnamed = Buckets(0.001, 15, clock=time.monotonic)
    wrong = named(listening).replace(b"things/1", b"things/x")
    assert b" 422 " in await answer(await listening.enter(wrong))
    held = asyncio.create_task(answer(await listening.enter(wrong)))
    async with asyncio.timeout(1.0):
        for _ in range(3):
            assert b" 200 " in await answer(await listening.enter(named(listening)))
    assert not held.done()
    held.cancel()


async def test_requests_sent_at_once_are_answered_one_after_the_other(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BETWEEN_SECONDS", 0.3)
    many = await listening.enter(named(listening) * 3)
    assert b" 200 " in await answer(many)
    second = asyncio.create_task(answer(many))
    for _ in range(3):
        assert b" 200 " in await answer(await listening.enter(named(listening)))
    assert not second.done()
    assert b" 200 " in await second
    assert b" 200 " in await answer(many)


async def test_what_strangers_ask_for_is_made_once_in_a_while() -> None:
    asked = 0

    async def make() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    kept = Kept(make, 600.0)
    assert await asyncio.gather(*(kept.get() for _ in range(20))) == [1] * 20
    assert await kept.get() == 1
    assert await Kept(make, 0.0).get() == 2
