"""Each attack for a moment: beside it a client that behaves well is served and loses nothing, and nothing is held after it.

How much longer the client waits meanwhile is judged by `make abuse` alone: a moment's p99 is its worst answer, and says what else
the machine did.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.floods import FLOODS, Flood
from tests.abuse.house import Attacked
from tests.abuse.intrusions import baits_written
from tests.abuse.rounds import faults_of, stretch
from tests.abuse.trespasses import TRESPASSES, Trespass

SECONDS = 0.5
HELD_SECONDS = 10.0

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def attacked() -> Iterator[Attacked]:
    with Attacked() as begun:
        yield begun
        assert begun.losses() == []
        assert baits_written(begun.mailbox.mails) == []


@pytest.mark.parametrize(
    ("flood", "service"),
    [(flood, service) for flood in FLOODS for service in flood.services],
    ids=lambda value: value if isinstance(value, str) else value.name.replace(" ", "-"),
)
def test_a_flood_stops_nobody_else(attacked: Attacked, flood: Flood, service: str) -> None:
    seen = stretch(attacked, service, flood.run, SECONDS, HELD_SECONDS)
    assert faults_of(seen, flood.answers) == []


@pytest.mark.parametrize("trespass", TRESPASSES, ids=lambda trespass: trespass.name.replace(" ", "-"))
def test_a_trespass_is_refused(attacked: Attacked, trespass: Trespass) -> None:
    seen = stretch(attacked, trespass.beside, trespass.run, SECONDS, HELD_SECONDS)
    assert faults_of(seen, None) == []
