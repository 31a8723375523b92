"""Processing on the real PostgreSQL, without Kafka: submissions are handed to incoming.py as the reader would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from services.chassis.http.web import Application
from services.chassis.kafka.ordering import Delivered
from services.chassis.log.databases import open_pool
from services.processing import incoming
from services.processing.app import build, open_store
from services.processing.calendar.current import Declaring
from services.processing.clock.working_days import ZONE, shipped
from services.processing.desk.carry_out import Desk
from services.processing.desk.officers import Serving
from services.processing.settings import ProcessingSettings
from tests.databases import Database
from tests.processing.examples import OFFICE, OTHER_UNIT, UNIT

MORNING = datetime(2023, 3, 7, 9, 0, tzinfo=ZONE)
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
PROCEDURE = "1.009982"
OTHER_OFFICE = "H29.016.00"
CODE_KEY = bytes(range(64))

Member = tuple[str, str, str, str]
DESK: Member = ("officer", "desk", OFFICE, "")
OFFICER: Member = ("officer", "an", OFFICE, UNIT)
HANDLER: Member = ("officer", "binh", "", OTHER_UNIT)
STRANGER: Member = ("officer", "chi", OTHER_OFFICE, "H29.016.00/QLXD")
SUPERVISOR: Member = ("supervisor", "dung", OFFICE, UNIT)
IMPORTER: Member = ("importer", "import", "", "")
PORTAL: Member = ("portal", "portal", "", "")
OPERATOR: Member = ("operator", "ops", "", "")
KEEPER: Member = ("calendar", "lan", "", "")
OTHER_KEEPER: Member = ("calendar", "minh", "", "")


SERVING = [
    Serving(subject, unit, date(2000, 1, 1), None, None)
    for subject in ("an", "binh", "chi", "dung", "em")
    for unit in (OFFICE, UNIT, OTHER_UNIT)
]
"""Who is known to serve where before anybody has called."""


class Clock:
    """The time that the desk is told."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how_much: float) -> None:
        self.now += timedelta(**how_much)


@dataclass
class House:
    """One processing service: its application, its database and its clock."""

    database: Database
    pool: asyncpg.Pool[Any]
    desk: Desk
    clock: Clock
    application: Application
    client: httpx.AsyncClient
    issuer: Issuer
    declaring: Declaring
    paid: Callable[[], None] = lambda: None

    async def submitted(
        self,
        count: int = 1,
        *,
        procedure: str = PROCEDURE,
        office: str = OFFICE,
        at: datetime = MORNING - timedelta(days=1),
        source: str | None = "test",
        result_delivery: str | None = None,
    ) -> list[UUID]:
        """New dossiers whose submissions have arrived, brought by the import of `source`, or filed here."""
        ids = [UUID(int=uuid7().int) for _ in range(count)]
        data = incoming.Submitted(
            procedure=procedure,
            office=office,
            channel="online",
            import_source=source,
            result_delivery=result_delivery,
        )
        deliveries = [
            Delivered(
                "dossiers", 0, n, uuid7(), "intake", "DossierSubmitted.v1", i, 1, at, at, None, None, data
            )
            for n, i in enumerate(ids)
        ]
        if source is not None:
            deliveries = [d._replace(origin="import") for d in deliveries]
        async with self.pool.acquire() as connection, connection.transaction():
            await incoming.listening(lambda: self.desk.calendar)(connection, deliveries)
        return ids

    async def owner(self) -> asyncpg.Connection[Any]:
        """A connection that may do what the service may not."""
        return await asyncpg.connect(self.database.owner_dsn)

    async def heard(self, dossier_id: UUID, kind: str, *, sequence: int = 2, **data: Any) -> None:
        """What the applicant did since the submission has arrived, as of the clock's now; `of` is the sequence that it tells of."""
        now = self.clock.now
        said = data | {"sequence": data["of"]} if "of" in data else data
        model = incoming.APPLIED[f"{kind}.v1"].model_validate(said)
        told = Delivered(
            "dossiers",
            0,
            sequence,
            uuid7(),
            "intake",
            f"{kind}.v1",
            dossier_id,
            sequence,
            now,
            now,
            None,
            None,
            model,
        )
        async with self.pool.acquire() as connection, connection.transaction():
            await incoming.listening(lambda: self.desk.calendar, self.paid)(connection, [told])

    def headers(self, member: Member) -> dict[str, str]:
        role, subject, office, unit = member
        token = self.issuer.token(role, subject=subject, office=office, unit=unit)
        return {"authorization": f"Bearer {token}"}

    async def act(
        self,
        dossier_id: UUID,
        command: str,
        body: dict[str, Any] | None = None,
        *,
        by: Member = OFFICER,
        version: int = 0,
        key: str = "",
    ) -> httpx.Response:
        """One officer's command; each under a key of its own unless one is given."""
        headers = self.headers(by) | {
            "if-match": f'"{version}"',
            "idempotency-key": key or uuid7().hex,
        }
        url = f"/v1/dossiers/{dossier_id}/{command}"
        return await self.client.post(url, json=body if body is not None else {}, headers=headers)

    async def bulk(self, items: Sequence[Any], *, by: Member = IMPORTER) -> list[dict[str, Any]]:
        answer = await self.client.post("/v1/bulk", json={"items": items}, headers=self.headers(by))
        assert answer.status_code == 200, answer.text
        answers: list[dict[str, Any]] = answer.json()["answers"]
        assert len(answers) == len(items)
        return answers

    async def get(self, path: str, *, by: Member = OFFICER) -> httpx.Response:
        return await self.client.get(path, headers=self.headers(by))


@asynccontextmanager
async def open_house(database: Database, home: Path, **told: Any) -> AsyncIterator[House]:
    issuer = Issuer(home)
    settings = ProcessingSettings.model_validate(
        {
            "database_dsn": database.dsn,
            "kafka_bootstrap": "127.0.0.1:1",
            "port": 1,
            "jwks": str(issuer.jwks),
            "jwt_issuer": ISSUER,
            "jwt_audience": AUDIENCE,
            "code_key": CODE_KEY.hex(),
            "caller_requests_per_second": 1e6,
            "caller_requests_burst": 1_000_000,
            **told,
        }
    )
    clock = Clock()
    async with open_pool(database.dsn) as pool:
        desk = Desk(pool, open_store(pool), shipped(), clock, uuid7)
        declaring = Declaring(desk)
        application = build(settings, desk, declaring)
        await desk.officers.tell(SERVING, "operator/ops")
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://processing") as client:
            yield House(database, pool, desk, clock, application, client, issuer, declaring)


@pytest.fixture(scope="module")
async def _shared(
    module_database: Callable[..., Database], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with open_house(module_database("processing"), tmp_path_factory.mktemp("processing")) as opened:
        yield opened


@pytest.fixture
def house(_shared: House) -> House:
    """The module's own service, on its first morning."""
    _shared.clock.now = MORNING
    return _shared


@pytest.fixture
async def fresh_house(database: Callable[..., Database], tmp_path: Path) -> AsyncIterator[House]:
    """A service of whose log and counters nothing was used yet."""
    async with open_house(database("processing"), tmp_path) as opened:
        yield opened


@pytest.fixture
def monday_house(fresh_house: House) -> House:
    """On a Monday morning of March 2026, before days are declared off."""
    fresh_house.clock.now = MONDAY
    return fresh_house
