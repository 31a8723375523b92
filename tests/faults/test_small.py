"""The small fault run that belongs to every `make test`: about 2,000 dossiers, every kind of fault, about two minutes."""

import pytest

from tests.faults.run import Size, run

DOSSIERS = 2_000
SEED = 1


@pytest.mark.servers
def test_nothing_is_lost_and_nothing_doubled_under_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    findings = run(Size.of(DOSSIERS), SEED, brokers=1, say=told.append)
    assert not findings, "\n".join(told)
