"""Vendor time: it may run faster than the wall, stand still, or jump."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """The only place that knows what time it is.

    With ``rate=0`` time stands still and moves by :meth:`advance` alone, which is what tests want.
    """

    def __init__(
        self,
        rate: float = 60.0,
        *,
        start: float | None = None,
        ticks: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._ticks = ticks
        self.wall = wall
        self._since = ticks()
        self._base = wall() if start is None else start
        self._rate = rate

    @property
    def rate(self) -> float:
        """Vendor seconds that pass in one second on the wall."""
        return self._rate

    def now(self) -> float:
        """Vendor time as Unix seconds."""
        return self._base + (self._ticks() - self._since) * self._rate

    def advance(self, seconds: float) -> None:
        """Jump forward; a vendor's time never runs backwards."""
        if seconds < 0:
            raise ValueError("advance must not be negative")
        self._base += seconds

    def set_rate(self, rate: float) -> None:
        """Go on from the present moment at another speed."""
        if rate < 0:
            raise ValueError("rate must not be negative")
        self._base, self._since = self.now(), self._ticks()
        self._rate = rate
