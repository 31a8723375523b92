"""What the API answers to made-up requests is what its OpenAPI document says, as each role."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from tests.processing.conftest import House
from tests.processing.examples import OFFICE, UNIT

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "ignored_auth,unsupported_method,missing_required_header"
)


# Every case for the role that every door opens to; of the others, whom most doors refuse before they look, a few.
@pytest.mark.parametrize(
    ("role", "phase"),
    [
        ("supervisor", "coverage"),
        ("officer", "fuzzing"),
        ("importer", "fuzzing"),
        ("portal", "fuzzing"),
        ("operator", "fuzzing"),
    ],
)
async def test_answers_are_as_documented(
    role: str, phase: str, fresh_house: House, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    await fresh_house.declaring.seed()
    await fresh_house.declaring.refresh()
    port = free_ports(1)[0]
    server = uvicorn.Server(
        uvicorn.Config(fresh_house.application, port=port, lifespan="off", log_config=None)
    )
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # it has no event to wait for
        await asyncio.sleep(0.05)
    token = fresh_house.issuer.token(role, subject="an", office=OFFICE, unit=UNIT)
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
