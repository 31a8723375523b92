"""How far apart the rounds of a busy relay and of a busy reader are. It sleeps nowhere itself."""

from __future__ import annotations

GATHER_SECONDS = 0.08
GATHER_MESSAGES = 10


def pause_seconds(messages: int, full: int, took_seconds: float, apart_seconds: float = 0.0) -> float:
    """How long to gather after a round of `messages`, where `full` are as many as a round takes.

    A round costs the same dozen of statements and a commit, a relay's a batch for each partition as well, however little it
    carries. What is filed is counted after two such pauses at most. A lone event, and a backlog, whose rounds are full, never wait;
    rounds of few messages are `apart_seconds` apart.
    """
    if messages >= full:
        return 0.0
    return max(0.0, (GATHER_SECONDS if messages >= GATHER_MESSAGES else apart_seconds) - took_seconds)
