"""What the API answers to made-up requests is what its OpenAPI document says, for each role and for nobody: all of it is public."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.chassis.conformance import NOBODY, as_each_role, faults_found
from tests.reporting.conftest import Served
from tests.reporting.serving import AN_ISSUER


@as_each_role(thoroughly=(NOBODY,))
async def test_answers_are_as_documented(
    role: str, phase: str, served: Served, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    served.moment.seconds += 1_000  # a fresh allowance of requests
    token = "" if role == NOBODY else AN_ISSUER.token(role)
    assert await faults_found(served.application, free_ports(1)[0], token, phase, tmp_path) == ""
