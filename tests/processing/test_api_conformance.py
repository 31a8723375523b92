"""What the API answers to made-up requests is what its OpenAPI document says, for each role and for nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.chassis.conformance import NOBODY, as_each_role, faults_found
from tests.processing.conftest import House
from tests.processing.examples import OFFICE, UNIT


@as_each_role(thoroughly=("supervisor",))
async def test_answers_are_as_documented(
    role: str, phase: str, fresh_house: House, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    await fresh_house.declaring.seed()
    await fresh_house.declaring.refresh()
    token = "" if role == NOBODY else fresh_house.issuer.token(role, subject="an", office=OFFICE, unit=UNIT)
    assert await faults_found(fresh_house.application, free_ports(1)[0], token, phase, tmp_path) == ""
