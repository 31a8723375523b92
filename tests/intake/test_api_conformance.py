"""What the API answers to made-up requests is what its OpenAPI document says, for each role that has a door here."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from services.chassis.databases import open_pool
from services.chassis.event_store import EventStore
from services.intake.app import build
from services.intake.settings import IntakeSettings
from tests.chassis.issuing import Issuer

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "ignored_auth,unsupported_method,missing_required_header"
)


# Every case for the roles that have doors here; of the others, whom most doors refuse before they look, a few.
@pytest.mark.parametrize(
    ("role", "phase"),
    [
        ("portal", "coverage"),
        ("officer", "coverage"),
        ("importer", "coverage"),
        ("supervisor", "fuzzing"),
        ("operator", "fuzzing"),
    ],
)
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
    async with open_pool(settings.database_dsn.get_secret_value()) as pool:
        store = EventStore(pool, function="submit_v2", attachment_type="new_filing_v2")
        port = free_ports(1)[0]
        application = build(unlimited, pool, store)
        server = uvicorn.Server(uvicorn.Config(application, port=port, lifespan="off", log_config=None))
        serving = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110  # it has no event to wait for
            await asyncio.sleep(0.05)
        token = issuer.token(role, office="H29.015.00")
        asked = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"http://127.0.0.1:{port}/openapi.json", "--header", f"Authorization: Bearer {token}"),
            *("--checks", CHECKS, "--max-examples", "1", "--phases", phase, "--seed", "1"),
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asked.communicate()
        server.should_exit = True
        await serving
    assert asked.returncode == 0, said.decode()[-4000:]
