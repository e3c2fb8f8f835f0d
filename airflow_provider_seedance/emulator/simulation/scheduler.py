"""A queue of future events in vendor time.

An event runs with the time that it was scheduled for, not the time at which the queue was checked. So timestamps do
not depend on how often a client polls.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[float], None]


class Scheduler:
    """Runs events by time; events of the same time in the order in which they were scheduled."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Action]] = []
        self._order = count()

    def call_at(self, when: float, action: Action) -> None:
        """Schedule ``action(when)``."""
        heapq.heappush(self._events, (when, next(self._order), action))

    def run_until(self, now: float) -> None:
        """Run all events that are due, and those due events that they schedule in turn."""
        while self._events and self._events[0][0] <= now:
            when, _, action = heapq.heappop(self._events)
            action(when)

    @property
    def next_time(self) -> float | None:
        """The time of the next event; None if there is none."""
        return self._events[0][0] if self._events else None
