"""The one test that all doctored records stand: the checker that is meant finds what was done."""

from collections.abc import Callable, Sequence

import pytest

from tests.faults import checks, checks_live
from tests.faults.record import Record
from tests.faults.small_record import good_record

Doctor = Callable[[Record], None]
Doctored = Sequence[tuple[Doctor, str, str]]
"""What is done to a good record, the check that finds it, and the kind of finding."""


def finding_each(doctored: Doctored) -> Callable[..., None]:
    """A test of each."""

    @pytest.mark.parametrize(("doctor", "check", "kind"), doctored, ids=lambda v: getattr(v, "__name__", v))
    def test(doctor: Doctor, check: str, kind: str) -> None:
        record = good_record()
        doctor(record)
        found = {(f.check, f.kind) for f in checks.findings(record, checks_live.ALL)}
        assert (check, kind) in found

    return test
