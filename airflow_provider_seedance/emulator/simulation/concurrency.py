"""A vendor's concurrency limit: a number of slots, and a priority queue of the generations that wait for one."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase


class ConcurrencyLimit:
    """Admits generations by priority; those of equal priority in the order of their creation."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[int, int, Generation]] = []

    def enqueue(self, generation: Generation) -> None:
        """Add a generation to the queue."""
        heapq.heappush(self._waiting, (-generation.order.priority, generation.number, generation))

    def admit(self) -> Iterator[Generation]:
        """The generations that may start now; each takes a slot."""
        while self._free and self._waiting:
            generation = heapq.heappop(self._waiting)[2]
            if generation.phase is Phase.QUEUED and generation.outcome != "stuck":
                self._free -= 1
                yield generation

    def release(self) -> None:
        """Free the slot of a generation that ended."""
        self._free += 1
