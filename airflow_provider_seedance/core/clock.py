"""Time and chance. They come in where a task, a trigger or a hook begins, and reach all below as an argument."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the code below the edges knows of time and chance, so that a test needs neither."""

    def now(self) -> float:
        """Epoch seconds."""

    def random(self) -> float:
        """A random number in [0, 1)."""

    def sleep(self, seconds: float) -> None:
        """Wait on a thread."""

    async def asleep(self, seconds: float) -> None:
        """Wait on an event loop."""


class SystemClock:
    """The machine's own time and chance."""

    def now(self) -> float:
        return time.time()

    def random(self) -> float:
        return random.random()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


#: The clock of this process. Only the edges read it: operators, triggers, hooks, policies and ``runtime``.
SYSTEM_CLOCK: Clock = SystemClock()


def utc_now(clock: Clock) -> datetime:
    """The clock's time with its zone."""
    return datetime.fromtimestamp(clock.now(), tz=timezone.utc)
