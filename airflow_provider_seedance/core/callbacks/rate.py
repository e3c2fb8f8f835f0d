"""How many callbacks are taken: a bucket of permits that fills up by and by."""

from __future__ import annotations

from collections import OrderedDict


class RateLimit:
    """Permits, so many a second, and so many at once after a pause.

    :param per_second: permits a second in the long run.
    :param burst: permits that gather while none is asked for.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._permits = float(burst)
        self._updated_at: float | None = None

    def take(self, now: float) -> bool:
        """Take a permit; ``False`` if there is none. ``now`` is epoch seconds."""
        passed = 0.0 if self._updated_at is None else max(0.0, now - self._updated_at)
        self._permits = min(self._burst, self._permits + passed * self._per_second)
        self._updated_at = now
        if self._permits < 1.0:
            return False
        self._permits -= 1.0
        return True


class RateLimits:
    """A rate limit for each key.

    :param per_second: permits of a key a second in the long run.
    :param burst: permits of a key that gather while none is asked for.
    :param most: keys that are remembered; the one that was not used for the longest time is forgotten first.
    """

    def __init__(self, per_second: float, burst: int, most: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._limits: OrderedDict[str, RateLimit] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._limits)

    def take(self, key: str, now: float) -> bool:
        """Take a permit of ``key``; ``False`` if there is none. ``now`` is epoch seconds."""
        limit = self._limits.pop(key, None) or RateLimit(self._per_second, self._burst)
        self._limits[key] = limit
        if len(self._limits) > self._most:
            self._limits.popitem(last=False)
        return limit.take(now)
