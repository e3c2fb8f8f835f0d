"""How many callbacks are taken: a bucket of permits that fills up by and by."""

from __future__ import annotations


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
