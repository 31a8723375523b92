"""An application of the chassis alone, with one route of each kind, for the tests of the front door."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import orjson
from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http.batches import Batch, Refused, batch_of
from services.chassis.http.limits import Buckets
from services.chassis.http.tokens import Tokens
from services.chassis.http.web import (
    Answer,
    Application,
    Call,
    Caller,
    IdempotencyKey,
    Problem,
    Readiness,
    create_app,
    idempotency_key,
    require,
)
from services.chassis.log.event_store import StoreUnavailable
from tests.chassis.issuing import AUDIENCE, ISSUER


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: int
    tags: list[Any] = []


class Things(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[Thing] = Field(max_length=3)


class Done(BaseModel):
    key: str
    caller: str
    number: int


class Doors:
    """`fault` is raised by both routes that take a thing; `parts` is what readiness says."""

    def __init__(self, jwks: str, *, per_second: float = 1e6, burst: int = 1_000_000) -> None:
        self.fault: Exception | None = None
        self.ready = True
        self.traces: list[str] = []

        async def ready() -> Readiness:
            return Readiness(self.ready, {"kafka": "away"})

        self.application = create_app(
            name="doors",
            title="Doors",
            description="For tests.",
            release="1.2.3",
            tokens=Tokens(jwks, ISSUER, AUDIENCE),
            limits=Buckets(per_second, burst, clock=time.monotonic),
            unnamed=Buckets(1e6, 1_000_000, clock=time.monotonic),
            ready=ready,
            body_bytes_max=2_000,
        )
        self._add_routes(self.application)

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.application, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://doors")

    def _add_routes(self, application: Application) -> None:
        @application.direct(
            "POST",
            "/direct",
            Thing,
            roles=("portal", "officer"),
            answer=Done,
            status=201,
            bytes_max=2_000,
            keyed=True,
        )
        async def direct(call: Call[Thing]) -> Answer:
            """Takes a thing directly."""
            key = idempotency_key(call.headers)
            self.traces.append(call.traceparent)
            self._raise()
            done = {"key": key, "caller": call.caller.actor, "number": call.body.number}
            return Answer(201, orjson.dumps(done), ((b"location", b"/direct/1"),))

        @application.post("/plain", status_code=201)
        async def plain(
            thing: Thing,
            caller: Annotated[Caller, Depends(require("portal", "officer"))],
            key: IdempotencyKey,
        ) -> Done:
            self._raise()
            return Done(key=key, caller=caller.actor, number=thing.number)

        @application.direct(
            "POST", "/batch", Things, roles=("importer",), answer=Things, validate=batch_of(Things)
        )
        async def batch(call: Call[Batch[Thing]]) -> Answer:
            """Takes several."""
            told = [
                [item.fault.field, item.fault.code, item.item] if isinstance(item, Refused) else item.number
                for item in call.body.items
            ]
            return Answer(200, orjson.dumps(told))

        @application.direct(
            "POST", "/things/{thing_id}/paint", Thing, roles=("portal",), answer=Done, name="paint"
        )
        async def paint(call: Call[Thing]) -> Answer:
            """Does something to one."""
            done = {"key": str(call.id), "caller": call.caller.actor, "number": call.body.number}
            return Answer(200, orjson.dumps(done))

        @application.get("/things/{thing_id}")
        async def thing(thing_id: int, caller: Annotated[Caller, Depends(require("portal"))]) -> Done:
            return Done(key="", caller=caller.actor, number=thing_id)

    def _raise(self) -> None:
        if self.fault is not None:
            raise self.fault


def headers(token: str = "", **more: str) -> Mapping[str, str]:
    said = {"content-type": "application/json", "idempotency-key": "k", **more}
    return said | {"authorization": f"Bearer {token}"} if token else said


__all__ = ["Doors", "Problem", "StoreUnavailable", "headers"]
