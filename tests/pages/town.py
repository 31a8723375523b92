"""Intake, processing and the demonstration's provider on ports of their own, and people who go to them with or without a browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvicorn

from contracts.envelope import read
from deploy.local.issuer import AUDIENCE, ISSUER
from deploy.local.provider import Client, Provider
from services.chassis.http.web import Application
from services.chassis.kafka.feeds import read_after
from services.chassis.kafka.ordering import Delivered
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.intake import incoming as at_intake
from services.intake.app import build as build_intake
from services.intake.outgoing import outgoing
from services.intake.settings import IntakeSettings
from services.processing import incoming
from services.processing.outgoing import outgoing as say
from tests.databases import Database
from tests.processing.conftest import CODE_KEY, House, open_house


@asynccontextmanager
async def served(application: Any, port: int) -> AsyncIterator[str]:
    """An application on a port of its own; its address."""
    server = uvicorn.Server(
        uvicorn.Config(application, port=port, lifespan="off", log_config=None, access_log=False)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await task


@dataclass
class Town:
    """All of it; `heard` is how much of intake's log processing has been told."""

    intake: str
    processing: str
    provider: str
    house: House
    intake_pool: asyncpg.Pool[Any]
    intake_application: Application
    heard: int = 0
    told_back: int = 0

    def origin(self, service: str) -> str:
        return str(getattr(self, service))

    async def tell(self) -> None:
        """Processing hears what intake has recorded since, as its reader would."""
        for stored in await read_after(self.intake_pool, self.heard, 10_000):
            self.heard = stored.position
            message = outgoing(CODE_KEY)(stored)
            said = read(message.headers)
            if message.value is None or said.type not in incoming.APPLIED:
                continue
            data = incoming.APPLIED[said.type].model_validate_json(message.value)
            told = Delivered(
                "dossiers", 0, 0, said.id, "intake", said.type, said.subject, stored.version, said.time, said.recorded_at,
                None, None, data,
            )  # fmt: skip
            self.house.clock.now = stored.occurred_at
            async with self.house.pool.acquire() as connection, connection.transaction():
                await incoming.listening(lambda: self.house.desk.calendar)(connection, [told])

    async def tell_intake(self) -> None:
        """Intake hears what processing has recorded since, as its reader would."""
        apply = at_intake.tracking([CODE_KEY])
        for stored in await read_after(self.house.pool, self.told_back, 10_000):
            self.told_back = stored.position
            message = say(CODE_KEY)(stored)
            said = read(message.headers)
            if message.value is None or said.type not in at_intake.APPLIED:
                continue
            data = at_intake.APPLIED[said.type].model_validate_json(message.value)
            told = Delivered(
                "dossiers", 0, 0, said.id, "processing", said.type, said.subject, stored.version, said.time,
                said.recorded_at, None, None, data,
            )  # fmt: skip
            async with self.intake_pool.acquire() as connection, connection.transaction():
                await apply(connection, [told])


@asynccontextmanager
async def open_town(database: Callable[..., Database], ports: list[int], home: Path) -> AsyncIterator[Town]:
    names = dict(zip(("intake", "processing", "provider"), ports, strict=True))
    where = {name: f"http://127.0.0.1:{port}" for name, port in names.items()}

    def settings(service: str) -> dict[str, Any]:
        log_in = {"oidc_issuer": where["provider"], "oidc_client_id": service}
        return {"public_url": where[service], **log_in}

    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            open_house(database("processing"), home, **settings("processing"), people_url=where["intake"])
        )
        made = database("intake")
        pool = await stack.enter_async_context(open_pool(made.dsn))
        keys = {"hmac_key": "0" * 32, "code_key": CODE_KEY.hex(), "payment_secret": "1" * 32}
        told = {
            "database_dsn": made.dsn, "kafka_bootstrap": "127.0.0.1:1", "port": 1, "jwks": str(house.issuer.jwks),
            "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "caller_requests_per_second": 1e6,
            "caller_requests_burst": 1_000_000, "lookups_per_minute": 1_000, "payment_sandbox": True, "files_url": f"file://{home}/files",
            **keys, **settings("intake"),
        }  # fmt: skip
        store = EventStore(pool, function="submit_v2", attachment_type="new_filing_v2")
        intake = build_intake(IntakeSettings.model_validate(told), pool, store)
        clients = {name: Client(where[name], where[name]) for name in ("intake", "processing")}
        provider = Provider(home, where["provider"], clients).application()
        for name, application in (
            ("intake", intake),
            ("processing", house.application),
            ("provider", provider),
        ):
            await stack.enter_async_context(served(application, names[name]))
        yield Town(**where, house=house, intake_pool=pool, intake_application=intake)


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and what it sends unless somebody types."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((told.get("action", ""), []))
        elif tag == "input" and self.forms and "name" in told:
            chosen = told.get("type") not in ("radio", "checkbox", "file") or "checked" in told
            if chosen:
                self.forms[-1][1].append((told["name"], told.get("value", "")))


def form_of(page: httpx.Response, action: str) -> list[tuple[str, str]]:
    """What the page's form of that address sends when nobody types anything."""
    found = _Forms()
    found.feed(page.text)
    return next(fields for where, fields in found.forms if where == action)


class Visitor:
    """Somebody with a browser's cookies at one service, who sends the forms that a page has."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.AsyncClient(timeout=10)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(self.origin + path)

    async def post(
        self,
        path: str,
        fields: Mapping[str, Any] | list[tuple[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        body = str(httpx.QueryParams(fields))  # type: ignore[arg-type]
        said = {
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
            **(headers or {}),
        }
        return await self.http.post(self.origin + path, content=body, headers=said)

    async def send(self, page: httpx.Response, action: str, **typed: str) -> httpx.Response:
        """The form of a page, with what was typed into it."""
        kept = [(name, value) for name, value in form_of(page, action) if name not in typed]
        return await self.post(action, [*kept, *typed.items()])

    async def upload(
        self, page: httpx.Response, action: str, files: Mapping[str, tuple[str, bytes]], **typed: str
    ) -> httpx.Response:
        """The form of a page with files, as a browser sends them: the fields that stand before them first."""
        kept = [(name, value) for name, value in form_of(page, action) if name not in typed]
        data: dict[str, list[str]] = {}
        for name, value in [*kept, *typed.items()]:
            data.setdefault(name, []).append(value)
        headers = {"sec-fetch-site": "same-origin"}
        return await self.http.post(self.origin + action, data=data, files=files, headers=headers)

    async def log_in(self, subject: str, going_to: str = "/") -> httpx.Response:
        """Through the provider and back; the last answer, which sets the session's cookie."""
        away = await self.get(f"/log-in?next={going_to}")
        chosen = await self.http.get(away.headers["location"])
        provider = re.match(r"https?://[^/]+", away.headers["location"])
        assert provider is not None
        fields = {**dict(form_of(chosen, "/authorize")), "person": subject}
        back = await self.http.post(f"{provider[0]}/authorize", data=fields)
        return await self.http.get(back.headers["location"])
