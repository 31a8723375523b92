"""What the API answers to made-up requests is what its OpenAPI document says, for each role and for nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.intake.app import build
from services.intake.settings import IntakeSettings
from tests.chassis.conformance import NOBODY, as_each_role, faults_found
from tests.chassis.issuing import Issuer


@as_each_role(thoroughly=("portal", "officer", "importer"))
async def test_answers_are_as_documented(
    role: str,
    phase: str,
    settings: IntakeSettings,
    issuer: Issuer,
    free_ports: Callable[[int], list[int]],
    tmp_path: Path,
) -> None:
    unlimited = settings.model_copy(
        update={
            "caller_requests_per_second": 1e6,
            "caller_requests_burst": 1_000_000,
            "lookups_per_minute": 1_000_000,
        }
    )
    token = "" if role == NOBODY else issuer.token(role, office="H29.015.00")
    async with open_pool(settings.database_dsn.get_secret_value()) as pool:
        store = EventStore(pool, function="submit_v2", attachment_type="new_filing_v2")
        application = build(unlimited, pool, store)
        assert await faults_found(application, free_ports(1)[0], token, phase, tmp_path) == ""
