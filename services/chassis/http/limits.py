"""Request limits per caller: a token bucket, kept as the one instant at which it will be full again (GCRA).

Promises bounded memory: a full bucket is the same as none and is forgotten. Never sleeps, never knows who a caller is.
"""

from collections.abc import Callable
from math import ceil


class Buckets:
    """`burst` requests at once, `per_second` in the long run, for each key."""

    def __init__(
        self, per_second: float, burst: int, *, clock: Callable[[], float], keys_max: int = 50_000
    ) -> None:
        self._interval = 1.0 / per_second
        self._policy = (
            b"ratelimit-policy",
            b'"caller";q=%d;w=%d' % (burst, max(1, ceil(burst / per_second))),
        )
        self._tolerance = (burst - 1) * self._interval
        self._burst = burst
        self._clock = clock
        self._keys_max = keys_max
        self._full_at: dict[str, float] = {}

    def take(self, key: str, cost: int = 1) -> float:
        """Takes `cost` requests from the bucket: 0.0 when it may pass, else the seconds to wait; a refusal takes nothing.

        A cost above `burst` counts as `burst`, otherwise it could never pass.
        Guarantee: a caller beyond its limit is told when to come back and others are untouched.
        Test: test_one_caller_over_its_limit_leaves_others_alone.
        """
        now = self._clock()
        full_at = self._full_at.get(key, now)
        if full_at < now:
            full_at = now
        ahead = (min(cost, self._burst) - 1) * self._interval
        wait = full_at + ahead - now - self._tolerance
        if wait > 1e-9:
            return wait
        if key not in self._full_at and len(self._full_at) >= self._keys_max:
            self._forget(now)
        self._full_at[key] = full_at + ahead + self._interval
        return 0.0

    def charge(self, key: str, cost: int, most: float) -> float:
        """Takes `cost` whether it is there or not: the seconds that the bucket is overdrawn, which are `most` at most."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + cost * self._interval
        if key not in self._full_at and len(self._full_at) >= self._keys_max:
            self._forget(now)
        self._full_at[key] = min(full_at, now + self._tolerance + self._interval + most)
        return max(0.0, self._full_at[key] - now - self._tolerance - self._interval)

    def wait(self, key: str) -> float:
        """The seconds until one more may pass; takes nothing."""
        now = self._clock()
        return max(0.0, self._full_at.get(key, now) - now - self._tolerance)

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        """How many more may pass at once now, and the seconds until the bucket is full again (draft-ietf-httpapi-ratelimit-headers).

        Takes nothing; nothing for no key.
        Guarantee: a caller sees its limit come nearer before it is refused. Test: test_what_is_left_of_a_limit_stands_in_each_answer.
        """
        if not key:
            return []
        ahead = max(0.0, self._full_at.get(key, 0.0) - self._clock())
        left = int((self._tolerance - ahead) / self._interval + 1 + 1e-6)
        return [self._policy, (b"ratelimit", b'"caller";r=%d;t=%d' % (max(0, left), ceil(ahead)))]

    def _forget(self, now: float) -> None:
        # A flood of new keys must not grow the memory: full buckets go first, then the ones nearest to full.
        # Guarantee: the memory of the limits is bounded. Test: test_a_flood_of_callers_does_not_grow_the_memory.
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        if len(self._full_at) >= self._keys_max:
            emptiest = sorted(self._full_at.items(), key=lambda item: item[1])[self._keys_max // 2 :]
            self._full_at = dict(emptiest)

    def __len__(self) -> int:
        return len(self._full_at)
