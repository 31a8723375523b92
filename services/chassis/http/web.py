"""What a service needs to answer HTTP: an application with the routes that all have, and the words its own routes use.

Promises problem+json everywhere and that each route names its roles or stands on the public list. Never a base class: a
service calls it and adds its routes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from services.chassis.http.access import (
    PUBLIC,
    IdempotencyKey,
    client_address,
    counted_as,
    idempotency_key,
    require,
    throttle,
    unauthorised_routes,
)
from services.chassis.http.answers import answer_problem
from services.chassis.http.docs_page import CONTENT_SECURITY_POLICY
from services.chassis.http.front import JSON, Application
from services.chassis.http.hot_routes import Answer, Call, Directs
from services.chassis.http.issuers import Issuers
from services.chassis.http.limits import Buckets
from services.chassis.http.log_levels import add_log_levels
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import BODY_BYTES_MAX
from services.chassis.http.tokens import Caller, KeysUnavailable, Tokens
from services.chassis.log.databases import TRANSIENT
from services.chassis.log.event_store import StoreUnavailable
from services.chassis.process import metrics

REFUSED_PER_SECOND = 20.0
REFUSED_BURST = 200
"""How often one address may be refused for want of a token."""
ITEMS_PER_SECOND = 2_000.0
ITEMS_BURST = 5_000
"""How many items of bulk requests one caller may send."""


READY_SECONDS = 0.2
MEASURED_SECONDS = 1.0
"""How old what anybody may ask for can be: whoever asks for it on and on has it made no oftener."""

T = TypeVar("T")


class Kept(Generic[T]):
    """What is made at most once in `seconds`, for all who ask for it meanwhile.

    Guarantee: strangers' questions cost the same however often they come. Test: test_what_strangers_ask_for_is_made_once_in_a_while.
    """

    def __init__(self, make: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._one = asyncio.Lock()
        self._made: tuple[float, T] | None = None

    async def get(self) -> T:
        async with self._one:
            if self._made is None or time.monotonic() - self._made[0] > self._seconds:
                self._made = time.monotonic(), await self._make()
            return self._made[1]


class Readiness(NamedTuple):
    """Whether work may be sent, and the state of each part in a word."""

    ready: bool
    parts: Mapping[str, str]


def create_app(
    *,
    name: str,
    title: str,
    description: str,
    release: str,
    tokens: Tokens | Issuers,
    limits: Buckets,
    unnamed: Buckets,
    ready: Callable[[], Awaitable[Readiness]],
    public: Mapping[str, str] | None = None,
    body_bytes_max: int = BODY_BYTES_MAX,
    media_types: frozenset[bytes] = frozenset({JSON}),
    query_lists: frozenset[str] = frozenset(),
    described_by: Sequence[Path] = (),
    contract: Path | None = None,
) -> Application:
    """A service's application with the routes that every service has; `public` is path → why anybody may use it.

    `limits` are those of callers, `unnamed` what an address is answered at once without a name.
    `query_lists` are the members of queries that may come more than once; `described_by` the TOML files with the words of its document,
    `contract` that document as `make generate` wrote it.
    """
    application = Application(
        title=title,
        description=description,
        version=release,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={Problem: answer_problem, RequestValidationError: answer_problem},
    )
    for kind in (HTTPException, StoreUnavailable, KeysUnavailable, *TRANSIENT, Exception):
        application.add_exception_handler(kind, answer_problem)
    application.service, application.tokens = name, tokens
    application.limits, application.unnamed = limits, unnamed
    application.refusals = Buckets(REFUSED_PER_SECOND, REFUSED_BURST, clock=time.monotonic)
    application.items = Buckets(ITEMS_PER_SECOND, ITEMS_BURST, clock=time.monotonic)
    application.public = PUBLIC | dict(public or {})
    application.body_bytes_max, application.media_types = body_bytes_max, media_types
    application.directs, application.query_lists = Directs(), query_lists
    application.described_by, application.contract = described_by, contract

    readiness, measurements = Kept(ready, READY_SECONDS), Kept(metrics.exposition, MEASURED_SECONDS)

    @application.get("/livez", summary="The process turns")
    async def livez() -> dict[str, bool]:
        return {"live": True}

    @application.get("/readyz", summary="Whether to send work", responses={503: {"description": "Not ready"}})
    async def readyz() -> Response:
        seen = await readiness.get()
        if application.leaving:
            seen = Readiness(False, {**seen.parts, "process": "leaving"})
        body = orjson.dumps({"ready": seen.ready, **seen.parts})
        return Response(body, 200 if seen.ready else 503, media_type="application/json")

    @application.get(
        "/metrics", summary="Measurements, Prometheus text format", response_class=PlainTextResponse
    )
    async def measured() -> Response:
        return Response(await measurements.get(), media_type=metrics.CONTENT_TYPE)

    @application.get("/openapi.json", include_in_schema=False)
    async def document() -> Response:
        return Response(application.document, media_type="application/json")

    @application.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
        return Response(application.docs, media_type="text/html", headers=headers)

    @application.get("/version", summary="Which release runs")
    async def version() -> dict[str, str]:
        return {"service": name, "release": release}

    add_log_levels(application)
    return application


__all__ = [
    "Answer",
    "Application",
    "Call",
    "Caller",
    "IdempotencyKey",
    "Problem",
    "Readiness",
    "client_address",
    "counted_as",
    "create_app",
    "idempotency_key",
    "require",
    "throttle",
    "unauthorised_routes",
]
