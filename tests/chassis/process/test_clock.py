"""The wall clock, and a sandbox's, which is ahead by what a file says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.chassis.process import clock


@pytest.fixture(autouse=True)
def _true_again() -> Iterator[None]:
    yield
    clock.follow("")


def test_a_sandboxs_clock_goes_with_its_file(tmp_path: Path) -> None:
    assert clock.ahead() == timedelta() and abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    file = tmp_path / "clock"
    file.write_text("86400", encoding="ascii")
    clock.follow(str(file))
    assert timedelta(hours=23) < clock.now() - datetime.now(UTC) <= timedelta(days=1)
    file.write_text("172800", encoding="ascii")
    assert clock.now() - datetime.now(UTC) > timedelta(hours=47)
    assert abs(clock.outside(clock.now()) - datetime.now(UTC)) < timedelta(seconds=5)
