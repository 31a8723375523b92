"""The way in: every request passes here, the hot routes to their endpoint directly, all others through FastAPI.

Promises problem+json for every error, a bound on every body, a trace id, a metric and a log line for every answer. Never
knows what a route is for.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any

import orjson
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.routing import Match

from services.chassis.http.access import ADMITTED, HELD, caller_of, pace, requirement_of, throttle
from services.chassis.http.answers import problem_of, refuse, told
from services.chassis.http.hot_routes import Answer, Call, Direct
from services.chassis.http.issuers import Issuers
from services.chassis.http.limits import Buckets
from services.chassis.http.openapi import Described, stub
from services.chassis.http.page_routes import PageRoute, StreamRoute, check_form_type
from services.chassis.http.plain_text import plain_json
from services.chassis.http.problems import PROBLEM_TYPE, Problem, invalid
from services.chassis.http.proxies import Trusted, as_forwarded
from services.chassis.http.request_checks import (
    BODY_BYTES_MAX,
    ClientGone,
    Message,
    Receive,
    Scope,
    Send,
    address_of,
    check_json,
    correlation_id,
    plain_query,
    read_body,
    replay,
    template_of,
    told_once,
    traceparent,
)
from services.chassis.http.tokens import Caller, Tokens
from services.chassis.process import logs, metrics

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KNOWN_METHODS = METHODS_WITH_BODY | {"GET", "HEAD", "OPTIONS"}
QUIET = frozenset({"/livez", "/readyz", "/metrics"})  # asked every few seconds: no line says that all is well
JSON = b"application/json"
UNLESS_TOLD = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""What every answer says unless its route says otherwise: most are about one person, and none is to be guessed at.
Guarantee: no cache keeps what is about a person. Test: test_an_answer_is_not_kept_and_not_guessed_at.
"""


