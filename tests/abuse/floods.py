"""Attacks that want to stop a service: by what is dear to read, endless, silent, forged or wide. Each lasts as long as it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import NamedTuple

import orjson

from tests.abuse.aim import (
    NOT_ANSWERED,
    Aim,
    Outcome,
    asked,
    connected,
    flood,
    request,
    status_of,
    until_over,
)

SERVICES = ("intake", "processing", "notify", "reporting")
CONNECTIONS = 120
"""How many may be open at each service of the attacked house."""
UNCLOSED = b"[" * 25 + b'"' + b'\\"' * 32_700
WIDE = b'{"items":[' + b",".join([b"{" + b",".join(b'"a%d":0' % n for n in range(190)) + b"}"] * 490) + b"]}"
WINDOWS = 40
PIECE_SECONDS = 0.0125


async def unclosed_strings(aim: Aim) -> Outcome:
    """64 KB that a scanner with backtracking needs seconds for, with a token and without."""
    requests = [
        request("POST", aim.post_path, body=UNCLOSED, token=token) for token in (aim.tokens["importer"], "")
    ]
    return await flood(aim, 2, *requests)


async def endless_heads(aim: Aim) -> Outcome:
    """Twenty connections whose headers, whose target or whose trailer never end, whatever is answered: 13 MB a second."""
    chunked = "transfer-encoding: chunked\r\n\r\n0\r\n"
    starts = (
        (b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 1_400),
        (b"GET /", b"a" * 8_192),
        (f"POST {aim.post_path} HTTP/1.1\r\nhost: a\r\n{chunked}".encode(), b"x: y\r\n" * 1_400),
    )

    async def one(number: int) -> int:
        start, more = starts[number % len(starts)]
        async with connected(aim, number) as (reader, writer):
            answer = asyncio.create_task(reader.read(65_536))
            with suppress(ConnectionError):
                writer.write(start)
                while time.monotonic() < over_at:
                    writer.write(more)
                    await writer.drain()
                    await asyncio.sleep(PIECE_SECONDS)
            if answer.cancel():
                return NOT_ANSWERED
            return status_of(await answer)

    over_at = time.monotonic() + aim.seconds
    return await until_over(aim, 20, one)


async def silent_connections(aim: Aim) -> Outcome:
    """Three times as many connections as may be open: nothing, half a head, a body that never comes, one that drips."""
    said = (
        b"",
        b"GET / HTTP/1.1\r\nhost:",
        f"POST {aim.post_path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n".encode(),
        request("POST", aim.post_path, token=aim.tokens["importer"]).replace(
            b"length: 0", b"length: 60000\r\ncontent-type: application/json"
        )
        + b'{"a',
    )
    outcome = Outcome()
    async with AsyncExitStack() as held:
        opened = []
        for number in range(3 * CONNECTIONS):
            with suppress(OSError):
                _, writer = await held.enter_async_context(connected(aim, number))
                writer.write(said[number % len(said)])
                opened.append(writer)
        await asyncio.sleep(aim.seconds)
        outcome.statuses[NOT_ANSWERED] = len(opened)
    return outcome


async def unread_answers(aim: Aim) -> Outcome:
    """Twelve connections ask for a long answer sixty times each, more than the kernel keeps for them, and read none of it."""
    outcome = Outcome()
    async with AsyncExitStack() as held:
        for number in range(12):
            with suppress(OSError):
                _, writer = await held.enter_async_context(connected(aim, number))
                writer.write(request("GET", "/openapi.json") * 60)
                outcome.statuses[NOT_ANSWERED] += 1
        await asyncio.sleep(aim.seconds)
    return outcome


async def forged_tokens(aim: Aim) -> Outcome:
    """Tokens of another audience, and of another key under the name of the right one: each costs a signature."""
    requests = [
        request("POST" if aim.service != "notify" else "GET", aim.post_path, token=aim.tokens[token])
        for token in ("of-another-audience", "by-another-key")
    ]
    return await flood(aim, 8, *requests)


async def wide_batches(aim: Aim) -> Outcome:
    """Batches of 490 items with 190 faults each."""
    return await flood(aim, 2, request("POST", "/v1/bulk", body=WIDE, token=aim.tokens["importer"]))


async def guessed_codes(aim: Aim) -> Outcome:
    """Official codes are sequential: who asks for one after the other learns a few statuses a minute."""
    paths = [f"/v1/lookup?code=H29.015.00-261127-{number:04}" for number in range(WINDOWS)]
    return await flood(aim, 4, *(request("GET", path) for path in paths))


async def people_read_on(aim: Aim) -> Outcome:
    """An officer reads who is behind one dossier, on and on: some a minute, then no more."""
    path = f"/v1/people/{aim.dossiers['own']}?purpose=processing"
    return await flood(aim, 4, request("GET", path, token=aim.tokens["attacking-officer"]))


async def dear_questions(aim: Aim) -> Outcome:
    """The public counts for ever other windows, by day, as of ever other instants: no answer is the one before."""
    doors = ("counts?by=day&", "report?", "counts?by=procedure&", "service-quality?")
    requests = [
        request(
            "GET", f"/v1/{door}from=19{n + 10}-01-01&to=2026-12-31&as_of=2026-11-{n % 28 + 1:02}T00:00:00Z"
        )
        for n in range(WINDOWS)
        for door in doors
    ]
    return await flood(aim, 4, *requests)


async def odd_questions(aim: Aim) -> Outcome:
    """Each member of each query of the service: empty, twice, wrong, and long. Nothing of it is a fault of ours."""
    document = (await asked(aim, request("GET", "/openapi.json")))[1]
    return await flood(aim, 4, *odd_requests(aim, document))


async def public_questions(aim: Aim) -> Outcome:
    """What anybody may ask of every service, as often as it answers."""
    paths = ("/readyz", "/metrics", "/openapi.json", "/livez", "/version", "/v1/procedures")
    return await flood(aim, 4, *(request("GET", path) for path in paths))


ODD = (
    "",
    "x",
    "-1",
    "9" * 20,
    "%00",
    "%FF",
    "%27%20OR%201=1",
    "a" * 5_000,
    "1e400",
    "2026-02-30",
    "0001-01-01",
)
PAGES = ("/", "/live", "/plots/months_wide.svg", "/v1/counts", "/v1/report", "/v1/corrections")


def odd_requests(aim: Aim, document: bytes) -> list[bytes]:
    """Made from the service's own document, and for the public pages, which stand in none."""
    found = [(path, name) for path in PAGES for name in ("from", "to", "lang")]
    if aim.service != "reporting":
        found = [
            (path.replace("{dossier_id}", aim.dossiers["own"]), parameter["name"])
            for path, methods in orjson.loads(document)["paths"].items()
            for parameter in methods.get("get", {}).get("parameters", ())
            if parameter["in"] == "query"
        ]
    token = aim.tokens["attacking-officer"]
    return [
        request("GET", f"{path}?{said}", token=token)
        for path, name in found
        for said in (*(f"{name}={value}" for value in ODD), f"{name}=1&{name}=2", f"{name}[]=1")
    ]


