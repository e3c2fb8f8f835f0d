"""What pollers learn of generations under way, written now and then and many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import partial

from airflow_provider_seedance.core.clock import Clock, off_loop
from airflow_provider_seedance.models import Pending

#: From the first news to their writing, seconds. A person who looks at a gallery waits no longer for them.
WRITE_AFTER_SECONDS = 10.0
#: Generations in one transaction: it must not keep those who pay from a database that has one writer.
GENERATIONS_PER_WRITE = 500


class ProgressWriter:
    """Gathers the latest news of each generation, and has them written by a thread.

    :param write: takes at most :data:`GENERATIONS_PER_WRITE` answers; it may block.
    """

    def __init__(self, write: Callable[[Sequence[Pending]], None], *, clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._latest: dict[tuple[str, str], Pending] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, pending: Pending) -> None:
        """Have it written soon. Returns at once; call it from the event loop."""
        self._latest[pending.vendor, pending.generation_id] = pending
        if self._writing is None or self._writing.done():
            # In a context of its own, not in that of the trigger that happened to come first.
            self._writing = Context().run(asyncio.create_task, self._write_all())

    async def _write_all(self) -> None:
        while self._latest:
            await self._clock.asleep(WRITE_AFTER_SECONDS)
            news, self._latest = list(self._latest.values()), {}
            for first in range(0, len(news), GENERATIONS_PER_WRITE):
                await off_loop(partial(self._write, news[first : first + GENERATIONS_PER_WRITE]))
