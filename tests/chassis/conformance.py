"""Made-up requests at a running application, as each role and as nobody: what is answered is what its OpenAPI document says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest
import uvicorn

from services.chassis.http.tokens import ROLES
from services.chassis.http.web import Application
from services.chassis.process import logs
from tests.chassis.conforming import begin

NOBODY = "nobody"
# If-Match that is missing has a status of its own (RFC 6585), and a role that is not the route's is told first.
WITHOUT_A_HEADER = """[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 422, 428, 429]
"""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "ignored_auth,unsupported_method,missing_required_header"
)


def as_each_role(*, thoroughly: Collection[str]) -> pytest.MarkDecorator:
    """`role` and `phase`: every case for these roles; of all others, whom most doors refuse before they look, a few."""
    assert set(thoroughly) <= {*ROLES, NOBODY}
    return pytest.mark.parametrize(
        ("role", "phase"),
        [(role, "coverage" if role in thoroughly else "fuzzing") for role in (*sorted(ROLES), NOBODY)],
    )


async def faults_found(application: Application, port: int, token: str, phase: str, folder: Path) -> str:
    """What Schemathesis found, in its words; nothing when all was as documented. Without a token it asks as nobody."""
    server = uvicorn.Server(uvicorn.Config(application, port=port, lifespan="off", log_config=None))
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # it has no event to wait for
        await asyncio.sleep(0.05)
    (folder / "schemathesis.toml").write_text(WITHOUT_A_HEADER, encoding="utf-8")
    options = ["--header", f"Authorization: Bearer {token}"] if token else []
    phases = ("--max-examples", "1", "--phases", phase, "--seed", "1")
    address = f"http://127.0.0.1:{port}/openapi.json"
    said = folder / "said.txt"
    asked = begin(str(folder), str(said), [address, *options, "--checks", CHECKS, *phases])
    await asyncio.to_thread(asked.join)
    logs.levels_as_before()
    server.should_exit = True
    await serving
    return "" if asked.exitcode == 0 else said.read_text(encoding="utf-8")[-4000:] or "it said nothing"