Run = Callable[[Aim], Awaitable[Outcome]]


class Flood(NamedTuple):
    """An attack that wants to stop `services`, and every status that it may be answered with."""

    run: Run
    services: tuple[str, ...]
    answers: frozenset[int]

    @property
    def name(self) -> str:
        return str(getattr(self.run, "__name__", "")).replace("_", " ")


def _answers(*statuses: int) -> frozenset[int]:
    return frozenset((NOT_ANSWERED, *statuses))


FLOODS = (
    Flood(unclosed_strings, SERVICES, _answers(400, 401, 403, 405, 429)),
    Flood(endless_heads, SERVICES, _answers(400, 401, 405, 408, 414, 415, 431)),
    Flood(silent_connections, SERVICES, _answers()),
    Flood(unread_answers, SERVICES, _answers()),
    Flood(public_questions, SERVICES, _answers(200, 404, 429)),
    Flood(forged_tokens, ("intake", "processing", "notify"), _answers(401, 429)),
    Flood(odd_questions, SERVICES, _answers(200, 304, 400, 403, 404, 414, 422, 429)),
    Flood(wide_batches, ("intake", "processing"), _answers(200, 429)),
    Flood(guessed_codes, ("intake",), _answers(200, 404, 429)),
    Flood(people_read_on, ("intake",), _answers(200, 429)),
    Flood(dear_questions, ("reporting",), _answers(200, 422, 429)),
)
