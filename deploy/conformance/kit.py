"""Stands between a portal and a sandbox: passes on what the portal sends, lets some of it fail, and says what the portal does wrong.

Subscriptions and notices go to notify, what bears an officer's token to processing, all else to intake. Never passes on to a service
that does not say that it is a sandbox.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx
import orjson
import uvicorn

from deploy.conformance.desk import Desk, Refused, call
from deploy.conformance.office import claims_of
from deploy.conformance.points import BY_CODE
from deploy.conformance.watch import RETRY_AFTER_SECONDS, Request, Watch
from deploy.local.home import Home
from deploy.local.process import Failed
from services.chassis.http.sandbox import HEADER, hang_up

Say = Callable[[str], None]
OF_NOTIFY = ("/v1/subscriptions", "/v1/notices")
HOP_BY_HOP = {
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
DECODED = {"content-encoding", "content-length", "transfer-encoding", "connection"}
CODES = {"429": "too-many-requests", "503": "unavailable"}


class Kit:
    """The ASGI application in between."""

    def __init__(self, intake: str, home: Home, client: httpx.AsyncClient, watch: Watch, say: Say) -> None:
        self._intake, self._notify, self._processing = intake, home.url("notify"), home.url("processing")
        self._client, self._watch, self._say = client, watch, say
        self._desk = Desk(home, client)
        self._offices: dict[str, str] = {}
        self._tried = ""
        self._beside: asyncio.Queue[tuple[Coroutine[Any, Any, None], str, str]] = asyncio.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        failure = self._watch.ask(request)
        if failure in CODES:
            self._say(f"{request.method} {request.path} is answered {failure}")
            problem = {
                "type": "about:blank",
                "title": CODES[failure],
                "status": int(failure),
                "code": CODES[failure],
            }
            headers = {"content-type": "application/problem+json", "retry-after": str(RETRY_AFTER_SECONDS)}
            await _answer(send, int(failure), headers, orjson.dumps(problem))
            return
        if request.is_officers and request.method == "POST":
            await self._overtake(request)
        answer = await self._pass_on(scope, request)
        self._note(request, answer)
        if failure == "lost":
            self._say(f"the answer to {request.method} {request.path} is lost")
            await hang_up(send)
            return
        headers = {name: told for name, told in answer.headers.items() if name.lower() not in DECODED}
        await _answer(send, answer.status_code, headers, answer.content)

    async def _pass_on(self, scope: Any, request: Request) -> httpx.Response:
        base = self._notify if request.path.startswith(OF_NOTIFY) else self._intake
        if request.is_officers:
            base = self._processing
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        headers = {name: told for name, told in request.headers.items() if name not in HOP_BY_HOP}
        try:
            return await self._client.request(
                request.method, f"{base}{request.path}{query}", content=request.body, headers=headers
            )
        except httpx.HTTPError:
            return httpx.Response(503, headers={"retry-after": "1"}, json={"code": "unavailable"})

    async def _overtake(self, request: Request) -> None:
        """A colleague is faster, so that the act is answered 412, as it would be outside."""
        if not self._watch.office.act(request.path, request.headers):
            return
        dossier = _of(request)
        try:
            asked = {"unit": claims_of(request.headers).get("unit")} | dict(request.says or {})
            await self._desk.accept(dossier, self._watch.office.offices[dossier], asked)
            self._say(f"a colleague accepts {dossier} a moment before")
        except (Refused, httpx.HTTPError) as fault:
            self._watch.remarks.append(f"{fault}, so that changed-meanwhile cannot be seen of this dossier")

    def _note(self, request: Request, answer: httpx.Response) -> None:
        said = _members(answer)
        self._watch.answered(request, answer.status_code, str(said.get("code", "")))
        if request.is_officers:
            self._watch.office.refused(request.path, answer.status_code)
            self._watch.office.read(said)
            return
        if answer.status_code != 201:
            return
        if request.kind == "submission":
            dossier, office = str(said["dossier_id"]), str(request.says["office"])
            known = dossier in self._offices
            self._offices[dossier] = office
            if not self._tried:
                self._tried = dossier
                self._begin(
                    self._desk.ask_for_a_paper(dossier, office), "supplement", "asked for a paper of it"
                )
            elif not known:
                self._say(f"dossier {dossier} is filed")
        elif request.kind == "supplement" and (dossier := _of(request)) == self._tried:
            done = self._desk.take_it_and_ask_for_the_fee(dossier, self._offices[dossier])
            self._begin(done, "payment", "took the paper and asked for the fee")
        elif request.kind == "withdrawal" and (dossier := _of(request)) in self._offices:
            self._begin(self._desk.give_back(dossier, self._offices[dossier]), "withdrawal", "gave it back")
        elif request.kind == "subscription":
            calls = call(
                self._client,
                request.says["url"],
                said["secret"],
                self._tried or str(uuid.uuid4()),
                self._watch,
            )
            self._begin(calls, "call-taken", "called the portal four times")

    def _begin(self, work: Coroutine[Any, Any, None], point: str, done: str) -> None:
        self._beside.put_nowait((work, point, done))

    async def work(self) -> None:
        """Does what happens beside the portal, one after the other, for ever."""
        while True:
            work, point, done = await self._beside.get()
            try:
                await work
                self._say(done)
            except (Refused, httpx.HTTPError) as fault:
                said = (
                    str(fault)
                    if isinstance(fault, Refused)
                    else f"a service did not answer ({type(fault).__name__})"
                )
                self._watch.remarks.append(f"{said}, so that {point} cannot be seen of this dossier")


async def run(
    intake: str,
    home: Home,
    port: int,
    seconds: float,
    patience: float,
    secrets: Sequence[bytes],
    rooms: Sequence[str],
    say: Say,
) -> bool:
    """Serves until every point of these rooms is known or the time is over, and reports; whether all was right."""
    watch = Watch(patience, secrets)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        await _must_be_a_sandbox(client, intake, "intake")
        for service in ("processing", "notify"):
            await _must_be_a_sandbox(client, home.url(service), service)
        kit = Kit(intake.rstrip("/"), home, client, watch, say)
        config = uvicorn.Config(kit, "127.0.0.1", port, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        async with asyncio.TaskGroup() as group:
            serving, beside = group.create_task(server.serve()), group.create_task(kit.work())
            say(
                f"let the portal use http://127.0.0.1:{port} in the place of {intake}, of notify for its subscriptions, and of processing "
                "where it acts in an officer's name; then:"
            )
            for code in watch.unseen(rooms):
                say(f"  {code}: {BY_CODE[code].see}")
            until = time.monotonic() + seconds
            while watch.unseen(rooms) and time.monotonic() < until and not serving.done():
                await asyncio.sleep(0.1)
                watch.expire(time.monotonic())
            server.should_exit = True
            beside.cancel()
    for line in watch.report(rooms):
        say(line)
    return watch.right(rooms)


async def _must_be_a_sandbox(client: httpx.AsyncClient, url: str, service: str) -> None:
    """Guarantee: nothing is made to fail, or done by the kit's officer, at a service that is no sandbox.
    Test: test_only_a_sandbox_is_tried_against."""
    try:
        answer = await client.get(f"{url.rstrip('/')}/version")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(f"{url} does not answer ({type(error).__name__})") from None
    if HEADER.decode() not in answer.headers or _members(answer).get("service") != service:
        raise Failed(
            f"{url} is no sandbox's {service}: `motcua up --sandbox` makes one, MOTCUA_HOME names its home"
        )


def _members(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _of(request: Request) -> str:
    return request.path.split("/")[3]


async def _read(scope: Any, receive: Any) -> Request:
    headers = {name.decode("latin-1"): told.decode("latin-1") for name, told in scope["headers"]}
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Request(scope["method"], scope["path"], headers, body, time.monotonic(), time.time())


async def _answer(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    told = [(name.encode("latin-1"), said.encode("latin-1")) for name, said in headers.items()]
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*told, length]})
    await send({"type": "http.response.body", "body": body})
