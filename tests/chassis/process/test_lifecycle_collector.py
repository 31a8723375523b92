"""What a service tells the garbage collector before it serves."""

import gc
from collections.abc import Iterator

import pytest

from services.chassis.lifecycle import COLLECTOR_THRESHOLDS, spare_the_collector


@pytest.fixture
def collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_stands_at_start_is_not_looked_at_again() -> None:
    spare_the_collector()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == COLLECTOR_THRESHOLDS


@pytest.mark.usefixtures("collector")
def test_cycles_made_later_are_still_collected() -> None:
    spare_the_collector()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
