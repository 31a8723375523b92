"""Reporting goes on showing what it has counted while its reader cannot move, and says up to when that is complete."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from services.chassis.kafka.consumer import Reader
from services.chassis.log.databases import open_pool
from services.chassis.process.settings import KafkaSettings
from services.reporting import incoming
from services.reporting.app import Counted, build
from services.reporting.dashboard.plotter import Drawings
from services.reporting.report.check import Watch
from services.reporting.settings import ReportingSettings
from tests.conftest import NewDatabase

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def test_pages_go_on_while_kafka_is_away(database: NewDatabase) -> None:
    dsn = database("reporting").dsn
    settings = ReportingSettings.model_construct(jwks="absent", jwt_issuer="absent", jwt_audience="")
    async with open_pool(dsn) as pool:
        reader = Reader.of_events(
            "reporting",
            pool,
            KafkaSettings("127.0.0.1:1", "", ""),
            ["dossiers"],
            Counted().apply,
            applied=incoming.APPLIED,
            passed_over=incoming.PASSED_OVER,
            sources=("intake", "processing"),
            dead_letters="reporting.dead-letters",
        )
        application = build(settings, pool, reader, Watch(pool, lambda: NOW, 60), Drawings())
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://reporting") as client:
            answer = await client.get("/readyz")
            counts = await client.get("/v1/counts")
            page = await client.get("/")
    assert (answer.status_code, answer.json()["reader"]) == (200, "not moving")
    assert answer.json()["complete_up_to"] == "unknown"
    assert (counts.status_code, counts.json()["complete_up_to"], page.status_code) == (200, None, 200)
