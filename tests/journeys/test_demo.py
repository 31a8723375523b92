"""The demonstration, loaded through the front doors of a house of its own."""

import asyncio
import time

import pytest

from deploy.local import demo
from deploy.local.doors import Doors
from deploy.local.importing_counts import Reports
from tests.journeys.conftest import House, NewHouse

pytestmark = pytest.mark.servers

NINE_MONTHS = {"from": "2023-01-01", "to": "2023-09-30"}
# On two quiet cores it takes well under 30 s; the test's own limit leaves room for neighbours.
LOAD_SECONDS_MOST = 120


@pytest.fixture(scope="module")
def house(new_house: NewHouse) -> House:
    return new_house("demo")


def load(house: House) -> list[str]:
    token = house.motcua("token", "--role", "importer").stdout.strip()
    urls = [f"http://127.0.0.1:{house.port_base + offset}" for offset in (1, 2, 4)]
    said: list[str] = []
    asyncio.run(demo.load(Doors(urls[0], urls[1], lambda: token), Reports(urls[2]), said.append))
    return said


def test_the_demonstration_comes_out_exactly(house: House) -> None:
    began_at = time.monotonic()
    said = load(house)
    took = time.monotonic() - began_at
    print(f"demonstration loaded in {took:.1f} s")  # noqa: T201 - shown with -s
    assert any("13,276" in line for line in said)
    assert took < LOAD_SECONDS_MOST
    counts = house.counts(**NINE_MONTHS)
    assert {name: counts[name] for name in demo.FIGURES} == demo.FIGURES
    assert (counts["received"], counts["resolved"], counts["pending"]) == (13_276, 12_467, 809)
    assert counts["carried_over"] == counts["waiting_before"] == 0


def test_it_spans_nine_months_and_all_procedures(house: House) -> None:
    months = house.counts(by="month", **NINE_MONTHS)["rows"]
    assert [row["key"] for row in months] == [f"2023-{month:02}" for month in range(1, 10)]
    assert sum(row["received_new"] for row in months) == 13_276
    assert len(house.counts(by="procedure", **NINE_MONTHS)["rows"]) == 22


def test_loaded_again_it_changes_nothing(house: House) -> None:
    before = house.counts()
    load(house)
    after = house.counts()
    assert {name: after[name] for name in demo.FIGURES} == {name: before[name] for name in demo.FIGURES}
