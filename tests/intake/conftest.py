"""Intake as a process would have it, on a database of its own: the real application, asked through ASGI."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from contracts.catalogue.shipped import PROCEDURES
from contracts.sealed import seal
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.intake.app import build, now
from services.intake.settings import IntakeSettings
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer
from tests.databases import Database
from tests.filled import filled

CODE_KEY = bytes(range(64))
PAYMENT_SECRET = "fedcba9876543210fedcba9876543210"


def body(**changes: Any) -> dict[str, Any]:
    """A good filing of a person who does not exist."""
    known = changes.get("procedure", "1.009982") in PROCEDURES
    return {
        "procedure": "1.009982",
        "office": "H29.015.00",
        "channel": "online",
        "applicant": {
            "name": "Nguyễn Văn Thử",
            "identifier": {"kind": "cccd", "number": "097090123456"},
            "email": "thu@example.vn",
            "phone": "0912345678",
        },
        "content": filled(changes.get("procedure", "1.009982")) if known else {},
    } | changes


class Front:
    """One process of intake: its application and a client that bears tokens."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, pool: asyncpg.Pool[Any]) -> None:
        self.client, self.issuer, self.pool = client, issuer, pool

    def headers(self, role: str = "portal", subject: str = "s1", **claims: Any) -> dict[str, str]:
        token = self.issuer.token(role, subject, **claims)
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def file(
        self,
        filed: dict[str, Any] | bytes | None = None,
        *,
        key: str = "k",
        role: str = "portal",
        subject: str = "s1",
    ) -> httpx.Response:
        content = (
            filed if isinstance(filed, bytes) else json.dumps(body() if filed is None else filed).encode()
        )
        headers = self.headers(role, subject) | {"idempotency-key": key}
        return await self.client.post("/v1/dossiers", content=content, headers=headers)

    async def status(self, dossier_id: Any, role: str = "portal", subject: str = "s1") -> httpx.Response:
        headers = self.headers(role, subject, office=OFFICE)
        return await self.client.get(f"/v1/dossiers/{dossier_id}", headers=headers)

    async def import_cases(self, items: list[Any], role: str = "importer") -> httpx.Response:
        return await self.client.post(
            "/v1/bulk", content=json.dumps({"items": items}).encode(), headers=self.headers(role, "i1")
        )


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def jwks(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(issuer.write(tmp_path_factory.mktemp("issuer")))


@pytest.fixture
def home(database: Callable[..., Database]) -> Iterator[Database]:
    yield database("intake")


@pytest.fixture
def settings(home: Database, jwks: Path, tmp_path: Path) -> IntakeSettings:
    return IntakeSettings(
        database_dsn=home.dsn,
        kafka_bootstrap="127.0.0.1:1",
        port=1,
        jwks=str(jwks),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        hmac_key="0123456789abcdef0123456789abcdef",
        code_key=CODE_KEY.hex(),
        payment_secret=PAYMENT_SECRET,
        lookups_per_minute=3,
        files_url=f"file://{tmp_path}/files",
    )


Process = Callable[..., Any]


@pytest.fixture
def process(settings: IntakeSettings, issuer: Issuer) -> Process:
    """`async with process() as front`: another process of intake on the same database, by its own clock or other settings."""

    @asynccontextmanager
    async def begun(clock: Callable[[], datetime] = now, **told: Any) -> AsyncIterator[Front]:
        own = IntakeSettings(**(settings.model_dump() | told))
        async with open_pool(settings.database_dsn.get_secret_value()) as pool:
            store = EventStore(pool, function="submit_v2", attachment_type="new_filing_v2")
            transport = httpx.ASGITransport(build(own, pool, store, clock))
            async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
                yield Front(client, issuer, pool)

    return begun


@pytest.fixture
async def front(process: Process) -> AsyncIterator[Front]:
    async with process() as begun:
        yield begun


@pytest.fixture
async def admin(home: Database) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The superuser, for looking at what the service itself may not see."""
    connection = await asyncpg.connect(home.admin_dsn)
    yield connection
    await connection.close()


def sealed(code: str, dossier_id: UUID) -> str:
    return seal(CODE_KEY, code, dossier_id)


OFFICE = "H29.015.00"


async def act(
    front: Front,
    dossier_id: Any,
    door: str,
    told: dict[str, Any],
    *,
    key: str = "a",
    role: str = "portal",
    subject: str = "s1",
    office: str = OFFICE,
) -> httpx.Response:
    """An applicant's act through its door: supplements, withdrawal or payments."""
    headers = front.headers(role, subject, office=office) | {"idempotency-key": key}
    return await front.client.post(
        f"/v1/dossiers/{dossier_id}/{door}", content=json.dumps(told).encode(), headers=headers
    )
