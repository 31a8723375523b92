from hypothesis import given
from hypothesis import strategies as st

from services.chassis.http.limits import Buckets


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_the_next_waits_its_interval() -> None:
    clock = Clock()
    buckets = Buckets(10, 3, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 0.0 < buckets.take("a") < 0.11
    clock.now += 0.101
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0.0


def test_one_caller_over_its_limit_leaves_others_alone() -> None:
    buckets = Buckets(1, 1, clock=Clock())
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == 1.0
    assert buckets.take("b") == 0.0


def test_a_flood_of_callers_does_not_grow_the_memory() -> None:
    clock = Clock()
    buckets = Buckets(1, 5, clock=clock, keys_max=100)
    for number in range(10_000):
        buckets.take(f"stranger {number}")
    assert len(buckets) <= 100


def test_a_refused_caller_stays_refused_through_a_flood() -> None:
    clock = Clock()
    buckets = Buckets(0.001, 3, clock=clock, keys_max=100)
    while buckets.take("greedy") == 0.0:
        pass
    for number in range(1_000):
        buckets.take(f"stranger {number}")
    assert buckets.take("greedy") > 0.0


def test_a_cost_above_the_burst_counts_as_the_burst() -> None:
    assert Buckets(1, 5, clock=Clock()).take("a", cost=50) == 0.0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_never_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(2.0, 4, clock=clock)
    passed = []
    for pause in pauses:
        clock.now += pause
        if buckets.take("a") == 0.0:
            passed.append(clock.now)
    for first, at in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= 4 + 2.0 * (passed[last] - at) + 1e-6


def test_what_is_left_of_a_limit_stands_in_each_answer() -> None:
    clock = Clock()
    buckets = Buckets(10, 5, clock=clock)
    policy = (b"ratelimit-policy", b'"caller";q=5;w=1')
    assert buckets.headers("a") == [policy, (b"ratelimit", b'"caller";r=5;t=0')]
    for left in (4, 3, 2, 1, 0):
        assert buckets.take("a") == 0.0
        assert buckets.headers("a")[1] == (b"ratelimit", b'"caller";r=%d;t=1' % left)
    assert buckets.take("a") > 0.0
    clock.now += 0.25
    assert buckets.headers("a")[1] == (b"ratelimit", b'"caller";r=2;t=1')
    assert buckets.headers("") == []
