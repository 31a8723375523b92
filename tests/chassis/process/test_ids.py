import time
from itertools import pairwise
from uuid import RFC_4122

from services.chassis.process.ids import uuid7


def test_ids_of_one_millisecond_cannot_be_guessed() -> None:
    """Two neighbours differ in about half of their 74 random bits, in the upper ones as in the lower ones."""
    before = time.time_ns() // 1_000_000
    ids = [uuid7() for _ in range(2_000)]
    assert all(before <= one.int >> 80 <= time.time_ns() // 1_000_000 for one in ids)
    assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}
    differ = [(one.int ^ other.int) & ((1 << 80) - 1) for one, other in pairwise(ids)]
    for bit in {*range(80)} - {62, 63, 76, 77, 78, 79}:
        assert 0.4 < sum(bits >> bit & 1 for bits in differ) / len(differ) < 0.6, bit
