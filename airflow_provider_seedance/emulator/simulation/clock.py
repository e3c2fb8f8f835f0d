"""Vendor time, which may run faster than the wall clock, stand still, or jump forward."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """The clock of the vendors.

    With ``rate=0`` the time changes only by :meth:`advance`, as tests need it.
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
        """Vendor seconds that pass in one second of the wall clock."""
        return self._rate

    def now(self) -> float:
        """Vendor time as Unix seconds."""
        return self._base + (self._ticks() - self._since) * self._rate

    def advance(self, seconds: float) -> None:
        """Jump forward."""
        if seconds < 0:
            raise ValueError("advance must not be negative")
        self._base += seconds

    def set_rate(self, rate: float) -> None:
        """Change the speed from now on."""
        if rate < 0:
            raise ValueError("rate must not be negative")
        self._base, self._since = self.now(), self._ticks()
        self._rate = rate
