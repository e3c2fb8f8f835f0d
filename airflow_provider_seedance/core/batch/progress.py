"""Telling how far a batch is, at a rate that a reader can bear."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Something is said after so many seconds, or when this part of the rows has ended since, whichever is first.
EVERY, STEP = 30.0, 0.05
#: But never more often than this, seconds.
SHORTEST = 5.0

Counts = Mapping[str, int]


class Progress:
    """Passes counts on now and then.

    :param say: is given them.
    """

    def __init__(self, say: Callable[[Counts], None], *, started: float) -> None:
        self._say = say
        self._at = self._counted_at = started
        self._ended = -1
        self._last: Counts = {}

    def tell(self, count: Callable[[], Counts], now: float) -> None:
        """Say it if it is time, and if something has changed. :param count: counts; called only then."""
        if now - self._counted_at < SHORTEST:
            return
        self._counted_at = now
        counts = dict(count())
        ended = sum(counts.values()) - counts.get("waiting", 0) - counts.get("in_flight", 0)
        step = max(1, int(sum(counts.values()) * STEP))
        if now - self._at < EVERY and ended - max(0, self._ended) < step:
            return
        self._at, self._ended = now, ended
        self.tell_now(counts)

    def tell_now(self, counts: Counts) -> None:
        """Say it, if something has changed."""
        if counts != self._last:
            self._last = counts
            self._say(counts)
