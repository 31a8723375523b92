"""Whether a provider is used: measured by what it did with the last messages, and asked again after a while. Pure but for the clock given.

Of several that are up the first in the operator's order is used; one that fails or is slow is left alone until it answers a look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

MEASURED = 20
FAILED_IN_A_ROW = 3
FAILED_SHARE = 0.5
MEASURED_LEAST = 10
SLOW_SECONDS = 5.0
LOOK_FIRST = timedelta(seconds=5)
LOOK_MOST = timedelta(minutes=5)
STEADY = timedelta(minutes=5)
REFUSED_IN_A_ROW = 3


class Health:
    """Of one provider, as this process has met it.

    Guarantee: a provider that fails or is slow is used no more until it answers a look.
    Test: test_a_provider_that_fails_or_is_slow_is_left_alone.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last: deque[tuple[bool, float]] = deque(maxlen=MEASURED)
        self._in_a_row = 0
        self._wait = LOOK_FIRST
        self._up_since = clock()
        self._look_at: datetime | None = None
        self._refused: set[str] = set()

    @property
    def up(self) -> bool:
        return self._look_at is None

    @property
    def look_is_due(self) -> bool:
        """Whether it is down and may be asked now whether it is there again.

        Guarantee: a clock that was ahead and is right again leaves no provider alone.
        Test: test_a_clock_that_was_ahead_leaves_no_provider_alone.
        """
        return self._look_at is not None and not timedelta() < self._look_at - self._clock() <= LOOK_MOST

    def met(self, *, well: bool, seconds: float) -> None:
        """What one hand-over came to: `well` when the provider did its part, also by refusing."""
        self._last.append((well, seconds))
        self._in_a_row = 0 if well else self._in_a_row + 1
        if self.up and (self._in_a_row >= FAILED_IN_A_ROW or self._mostly_bad()):
            self._leave_alone()

    def looked(self, *, there: bool) -> None:
        """What a look found."""
        if there:
            self._look_at = None
            self._last.clear()
            self._in_a_row, self._up_since = 0, self._clock()
            self._refused.clear()
        elif self._look_at is not None:
            self._leave_alone()

    def refused(self, number: str) -> bool:
        """Whether it refuses everybody: different numbers one after the other, with nothing taken between them.

        Guarantee: a provider that refuses everybody ends no message. Test: test_a_provider_that_refuses_everybody_loses_no_message.
        """
        if len(self._refused) < REFUSED_IN_A_ROW:
            self._refused.add(number)
        return len(self._refused) >= REFUSED_IN_A_ROW

    def took(self) -> None:
        self._refused.clear()

    def _mostly_bad(self) -> bool:
        if len(self._last) < MEASURED_LEAST:
            return False
        bad = sum(not well or seconds > SLOW_SECONDS for well, seconds in self._last)
        return bad / len(self._last) >= FAILED_SHARE

    def _leave_alone(self) -> None:
        """Longer each time, but for one that had been up for a while."""
        now = self._clock()
        if self.up and now - self._up_since >= STEADY:
            self._wait = LOOK_FIRST
        self._look_at = now + self._wait
        self._wait = min(2 * self._wait, LOOK_MOST)
