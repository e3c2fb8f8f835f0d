"""Who is asked for next, and which go together: a queue by the time at which each is due."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, Protocol, TypeVar


class Abandonable(Protocol):
    """What waits in a queue."""

    def left(self) -> bool:
        """Whether nobody waits for it any more."""


A = TypeVar("A", bound=Abandonable)

#: Dead entries that are not worth a sweep.
FEW = 100


class DueQueue(Generic[A]):
    """Those that one kind of request asks for.

    :param size: how many a request takes.
    :param tier: the service tier that the request names; ``None`` where it asks for one by its id.
    """

    def __init__(self, size: int, tier: str | None = None) -> None:
        self.size = size
        self.tier = tier
        self._queue: list[tuple[float, int, A]] = []
        self._order = count()
        self._dead = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, due: float, asked: A) -> None:
        """Ask for it at ``due``, epoch seconds, or sooner where a request has room."""
        heapq.heappush(self._queue, (due, next(self._order), asked))

    def due(self) -> float | None:
        """When the first one is due; ``None`` if nobody is."""
        while self._queue and self._queue[0][2].left():
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def take(self) -> list[A]:
        """Those of one request: the first ones due. What is not due yet fills it up, for it costs no request more."""
        taken: list[A] = []
        while len(taken) < self.size and self.due() is not None:
            taken.append(heapq.heappop(self._queue)[2])
        return taken

    def note_abandoned(self) -> None:
        """Sweep now and then, so that those who left early do not stay until they are due."""
        self._dead += 1
        if self._dead > FEW and self._dead * 2 > len(self._queue):
            self._queue = [entry for entry in self._queue if not entry[2].left()]
            heapq.heapify(self._queue)
            self._dead = 0
