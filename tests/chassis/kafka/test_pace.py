"""When a relay or a reader gathers before its next round, and when it goes on at once."""

from services.chassis.kafka.pace import GATHER_SECONDS, pause_seconds

FULL = 2_000


def test_a_lone_event_is_followed_without_a_pause() -> None:
    assert pause_seconds(1, FULL, 0.001) == 0


def test_a_busy_log_is_published_in_rounds_apart() -> None:
    assert pause_seconds(32, FULL, 0.02) == GATHER_SECONDS - 0.02


def test_rounds_of_few_messages_are_a_moment_apart() -> None:
    assert pause_seconds(2, FULL, 0.005, 0.02) == 0.015


def test_a_slow_round_is_followed_at_once() -> None:
    assert pause_seconds(32, FULL, 2 * GATHER_SECONDS) == 0


def test_a_backlog_never_waits() -> None:
    assert pause_seconds(FULL, FULL, 0.001) == 0
