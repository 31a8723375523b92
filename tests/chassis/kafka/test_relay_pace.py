"""When the relay gathers before its next round, and when it goes on at once."""

from services.chassis.kafka.relay import GATHER_SECONDS, READ_EVENTS, pause_seconds


def test_a_lone_event_is_followed_without_a_pause() -> None:
    assert pause_seconds(1, 0.001) == 0


def test_a_busy_log_is_published_in_rounds_apart() -> None:
    assert pause_seconds(32, 0.02) == GATHER_SECONDS - 0.02


def test_a_slow_round_is_followed_at_once() -> None:
    assert pause_seconds(32, 2 * GATHER_SECONDS) == 0


def test_a_backlog_never_waits() -> None:
    assert pause_seconds(READ_EVENTS, 0.001) == 0
