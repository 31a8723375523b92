"""The demonstration, loaded through the front doors of a house."""

import asyncio
import time

import pytest

from deploy.local import demo
from deploy.local.demo_histories import RESOLVED_LATE
from deploy.local.doors import Doors
from deploy.local.importing_counts import Reports
from tests.journeys.conftest import House

pytestmark = pytest.mark.servers

NINE_MONTHS = {"from": "2023-01-01", "to": "2023-09-30"}
# On two quiet cores it takes under 30 s; the limit leaves room for neighbours.
LOAD_SECONDS_MOST = 240


def load(house: House) -> tuple[list[str], float]:
    """What the load said, and the seconds it took."""
    token = house.motcua("token", "--role", "importer").stdout.strip()
    intake, processing, reporting = (f"http://127.0.0.1:{house.port_base + offset}" for offset in (1, 2, 4))
    said: list[str] = []
    began_at = time.monotonic()
    asyncio.run(demo.load(Doors(intake, processing, lambda: token), Reports(reporting), said.append))
    return said, time.monotonic() - began_at


@pytest.fixture(scope="module")
def loaded(first_house: House) -> tuple[list[str], float]:
    return load(first_house)


def test_the_demonstration_comes_out_exactly(first_house: House, loaded: tuple[list[str], float]) -> None:
    said, took_seconds = loaded
    assert any("13,276" in line for line in said)
    assert took_seconds < LOAD_SECONDS_MOST
    counts = first_house.counts(**NINE_MONTHS)
    assert {name: counts[name] for name in demo.FIGURES} == demo.FIGURES
    assert (counts["received"], counts["resolved"], counts["pending"]) == (13_276, 12_467, 809)
    assert counts["carried_over"] == counts["waiting_before"] == 0
    assert counts["late"] == RESOLVED_LATE


@pytest.mark.usefixtures("loaded")
def test_it_spans_nine_months_and_all_procedures(first_house: House) -> None:
    months = first_house.counts(by="month", **NINE_MONTHS)["rows"]
    assert [row["key"] for row in months] == [f"2023-{month:02}" for month in range(1, 10)]
    assert sum(row["received_new"] for row in months) == 13_276
    assert len(first_house.counts(by="procedure", **NINE_MONTHS)["rows"]) == 22


@pytest.mark.usefixtures("loaded")
def test_loaded_again_it_changes_nothing(first_house: House) -> None:
    before = first_house.counts(**NINE_MONTHS)
    load(first_house)
    after = first_house.counts(**NINE_MONTHS)
    assert {name: after[name] for name in demo.FIGURES} == {name: before[name] for name in demo.FIGURES}
