"""A vendor's concurrency limit: a few slots, and a queue by priority before them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase


class Lane:
    """Generations of one account and model; higher priority first, first come first served within equals."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[int, int, Generation]] = []

    def join(self, generation: Generation) -> None:
        """Stand in line."""
        heapq.heappush(self._waiting, (-generation.order.priority, generation.number, generation))

    def admit(self) -> Iterator[Generation]:
        """Those whose turn it is; each takes a slot."""
        while self._free and self._waiting:
            generation = heapq.heappop(self._waiting)[2]
            if generation.phase is Phase.QUEUED and generation.fate != "stuck":
                self._free -= 1
                yield generation

    def leave(self) -> None:
        """Give a slot back."""
        self._free += 1
