"""The schedule is a function of its seed and never leaves a kind of fault out."""

from tests.faults.schedule import EVERY_RUN, plan


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert plan(7, 90, 15) == plan(7, 90, 15)
    assert plan(7, 90, 15) != plan(8, 90, 15)


def test_every_kind_stands_in_every_schedule() -> None:
    for seed in range(20):
        assert set(EVERY_RUN) <= {(f.kind, f.target) for f in plan(seed, 60, 15)}


def test_what_heals_stands_before_what_could_lose_something() -> None:
    for seed in range(20):
        faults = plan(seed, 90, 15)
        healing = [f.at_seconds for f in faults if f.kind in ("wipe_kafka", "reorder", "new_reader")]
        assert max(healing) < min(f.at_seconds for f in faults if f.kind == "kill_behind")


def test_faults_begin_after_there_is_something_to_lose_and_in_order() -> None:
    faults = plan(3, 600, 60)
    assert [f.at_seconds for f in faults] == sorted(f.at_seconds for f in faults)
    assert faults[0].at_seconds >= 36
    assert len(faults) == 100
