"""Whole houses for journeys: `motcua up --detach` with a home and ports of their own, stopped at the end."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
MOTCUA = Path(sys.executable).with_name("motcua")
UP_SECONDS = 420
DOWN_SECONDS = 60
PORTS_PER_HOUSE = 10


@dataclass(frozen=True, slots=True)
class House:
    """`said`: what its start told."""

    home: Path
    port_base: int
    said: str = ""

    @property
    def environment(self) -> dict[str, str]:
        bin_first = f"{MOTCUA.parent}{os.pathsep}{os.environ['PATH']}"
        given = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
        return given | {
            "PATH": bin_first,
            "MOTCUA_HOME": str(self.home),
            "MOTCUA_PORT_BASE": str(self.port_base),
        }

    def motcua(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs the command with this house's environment; its exit code is the caller's to check."""
        return subprocess.run(
            [str(MOTCUA), *arguments],
            env=self.environment,
            cwd=ROOT,
            text=True,
            capture_output=True,
            timeout=seconds,
            check=False,
        )

    def counts(self, **asked: str) -> dict[str, Any]:
        return self._asked("counts", asked)

    def report(self, **asked: str) -> dict[str, Any]:
        return self._asked("report", asked)

    def _asked(self, what: str, asked: dict[str, str]) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port_base + 4}/v1/{what}"
        answer: dict[str, Any] = (
            httpx.get(url, params=asked, timeout=30, trust_env=False).raise_for_status().json()
        )
        return answer

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.motcua("status", "--json").stdout)
        return answer


NewHouse = Callable[..., House]


@pytest.fixture(scope="session")
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewHouse]:
    """Starts houses by name, side by side: new_house("first"), new_house("first", "--wait")."""
    houses: dict[str, House] = {}

    def start(name: str, option: str = "--no-demo") -> House:
        house = House(
            tmp_path_factory.mktemp(f"home-{name}"), _free_base({h.port_base for h in houses.values()})
        )
        houses[name] = house
        up = house.motcua("up", "--detach", option, seconds=UP_SECONDS)
        assert up.returncode == 0, f"{up.stdout}\n{up.stderr}"
        return replace(house, said=up.stdout)

    try:
        yield start
    finally:
        for house in houses.values():
            house.motcua("down", seconds=DOWN_SECONDS)


@pytest.fixture(scope="session")
def first_house(new_house: NewHouse) -> House:
    """With the demonstration: its start returns when that is in."""
    return new_house("first", "--wait")


@pytest.fixture(scope="session")
def second_house(new_house: NewHouse) -> House:
    """Empty, and a sandbox."""
    return new_house("second", "--sandbox")


def _free_base(taken: set[int]) -> int:
    """A base whose ports are all free now; below the range from which outgoing connections take theirs."""
    begin = 11_000 + os.getpid() % 400 * 50
    for base in range(begin, begin + 10_000, PORTS_PER_HOUSE):
        if base not in taken and all(_is_free(base + offset) for offset in range(PORTS_PER_HOUSE)):
            return base
    pytest.fail("no ten free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
