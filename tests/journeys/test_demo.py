"""The demonstration, loaded through the front doors of a house."""

import asyncio

import pytest

from deploy.demo import load as demo
from deploy.demo.histories import RESOLVED_LATE
from deploy.importing.counts import Reports
from deploy.importing.doors import Doors
from tests.journeys.conftest import House

pytestmark = pytest.mark.servers

NINE_MONTHS = {"from": "2023-01-01", "to": "2023-09-30"}


def load(house: House) -> None:
    token = house.motcua("token", "--role", "importer").stdout.strip()
    intake, processing, reporting = (f"http://127.0.0.1:{house.port_base + offset}" for offset in (1, 2, 4))
    asyncio.run(demo.load(Doors(intake, processing, lambda: token), Reports(reporting), lambda _line: None))


def test_the_demonstration_comes_out_exactly(first_house: House) -> None:
    """It is in as soon as a start that waits for it returns, which tells how far it is meanwhile."""
    assert "13,276" in first_house.said
    assert "the demonstration is loaded" in first_house.said
    status = first_house.status()
    assert (status["demonstration"]["state"], status["going_on"]) == ("loaded", [])
    counts = first_house.counts(**NINE_MONTHS)
    assert {name: counts[name] for name in demo.FIGURES} == demo.FIGURES
    assert (counts["received"], counts["resolved"], counts["pending"]) == (13_276, 12_467, 809)
    assert counts["carried_over"] == counts["waiting_before"] == 0
    assert counts["late"] == RESOLVED_LATE


def test_it_spans_nine_months_and_all_procedures(first_house: House) -> None:
    months = first_house.counts(by="month", **NINE_MONTHS)["rows"]
    assert [row["key"] for row in months] == [f"2023-{month:02}" for month in range(1, 10)]
    assert sum(row["received_new"] for row in months) == 13_276
    assert len(first_house.counts(by="procedure", **NINE_MONTHS)["rows"]) == 22


def test_loaded_again_it_changes_nothing(first_house: House) -> None:
    before = first_house.counts(**NINE_MONTHS)
    load(first_house)
    after = first_house.counts(**NINE_MONTHS)
    assert {name: after[name] for name in demo.FIGURES} == {name: before[name] for name in demo.FIGURES}
