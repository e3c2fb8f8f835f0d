"""What happens when: a queue of future events in vendor time.

Every event runs with the moment it was planned for, not the moment somebody looked, so timestamps do not
depend on how often a client polls.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[float], None]


class Timeline:
    """Events ordered by time, then by the order in which they were planned."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Action]] = []
        self._order = count()

    def at(self, when: float, action: Action) -> None:
        """Plan ``action(when)``."""
        heapq.heappush(self._events, (when, next(self._order), action))

    def run(self, until: float) -> None:
        """Run everything that is due, including what due events plan in turn."""
        while self._events and self._events[0][0] <= until:
            when, _, action = heapq.heappop(self._events)
            action(when)

    @property
    def next(self) -> float | None:
        """Moment of the next event, if there is one."""
        return self._events[0][0] if self._events else None

    def clear(self) -> None:
        """Forget all plans."""
        self._events.clear()
