"""Whose status is requested next, and which ones share a request: a priority queue by due time."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, Protocol, TypeVar

#: Fewer abandoned entries than this are not worth a sweep through the queue.
MIN_ABANDONED_TO_SWEEP = 100


class Waiter(Protocol):
    """What stands in the queue: one who waits for a generation."""

    def is_abandoned(self) -> bool:
        """Whether nobody is interested in the answer any more."""


WaiterT = TypeVar("WaiterT", bound=Waiter)


class DueQueue(Generic[WaiterT]):
    """The waiters that one kind of request serves, the first one due in front.

    :param batch_size: how many generations one request can ask for.
    :param service_tier: the tier that a list request names; ``None`` for requests that ask for a single id.
    """

    def __init__(self, batch_size: int, service_tier: str | None = None) -> None:
        self.batch_size = batch_size
        self.service_tier = service_tier
        self._heap: list[tuple[float, int, WaiterT]] = []
        self._insertion_order = count()
        self._abandoned = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due: float, waiter: WaiterT) -> None:
        """Put ``waiter`` in line for ``due``, epoch seconds; it is served sooner where a request has room."""
        heapq.heappush(self._heap, (due, next(self._insertion_order), waiter))

    def next_due(self) -> float | None:
        """When the first waiter is due, epoch seconds; ``None`` if there is none."""
        while self._heap and self._heap[0][2].is_abandoned():
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_batch(self) -> list[WaiterT]:
        """Remove and return the waiters of the next request, the first ones due.

        The request is filled up with waiters that are not due yet, since they cost no further request.
        """
        batch: list[WaiterT] = []
        while self._heap and len(batch) < self.batch_size:
            waiter = heapq.heappop(self._heap)[2]
            if not waiter.is_abandoned():
                batch.append(waiter)
        return batch

    def note_abandoned(self) -> None:
        """Count a waiter that was abandoned, and sweep such waiters out once they are the greater part."""
        self._abandoned += 1
        if self._abandoned > MIN_ABANDONED_TO_SWEEP and self._abandoned * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2].is_abandoned()]
            heapq.heapify(self._heap)
            self._abandoned = 0