class Application(Described):
    """FastAPI, entered through a door of our own; made by create_app()."""

    service: str
    leaving, trusted = False, Trusted()
    tokens: Tokens | Issuers
    limits: Buckets
    refusals: Buckets
    unnamed: Buckets
    items: Buckets
    public: dict[str, str]
    body_bytes_max: int
    media_types: frozenset[bytes]
    query_lists: frozenset[str]
    pages: Any = None  # of a service that has some (pages.py)

    async def authorise(self, headers: Mapping[bytes, bytes], roles: frozenset[str], address: str) -> Caller:
        """The caller behind a request's token, or Problem 401, 403, 429, 503."""
        caller = await caller_of(self.tokens, self.refusals, headers, address)
        logs.actor.set(caller.actor)
        if caller.role not in roles:
            raise Problem(403, "role-not-allowed", f"needs one of: {', '.join(sorted(roles))}")
        throttle(self.limits, caller.actor, "caller")
        return caller

    def direct(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        roles: Sequence[str],
        answer: type[BaseModel],
        status: int = 200,
        bytes_max: int = BODY_BYTES_MAX,
        keyed: bool = False,
        validate: Callable[[bytes], Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        name: str = "",
        summary: str = "",
        description: str = "",
    ) -> Callable[[Callable[[Call[Any]], Awaitable[Answer]]], Callable[[Call[Any]], Awaitable[Answer]]]:
        """Registers a direct route; FastAPI documents it from the same models through a stub that is never reached.

        `validate` turns the body's bytes into what the endpoint gets, when that is not simply the model `body`; one that is a
        coroutine function (batch_of()) gives a batch, and its items are counted against the caller's limit. `parameters` are
        headers that the endpoint reads itself, for the document.
        """

        def register(
            endpoint: Callable[[Call[Any]], Awaitable[Answer]],
        ) -> Callable[[Call[Any]], Awaitable[Answer]]:
            seconds = metrics.REQUESTS_SECONDS.labels(path, method)
            check = validate or TypeAdapter(body).validate_json
            direct = Direct(
                path, frozenset(roles), check, endpoint, bytes_max, seconds, iscoroutinefunction(check)
            )
            more = self.directs.add(method, direct)
            self.add_api_route(
                path,
                stub(endpoint, body, roles, keyed, more | dict(parameters or {})),
                methods=[method],
                response_model=answer,
                status_code=status,
                name=name or endpoint.__name__,
                summary=summary,
                description=description or endpoint.__doc__ or "",
                responses=responses,
            )
            return endpoint

        return register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = perf_counter()
        headers = dict(scope["headers"])
        if self.trusted:
            as_forwarded(scope, headers, self.trusted)
        parent = traceparent(headers.get(b"traceparent"))
        logs.begin(parent, correlation_id(headers.get(b"x-correlation-id")))
        direct, given = self.directs.find(scope["method"], scope["path"])
        try:
            if direct is not None:
                status = await self._answer_directly(direct, given, scope, headers, parent, receive, send)
                route = direct.path
            else:
                status = await self._answer_through_fastapi(scope, headers, parent, receive, send)
                route = template_of(scope)
        except ClientGone:
            return
        seconds = perf_counter() - started - scope.get(HELD, 0.0)
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
        if direct is None:
            metrics.REQUESTS_SECONDS.labels(route, method).observe(seconds)
            metrics.REQUESTS_ANSWERED.labels(route, method, status).inc()
        else:
            direct.seconds.observe(seconds)
            answered = direct.answered.get(status)
            if answered is None:
                answered = direct.answered[status] = metrics.REQUESTS_ANSWERED.labels(route, method, status)
            answered.inc()
        if route not in QUIET or status >= 400:
            ms = round(seconds * 1e3, 2)
            logs.access({"what": "request", "method": method, "route": route, "status": status, "ms": ms})

    async def _answer_directly(
        self,
        direct: Direct,
        given: str,
        scope: Scope,
        headers: dict[bytes, bytes],
        parent: str,
        receive: Receive,
        send: Send,
    ) -> int:
        kind = JSON
        try:
            told_once(scope["headers"], headers)
            caller = await self.authorise(headers, direct.roles, address_of(scope))
            named = direct.id_of(given)
            if named is not None:
                logs.subject.set(given)
            self._check_media_type(headers)
            raw = await read_body(receive, headers.get(b"content-length"), direct.bytes_max)
            try:
                if direct.in_slices:
                    body, said = await direct.validate(raw), None
                    throttle(self.items, caller.actor, "items", len(body.items))
                else:
                    said, plain = check_json(raw), plain_json(raw)
                    if plain is not raw and said is not None:
                        said = orjson.loads(plain)
                    body = direct.validate(plain)
            except ValidationError as error:
                raise invalid(error.errors(include_input=False, include_url=False)) from None
            status, out, extra = await direct.endpoint(Call(caller, body, raw, headers, parent, named, said))
        except ClientGone:
            raise
        except Exception as error:
            kind = PROBLEM_TYPE
            status, out, extra = told(error, direct.path)
            await pace(self.unnamed, scope, status, len(out))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", kind),
                    (b"content-length", b"%d" % len(out)),
                    (b"traceparent", parent.encode()),
                    *_echoed(),
                    *UNLESS_TOLD,
                    *self.limits.headers(logs.actor.get()),
                    *extra,
                ],
            }
        )
        await send({"type": "http.response.body", "body": out})
        return status

    async def _answer_through_fastapi(
        self, scope: Scope, headers: dict[bytes, bytes], parent: str, receive: Receive, send: Send
    ) -> int:
        status, scope["app"] = 500, self

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = dict(message["headers"])
                await pace(self.unnamed, scope, status, int(told.get(b"content-length", 0)))
                more = [header for header in UNLESS_TOLD if header[0] not in told]
                message["headers"] = [
                    *message["headers"],
                    *more,
                    *self.limits.headers(logs.actor.get()),
                    (b"traceparent", parent.encode()),
                    *_echoed(),
                ]
            await send(message)

        try:
            told_once(scope["headers"], headers)
            scope["query_string"] = plain_query(scope["query_string"], self.query_lists)
            if scope["method"] in METHODS_WITH_BODY:
                await self._admit(scope, headers)
                if not isinstance(scope.get("route"), StreamRoute):
                    body = await read_body(receive, headers.get(b"content-length"), self.body_bytes_max)
                    if body and isinstance(scope.get("route"), PageRoute):
                        check_form_type(headers)
                    elif body:
                        self._check_media_type(headers)
                        check_json(body)
                        body = plain_json(body)
                    receive = replay(body, receive)
            await super().__call__(scope, receive, send_traced)
        except Problem as problem:
            await refuse(problem, scope)(scope, receive, send_traced)
        except ClientGone:
            raise
        except Exception:  # noqa: S110  answered and logged already: Starlette raises it once more for servers that want it
            pass
        return status

    async def _admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Guarantee: nothing of a body is read for a stranger. Test: test_no_body_is_read_for_a_stranger."""
        for route in self.routes:
            match = route.matches(scope)[0] if isinstance(route, APIRoute) else Match.NONE
            if match is Match.PARTIAL and isinstance(route, PageRoute | StreamRoute):
                scope.setdefault("route", route)  # it refuses the method itself, a page as a page
            elif match is Match.FULL and isinstance(route, APIRoute):
                scope["route"] = route
                if (needed := requirement_of(route)) is not None:
                    try:
                        scope[ADMITTED] = await needed.admit(self, scope, headers)
                    except Exception as error:
                        raise problem_of(error) from None
                return

    def _check_media_type(self, headers: Mapping[bytes, bytes]) -> None:
        kind = headers.get(b"content-type", b"")
        if kind != JSON and kind.partition(b";")[0].strip().lower() not in self.media_types:
            raise Problem(415, detail="send application/json")


def _echoed() -> list[tuple[bytes, bytes]]:
    own = logs.correlation.get()
    return [(b"x-correlation-id", str(own).encode())] if own else []
