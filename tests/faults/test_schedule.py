"""The schedule is a function of its seed and never leaves a kind of fault out."""

from tests.faults.injector import may_begin
from tests.faults.schedule import EVERY_RUN, LONG_RUN, Fault, plan


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert plan(7, 90, 15) == plan(7, 90, 15)
    assert plan(7, 90, 15) != plan(8, 90, 15)


def test_every_kind_stands_in_every_schedule() -> None:
    for seed in range(20):
        assert set(EVERY_RUN) <= {(f.kind, f.target) for f in plan(seed, 60, 15)}


def test_a_long_run_has_what_takes_longer_too() -> None:
    assert {*EVERY_RUN, *LONG_RUN} <= {(f.kind, f.target) for f in plan(1, 250, 60)}


def test_what_heals_stands_before_what_could_lose_something() -> None:
    for seed in range(20):
        faults = plan(seed, 90, 15)
        healing = [
            f.at_seconds for f in faults if f.kind in ("wipe_kafka", "reorder", "new_reader", "remake_topic")
        ]
        assert max(healing) < min(f.at_seconds for f in faults if f.kind == "kill_behind")


def test_faults_begin_after_there_is_something_to_lose_and_in_order() -> None:
    faults = plan(3, 600, 60)
    assert [f.at_seconds for f in faults] == sorted(f.at_seconds for f in faults)
    assert faults[0].at_seconds >= 36
    assert len(faults) == 100


def test_faults_that_need_the_same_thing_wait_for_one_another() -> None:
    behind = [Fault(0, "kill_behind", name, 1, 1) for name in ("intake", "notify")]
    absent, kill = Fault(0, "absent_kafka", "kafka", 1, 1), Fault(0, "kill", "intake", 1, 1)
    assert may_begin(behind[0], [behind[1]])
    assert may_begin(kill, [absent, behind[1]])
    assert not may_begin(absent, [behind[0]])
    assert not may_begin(behind[0], [absent])
    assert not may_begin(kill, [behind[0]])
